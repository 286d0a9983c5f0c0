// SPDX-License-Identifier: GPL-2.0-only
/*
 * Planted bugs. Each case is wrong in its own way. A harness that judges the boot
 * must fail it, and for the right reason.
 *
 * KUnit itself does not notice most of them: the case passes, or does not end.
 * Choose one per boot with kunit.filter_glob=_busted.CASE.
 */
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/debug_locks.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include <kunit/secondary_tlbs_recorder.h>
#include <kunit/test.h>

/* lockdep reports a lock order that could deadlock. Nothing deadlocks here. */
static void lock_inversion(struct kunit *test)
{
	static DEFINE_MUTEX(a);
	static DEFINE_MUTEX(b);

	mutex_lock(&a);
	mutex_lock(&b);
	mutex_unlock(&b);
	mutex_unlock(&a);

	mutex_lock(&b);
	mutex_lock(&a);
	mutex_unlock(&a);
	mutex_unlock(&b);
}

/* might_sleep() under a spinlock. Nothing sleeps here. */
static void sleep_in_atomic(struct kunit *test)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
}

static int warn_thread(void *data)
{
	struct completion *warned = data;

	WARN(1, "planted in a worker");
	complete(warned);
	while (!kthread_should_stop())
		cond_resched();
	return 0;
}

/* The case itself passes. */
static void warn_in_worker(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(warned);
	struct task_struct *task = kthread_run(warn_thread, &warned, "busted");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	wait_for_completion(&warned);
	kthread_stop(task);
}

/* Sleep for ever, without a report: it is no lockup, and no RCU stall. */
static void hang(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(never);

	wait_for_completion(&never);
}

/* After a panic, QEMU exits with success. */
static void panic_at_once(struct kunit *test)
{
	panic("planted panic");
}

static void failing_case(struct kunit *test)
{
	KUNIT_FAIL(test, "planted failure");
}

/* How long the threads race: long enough for KCSAN to report it. */
#define RACE_TIME	(3 * HZ)

static unsigned long raced;

/* Plain accesses without any order. KCSAN delays one of them to detect the race. */
static noinline void race(void)
{
	raced++;
	barrier();
}

static int race_thread(void *data)
{
	unsigned long *deadline = data;

	while (time_before(jiffies, *deadline) && !kthread_should_stop()) {
		unsigned int i;

		for (i = 0; i < 1000; i++)
			race();
		cond_resched();
	}
	while (!kthread_should_stop())
		cond_resched();
	return 0;
}

static void race_between_threads(struct kunit *test)
{
	unsigned long deadline = jiffies + RACE_TIME;
	struct task_struct *task[2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(task); i++) {
		task[i] = kthread_run(race_thread, &deadline, "busted/%u", i);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task[i]);
	}
	while (time_before(jiffies, deadline))
		cond_resched();
	for (i = 0; i < ARRAY_SIZE(task); i++)
		kthread_stop(task[i]);
}

static void use_after_free(struct kunit *test)
{
	u8 *bytes = kmalloc(64, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bytes);
	/* The compiler must not notice the use after the kfree(). */
	OPTIMIZER_HIDE_VAR(bytes);
	kfree(bytes);
	WRITE_ONCE(bytes[8], 1);
}

/* When its tables are full, lockdep turns itself off. So do that. */
static void lockdep_exhausted(struct kunit *test)
{
	debug_locks_off();
}

/*
 * A subscriber's operation does something that may sleep. No spinlock is held and
 * no lock is contended, so only the lockdep map of the dispatch can report it.
 */
static void invalidate_once(struct kunit *test,
			    void (*hook)(struct recorder_subscriber *sub, enum recorded_op op))
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub = recorder_secondary(rec, mm);

	sub->hook = hook;
	recorder_dispatch(mm, PAGE_SIZE, 2 * PAGE_SIZE);
}

static void take_mutex(struct recorder_subscriber *sub, enum recorded_op op)
{
	static DEFINE_MUTEX(mutex);

	mutex_lock(&mutex);
	mutex_unlock(&mutex);
}

static void sleeping_subscriber(struct kunit *test)
{
	invalidate_once(test, take_mutex);
}

/* The allocation may reclaim, and reclaim invalidates secondary TLBs itself. */
static void allocate(struct recorder_subscriber *sub, enum recorded_op op)
{
	kfree(kmalloc(8, GFP_NOFS));
}

static void allocating_subscriber(struct kunit *test)
{
	invalidate_once(test, allocate);
}

static struct kunit_case busted_cases[] = {
	KUNIT_CASE(lock_inversion),
	KUNIT_CASE(sleep_in_atomic),
	KUNIT_CASE(warn_in_worker),
	KUNIT_CASE(hang),
	/* Functions named panic and data_race exist, so no KUNIT_CASE(). */
	{ .run_case = panic_at_once, .name = "panic" },
	KUNIT_CASE(failing_case),
	{ .run_case = race_between_threads, .name = "data_race" },
	KUNIT_CASE(use_after_free),
	KUNIT_CASE(lockdep_exhausted),
	KUNIT_CASE(sleeping_subscriber),
	KUNIT_CASE(allocating_subscriber),
	{}
};

static struct kunit_suite busted_suite = {
	.name = "_busted",
	.init = recorder_case_init,
	.exit = recorder_case_end,
	.test_cases = busted_cases,
};

kunit_test_suite(busted_suite);
