// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the mm's own operations tell a secondary TLB.
 *
 * Each case does one operation on a real address space and compares what the
 * subscriber got with what the operation changed. Every page whose translation
 * changed must be covered: that is exact. How many calls it took is printed;
 * it is a claim only where a case is named after it.
 */
#include <linux/completion.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_recorder.h>

#define READ_WRITE	(PROT_READ | PROT_WRITE)

/* An address space, some pages in it, and one who has a secondary TLB for it. */
struct scene {
	struct kunit *test;
	struct recorder *rec;
	struct mm_struct *mm;
	struct recorder_subscriber *sub;
	unsigned long start;
	unsigned long end;
	unsigned long pages;
};

static void scene_begin(struct kunit *test, struct scene *scene, unsigned long pages,
			unsigned long flags)
{
	scene->test = test;
	scene->pages = pages;
	scene->rec = recorder_create(test, 1024);
	scene->mm = recorder_mm_create(scene->rec);
	/* Should the case end before its time, its thread gives the mm back. */
	kthread_use_mm(scene->mm);
	scene->start = recorder_mmap(pages, READ_WRITE, flags);
	KUNIT_ASSERT_NE(test, scene->start, 0UL);
	scene->end = scene->start + pages * PAGE_SIZE;
	scene->sub = recorder_secondary(scene->rec, scene->mm);
}

static void scene_populated(struct kunit *test, struct scene *scene, unsigned long pages)
{
	scene_begin(test, scene, pages, MAP_PRIVATE);
	KUNIT_ASSERT_EQ(test, recorder_populate(scene->mm, scene->start, pages), 0);
	recorder_clear(scene->rec);
}

static void scene_end(struct scene *scene)
{
	recorder_unregister(scene->sub);
	kthread_unuse_mm(scene->mm);
	mmput(scene->mm);
	recorder_destroy(scene->rec);
}

/* Everything that changed is covered, and the price is printed. */
static void scene_expect_covered(struct scene *scene, const char *operation)
{
	recorder_counted(scene->rec, operation, scene->sub->id, scene->pages);
	KUNIT_EXPECT_TRUE_MSG(scene->test,
			      recorder_covers(scene->rec, scene->sub->id, scene->start,
					      scene->end),
			      "a page that changed was not covered");
}

/*
 * ... and nothing else is. For ranges below every architecture's ceiling, above
 * which it may flush the whole mm.
 */
static void scene_expect_exactly_covered(struct scene *scene, const char *operation)
{
	scene_expect_covered(scene, operation);
	KUNIT_EXPECT_TRUE_MSG(scene->test,
			      recorder_within(scene->rec, scene->sub->id, scene->start,
					      scene->end),
			      "a page that did not change was covered");
}

static int scene_munmap(struct scene *scene)
{
	return vm_munmap(scene->start, scene->pages * PAGE_SIZE);
}

static int scene_dontneed(struct scene *scene)
{
	return do_madvise(scene->mm, scene->start, scene->pages * PAGE_SIZE, MADV_DONTNEED);
}

static int scene_write_protect(struct scene *scene)
{
	const unsigned long args[5] = {
		scene->start, scene->pages * PAGE_SIZE, PROT_READ,
	};

	return secondary_tlbs_mprotect(args);
}

/*
 * munmap
 */
static void munmap_invalidates_once(struct kunit *test)
{
	struct scene scene;

	scene_populated(test, &scene, 16);
	KUNIT_EXPECT_EQ(test, scene_munmap(&scene), 0);
	RECORDER_EXPECT(scene.rec, RECORDED_SECONDARY(scene.sub, scene.start, scene.end));
	scene_end(&scene);
}

static void munmap_of_nothing_is_silent(struct kunit *test)
{
	struct scene scene;

	scene_begin(test, &scene, 16, MAP_PRIVATE);
	KUNIT_EXPECT_EQ(test, scene_munmap(&scene), 0);
	RECORDER_EXPECT_NOTHING(scene.rec);
	scene_end(&scene);
}

static void munmap_covers_what_it_unmaps(struct kunit *test)
{
	struct scene scene;

	scene_populated(test, &scene, 16);
	KUNIT_EXPECT_EQ(test, scene_munmap(&scene), 0);
	scene_expect_exactly_covered(&scene, "munmap-16");
	scene_end(&scene);
}

static void large_munmap_covers_what_it_unmaps(struct kunit *test)
{
	struct scene scene;

	scene_populated(test, &scene, 512);
	KUNIT_EXPECT_EQ(test, scene_munmap(&scene), 0);
	scene_expect_covered(&scene, "munmap-512");
	scene_end(&scene);
}

/*
 * madvise, mprotect, mremap
 */
static void dontneed_covers_what_it_drops(struct kunit *test)
{
	struct scene scene;

	scene_populated(test, &scene, 16);
	KUNIT_EXPECT_EQ(test, scene_dontneed(&scene), 0);
	scene_expect_exactly_covered(&scene, "madvise-dontneed-16");
	scene_end(&scene);
}

static void mprotect_covers_what_it_protects(struct kunit *test)
{
	struct scene scene;

	scene_populated(test, &scene, 16);
	KUNIT_EXPECT_EQ(test, scene_write_protect(&scene), 0);
	scene_expect_exactly_covered(&scene, "mprotect-16");
	scene_end(&scene);
}

static void large_mprotect_covers_what_it_protects(struct kunit *test)
{
	struct scene scene;

	scene_populated(test, &scene, 64);
	KUNIT_EXPECT_EQ(test, scene_write_protect(&scene), 0);
	scene_expect_covered(&scene, "mprotect-64");
	scene_end(&scene);
}

static void mremap_covers_where_it_moves_from(struct kunit *test)
{
	unsigned long target, args[5] = {};
	struct scene scene;

	scene_populated(test, &scene, 16);
	target = recorder_mmap(16, READ_WRITE, MAP_PRIVATE);
	KUNIT_EXPECT_NE(test, target, 0UL);

	args[0] = scene.start;
	args[1] = scene.pages * PAGE_SIZE;
	args[2] = scene.pages * PAGE_SIZE;
	args[3] = MREMAP_MAYMOVE | MREMAP_FIXED;
	args[4] = target;
	KUNIT_EXPECT_EQ(test, (unsigned long)secondary_tlbs_mremap(args), target);
	KUNIT_EXPECT_TRUE(test, pte_present(recorder_pte(scene.mm, target)));
	scene_expect_covered(&scene, "mremap-16");
	scene_end(&scene);
}

/*
 * fork, and the break of what it shares
 */
struct child {
	struct completion let_go;
	struct completion gone;
};

static int child_main(void *data)
{
	struct child *child = data;

	wait_for_completion(&child->let_go);
	complete(&child->gone);
	/* Not a kthread: there is no user space to return to. */
	do_exit(0);
}

/* A child with an mm of its own, as only a fork makes one. */
static bool child_fork(struct child *child)
{
	struct kernel_clone_args args = {
		.fn = child_main,
		.fn_arg = child,
		.exit_signal = SIGCHLD,
	};

	init_completion(&child->let_go);
	init_completion(&child->gone);
	return kernel_clone(&args) > 0;
}

static void child_reap(struct child *child)
{
	complete(&child->let_go);
	wait_for_completion(&child->gone);
}

static void fork_covers_what_it_write_protects(struct kunit *test)
{
	struct scene scene;
	struct child child;
	bool forked;

	scene_populated(test, &scene, 16);
	forked = child_fork(&child);
	KUNIT_EXPECT_TRUE(test, forked);
	KUNIT_EXPECT_FALSE(test, pte_write(recorder_pte(scene.mm, scene.start)));
	scene_expect_covered(&scene, "fork-16");
	if (forked)
		child_reap(&child);
	scene_end(&scene);
}

static void cow_break_covers_the_page(struct kunit *test)
{
	struct scene scene;
	struct child child;
	bool forked;

	scene_populated(test, &scene, 1);
	forked = child_fork(&child);
	KUNIT_EXPECT_TRUE(test, forked);
	recorder_clear(scene.rec);
	KUNIT_EXPECT_EQ(test, recorder_populate(scene.mm, scene.start, 1), 0);
	KUNIT_EXPECT_TRUE(test, pte_write(recorder_pte(scene.mm, scene.start)));
	scene_expect_exactly_covered(&scene, "cow-break");
	if (forked)
		child_reap(&child);
	scene_end(&scene);
}

/*
 * The fault of a device that wants to write to a page it may read
 */
static void upgrade_page(struct scene *scene)
{
	struct kunit *test = scene->test;

	KUNIT_EXPECT_EQ(test, recorder_fault(scene->mm, scene->start, 0), 0);
	KUNIT_EXPECT_TRUE(test, pte_present(recorder_pte(scene->mm, scene->start)));
	KUNIT_EXPECT_FALSE(test, pte_dirty(recorder_pte(scene->mm, scene->start)));
	recorder_clear(scene->rec);

	KUNIT_EXPECT_EQ(test, recorder_fault(scene->mm, scene->start, FAULT_FLAG_WRITE), 0);
	KUNIT_EXPECT_TRUE(test, pte_dirty(recorder_pte(scene->mm, scene->start)));
	recorder_counted(scene->rec, "write-upgrade", scene->sub->id, 1);
}

/*
 * arm64: an SMMU that cached the read-only entry faults again and again,
 * unless it is told.
 */
static void permission_upgrade_notifies(struct kunit *test)
{
	struct scene scene;

	if (!IS_ENABLED(CONFIG_ARM64))
		kunit_skip(test, "arm64 only: other architectures' devices walk again on a fault");

	scene_begin(test, &scene, 1, MAP_SHARED);
	upgrade_page(&scene);
	RECORDER_EXPECT(scene.rec, RECORDED_SECONDARY(scene.sub, scene.start, scene.end));
	scene_end(&scene);
}

/* x86: a device walks the tables again before it faults, so telling is a cost. */
static void permission_upgrade_is_silent_on_x86(struct kunit *test)
{
	struct scene scene;

	if (!IS_ENABLED(CONFIG_X86))
		kunit_skip(test, "x86 only: see permission_upgrade_notifies");

	scene_begin(test, &scene, 1, MAP_SHARED);
	upgrade_page(&scene);
	RECORDER_EXPECT_NOTHING(scene.rec);
	scene_end(&scene);
}

/*
 * Beside one who shadows the page tables: _start() comes before anything is
 * invalidated, _end() after it, both with the range of the operation. Splitting
 * the VMA may have brackets of its own.
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

	scene_populated(test, &scene, 16);
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

	recorder_unregister(shadow);
	scene_end(&scene);
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

/* The same addresses of another address space are another's business. */
static void munmap_does_not_reach_another_mm(struct kunit *test)
{
	struct recorder_subscriber *stranger;
	struct mm_struct *other;
	struct scene scene;

	scene_populated(test, &scene, 16);
	other = recorder_mm_create(scene.rec);
	stranger = recorder_secondary(scene.rec, other);
	KUNIT_EXPECT_EQ(test, scene_munmap(&scene), 0);
	KUNIT_EXPECT_GT(test, recorder_count(scene.rec, RECORDER_OP_SECONDARY, scene.sub->id),
			0U);
	KUNIT_EXPECT_EQ(test, recorder_count(scene.rec, RECORDER_OP_SECONDARY, stranger->id),
			0U);

	recorder_unregister(stranger);
	mmput(other);
	scene_end(&scene);
}

static struct kunit_case secondary_tlbs_mm_cases[] = {
	KUNIT_CASE(munmap_invalidates_once),
	KUNIT_CASE(munmap_of_nothing_is_silent),
	KUNIT_CASE(munmap_covers_what_it_unmaps),
	KUNIT_CASE(large_munmap_covers_what_it_unmaps),
	KUNIT_CASE(dontneed_covers_what_it_drops),
	KUNIT_CASE(mprotect_covers_what_it_protects),
	KUNIT_CASE(large_mprotect_covers_what_it_protects),
	KUNIT_CASE(mremap_covers_where_it_moves_from),
	KUNIT_CASE(fork_covers_what_it_write_protects),
	KUNIT_CASE(cow_break_covers_the_page),
	KUNIT_CASE(permission_upgrade_notifies),
	KUNIT_CASE(permission_upgrade_is_silent_on_x86),
	KUNIT_CASE(munmap_is_bracketed),
	KUNIT_CASE(dontneed_is_bracketed),
	KUNIT_CASE(mprotect_is_bracketed),
	KUNIT_CASE(munmap_does_not_reach_another_mm),
	{}
};

static struct kunit_suite secondary_tlbs_mm_suite = {
	.name = "secondary_tlbs_mm",
	.exit = recorder_case_exit,
	.test_cases = secondary_tlbs_mm_cases,
};

kunit_test_suite(secondary_tlbs_mm_suite);
