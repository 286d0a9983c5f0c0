// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the commands that SVA writes to the SMMU's command queue.
 *
 * A case reads the commands from the queue, after the SMMU has consumed them. An
 * operation of the mm must not cost more commands than on Linux 6.1 or 6.12 without
 * this series, whichever issues fewer.
 */
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_paths.h>
#include <kunit/secondary_tlbs_recorder.h>

#include "../arm-smmu-v3.h"
#include "bench.h"
#include "cd0.h"

/*
 * The commands of an operation of the mm
 */

/* Map 1 GiB that needs little memory: the first page of each 2 MiB, and the last page. */
static int map_sparse_gib(struct path_scene *scene)
{
	unsigned long addr, size = 3 * PUD_SIZE;
	int ret = 0;

	addr = vm_mmap(NULL, 0, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, 0);
	if (IS_ERR_VALUE(addr))
		return addr;
	scene->map = addr;
	scene->map_size = size;
	scene->start = ALIGN(addr + 1, PUD_SIZE);
	scene->end = scene->start + PUD_SIZE;
	scene->page_size = PAGE_SIZE;
	for (addr = scene->start; addr < scene->end && !ret; addr += PMD_SIZE)
		ret = recorder_fault(scene->mm, addr, FAULT_FLAG_WRITE);
	return ret ?: recorder_fault(scene->mm, scene->end - PAGE_SIZE, FAULT_FLAG_WRITE);
}

/**
 * struct counted_operation - an operation of the mm, and what it may cost
 * @name: its name
 * @path: its row in the table of paths
 * @pages: number of pages, replaces that of the row
 * @prepare: replaces that of the row, if it is not NULL
 * @tlbi: the most TLBI commands, by address or by ASID
 * @sync: the most CMD_SYNC
 */
struct counted_operation {
	const char *name;
	unsigned int path;
	unsigned long pages;
	int (*prepare)(struct path_scene *scene);
	unsigned int tlbi;
	unsigned int sync;
};

/* OPERATION(name, path, pages, prepare, tlbi, sync): the lesser count of 6.1 and of 6.12 */
#define OPERATIONS(OPERATION)							\
	OPERATION(munmap_of_1_page, munmap, 1, NULL, 1, 1)			\
	OPERATION(munmap_of_512_pages, munmap, 512, NULL, 1, 1)			\
	OPERATION(munmap_of_1_gib, munmap, 512, map_sparse_gib, 4, 3)		\
	OPERATION(mprotect_of_1_page, mprotect, 1, NULL, 1, 1)			\
	OPERATION(mprotect_of_512_pages, mprotect, 512, NULL, 1, 1)		\
	OPERATION(mprotect_of_1_gib, mprotect, 512, map_sparse_gib, 1, 1)	\
	OPERATION(fork_of_512_pages, fork, 512, NULL, 1, 1)			\
	OPERATION(cow_of_512_pages, cow_break, 512, NULL, 512, 512)		\
	OPERATION(reclaim_of_512_pages, reclaim, 512, NULL, 512, 512)

static void operation(struct kunit *test, const struct counted_operation *op)
{
	struct bench *bench = bench_create(test, 1);
	struct path_scene *scene = kunit_kzalloc(test, sizeof(*scene), GFP_KERNEL);
	struct mm_path path = secondary_tlbs_paths[op->path];
	struct bench_commands count;
	u32 mark;

	path.pages = op->pages;
	if (op->prepare)
		path.prepare = op->prepare;
	if (!scene || bench->errors || path_begin(scene, &path, bench->mm)) {
		KUNIT_FAIL(test, "nothing to change");
		goto out;
	}
	mark = bench_commands_mark();
	KUNIT_EXPECT_EQ(test, path_run(scene), 0);
	bench_commands_since(mark, &count);
	kunit_info(test, "commands: %s by_va=%u by_asid=%u atc=%u sync=%u", op->name,
		   count.by_va, count.by_asid, count.atc, count.sync);
	KUNIT_EXPECT_GT(test, count.by_va + count.by_asid, 0U);
	KUNIT_EXPECT_LE(test, count.by_va + count.by_asid, op->tlbi);
	KUNIT_EXPECT_LE(test, count.sync, op->sync);
	/* The device has no ATC, and nothing else issues commands. */
	KUNIT_EXPECT_EQ(test, count.atc + count.by_all + count.other, 0U);
out:
	if (scene)
		path_end(scene);
	bench_destroy(bench);
}

#define OPERATION_CASE(name_, path_, pages_, prepare_, tlbi_, sync_)		\
	static void name_##_costs_no_more(struct kunit *test)			\
	{									\
		static const struct counted_operation op = {			\
			.name = #name_, .path = PATH_##path_, .pages = pages_,	\
			.prepare = prepare_, .tlbi = tlbi_, .sync = sync_,	\
		};								\
										\
		operation(test, &op);						\
	}
#define OPERATION_KUNIT_CASE(name, ...)	KUNIT_CASE(name##_costs_no_more),
OPERATIONS(OPERATION_CASE)

/*
 * Threads that repeat an operation on the mm of the bench until they are stopped
 */
#define THREADS		4

struct busy {
	struct bench *bench;
	int (*work)(struct mm_struct *mm);
	struct recorder_worker workers[THREADS];
	unsigned long times[THREADS];
	bool stop;
};

static void busy_thread(struct recorder_worker *worker)
{
	struct busy *busy = worker->data;
	struct mm_struct *mm = busy->bench->mm;

	kthread_use_mm(mm);
	while (!READ_ONCE(busy->stop) && !worker->errors) {
		worker->errors += !!busy->work(mm);
		busy->times[worker->id]++;
		cond_resched();
	}
	kthread_unuse_mm(mm);
}

static void busy_start(struct busy *busy, struct bench *bench, int (*work)(struct mm_struct *mm))
{
	unsigned int i;

	busy->bench = bench;
	busy->work = work;
	for (i = 0; i < THREADS; i++) {
		busy->workers[i] = (struct recorder_worker){
			.function = busy_thread, .data = busy, .id = i,
		};
		if (!recorder_worker_start(bench->rec, &busy->workers[i]))
			bench->errors++;
	}
}

/* Returns how often the threads have done the operation. */
static unsigned long busy_stop(struct kunit *test, struct busy *busy)
{
	unsigned long times = 0;
	unsigned int i;

	WRITE_ONCE(busy->stop, true);
	for (i = 0; i < THREADS; i++) {
		recorder_worker_join(&busy->workers[i]);
		KUNIT_EXPECT_EQ(test, busy->workers[i].errors, 0U);
		times += busy->times[i];
	}
	return times;
}

/*
 * The command queue, filled until it has wrapped
 */

/* This range takes the most commands: its number of pages is a power of two minus 1. */
static int fill_queue(struct mm_struct *mm)
{
	recorder_dispatch(mm, PAGE_SIZE, PGDIR_SIZE);
	return 0;
}

static bool queue_comes_round(void)
{
	unsigned long deadline = jiffies + 3 * RECORDER_PATIENCE;
	u32 begin = bench_commands_mark(), last = begin, now;
	bool round = false;

	while (time_before(jiffies, deadline)) {
		schedule_timeout_uninterruptible(1);
		now = bench_commands_mark();
		round |= now < last;
		last = now;
		if (round && now >= begin)
			return true;
	}
	return false;
}

static void queue_that_comes_round_loses_nothing(struct kunit *test)
{
	struct bench *bench = bench_create(test, 1);
	unsigned long addr = recorder_mmap(1, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	struct bench_access read = { .addr = addr };
	struct busy *busy = kunit_kzalloc(test, sizeof(*busy), GFP_KERNEL);

	if (!addr || !busy || bench->errors || recorder_populate(bench->mm, addr, 1)) {
		KUNIT_FAIL(test, "nothing to begin with");
		goto out;
	}
	busy_start(busy, bench, fill_queue);
	KUNIT_EXPECT_TRUE(test, queue_comes_round());
	/* While the queue is busy, the device can read the page until munmap(). */
	bench_do(bench, &read, 1);
	KUNIT_EXPECT_EQ(test, read.event, 0);
	KUNIT_EXPECT_EQ(test, vm_munmap(addr, PAGE_SIZE), 0);
	bench_do(bench, &read, 1);
	KUNIT_EXPECT_NE(test, read.event, 0);
	kunit_info(test, "%lu calls", busy_stop(test, busy));
out:
	bench_destroy(bench);
}

/*
 * Binding
 */

/* How many ASIDs the driver has in use. */
static unsigned int asids(void)
{
	unsigned long asid;
	unsigned int n = 0;
	void *entry;

	xa_for_each(&arm_smmu_asid_xa, asid, entry)
		n++;
	return n;
}

static int churn(struct mm_struct *mm)
{
	unsigned long addr = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, 0);

	if (IS_ERR_VALUE(addr))
		return addr;
	return recorder_fault(mm, addr, FAULT_FLAG_WRITE) ?: vm_munmap(addr, PAGE_SIZE);
}

/* How many TLBI commands it takes to unmap a page. */
static unsigned int churn_commands(struct bench *bench)
{
	struct bench_commands count;
	u32 mark = bench_commands_mark();

	bench->errors += !!churn(bench->mm);
	bench_commands_since(mark, &count);
	return count.by_va + count.by_asid;
}

#define BINDINGS	40

/* Afterwards there are as many ASIDs and subscriptions as before. */
static void rebinding_under_invalidations_leaves_nothing_behind(struct kunit *test)
{
	struct bench *bench = bench_create(test, BENCH_DEVICES);
	struct busy *busy = kunit_kzalloc(test, sizeof(*busy), GFP_KERNEL);
	unsigned int before = asids(), commands, i;

	if (!busy || bench->errors) {
		KUNIT_FAIL(test, "nothing to begin with");
		goto out;
	}
	commands = churn_commands(bench);
	KUNIT_EXPECT_NE(test, commands, 0U);
	busy_start(busy, bench, churn);
	for (i = 0; i < BINDINGS && !bench->errors; i++)
		bench_bind_again(bench);
	kunit_info(test, "%lu changes under %d bindings", busy_stop(test, busy), BINDINGS);
	KUNIT_EXPECT_EQ_MSG(test, asids(), before, "ASIDs");
	KUNIT_EXPECT_EQ_MSG(test, churn_commands(bench), commands, "commands for a page");
out:
	bench_destroy(bench);
}

struct exiting {
	struct recorder_worker worker;
	struct recorder *rec;
	struct mm_struct *mm;
};

static void exiting(struct recorder_worker *worker)
{
	struct exiting *last = container_of(worker, struct exiting, worker);

	recorder_mm_put(last->rec, last->mm);
}

/* The mm exits in one thread while its devices are unbound in another. */
static void unbinding_under_exit_frees_each_asid(struct kunit *test)
{
	struct bench *bench = bench_create(test, BENCH_DEVICES);
	struct exiting *last = kunit_kzalloc(test, sizeof(*last), GFP_KERNEL);
	unsigned int before = asids(), i;

	for (i = 0; i < BINDINGS && last && !bench->errors; i++) {
		recorder_populate(bench->mm, recorder_mmap(16, PROT_READ | PROT_WRITE,
							   MAP_PRIVATE), 16);
		last->rec = bench->rec;
		last->mm = bench->mm;
		last->worker = (struct recorder_worker){ .function = exiting };
		recorder_unuse_mm(bench->rec);
		bench->mm = NULL;
		if (!recorder_worker_start(bench->rec, &last->worker))
			bench->errors++;
		bench_next_mm(bench);
		recorder_worker_join(&last->worker);
	}
	KUNIT_EXPECT_EQ_MSG(test, asids(), before, "ASIDs");
	KUNIT_EXPECT_NOT_NULL(test, last);
	bench_destroy(bench);
}

/* An attempt to bind that fails leaves nothing behind. */
static void binding_survives_failed_allocations(struct kunit *test)
{
	struct bench *bench = bench_create(test, BENCH_DEVICES);
	unsigned int nth = 0, failures = 0, unbound;
	bool failed;

	if (bench->errors || !recorder_failslab())
		goto out;
	arm_smmu_cd0_unbind(bench->cd0);
	bench->cd0 = NULL;
	unbound = asids();
	do {
		recorder_fail_allocation(++nth);
		bench_try_to_bind(bench);
		failed = recorder_failed_allocation();
		failures += failed && !bench->cd0;
		if (!bench->cd0) {
			KUNIT_EXPECT_EQ_MSG(test, asids(), unbound, "ASIDs");
		} else if (failed) {
			/* The binding succeeded without this allocation. */
			arm_smmu_cd0_unbind(bench->cd0);
			bench->cd0 = NULL;
		}
	} while (failed);
	KUNIT_EXPECT_NOT_NULL(test, bench->cd0);
	KUNIT_EXPECT_GE(test, failures, 4U);
	kunit_info(test, "%u of %u allocations failed the binding", failures, nth - 1);
out:
	bench_destroy(bench);
	if (!nth)
		kunit_skip(test, "this kernel has no CONFIG_FAILSLAB with knobs in debugfs");
}

static struct kunit_case command_cases[] = {
	OPERATIONS(OPERATION_KUNIT_CASE)
	KUNIT_CASE(queue_that_comes_round_loses_nothing),
	KUNIT_CASE(rebinding_under_invalidations_leaves_nothing_behind),
	KUNIT_CASE(unbinding_under_exit_frees_each_asid),
	KUNIT_CASE(binding_survives_failed_allocations),
	{}
};

static struct kunit_suite command_suite = {
	.name = "_smmu_commands",
	.suite_init = bench_suite_init,
	.suite_exit = bench_suite_exit,
	.init = bench_case_init,
	.exit = bench_case_exit,
	.test_cases = command_cases,
};

kunit_test_suite(command_suite);
