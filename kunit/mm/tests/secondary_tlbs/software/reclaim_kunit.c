// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reclaim, and devices that use a page until they are told.
 *
 * x86 unmaps pages one by one, and flushes the CPUs' TLBs for many of them together. A
 * device must lose a page when it is unmapped. Until the flush another thread may have
 * another page in its place:
 *
 *	reclaim			thread			device
 *	-------			------			------
 *							holds VA -> old page
 *	clears the entry
 *				faults: VA -> new page
 *				writes there
 *				tells the device to read
 *							reads the old page
 *	flushes the batch
 *
 * The pages are clean and lazily freed, so that reclaim needs no swap.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/sched.h>
#include <linux/swap.h>
#include <linux/uaccess.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_recorder.h>

#include "../../../internal.h"
#include "software.h"

#define PAGES		256UL
/* As many as one thread finds reclaimed, before the race counts as one. */
#define REFAULTS	2048UL
/* How far the device reads ahead of the thread. */
#define AHEAD		64UL

/**
 * struct bench - an address space that two CPUs have loaded, and its TLB
 * @mm: the address space, which current uses
 * @tlb: its secondary TLB, registered
 * @start: first address of the pages
 * @end: first address after the pages
 * @cpu: where the case runs
 * @other: a thread on another CPU that uses @mm too
 * @loaded: @other has begun
 * @stop: @other is to end
 * @let_go: the same, for a thread that sleeps
 * @page: what was mapped before it was reclaimed
 */
struct bench {
	struct mm_struct *mm;
	struct soft_tlb tlb;
	unsigned long start;
	unsigned long end;
	unsigned int cpu;
	struct recorder_worker other;
	struct completion loaded;
	bool stop;
	struct completion let_go;
	struct page *page[PAGES];
};

/* Static, so that a late callback does not crash. One case runs at a time. */
static struct bench bench;

static void reclaim_case_exit(struct kunit *test)
{
	soft_tlb_unregister(&bench.tlb);
	recorder_case_exit(test);
}

/* Makes the pages clean, so that the next reclaim drops them. */
static int bench_free_lazily(void)
{
	int ret = do_madvise(bench.mm, bench.start, bench.end - bench.start, MADV_FREE);

	/* The mark of a page waits in a per-CPU batch. */
	lru_add_drain();
	return ret;
}

static void bench_stop_other(struct recorder_worker *worker)
{
	WRITE_ONCE(bench.stop, true);
	complete(&bench.let_go);
}

static void bench_load(void)
{
	set_cpus_allowed_ptr(current, cpumask_of(cpumask_any_but(cpu_online_mask, bench.cpu)));
	kthread_use_mm(bench.mm);
	complete(&bench.loaded);
}

/* Begin with all pages writable and in the TLB, and with @function on another CPU. */
static void bench_begin(struct kunit *test, void (*function)(struct recorder_worker *worker))
{
	struct recorder *rec = test->priv;

	if (num_online_cpus() < 2)
		kunit_skip(test, "there is no second CPU to have the mm loaded");

	memset(&bench, 0, sizeof(bench));
	soft_tlb_init(&bench.tlb);
	init_completion(&bench.loaded);
	init_completion(&bench.let_go);
	bench.mm = recorder_mm_create(rec);
	recorder_use_mm(rec, bench.mm);
	bench.cpu = raw_smp_processor_id();
	set_cpus_allowed_ptr(current, cpumask_of(bench.cpu));
	bench.start = recorder_mmap(PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	KUNIT_ASSERT_NE(test, bench.start, 0UL);
	bench.end = bench.start + PAGES * PAGE_SIZE;
	KUNIT_ASSERT_EQ(test, recorder_populate(bench.mm, bench.start, PAGES), 0);
	lru_add_drain_all();

	soft_tlb_watch(&bench.tlb, bench.start, bench.end);
	KUNIT_ASSERT_EQ(test, soft_tlb_register(&bench.tlb, bench.mm), 0);
	soft_tlb_fill_all(&bench.tlb);
	KUNIT_ASSERT_EQ(test, 0UL + soft_tlb_cached(&bench.tlb), PAGES);

	bench.other = (struct recorder_worker){
		.function = function, .stop = bench_stop_other,
	};
	KUNIT_ASSERT_TRUE(test, recorder_worker_start(rec, &bench.other));
	KUNIT_ASSERT_TRUE(test, wait_for_completion_timeout(&bench.loaded, RECORDER_PATIENCE));
}

/* x86 defers the flush of an mm that another CPU has loaded: that is what the cases are for. */
static void bench_expect_put_off(struct kunit *test)
{
	if (IS_ENABLED(CONFIG_X86))
		KUNIT_EXPECT_NE_MSG(test, secondary_tlbs_put_off(bench.mm), 0,
				    "no flush was deferred");
}

static void bench_end(struct kunit *test)
{
	bench_stop_other(&bench.other);
	recorder_worker_join(&bench.other);
	KUNIT_EXPECT_EQ(test, bench.other.errors, 0U);
	soft_tlb_unregister(&bench.tlb);
	recorder_unuse_mm(test->priv);
}

/*
 * The order, forced
 */
static void hold_mm(struct recorder_worker *worker)
{
	bench_load();
	wait_for_completion(&bench.let_go);
	kthread_unuse_mm(bench.mm);
}

/* Keeps a reference, so that no new page can be an old one. */
static bool unmap(unsigned long n)
{
	struct folio *folio;

	if (get_user_pages_fast(bench.start + n * PAGE_SIZE, 1, 0, &bench.page[n]) != 1)
		return false;
	folio = page_folio(bench.page[n]);
	folio_lock(folio);
	try_to_unmap(folio, TTU_BATCH_FLUSH);
	folio_unlock(folio);
	return !folio_mapped(folio);
}

static void a_device_has_lost_the_page_before_another_is_there(struct kunit *test)
{
	unsigned long unmapped = 0, n;

	bench_begin(test, hold_mm);
	KUNIT_EXPECT_EQ(test, bench_free_lazily(), 0);
	soft_tlb_fill_all(&bench.tlb);
	soft_tlb_begin(&bench.tlb, "a refault before the flush");
	for (n = 0; n < PAGES; n++)
		unmapped += unmap(n);
	KUNIT_EXPECT_EQ(test, unmapped, PAGES);
	bench_expect_put_off(test);
	KUNIT_EXPECT_EQ(test, recorder_populate(bench.mm, bench.start, PAGES), 0);
	soft_tlb_check(&bench.tlb);
	KUNIT_EXPECT_EQ_MSG(test, bench.tlb.defects[SOFT_STALE], 0U,
			    "old pages are in the TLB, and new ones in their place");

	try_to_unmap_flush();
	for (n = 0; n < PAGES; n++)
		if (bench.page[n])
			put_page(bench.page[n]);
	soft_tlb_report(test, &bench.tlb, 0);
	bench_end(test);
}

/*
 * The order, raced for
 */
static void reclaim(struct recorder_worker *worker)
{
	bench_load();
	while (!READ_ONCE(bench.stop)) {
		if (bench_free_lazily() ||
		    do_madvise(bench.mm, bench.start, bench.end - bench.start, MADV_PAGEOUT))
			worker->errors++;
		cond_resched();
	}
	kthread_unuse_mm(bench.mm);
}

/* Whether the device has a page that is not the one which this thread has found twice. */
static bool is_stale(unsigned long va, unsigned long *pfn)
{
	struct soft_translation cached, first, second;

	if (!soft_tlb_walk(bench.mm, va, &first))
		return false;
	if (!soft_tlb_lookup(&bench.tlb, va, &cached))
		cached.pfn = first.pfn;
	if (!soft_tlb_walk(bench.mm, va, &second) || first.pfn != second.pfn)
		return false;
	*pfn = first.pfn;
	return cached.pfn != first.pfn;
}

/*
 * As a thread does that writes a command for the device, and then rings its doorbell. The
 * device reads ahead, which leaves pages clean: reclaim can take what it holds.
 */
static bool write_and_look(unsigned long n, unsigned long *pfn)
{
	const unsigned long va = bench.start + n * PAGE_SIZE;

	soft_tlb_fill(&bench.tlb, 0, bench.start + (n + AHEAD) % PAGES * PAGE_SIZE);
	return put_user(1, (int __user *)va) || is_stale(va, pfn);
}

static void a_device_has_lost_the_page_wherever_reclaim_is(struct kunit *test)
{
	const unsigned long deadline = jiffies + RECORDER_PATIENCE;
	unsigned long *seen = recorder_zalloc(test->priv, PAGES * sizeof(*seen));
	unsigned long refaults = 0, stale = 0, n = 0;

	bench_begin(test, reclaim);
	while (refaults < REFAULTS && time_before(jiffies, deadline)) {
		unsigned long pfn = seen[n];

		stale += write_and_look(n, &pfn);
		refaults += seen[n] && pfn != seen[n];
		seen[n] = pfn;
		n = (n + 1) % PAGES;
		cond_resched();
	}
	kunit_info(test, "refaults: %lu, of them with an old page in the TLB: %lu\n", refaults,
		   stale);
	bench_expect_put_off(test);
	KUNIT_EXPECT_GE_MSG(test, refaults, REFAULTS, "reclaim has taken too few pages");
	KUNIT_EXPECT_EQ_MSG(test, stale, 0UL, "a device held the old page after the refault");
	bench_end(test);
}

static struct kunit_case secondary_tlbs_reclaim_cases[] = {
	KUNIT_CASE(a_device_has_lost_the_page_before_another_is_there),
	KUNIT_CASE(a_device_has_lost_the_page_wherever_reclaim_is),
	{}
};

static struct kunit_suite secondary_tlbs_reclaim_suite = {
	.name = "secondary_tlbs_reclaim",
	.init = recorder_case_init,
	.exit = reclaim_case_exit,
	.test_cases = secondary_tlbs_reclaim_cases,
};

kunit_test_suite(secondary_tlbs_reclaim_suite);
