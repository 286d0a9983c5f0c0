// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads of the secondary-TLB suites, random numbers that a seed replays, and
 * allocations that fail.
 */
#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include <linux/list.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>

#include <kunit/secondary_tlbs_recorder.h>

#include "fixture.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "secondary_tlbs."

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "Seed of the suites' randomness; 0 takes a random one");

/**
 * recorder_seed - seed of a case, printed so that it can be replayed
 * @test: the case
 */
u64 recorder_seed(struct kunit *test)
{
	u64 value = seed ?: get_random_u64();

	kunit_log(KERN_INFO, test, KUNIT_SUBTEST_INDENT "# seed: 0x%llx", value);
	return value;
}

/* A stream of its own for each thread: threads share nothing but the seed. */
void recorder_random(struct rnd_state *rnd, u64 value, unsigned int thread)
{
	prandom_seed_state(rnd, value + thread * 0x9e3779b97f4a7c15ULL);
}

static int recorder_worker_main(void *data)
{
	struct recorder_worker *worker = data;

	worker->function(worker);
	complete(&worker->finished);
	return 0;
}

/**
 * recorder_worker_start - start a thread of a case
 * @rec: ends it with the case, unless recorder_worker_join() does before
 * @worker: with its function, data, id and seed
 *
 * Returns false, with an error counted, if the thread cannot be created.
 */
bool recorder_worker_start(struct recorder *rec, struct recorder_worker *worker)
{
	init_completion(&worker->finished);
	worker->task = kthread_create(recorder_worker_main, worker, "recorder/%u",
				      worker->id);
	if (IS_ERR(worker->task)) {
		worker->task = NULL;
		worker->errors++;
		return false;
	}
	get_task_struct(worker->task);
	worker->recorder = rec;
	spin_lock(&rec->lock);
	list_add(&worker->list, &rec->workers);
	spin_unlock(&rec->lock);
	wake_up_process(worker->task);
	return true;
}

/**
 * recorder_worker_join - wait for the end of a thread
 * @worker: a thread that was started, or was not for want of memory
 *
 * kthread_stop() comes after the function has returned: before, it could stop a
 * thread that has not run yet.
 */
void recorder_worker_join(struct recorder_worker *worker)
{
	if (!worker->task)
		return;
	wait_for_completion(&worker->finished);
	kthread_stop(worker->task);
	put_task_struct(worker->task);
	worker->task = NULL;
	spin_lock(&worker->recorder->lock);
	list_del(&worker->list);
	spin_unlock(&worker->recorder->lock);
}

/* One may wait for another: all are told to end before any is waited for. */
void recorder_end_workers(struct recorder *rec)
{
	struct recorder_worker *worker, *next;

	list_for_each_entry(worker, &rec->workers, list)
		if (worker->stop)
			worker->stop(worker);
	list_for_each_entry_safe(worker, next, &rec->workers, list)
		recorder_worker_join(worker);
}

/**
 * recorder_worker_blocked - wait until a thread sleeps, or is through
 * @worker: a thread that was started
 *
 * Returns whether it sleeps. Polls, because a thread that sleeps in the code under
 * test cannot signal that.
 */
bool recorder_worker_blocked(struct recorder_worker *worker)
{
	unsigned long deadline = jiffies + RECORDER_PATIENCE;

	while (time_before(jiffies, deadline)) {
		if (completion_done(&worker->finished))
			return false;
		if (READ_ONCE(worker->task->__state) & TASK_UNINTERRUPTIBLE)
			return true;
		cond_resched();
	}
	return false;
}

/*
 * Allocations that fail
 */
#if IS_ENABLED(CONFIG_FAILSLAB) && IS_ENABLED(CONFIG_FAULT_INJECTION_DEBUG_FS)
/* A setting of failslab, looked up in debugfs. */
static void *failslab_knob(const char *name)
{
	struct dentry *folder = debugfs_lookup("failslab", NULL), *file = NULL;
	void *knob = NULL;

	if (folder)
		file = debugfs_lookup(name, folder);
	if (file)
		knob = d_inode(file)->i_private;
	dput(file);
	dput(folder);
	return knob;
}

/**
 * recorder_failslab - whether allocations can be made to fail
 *
 * If so, it also lets allocations that may reclaim fail, and silences failslab.
 */
bool recorder_failslab(void)
{
	bool *ignore_reclaim = failslab_knob("ignore-gfp-wait");
	unsigned long *verbose = failslab_knob("verbose");

	if (!ignore_reclaim || !verbose)
		return false;
	*ignore_reclaim = false;
	*verbose = 0;
	return true;
}

/**
 * recorder_fail_allocation - have an allocation fail
 * @nth: of this thread's, from 1 on
 */
void recorder_fail_allocation(unsigned int nth)
{
	WRITE_ONCE(current->fail_nth, nth);
}

/**
 * recorder_failed_allocation - stop failing allocations
 *
 * Returns whether the requested allocation has failed.
 */
bool recorder_failed_allocation(void)
{
	bool failed = !READ_ONCE(current->fail_nth);

	WRITE_ONCE(current->fail_nth, 0);
	return failed;
}
#else
bool recorder_failslab(void)
{
	return false;
}

void recorder_fail_allocation(unsigned int nth)
{
}

bool recorder_failed_allocation(void)
{
	return false;
}
#endif
