// SPDX-License-Identifier: GPL-2.0-only
/*
 * Count the instructions of mm operations for each kind of subscriber.
 *
 * The time stamp counter has to count instructions, as it does on one emulated
 * CPU under QEMU's -icount. Each operation is repeated on several address
 * spaces. The smallest count is its cost, since other counts may include a timer
 * tick or the refill of a cache. The whole measurement is done twice. Both costs
 * must agree within a tolerance, because some instructions depend on the state
 * of an allocator, such as the next process ID or the next free page.
 *
 * An address space without a secondary TLB may pay more once another one has
 * one. So the first cases run before any secondary TLB is registered in the
 * kernel, and the last cases run while another address space has one.
 */
#include <linux/completion.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/timex.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_recorder.h>

#define READ_WRITE	(PROT_READ | PROT_WRITE)
#define REPETITIONS	32
#define ADDRESS_SPACES	4
/* The two costs may differ by one in so many instructions. */
#define TOLERANCE	1000
/* A fork may differ by more: 6.12's allocators have caches that others fill as well. */
#define FORK_TOLERANCE	250

/* An address space, and the pages in it that the operations change. */
struct stage {
	struct mm_struct *mm;
	unsigned long addr;
	unsigned long pages;
	int errors;
};

/**
 * struct operation - an operation to be counted
 * @name: its name in the result
 * @pages: how many pages it works on
 * @tolerance: TOLERANCE or FORK_TOLERANCE
 * @prepare: sets up the stage for @run, also after an earlier @run
 * @run: the operation itself; only its instructions are counted
 * @tidy: optional; waits for what @run has started
 */
struct operation {
	const char *name;
	unsigned long pages;
	unsigned int tolerance;
	int (*prepare)(struct stage *stage);
	int (*run)(struct stage *stage);
	int (*tidy)(struct stage *stage);
};

static int populate(struct stage *stage)
{
	return recorder_populate(stage->mm, stage->addr, stage->pages);
}

static int nothing(struct stage *stage)
{
	return 0;
}

/* Map what munmap() has removed, so that there is one VMA again. */
static int map_and_populate(struct stage *stage)
{
	unsigned long size = stage->pages * PAGE_SIZE;

	if (vm_mmap(NULL, stage->addr, size, READ_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0) != stage->addr)
		return -ENOMEM;
	do_madvise(stage->mm, stage->addr, size, MADV_NOHUGEPAGE);
	return populate(stage);
}

static int unmap(struct stage *stage)
{
	return vm_munmap(stage->addr, stage->pages * PAGE_SIZE);
}

static int protect(struct stage *stage, unsigned long prot)
{
	const unsigned long args[5] = { stage->addr, stage->pages * PAGE_SIZE, prot };

	return secondary_tlbs_mprotect(args);
}

static int allow_writes(struct stage *stage)
{
	return protect(stage, READ_WRITE) ?: populate(stage);
}

static int forbid_writes(struct stage *stage)
{
	return protect(stage, PROT_READ);
}

static int child_main(void *data)
{
	complete(data);
	/* The child is no kthread, and has no user space to return to. */
	do_exit(0);
}

static DECLARE_COMPLETION(child_runs);

static int fork_child(struct stage *stage)
{
	struct kernel_clone_args args = {
		.fn = child_main,
		.fn_arg = &child_runs,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = kernel_clone(&args);

	return min(pid, 0);
}

static int wait_for_child(struct stage *stage)
{
	wait_for_completion(&child_runs);
	return 0;
}

static int drop(struct stage *stage)
{
	return do_madvise(stage->mm, stage->addr, stage->pages * PAGE_SIZE, MADV_DONTNEED);
}

/* Map the zero page read-only, so that a write copies it. */
static int drop_and_read(struct stage *stage)
{
	return drop(stage) ?: recorder_fault(stage->mm, stage->addr, 0);
}

static int write(struct stage *stage)
{
	return recorder_fault(stage->mm, stage->addr, FAULT_FLAG_WRITE);
}

static const struct operation operations[] = {
	{ "munmap-1",    1,   TOLERANCE,      map_and_populate, unmap },
	{ "munmap-16",   16,  TOLERANCE,      map_and_populate, unmap },
	{ "munmap-512",  512, TOLERANCE,      map_and_populate, unmap },
	{ "mprotect-16", 16,  TOLERANCE,      allow_writes,     forbid_writes },
	{ "fork-16",     16,  FORK_TOLERANCE, populate,         fork_child, wait_for_child },
	{ "fault-anon",  1,   TOLERANCE,      drop,             write },
	{ "fault-cow",   1,   TOLERANCE,      drop_and_read,    write },
};

/* The cost of reading the counter twice. */
static const struct operation no_operation = { "nothing", 0, TOLERANCE, nothing, nothing };

static cycles_t count_once(const struct operation *operation, struct stage *stage)
{
	cycles_t before, after;

	stage->errors += operation->prepare(stage) != 0;
	before = get_cycles();
	stage->errors += operation->run(stage) != 0;
	after = get_cycles();
	if (operation->tidy)
		stage->errors += operation->tidy(stage) != 0;
	return after - before;
}

static cycles_t count_least(const struct operation *operation, struct stage *stage)
{
	cycles_t least = count_once(operation, stage);
	unsigned int i;

	for (i = 1; i < REPETITIONS; i++)
		least = min(least, count_once(operation, stage));
	return least;
}

/*
 * Subscribers, whose operations do nothing
 */
static void secondary_nop(struct mmu_notifier *notifier, struct mm_struct *mm,
			  unsigned long start, unsigned long end)
{
}

static int start_nop(struct mmu_notifier *notifier, const struct mmu_notifier_range *range)
{
	return 0;
}

static void end_nop(struct mmu_notifier *notifier, const struct mmu_notifier_range *range)
{
}

static const struct mmu_notifier_ops secondary_ops = {
	.SECONDARY_TLBS_CALLBACK = secondary_nop,
};

static const struct mmu_notifier_ops range_ops = {
	.invalidate_range_start = start_nop,
	.invalidate_range_end = end_nop,
};

/* Count an operation on an mm of its own, with one subscriber or none. */
static cycles_t count_for(struct kunit *test, const struct operation *operation,
			  const struct mmu_notifier_ops *ops)
{
	struct recorder *rec = test->priv;
	struct stage stage = { .mm = recorder_mm_create(rec), .pages = operation->pages };
	struct recorder_subscriber *sub = recorder_subscriber_create(rec, ops);
	cycles_t count;

	KUNIT_ASSERT_NOT_NULL(test, sub);
	recorder_use_mm(rec, stage.mm);
	stage.addr = recorder_mmap(operation->pages, READ_WRITE, MAP_PRIVATE);
	KUNIT_ASSERT_NE(test, stage.addr, 0UL);
	if (ops)
		KUNIT_ASSERT_EQ(test, recorder_register(sub, stage.mm), 0);

	count = count_least(operation, &stage) - count_least(&no_operation, &stage);

	recorder_unregister(sub);
	recorder_unuse_mm(rec);
	recorder_mm_put(rec, stage.mm);
	KUNIT_EXPECT_EQ(test, stage.errors, 0);
	return count;
}

/* Not inlined, so that each call runs the same code. */
static noinline cycles_t count_loop(unsigned int rounds)
{
	cycles_t before = get_cycles();

	while (rounds--)
		barrier();
	return get_cycles() - before;
}

/*
 * If the counter counts instructions, its count is an exact linear function of
 * the rounds of a loop, with at least 1 for each round. A clock is never exact.
 */
static bool counts_instructions(void)
{
	cycles_t count[3];
	unsigned long flags;
	unsigned int i;

	local_irq_save(flags);
	/* The first run includes QEMU's translation of the code. */
	count_loop(1);
	for (i = 0; i < ARRAY_SIZE(count); i++)
		count[i] = count_loop(1000 << i);
	local_irq_restore(flags);
	return count[1] - count[0] >= 1000 && count[2] - count[1] == 2 * (count[1] - count[0]);
}

static cycles_t count_least_of_all(struct kunit *test, const struct operation *operation,
				   const struct mmu_notifier_ops *ops)
{
	cycles_t least = count_for(test, operation, ops);
	unsigned int i;

	for (i = 1; i < ADDRESS_SPACES; i++)
		least = min(least, count_for(test, operation, ops));
	return least;
}

static void need_counter(struct kunit *test)
{
	if (!counts_instructions())
		kunit_skip(test, "no counter of instructions: MACHINE=icount has one");
}

static void count_all(struct kunit *test, const char *subscriber,
		      const struct mmu_notifier_ops *ops)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(operations); i++) {
		cycles_t count = count_least_of_all(test, &operations[i], ops);
		cycles_t again = count_least_of_all(test, &operations[i], ops);
		cycles_t differ = max(count, again) - min(count, again);

		kunit_log(KERN_INFO, test,
			  KUNIT_SUBTEST_INDENT "# cost: %s subscriber=%s instructions=%llu",
			  operations[i].name, subscriber, (unsigned long long)count);
		KUNIT_EXPECT_GT(test, count, (cycles_t)0);
		KUNIT_EXPECT_LE_MSG(test, differ, count / operations[i].tolerance,
				    "%s is counted again", operations[i].name);
	}
}

/* Count while another mm has a secondary TLB. */
static void count_all_beside(struct kunit *test, const char *subscriber,
			     const struct mmu_notifier_ops *ops)
{
	struct recorder *rec = test->priv;

	need_counter(test);
	recorder_secondary(rec, recorder_mm_create(rec));
	count_all(test, subscriber, ops);
}

static void no_subscriber(struct kunit *test)
{
	need_counter(test);
	count_all(test, "none", NULL);
}

static void range_subscriber(struct kunit *test)
{
	need_counter(test);
	count_all(test, "range", &range_ops);
}

static void secondary_subscriber(struct kunit *test)
{
	need_counter(test);
	count_all(test, "secondary", &secondary_ops);
}

static void no_subscriber_beside_a_secondary_one(struct kunit *test)
{
	count_all_beside(test, "none+other", NULL);
}

static void range_subscriber_beside_a_secondary_one(struct kunit *test)
{
	count_all_beside(test, "range+other", &range_ops);
}

static struct kunit_case secondary_tlbs_cost_cases[] = {
	KUNIT_CASE(no_subscriber),
	KUNIT_CASE(range_subscriber),
	KUNIT_CASE(secondary_subscriber),
	KUNIT_CASE(no_subscriber_beside_a_secondary_one),
	KUNIT_CASE(range_subscriber_beside_a_secondary_one),
	{}
};

static struct kunit_suite secondary_tlbs_cost_suite = {
	.name = "_secondary_tlbs_cost",
	.init = recorder_case_init,
	.exit = recorder_case_exit,
	.test_cases = secondary_tlbs_cost_cases,
};

kunit_test_suite(secondary_tlbs_cost_suite);
