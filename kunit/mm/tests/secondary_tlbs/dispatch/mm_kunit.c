// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an operation of the mm tells a secondary TLB beside other subscribers.
 *
 * Each case does one operation on a real address space that has a subscriber of
 * the other kind too, or shares its addresses with another address space. What
 * each operation tells, and how often, is the subject of ../paths/matrix_kunit.c.
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>

#include <asm/tlbflush.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_recorder.h>

#define READ_WRITE	(PROT_READ | PROT_WRITE)
#define PAGES		16

/* An address space with some pages, and its subscriber with a secondary TLB. */
struct scene {
	struct kunit *test;
	struct recorder *rec;
	struct mm_struct *mm;
	struct recorder_subscriber *sub;
	unsigned long start;
	unsigned long end;
};

static void scene_begin(struct kunit *test, struct scene *scene)
{
	scene->test = test;
	scene->rec = test->priv;
	scene->mm = recorder_mm_create(scene->rec);
	recorder_use_mm(scene->rec, scene->mm);
	scene->start = recorder_mmap(PAGES, READ_WRITE, MAP_PRIVATE);
	KUNIT_ASSERT_NE(test, scene->start, 0UL);
	scene->end = scene->start + PAGES * PAGE_SIZE;
	KUNIT_ASSERT_EQ(test, recorder_populate(scene->mm, scene->start, PAGES), 0);
	scene->sub = recorder_secondary(scene->rec, scene->mm);
}

static int scene_munmap(struct scene *scene)
{
	return vm_munmap(scene->start, PAGES * PAGE_SIZE);
}

static int scene_dontneed(struct scene *scene)
{
	return do_madvise(scene->mm, scene->start, PAGES * PAGE_SIZE, MADV_DONTNEED);
}

static int scene_write_protect(struct scene *scene)
{
	const unsigned long args[5] = { scene->start, PAGES * PAGE_SIZE, PROT_READ };

	return secondary_tlbs_mprotect(args);
}

/*
 * A subscriber that shadows the page tables gets _start() before any invalidation
 * and _end() after the last, both with the range of the operation. Splitting the
 * VMA may add a pair of its own.
 */
static int only_of_range(struct scene *scene, enum recorded_op op, unsigned int id)
{
	unsigned int length = recorder_length(scene->rec), n;
	int found = -1;

	for (n = 0; n < length; n++) {
		const struct recorded_call *call = recorder_call(scene->rec, n);

		if (!call || call->op != op || call->subscriber != id ||
		    call->start != scene->start || call->end != scene->end)
			continue;
		KUNIT_EXPECT_EQ_MSG(scene->test, found, -1, "called twice");
		found = n;
	}
	return found;
}

static void expect_bracketed(struct kunit *test, int (*operation)(struct scene *scene))
{
	struct recorder_subscriber *shadow;
	struct scene scene;
	int start, end;

	scene_begin(test, &scene);
	shadow = recorder_range(scene.rec, scene.mm);
	KUNIT_EXPECT_EQ(test, operation(&scene), 0);

	start = only_of_range(&scene, RECORDER_OP_START, shadow->id);
	end = only_of_range(&scene, RECORDER_OP_END, shadow->id);
	KUNIT_EXPECT_GE(test, start, 0);
	KUNIT_EXPECT_GT(test, end, start);
	KUNIT_EXPECT_GT(test, recorder_first(scene.rec, RECORDER_OP_SECONDARY, scene.sub->id),
			start);
	KUNIT_EXPECT_EQ(test, recorder_count(scene.rec, RECORDER_OP_START, shadow->id),
			recorder_count(scene.rec, RECORDER_OP_END, shadow->id));
	recorder_unuse_mm(scene.rec);
}

static void munmap_is_bracketed(struct kunit *test)
{
	expect_bracketed(test, scene_munmap);
}

static void dontneed_is_bracketed(struct kunit *test)
{
	expect_bracketed(test, scene_dontneed);
}

static void mprotect_is_bracketed(struct kunit *test)
{
	expect_bracketed(test, scene_write_protect);
}

/* Only subscribers of the same mm are told, whatever the addresses are. */
static void munmap_does_not_reach_another_mm(struct kunit *test)
{
	struct recorder_subscriber *stranger;
	struct mm_struct *other;
	struct scene scene;

	scene_begin(test, &scene);
	other = recorder_mm_create(scene.rec);
	stranger = recorder_secondary(scene.rec, other);
	KUNIT_EXPECT_EQ(test, scene_munmap(&scene), 0);
	KUNIT_EXPECT_GT(test, recorder_count(scene.rec, RECORDER_OP_SECONDARY, scene.sub->id),
			0U);
	KUNIT_EXPECT_EQ(test, recorder_count(scene.rec, RECORDER_OP_SECONDARY, stranger->id),
			0U);
	recorder_unuse_mm(scene.rec);
}

/*
 * No CPU has a TLB to flush for a process that has not run yet. A device that works
 * for that process may hold translations all the same.
 */
static void flush_of_an_mm_that_no_cpu_has_used_is_told(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub = recorder_secondary(rec, mm);
	struct vm_area_struct vma = { .vm_mm = mm };
	const struct recorded_call *call;

	KUNIT_EXPECT_TRUE(test, cpumask_empty(mm_cpumask(mm)));
	flush_tlb_page(&vma, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, recorder_count(rec, RECORDER_OP_SECONDARY, sub->id), 1U);
	call = recorder_call(rec, 0);
	if (call) {
		KUNIT_EXPECT_EQ(test, call->start, PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, call->end, 2 * PAGE_SIZE);
	}
}

static struct kunit_case secondary_tlbs_mm_cases[] = {
	KUNIT_CASE(munmap_is_bracketed),
	KUNIT_CASE(dontneed_is_bracketed),
	KUNIT_CASE(mprotect_is_bracketed),
	KUNIT_CASE(munmap_does_not_reach_another_mm),
	KUNIT_CASE(flush_of_an_mm_that_no_cpu_has_used_is_told),
	{}
};

static struct kunit_suite secondary_tlbs_mm_suite = {
	.name = "secondary_tlbs_mm",
	.init = recorder_case_init,
	.exit = recorder_case_exit,
	.test_cases = secondary_tlbs_mm_cases,
};

kunit_test_suite(secondary_tlbs_mm_suite);
