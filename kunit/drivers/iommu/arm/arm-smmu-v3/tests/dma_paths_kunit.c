// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test by DMA each path on which the mm changes a translation.
 *
 * Each row of the table in kunit/secondary_tlbs_paths.h is a case. First, devices read
 * all over the range of the row, so that the SMMU caches its translations. Then the
 * operation runs. Then the devices read and write again, and the case requires:
 *
 *  - A read returns a word of the page that is mapped now, or it faults.
 *  - A write lands in the page that is mapped now, or it faults and lands nowhere.
 *  - A write that the mm allows lands after a few attempts. Each fault is handled as a
 *    page request.
 *
 * Pages that the operation has freed are allocated again at once, and filled with a mark.
 * A device that still has a translation to one reads the mark or overwrites it.
 */
#include <linux/hugetlb.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/swap.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_paths.h>
#include <kunit/secondary_tlbs_recorder.h>

#include "../arm-smmu-v3.h"
#include "bench.h"
#include "target.h"

/* Offset in a page of a device's word. The start of the page is left to uprobes. */
#define SPOT(device)	(2048 + (device) * sizeof(u64))
/* The most attempts until an allowed write must land. */
#define ATTEMPTS	4
/* Pages to allocate, to get the freed ones back: first huge pages, then small ones. */
#define HUGE_NETS	8
#define NETS		(HUGE_NETS + 256)

#define MARK_BEFORE	0xbef0be0000000000
#define MARK_NOW(device) (0x00d0000000000000 + (device))
#define MARK_FREED	0xf4eed00000000000

/**
 * struct dma_row - the state of a case
 * @test: the case
 * @bench: the devices and their address space
 * @scene: the path
 * @before: pages that were mapped before the operation; compared, never accessed
 * @stale: the device has read through a stale translation, and must not write
 * @net: pages allocated after the operation, to get the freed ones back
 * @order: the order of each page in @net
 * @nets: the number of pages in @net
 * @caught: how many pages of @before are in @net
 * @read: one read by each device
 * @write: one write by each device, to the same address
 */
struct dma_row {
	struct kunit *test;
	struct bench *bench;
	struct path_scene scene;
	struct page *before[BENCH_DEVICES];
	bool stale[BENCH_DEVICES];
	struct page *net[NETS];
	unsigned int order[NETS];
	unsigned int nets;
	unsigned int caught;
	struct bench_access read[BENCH_DEVICES];
	struct bench_access write[BENCH_DEVICES];
};

/* Write a mark, except into zero pages and KSM pages, which others share. */
static void target_mark(const struct target target, u64 mark)
{
	if (target.page && !is_zero_pfn(page_to_pfn(target.page)) &&
	    !secondary_tlbs_huge_zero(target.page) && !PageKsm(target.page))
		WRITE_ONCE(*target.word, mark);
}

static void row_choose(struct dma_row *row)
{
	unsigned long size = row->scene.end - row->scene.start, step;
	unsigned int i;

	step = max(PAGE_SIZE, round_down(size / BENCH_DEVICES, PAGE_SIZE));
	for (i = 0; i < BENCH_DEVICES; i++) {
		row->read[i].device = i;
		row->read[i].addr = row->scene.start + (i * step) % size + SPOT(i);
		row->write[i] = row->read[i];
		row->write[i].write = true;
	}
}

/* The same mark in all pages, since KSM merges only equal pages. */
static void row_mark_before(struct dma_row *row)
{
	unsigned int i, device;

	for (i = 0; i < BENCH_DEVICES; i++) {
		unsigned long addr = row->read[i].addr - SPOT(i);

		for (device = 0; device < BENCH_DEVICES; device++)
			target_mark(target_of(row->bench->mm, addr + SPOT(device)), MARK_BEFORE);
	}
}

/* A mark of its own for each device, since a freed page may be another device's now. */
static void row_mark_now(struct dma_row *row)
{
	unsigned int i;

	for (i = 0; i < BENCH_DEVICES; i++)
		target_mark(target_of(row->bench->mm, row->read[i].addr), MARK_NOW(i));
}

static void row_remember(struct dma_row *row)
{
	unsigned int i;

	for (i = 0; i < BENCH_DEVICES; i++)
		row->before[i] = target_of(row->bench->mm, row->read[i].addr).page;
}

/*
 * Freed pages
 */
static unsigned int row_had(struct dma_row *row, struct page *page, unsigned int order)
{
	unsigned int i, n = 0;

	for (i = 0; i < BENCH_DEVICES; i++)
		n += row->before[i] >= page && row->before[i] < page + BIT(order);
	return n;
}

static bool row_cast(struct dma_row *row, unsigned int order)
{
	struct page *page = alloc_pages(GFP_HIGHUSER_MOVABLE | __GFP_NORETRY | __GFP_NOWARN,
					order);

	if (!page)
		return false;
	memset64(page_address(page), MARK_FREED, (PAGE_SIZE << order) / sizeof(u64));
	row->net[row->nets] = page;
	row->order[row->nets++] = order;
	row->caught += row_had(row, page, order);
	return true;
}

static void row_catch(struct dma_row *row)
{
	/* Drain the LRU batches of all CPUs, which delay the free of pages. */
	lru_add_drain_all();
	if (row->scene.page_size == PMD_SIZE)
		while (row->nets < HUGE_NETS && row_cast(row, HPAGE_PMD_ORDER))
			;
	while (row->nets < NETS && row_cast(row, 0))
		;
}

static void row_expect_caught(struct dma_row *row)
{
	unsigned int word, written = 0;

	while (row->nets) {
		unsigned int order = row->order[--row->nets];
		const u64 *words = page_address(row->net[row->nets]);

		for (word = 0; word < (PAGE_SIZE << order) / sizeof(u64); word++)
			written += READ_ONCE(words[word]) != MARK_FREED;
		__free_pages(row->net[row->nets], order);
	}
	KUNIT_EXPECT_EQ_MSG(row->test, written, 0U, "a device wrote to a page that was freed");
}

/*
 * Accesses of the devices
 */
static void row_expect_read(struct dma_row *row, unsigned int i)
{
	const struct bench_access *read = &row->read[i];
	const struct target target = target_of(row->bench->mm, read->addr);
	const u64 there = target.word ? READ_ONCE(*target.word) : 0;

	if (target.readable && !read->event && read->value == there)
		return;
	if (!target.readable && read->event && read->value != MARK_BEFORE &&
	    read->value != MARK_FREED)
		return;
	row->stale[i] = true;
	KUNIT_FAIL(row->test, "a read of %lx, %s, got %llx instead of %llx: %s", read->addr,
		   target.readable ? "readable" : "not readable", read->value, there,
		   bench_event_name(read->event));
}

static void row_read(struct dma_row *row)
{
	unsigned int i;

	bench_do(row->bench, row->read, BENCH_DEVICES);
	bench_collect(row->bench, row->read, BENCH_DEVICES);
	for (i = 0; i < BENCH_DEVICES; i++)
		row_expect_read(row, i);
}

static void row_expect_write(struct dma_row *row, const struct bench_access *write)
{
	const struct target target = target_of(row->bench->mm, write->addr);
	const bool landed = target_has(&target, write);

	/* A write to a writable page may fault. row_progress() tests that it lands later. */
	if (write->event ? !landed : landed && target.writable)
		return;
	KUNIT_FAIL(row->test, "a write to %lx, %s, %s: %s", write->addr,
		   target.writable ? "writable" : "not writable",
		   landed ? "landed" : "did not land",
		   bench_event_name(write->event));
}

/* All devices, except those with a stale translation: their writes would corrupt memory. */
static unsigned int row_writers(struct dma_row *row, struct bench_access *writes)
{
	unsigned int i, n = 0;

	for (i = 0; i < BENCH_DEVICES; i++)
		if (!row->stale[i])
			writes[n++] = row->write[i];
	return n;
}

static void row_write(struct dma_row *row)
{
	struct bench_access writes[BENCH_DEVICES];
	unsigned int n = row_writers(row, writes), i;

	bench_do(row->bench, writes, n);
	for (i = 0; i < n; i++)
		row_expect_write(row, &writes[i]);
}

/* Handle a fault as a page request. Returns true if the device should try again. */
static bool fault_handled(struct dma_row *row, unsigned long addr)
{
	/* The page is device-exclusive, or the fault would wait for a userfaultfd reader. */
	if (row->scene.exclusives || row->scene.userfaultfd)
		return false;
	return !recorder_fault(row->bench->mm, addr, FAULT_FLAG_WRITE);
}

/*
 * The fault handler decides whether a write is allowed. If it returns success, the write
 * must land within ATTEMPTS attempts.
 */
static void row_progress(struct dma_row *row)
{
	struct bench_access writes[BENCH_DEVICES], *write;
	unsigned int n = row_writers(row, writes), i, left, attempt;

	for (attempt = 0; n && attempt < ATTEMPTS; attempt++) {
		for (i = left = 0; i < n; i++)
			if (fault_handled(row, writes[i].addr))
				writes[left++] = writes[i];
		n = left;
		bench_do(row->bench, writes, n);
		for (i = left = 0; i < n; i++) {
			const struct target target = target_of(row->bench->mm, writes[i].addr);

			if (writes[i].event || !target_has(&target, &writes[i]))
				writes[left++] = writes[i];
		}
		n = left;
	}
	for (write = writes; write < writes + n; write++)
		KUNIT_FAIL(row->test, "an allowed write to %lx did not land in %d attempts: %s",
			   write->addr, ATTEMPTS, bench_event_name(write->event));
}

/* After the exit, the devices need another mm with a mailbox, to hand over their words. */
static void row_after_exit(struct dma_row *row)
{
	struct bench *bench = row->bench;
	unsigned int i;

	bench_do(bench, row->read, BENCH_DEVICES);
	bench_do(bench, row->write, BENCH_DEVICES);
	recorder_path_ended_mm(bench->rec);
	bench->mm = NULL;
	bench_next_mm(bench);
	bench_collect(bench, row->read, BENCH_DEVICES);
	for (i = 0; i < BENCH_DEVICES; i++)
		KUNIT_EXPECT_TRUE(row->test, row->read[i].value != MARK_BEFORE &&
				  row->read[i].value != MARK_FREED);
}

static void row_run(struct dma_row *row)
{
	row_choose(row);
	row_mark_before(row);
	row_remember(row);
	row_read(row);
	KUNIT_EXPECT_EQ(row->test, path_run(&row->scene), 0);
	row_catch(row);
	if (row->scene.mm) {
		row_mark_now(row);
		row_read(row);
		row_write(row);
		row_progress(row);
	} else {
		row_after_exit(row);
	}
	row_expect_caught(row);
	kunit_info(row->test, "%u of the pages were freed and allocated again", row->caught);
}

static void dma_row(struct kunit *test, const struct mm_path *path)
{
	const char *reason = path_skip(path);
	struct dma_row *row;
	int error;

	if (reason)
		kunit_skip(test, "%s", reason);

	row = kunit_kzalloc(test, sizeof(*row), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, row);
	row->test = test;
	row->bench = bench_create(test, BENCH_DEVICES);
	error = path_begin(&row->scene, path, row->bench->mm);
	KUNIT_EXPECT_EQ_MSG(test, error, 0, "nothing to change");
	if (!error && !row->bench->errors)
		row_run(row);
	path_end(&row->scene);
	bench_destroy(row->bench);
}

#define DMA_CASE(name, ...)							\
	static void name##_leaves_nothing_stale(struct kunit *test)		\
	{									\
		dma_row(test, &secondary_tlbs_paths[PATH_##name]);		\
	}
SECONDARY_TLBS_PATHS(DMA_CASE)

#define DMA_KUNIT_CASE(name, ...)	KUNIT_CASE(name##_leaves_nothing_stale),
static struct kunit_case dma_cases[] = {
	SECONDARY_TLBS_PATHS(DMA_KUNIT_CASE)
	{}
};

static struct kunit_suite dma_suite = {
	.name = "_smmu_paths",
	.suite_init = bench_suite_init,
	.suite_exit = bench_suite_exit,
	.init = bench_case_init,
	.exit = bench_case_exit,
	.test_cases = dma_cases,
};

kunit_test_suite(dma_suite);
