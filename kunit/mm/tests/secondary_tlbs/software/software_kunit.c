// SPDX-License-Identifier: GPL-2.0-only
/*
 * A secondary TLB in software, tested against single operations of the mm.
 *
 * The first cases test the oracle: it must detect a TLB that ignores
 * invalidations, or keeps what it should have discarded. The next cases force
 * each order of a fill, an invalidation and the end of an address space. The
 * last cases run each path of kunit/secondary_tlbs_paths.h while devices fill
 * and use the TLB.
 */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/swap.h>

#include <asm/tlb.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_paths.h>
#include <kunit/secondary_tlbs_recorder.h>

#include "../../../internal.h"
#include "software.h"

#define READ_WRITE	(PROT_READ | PROT_WRITE)
#define PAGES		16UL

/**
 * struct bench - an address space with some pages, and its TLB
 * @test: the case
 * @rec: its recorder
 * @mm: the address space, which current uses until bench_end()
 * @tlb: its secondary TLB, registered
 * @start: first address of the pages
 * @end: first address after the pages
 */
struct bench {
	struct kunit *test;
	struct recorder *rec;
	struct mm_struct *mm;
	struct soft_tlb *tlb;
	unsigned long start;
	unsigned long end;
};

/* Static, so that a late callback does not crash. One case runs at a time. */
static struct soft_tlb bench_tlb;
static struct bench bench;
static struct soft_devices bench_devices;

static void software_case_exit(struct kunit *test)
{
	bench_tlb.releasing = NULL;
	soft_tlb_unregister(&bench_tlb);
	recorder_case_exit(test);
}

static void bench_begin(struct kunit *test, struct bench *bench, unsigned long flags)
{
	*bench = (struct bench){ .test = test, .rec = test->priv, .tlb = &bench_tlb };
	bench->mm = recorder_mm_create(bench->rec);
	recorder_use_mm(bench->rec, bench->mm);
	bench->start = recorder_mmap(PAGES, READ_WRITE, flags);
	KUNIT_ASSERT_NE(test, bench->start, 0UL);
	bench->end = bench->start + PAGES * PAGE_SIZE;

	soft_tlb_init(bench->tlb);
	soft_tlb_watch(bench->tlb, bench->start, bench->end);
	KUNIT_ASSERT_EQ(test, soft_tlb_register(bench->tlb, bench->mm), 0);
}

/* The same with all pages present and writable. */
static void bench_populated(struct kunit *test, struct bench *bench)
{
	bench_begin(test, bench, MAP_PRIVATE);
	KUNIT_EXPECT_EQ(test, recorder_populate(bench->mm, bench->start, PAGES), 0);
	/* A per-CPU LRU batch would hold a reference and delay the free. */
	lru_add_drain_all();
}

static void bench_end(struct bench *bench)
{
	soft_tlb_unregister(bench->tlb);
	recorder_unuse_mm(bench->rec);
}

static int bench_try_dontneed(struct bench *bench)
{
	return do_madvise(bench->mm, bench->start, bench->end - bench->start, MADV_DONTNEED);
}

static void bench_dontneed(struct bench *bench)
{
	KUNIT_EXPECT_EQ(bench->test, bench_try_dontneed(bench), 0);
}

static void bench_write_protect(struct bench *bench)
{
	const unsigned long args[5] = { bench->start, bench->end - bench->start, PROT_READ };

	KUNIT_EXPECT_EQ(bench->test, secondary_tlbs_mprotect(args), 0);
}

/* The oracle has found @times defects of this kind, and no others. */
static void bench_expect_defects(struct bench *bench, enum soft_defect_kind kind,
				 unsigned int times)
{
	KUNIT_EXPECT_EQ(bench->test, bench->tlb->defects[kind], times);
	KUNIT_EXPECT_EQ(bench->test, soft_tlb_defects(bench->tlb), times);
}

/*
 * What the TLB holds
 */
static void a_fill_holds_what_the_page_tables_say(struct kunit *test)
{
	struct soft_translation *entry;

	bench_populated(test, &bench);
	soft_tlb_fill(bench.tlb, 0, bench.start + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, soft_tlb_cached(bench.tlb), 1U);
	for (entry = bench.tlb->entry; !entry->valid; entry++)
		;
	KUNIT_EXPECT_EQ(test, entry->va, bench.start + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, entry->size, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, entry->pfn,
			pte_pfn(recorder_pte(bench.mm, bench.start + PAGE_SIZE)));
	KUNIT_EXPECT_TRUE(test, entry->writable);
	bench_end(&bench);
}

static void what_is_not_mapped_is_not_held(struct kunit *test)
{
	bench_begin(test, &bench, MAP_PRIVATE);
	soft_tlb_fill_all(bench.tlb);
	KUNIT_EXPECT_EQ(test, soft_tlb_cached(bench.tlb), 0U);
	bench_end(&bench);
}

static void an_invalidation_drops_its_range_only(struct kunit *test)
{
	bench_populated(test, &bench);
	soft_tlb_fill_all(bench.tlb);
	KUNIT_EXPECT_EQ(test, (unsigned long)soft_tlb_cached(bench.tlb), PAGES);
	recorder_dispatch(bench.mm, bench.start + PAGE_SIZE, bench.start + 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, (unsigned long)soft_tlb_cached(bench.tlb), PAGES - 2);
	recorder_dispatch(bench.mm, 0, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, soft_tlb_cached(bench.tlb), 0U);
	bench_end(&bench);
}

/* Hardware has one entry for a huge page, and drops it for any part of the page. */
static void an_invalidation_drops_the_huge_page_around_it(struct kunit *test)
{
	struct soft_translation huge = { .size = PMD_SIZE, .valid = true };

	bench_begin(test, &bench, MAP_PRIVATE);
	huge.va = round_down(bench.start, PMD_SIZE);
	bench.tlb->entry[0] = huge;
	KUNIT_EXPECT_EQ(test, soft_tlb_cached(bench.tlb), 1U);
	recorder_dispatch(bench.mm, huge.va + PAGE_SIZE, huge.va + 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, soft_tlb_cached(bench.tlb), 0U);
	bench_end(&bench);
}

/* Of pages at the same offset in each of many page tables, too. */
static void a_fill_does_not_replace_another_translation(struct kunit *test)
{
	const unsigned long size = (PAGES + 1) * PMD_SIZE;
	unsigned long start, n;

	bench_begin(test, &bench, MAP_PRIVATE);
	start = vm_mmap(NULL, 0, size, READ_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, 0);
	KUNIT_EXPECT_FALSE(test, IS_ERR_VALUE(start));
	for (n = 0; n < PAGES; n++) {
		KUNIT_EXPECT_EQ(test, recorder_populate(bench.mm, start + n * PMD_SIZE, 1), 0);
		soft_tlb_fill(bench.tlb, 0, start + n * PMD_SIZE);
	}
	KUNIT_EXPECT_EQ(test, (unsigned long)soft_tlb_cached(bench.tlb), PAGES);
	bench.tlb->deaf = true;
	KUNIT_EXPECT_EQ(test, vm_munmap(start, size), 0);
	soft_tlb_check(bench.tlb);
	bench_expect_defects(&bench, SOFT_STALE, PAGES);
	bench_end(&bench);
}

/*
 * The oracle detects a TLB that is not invalidated, or ignores invalidations
 */
static void oracle_sees_a_stale_translation(struct kunit *test)
{
	bench_populated(test, &bench);
	soft_tlb_fill_all(bench.tlb);
	bench.tlb->deaf = true;
	bench_dontneed(&bench);
	soft_tlb_check(bench.tlb);
	bench_expect_defects(&bench, SOFT_STALE, PAGES);
	bench_end(&bench);
}

static void oracle_sees_the_wrong_page(struct kunit *test)
{
	bench_populated(test, &bench);
	soft_tlb_fill_all(bench.tlb);
	bench.tlb->deaf = true;
	bench_dontneed(&bench);
	/* Shared memory under the same addresses. */
	KUNIT_EXPECT_EQ(test, vm_mmap(NULL, bench.start, bench.end - bench.start, READ_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, 0),
			bench.start);
	KUNIT_EXPECT_EQ(test, recorder_populate(bench.mm, bench.start, PAGES), 0);
	soft_tlb_check(bench.tlb);
	KUNIT_EXPECT_GT(test, bench.tlb->defects[SOFT_STALE], 0U);
	bench_end(&bench);
}

static void oracle_sees_an_over_permissive_translation(struct kunit *test)
{
	bench_populated(test, &bench);
	soft_tlb_fill_all(bench.tlb);
	bench.tlb->deaf = true;
	bench_write_protect(&bench);
	soft_tlb_check(bench.tlb);
	bench_expect_defects(&bench, SOFT_OVER_PERMISSIVE, PAGES);
	bench_end(&bench);
}

static void oracle_sees_a_freed_page(struct kunit *test)
{
	bench_populated(test, &bench);
	soft_tlb_fill_all(bench.tlb);
	bench.tlb->deaf = true;
	soft_tlb_use_all(bench.tlb);
	bench_expect_defects(&bench, SOFT_FREED_PAGE, 0);
	bench_dontneed(&bench);
	soft_tlb_use_all(bench.tlb);
	/* Some of the pages may have been allocated again. */
	KUNIT_EXPECT_GT(test, bench.tlb->defects[SOFT_FREED_PAGE], 0U);
	bench_end(&bench);
}

static void oracle_sees_a_freed_page_table(struct kunit *test)
{
	const unsigned long tables = 8;
	unsigned long start, n;

	if (IS_ENABLED(CONFIG_PPC64))
		kunit_skip(test, "page tables share a page, which is freed with the last of them");

	bench_begin(test, &bench, MAP_PRIVATE);
	/* Shared, so that the pages stay when the page tables go. */
	start = vm_mmap(NULL, 0, (tables + 2) * PMD_SIZE, READ_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, 0);
	KUNIT_EXPECT_FALSE(test, IS_ERR_VALUE(start));
	start = ALIGN(start, PMD_SIZE);
	for (n = 0; n < tables; n++) {
		unsigned long va = start + n * (PMD_SIZE + PAGE_SIZE);

		KUNIT_EXPECT_EQ(test, recorder_populate(bench.mm, va, 1), 0);
		soft_tlb_fill(bench.tlb, 0, va);
	}
	bench.tlb->deaf = true;
	KUNIT_EXPECT_EQ(test, vm_munmap(start, tables * PMD_SIZE), 0);
	/* Page tables may be freed by RCU callbacks. Wait for those. */
	if (IS_ENABLED(CONFIG_MMU_GATHER_RCU_TABLE_FREE))
		rcu_barrier();
	soft_tlb_use_all(bench.tlb);
	KUNIT_EXPECT_GT(test, bench.tlb->defects[SOFT_FREED_TABLE], 0U);
	KUNIT_EXPECT_EQ(test, bench.tlb->defects[SOFT_FREED_PAGE], 0U);
	bench_end(&bench);
}

static void oracle_wants_to_hear_of_an_upgrade_on_arm64_only(struct kunit *test)
{
	bench_begin(test, &bench, MAP_SHARED);
	KUNIT_EXPECT_EQ(test, recorder_fault(bench.mm, bench.start, 0), 0);
	soft_tlb_fill(bench.tlb, 0, bench.start);
	KUNIT_EXPECT_EQ(test, soft_tlb_cached(bench.tlb), 1U);
	bench.tlb->deaf = true;
	KUNIT_EXPECT_EQ(test, recorder_fault(bench.mm, bench.start, FAULT_FLAG_WRITE), 0);
	soft_tlb_check(bench.tlb);
	bench_expect_defects(&bench, SOFT_UNDER_PERMISSIVE, IS_ENABLED(CONFIG_ARM64));
	bench_end(&bench);
}

static void oracle_accepts_a_tlb_that_listens(struct kunit *test)
{
	bench_populated(test, &bench);
	soft_tlb_fill_all(bench.tlb);
	bench_write_protect(&bench);
	soft_tlb_check(bench.tlb);
	soft_tlb_fill_all(bench.tlb);
	KUNIT_EXPECT_EQ(test, (unsigned long)soft_tlb_cached(bench.tlb), PAGES);
	bench_dontneed(&bench);
	KUNIT_EXPECT_EQ(test, soft_tlb_cached(bench.tlb), 0U);
	soft_tlb_check(bench.tlb);
	soft_tlb_report(test, bench.tlb, 0);
	bench_end(&bench);
}

/*
 * A fill in progress while the case does something
 *
 *	device				case
 *	------				----
 *	announces the fill
 *	walks
 *	   complete(walked) ----------> happens()
 *	   wait(go) <------------------ complete(go)
 *	caches the result, or discards it
 */
struct gate {
	struct recorder_worker device;
	struct completion walked;
	struct completion go;
};

static struct gate gate;

static void gate_between(struct soft_tlb *tlb)
{
	struct gate *gate = tlb->data;

	complete(&gate->walked);
	wait_for_completion(&gate->go);
}

static void fill_once(struct recorder_worker *worker)
{
	struct bench *bench = worker->data;

	kthread_use_mm(bench->mm);
	soft_tlb_fill(bench->tlb, 0, bench->start);
	kthread_unuse_mm(bench->mm);
}

static void fill_stop(struct recorder_worker *worker)
{
	complete(&gate.go);
}

/* Call @happens during a fill. */
static void fill_across(struct bench *bench, void (*happens)(struct bench *bench))
{
	gate.device = (struct recorder_worker){
		.function = fill_once, .stop = fill_stop, .data = bench,
	};
	init_completion(&gate.walked);
	init_completion(&gate.go);
	bench->tlb->data = &gate;
	bench->tlb->between = gate_between;
	if (recorder_worker_start(bench->rec, &gate.device)) {
		KUNIT_EXPECT_TRUE(bench->test,
				  wait_for_completion_timeout(&gate.walked, RECORDER_PATIENCE));
		happens(bench);
		complete(&gate.go);
	}
	recorder_worker_join(&gate.device);
	KUNIT_EXPECT_EQ(bench->test, gate.device.errors, 0U);
	bench->tlb->between = NULL;
}

static void bench_expect_discarded(struct bench *bench)
{
	KUNIT_EXPECT_EQ(bench->test, bench->tlb->discarded, 1UL);
	KUNIT_EXPECT_EQ(bench->test, soft_tlb_cached(bench->tlb), 0U);
}

static void a_fill_across_an_unmapping_is_discarded(struct kunit *test)
{
	bench_populated(test, &bench);
	fill_across(&bench, bench_dontneed);
	bench_expect_discarded(&bench);
	bench_end(&bench);
}

static void a_fill_across_a_write_protection_is_discarded(struct kunit *test)
{
	bench_populated(test, &bench);
	fill_across(&bench, bench_write_protect);
	bench_expect_discarded(&bench);
	bench_end(&bench);
}

static void invalidate_elsewhere(struct bench *bench)
{
	recorder_dispatch(bench->mm, bench->start + 2 * PMD_SIZE,
			  bench->start + 2 * PMD_SIZE + PAGE_SIZE);
}

static void a_fill_across_an_invalidation_elsewhere_is_kept(struct kunit *test)
{
	bench_populated(test, &bench);
	fill_across(&bench, invalidate_elsewhere);
	KUNIT_EXPECT_EQ(test, bench.tlb->discarded, 0UL);
	KUNIT_EXPECT_EQ(test, soft_tlb_cached(bench.tlb), 1U);
	bench_end(&bench);
}

static void oracle_sees_a_fill_that_was_not_discarded(struct kunit *test)
{
	bench_populated(test, &bench);
	bench.tlb->keeps = true;
	fill_across(&bench, bench_dontneed);
	soft_tlb_check(bench.tlb);
	bench_expect_defects(&bench, SOFT_STALE, 1);
	bench_end(&bench);
}

static void bench_unregister(struct bench *bench)
{
	soft_tlb_unregister(bench->tlb);
}

static void a_fill_across_unregister_is_discarded(struct kunit *test)
{
	bench_populated(test, &bench);
	fill_across(&bench, bench_unregister);
	bench_expect_discarded(&bench);
	bench_end(&bench);
}

/* A device may have the mm loaded, and may have walked its page tables. */
static void bench_exit(struct bench *bench)
{
	recorder_unuse_mm(bench->rec);
	recorder_mm_put(bench->rec, bench->mm);
}

static void a_fill_across_exit_is_discarded(struct kunit *test)
{
	bench_populated(test, &bench);
	fill_across(&bench, bench_exit);
	bench_expect_discarded(&bench);
	soft_tlb_unregister(bench.tlb);
}

/*
 * Two gathers at once
 *
 *	one thread			another			device
 *	----------			-------			------
 *								holds the pages
 *	clears the entries
 *					MADV_DONTNEED: finds
 *					  nothing to clear
 *					returns
 *								must not use them
 *	flushes, frees the pages
 */
static void dontneed(struct recorder_worker *worker)
{
	kthread_use_mm(bench.mm);
	worker->errors += !!bench_try_dontneed(&bench);
	kthread_unuse_mm(bench.mm);
}

static void an_unmapping_drops_what_another_thread_has_cleared(struct kunit *test)
{
	struct recorder_worker *other = recorder_zalloc(test->priv, sizeof(*other));
	struct mmu_gather tlb;

	bench_populated(test, &bench);
	soft_tlb_fill_all(bench.tlb);
	other->function = dontneed;
	mmap_read_lock(bench.mm);
	tlb_gather_mmu(&tlb, bench.mm);
	unmap_page_range(&tlb, find_vma(bench.mm, bench.start), bench.start, bench.end, NULL);
	mmap_read_unlock(bench.mm);
	if (recorder_worker_start(test->priv, other))
		recorder_worker_join(other);
	KUNIT_EXPECT_EQ(test, other->errors, 0U);
	soft_tlb_check(bench.tlb);
	bench_expect_defects(&bench, SOFT_STALE, 0);
	mmap_read_lock(bench.mm);
	tlb_finish_mmu(&tlb);
	mmap_read_unlock(bench.mm);
	bench_end(&bench);
}

/*
 * The end of an address space, or of the subscription, while devices run
 */
static void devices_begin(struct bench *bench, u64 seed)
{
	bench_devices = (struct soft_devices){ .tlb = { bench->tlb }, .tlbs = 1 };
	KUNIT_EXPECT_TRUE(bench->test, soft_devices_start(bench->rec, &bench_devices, seed));
	KUNIT_EXPECT_TRUE(bench->test, soft_devices_work(&bench_devices, SOFT_DEVICES));
}

/* Called by release(). The devices may fill and use the TLB until it returns. */
static void release_lets_devices_work(struct soft_tlb *tlb)
{
	struct bench *bench = tlb->data;

	KUNIT_EXPECT_TRUE(bench->test, soft_devices_work(&bench_devices, 4 * SOFT_DEVICES));
	KUNIT_EXPECT_GT(bench->test, soft_tlb_cached(tlb), 0U);
}

/* After the end, no translation is used and none is cached. */
static void expect_no_more_use(struct bench *bench)
{
	unsigned long fills = bench->tlb->fills, uses = bench->tlb->uses;

	KUNIT_EXPECT_FALSE(bench->test, soft_tlb_live(bench->tlb));
	KUNIT_EXPECT_EQ(bench->test, soft_tlb_cached(bench->tlb), 0U);
	KUNIT_EXPECT_TRUE(bench->test, soft_devices_work(&bench_devices, 4 * SOFT_DEVICES));
	KUNIT_EXPECT_EQ(bench->test, bench->tlb->fills, fills);
	KUNIT_EXPECT_EQ(bench->test, bench->tlb->uses, uses);
	KUNIT_EXPECT_EQ(bench->test, soft_tlb_cached(bench->tlb), 0U);
}

static void end_while_devices_run(struct kunit *test, void (*end)(struct bench *bench))
{
	u64 seed = recorder_seed(test);

	bench_populated(test, &bench);
	bench.tlb->data = &bench;
	bench.tlb->releasing = release_lets_devices_work;
	devices_begin(&bench, seed);
	end(&bench);
	expect_no_more_use(&bench);
	soft_devices_stop(&bench_devices);
	soft_tlb_unregister(bench.tlb);
	soft_tlb_report(test, bench.tlb, seed);
}

static void exit_ends_the_use_of_an_address_space(struct kunit *test)
{
	end_while_devices_run(test, bench_exit);
}

static void bench_unregister_then_exit(struct bench *bench)
{
	soft_tlb_unregister(bench->tlb);
	expect_no_more_use(bench);
	bench_exit(bench);
}

static void unregister_ends_the_use_of_an_address_space(struct kunit *test)
{
	end_while_devices_run(test, bench_unregister_then_exit);
}

/* Ends at random moments of the devices' work, with or without a change before. */
static void any_end_leaves_nothing_in_use(struct kunit *test)
{
	static void (* const ends[])(struct bench *bench) = {
		bench_exit, bench_unregister_then_exit,
	};
	u64 seed = recorder_seed(test);
	struct rnd_state rnd;
	unsigned int n;

	recorder_random(&rnd, seed, SOFT_DEVICES);
	for (n = 0; n < 24; n++) {
		bench_populated(test, &bench);
		devices_begin(&bench, seed + n);
		soft_devices_ask(&bench_devices, 64);
		soft_devices_work(&bench_devices, prandom_u32_state(&rnd) % 16);
		if (prandom_u32_state(&rnd) % 2)
			bench_dontneed(&bench);
		ends[prandom_u32_state(&rnd) % ARRAY_SIZE(ends)](&bench);
		KUNIT_EXPECT_EQ(test, soft_tlb_cached(bench.tlb), 0U);
		soft_devices_stop(&bench_devices);
		soft_tlb_unregister(bench.tlb);
		soft_tlb_report(test, bench.tlb, seed);
	}
}

/*
 * The paths
 */

/* In a large range, devices access this many pages at either end. */
#define ROW_PAGES	64

static void row_watch(struct soft_tlb *tlb, unsigned long start, unsigned long end)
{
	const unsigned long size = ROW_PAGES * PAGE_SIZE;

	if (end - start <= 2 * size) {
		soft_tlb_watch(tlb, start, end);
	} else {
		soft_tlb_watch(tlb, start, start + size);
		soft_tlb_watch(tlb, end - size, end);
	}
}

/* Watch the range that changes, and its target if it moves. */
static void row_watch_scene(struct soft_tlb *tlb, const struct path_scene *scene)
{
	row_watch(tlb, scene->start, scene->end);
	if (scene->target_size)
		row_watch(tlb, scene->target, scene->target + scene->target_size);
}

/* Fill the TLB, let the devices work, then run the operation. */
static void row_operation(struct kunit *test, struct path_scene *scene)
{
	const unsigned int flags = scene->path->flags;

	soft_tlb_fill_all(&bench_tlb);
	if (flags & (PATH_EMPTY | PATH_UNREADABLE))
		KUNIT_EXPECT_EQ(test, soft_tlb_cached(&bench_tlb), 0U);
	else
		KUNIT_EXPECT_GT(test, soft_tlb_cached(&bench_tlb), 0U);
	soft_devices_work(&bench_devices, SOFT_DEVICES);

	soft_tlb_begin(&bench_tlb, scene->path->name);
	soft_devices_ask(&bench_devices, 4 * SOFT_DEVICES);
	KUNIT_EXPECT_EQ(test, path_run(scene), 0);
	if (flags & PATH_ENDS_MM) {
		KUNIT_EXPECT_FALSE(test, soft_tlb_live(&bench_tlb));
		KUNIT_EXPECT_EQ(test, soft_tlb_cached(&bench_tlb), 0U);
		return;
	}
	soft_tlb_check(&bench_tlb);
	soft_devices_work(&bench_devices, SOFT_DEVICES);
	soft_tlb_check(&bench_tlb);
}

static void row_devices(struct kunit *test, struct path_scene *scene, u64 seed)
{
	soft_tlb_init(&bench_tlb);
	row_watch_scene(&bench_tlb, scene);
	KUNIT_EXPECT_EQ(test, soft_tlb_register(&bench_tlb, scene->mm), 0);
	bench_devices = (struct soft_devices){ .tlb = { &bench_tlb }, .tlbs = 1 };
	KUNIT_EXPECT_TRUE(test, soft_devices_start(test->priv, &bench_devices, seed));
	row_operation(test, scene);
	soft_devices_stop(&bench_devices);
	soft_tlb_unregister(&bench_tlb);
	soft_tlb_report(test, &bench_tlb, seed);
}

/* A path on its way, and what ends it. */
struct row {
	struct path_scene scene;
	struct recorder_undo undo;
};

static void row_end(struct recorder_undo *undo)
{
	path_end(&container_of(undo, struct row, undo)->scene);
}

static void row(struct kunit *test, const struct mm_path *path)
{
	const char *reason = path_skip(path);
	struct recorder *rec = test->priv;
	struct mm_struct *mm;
	struct row *row;
	u64 seed;

	if (reason)
		kunit_skip(test, "%s", reason);

	row = recorder_zalloc(rec, sizeof(*row));
	mm = recorder_mm_create(rec);
	seed = recorder_seed(test);
	recorder_use_mm(rec, mm);
	recorder_undo_later(rec, &row->undo, row_end);
	if (!path_begin(&row->scene, path, mm))
		row_devices(test, &row->scene, seed);
	else
		KUNIT_FAIL(test, "there is nothing to change");
	recorder_undo_now(rec, &row->undo);
	if (row->scene.mm)
		recorder_unuse_mm(rec);
	else
		recorder_path_ended_mm(rec);
}

#define ROW_FUNCTION(name, ...)							\
	static void name##_leaves_nothing_stale(struct kunit *test)		\
	{									\
		row(test, &secondary_tlbs_paths[PATH_##name]);			\
	}
SECONDARY_TLBS_PATHS(ROW_FUNCTION)

#define ROW_CASE(name, ...)	KUNIT_CASE(name##_leaves_nothing_stale),
static struct kunit_case secondary_tlbs_software_cases[] = {
	KUNIT_CASE(a_fill_holds_what_the_page_tables_say),
	KUNIT_CASE(what_is_not_mapped_is_not_held),
	KUNIT_CASE(an_invalidation_drops_its_range_only),
	KUNIT_CASE(an_invalidation_drops_the_huge_page_around_it),
	KUNIT_CASE(a_fill_does_not_replace_another_translation),
	KUNIT_CASE(oracle_sees_a_stale_translation),
	KUNIT_CASE(oracle_sees_the_wrong_page),
	KUNIT_CASE(oracle_sees_an_over_permissive_translation),
	KUNIT_CASE(oracle_sees_a_freed_page),
	KUNIT_CASE(oracle_sees_a_freed_page_table),
	KUNIT_CASE(oracle_wants_to_hear_of_an_upgrade_on_arm64_only),
	KUNIT_CASE(oracle_accepts_a_tlb_that_listens),
	KUNIT_CASE(a_fill_across_an_unmapping_is_discarded),
	KUNIT_CASE(a_fill_across_a_write_protection_is_discarded),
	KUNIT_CASE(a_fill_across_an_invalidation_elsewhere_is_kept),
	KUNIT_CASE(oracle_sees_a_fill_that_was_not_discarded),
	KUNIT_CASE(a_fill_across_unregister_is_discarded),
	KUNIT_CASE(a_fill_across_exit_is_discarded),
	KUNIT_CASE(an_unmapping_drops_what_another_thread_has_cleared),
	KUNIT_CASE(exit_ends_the_use_of_an_address_space),
	KUNIT_CASE(unregister_ends_the_use_of_an_address_space),
	KUNIT_CASE(any_end_leaves_nothing_in_use),
	SECONDARY_TLBS_PATHS(ROW_CASE)
	{}
};

static struct kunit_suite secondary_tlbs_software_suite = {
	.name = "secondary_tlbs_software",
	.init = recorder_case_init,
	.exit = software_case_exit,
	.test_cases = secondary_tlbs_software_cases,
};

kunit_test_suite(secondary_tlbs_software_suite);
