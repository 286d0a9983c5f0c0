// SPDX-License-Identifier: GPL-2.0-only
/*
 * The recording subscriber of the secondary-TLB suites.
 *
 * Callbacks come in any context, from several CPUs at once, so an entry of the
 * log is taken with one atomic increment and published with a store-release.
 * A callback takes no lock here, so the recorder does not hide a race of what it
 * observes.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_recorder.h>

#include "fixture.h"

/*
 * Writing the log
 */
static unsigned int recorded_context(void)
{
	unsigned int context = 0;

	if (preempt_count() || irqs_disabled())
		context |= RECORDED_ATOMIC;
	if (irqs_disabled())
		context |= RECORDED_IRQS_OFF;
	if (current->flags & PF_KTHREAD)
		context |= RECORDED_KTHREAD;
	if (!current->mm)
		context |= RECORDED_NO_MM;
	return context;
}

static void record(struct recorder *rec, enum recorded_op op, unsigned int id,
		   struct mm_struct *mm, unsigned long start, unsigned long end)
{
	unsigned int n = atomic_inc_return(&rec->next) - 1;
	struct recorded_call *call = &rec->calls[n];

	/* Lost, but counted: recorder_lost() tells. */
	if (n >= rec->capacity)
		return;

	call->op = op;
	call->subscriber = id;
	call->mm = mm;
	call->start = start;
	call->end = end;
	call->context = recorded_context();
	call->preempt_count = preempt_count();
	call->cpu = raw_smp_processor_id();
	call->sequence = n;
	/* Pairs with the load-acquire in recorder_call(). */
	smp_store_release(&call->complete, true);
}

/* Pairs with the WRITE_ONCE of @state. The caller is in an SRCU read section, or was. */
static void recorder_check_state(struct recorder_subscriber *sub)
{
	if (READ_ONCE(sub->state) == RECORDER_OUTSIDE)
		atomic_inc(&sub->recorder->late);
}

static void record_callback(struct mmu_notifier *notifier, enum recorded_op op,
			    struct mm_struct *mm, unsigned long start,
			    unsigned long end)
{
	struct recorder_subscriber *sub =
		container_of(notifier, struct recorder_subscriber, notifier);
	void (*hook)(struct recorder_subscriber *sub, enum recorded_op op);

	recorder_check_state(sub);
	if (!sub->quiet)
		record(sub->recorder, op, sub->id, mm, start, end);
	/* Pairs with the store-release of a case that hooks in later. */
	hook = smp_load_acquire(&sub->hook);
	if (hook)
		hook(sub, op);
	recorder_check_state(sub);
}

static void recorder_op_secondary(struct mmu_notifier *notifier,
				  struct mm_struct *mm, unsigned long start,
				  unsigned long end)
{
	record_callback(notifier, RECORDER_OP_SECONDARY, mm, start, end);
}

static int recorder_op_start(struct mmu_notifier *notifier,
			     const struct mmu_notifier_range *range)
{
	record_callback(notifier, RECORDER_OP_START, range->mm, range->start,
			range->end);
	return 0;
}

static void recorder_op_end(struct mmu_notifier *notifier,
			    const struct mmu_notifier_range *range)
{
	record_callback(notifier, RECORDER_OP_END, range->mm, range->start,
			range->end);
}

static void recorder_op_release(struct mmu_notifier *notifier,
				struct mm_struct *mm)
{
	record_callback(notifier, RECORDER_OP_RELEASE, mm, 0, 0);
}

static struct mmu_notifier *recorder_op_alloc(struct mm_struct *mm)
{
	struct recorder *rec = recorder_now;
	struct recorder_subscriber *sub;

	if (rec->alloc_error)
		return ERR_PTR(rec->alloc_error);

	sub = recorder_subscriber_create(rec, &recorder_secondary_ops);
	if (!sub)
		return ERR_PTR(-ENOMEM);
	sub->state = RECORDER_INSIDE;
	sub->allocated = true;
	sub->quiet = rec->alloc_quiet;
	if (!sub->quiet)
		record(rec, RECORDER_OP_ALLOC, sub->id, mm, 0, 0);
	return &sub->notifier;
}

/*
 * The memory stays until the case has ended: a callback that comes too late
 * shall be seen in the log, not crash the case.
 */
static void recorder_op_free(struct mmu_notifier *notifier)
{
	struct recorder_subscriber *sub =
		container_of(notifier, struct recorder_subscriber, notifier);

	record_callback(notifier, RECORDER_OP_FREE, notifier->mm, 0, 0);
	WRITE_ONCE(sub->state, RECORDER_OUTSIDE);
	complete(&sub->recorder->freed);
	/* Who waits for it frees the memory. */
	complete(&sub->freed);
}

const struct mmu_notifier_ops recorder_secondary_ops = {
	.SECONDARY_TLBS_CALLBACK = recorder_op_secondary,
	.release = recorder_op_release,
	.alloc_notifier = recorder_op_alloc,
	.free_notifier = recorder_op_free,
};

const struct mmu_notifier_ops recorder_range_ops = {
	.invalidate_range_start = recorder_op_start,
	.invalidate_range_end = recorder_op_end,
	.release = recorder_op_release,
};

/**
 * recorder_mark - write an entry that is no callback
 * @rec: the log
 * @id: tells marks apart
 */
void recorder_mark(struct recorder *rec, unsigned int id)
{
	record(rec, RECORDER_OP_MARK, id, NULL, 0, 0);
}

/*
 * Life of subscribers
 */

/**
 * recorder_clear - empty the log
 * @rec: the log; no callback may be running
 */
void recorder_clear(struct recorder *rec)
{
	KUNIT_EXPECT_EQ(rec->test, recorder_lost(rec), 0U);
	memset(rec->calls, 0, array_size(recorder_length(rec), sizeof(*rec->calls)));
	atomic_set(&rec->next, 0);
}

/**
 * recorder_subscriber_create - a subscriber that is not registered yet
 * @rec: its log, which owns its memory
 * @ops: recorder_secondary_ops, recorder_range_ops or the caller's own
 *
 * Returns NULL without memory.
 */
struct recorder_subscriber *
recorder_subscriber_create(struct recorder *rec, const struct mmu_notifier_ops *ops)
{
	struct recorder_subscriber *sub = kzalloc(sizeof(*sub), GFP_KERNEL);

	if (!sub)
		return NULL;
	sub->notifier.ops = ops;
	sub->recorder = rec;
	init_completion(&sub->freed);
	sub->id = atomic_inc_return(&rec->subscribers);
	spin_lock(&rec->lock);
	hlist_add_head(&sub->next, &rec->owned);
	spin_unlock(&rec->lock);
	return sub;
}

static int recorder_register_by(int (*function)(struct mmu_notifier *notifier,
						struct mm_struct *mm),
				struct recorder_subscriber *sub, struct mm_struct *mm)
{
	int ret;

	WRITE_ONCE(sub->state, RECORDER_CHANGING);
	ret = function(&sub->notifier, mm);
	sub->registered = !ret;
	WRITE_ONCE(sub->state, ret ? RECORDER_OUTSIDE : RECORDER_INSIDE);
	return ret;
}

/**
 * recorder_register - mmu_notifier_register() of a subscriber
 * @sub: it
 * @mm: whose changes it wants to see
 */
int recorder_register(struct recorder_subscriber *sub, struct mm_struct *mm)
{
	return recorder_register_by(mmu_notifier_register, sub, mm);
}

/* The same for a caller who holds the mmap_lock for writing. */
int recorder_register_locked(struct recorder_subscriber *sub, struct mm_struct *mm)
{
	return recorder_register_by(__mmu_notifier_register, sub, mm);
}

/**
 * recorder_unregister - mmu_notifier_unregister() of a subscriber
 * @sub: it; nothing happens if it is not registered
 */
void recorder_unregister(struct recorder_subscriber *sub)
{
	if (!sub->registered)
		return;
	WRITE_ONCE(sub->state, RECORDER_CHANGING);
	mmu_notifier_unregister(&sub->notifier, sub->notifier.mm);
	WRITE_ONCE(sub->state, RECORDER_OUTSIDE);
	sub->registered = false;
}

static struct recorder_subscriber *
recorder_subscribe(struct recorder *rec, const struct mmu_notifier_ops *ops,
		   struct mm_struct *mm)
{
	struct recorder_subscriber *sub = recorder_subscriber_create(rec, ops);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(rec->test, sub);
	KUNIT_ASSERT_EQ(rec->test, recorder_register(sub, mm), 0);
	return sub;
}

/**
 * recorder_secondary - register a subscriber that has a secondary TLB
 * @rec: its log
 * @mm: whose
 *
 * Asserts that it could be registered.
 */
struct recorder_subscriber *recorder_secondary(struct recorder *rec,
					       struct mm_struct *mm)
{
	return recorder_subscribe(rec, &recorder_secondary_ops, mm);
}

/**
 * recorder_range - register a subscriber that shadows page tables
 * @rec: its log
 * @mm: whose
 *
 * Asserts that it could be registered.
 */
struct recorder_subscriber *recorder_range(struct recorder *rec,
					   struct mm_struct *mm)
{
	return recorder_subscribe(rec, &recorder_range_ops, mm);
}

/**
 * recorder_get - mmu_notifier_get() of a subscriber that has a secondary TLB
 * @rec: its log, which puts it when the case ends, unless recorder_put() does before
 * @mm: whose
 *
 * Returns the error of mmu_notifier_get() as an ERR_PTR.
 */
struct recorder_subscriber *recorder_get(struct recorder *rec,
					 struct mm_struct *mm)
{
	struct mmu_notifier *notifier = mmu_notifier_get(&recorder_secondary_ops, mm);
	struct recorder_subscriber *sub;

	if (IS_ERR(notifier))
		return ERR_CAST(notifier);
	sub = container_of(notifier, struct recorder_subscriber, notifier);
	atomic_inc(&sub->gets);
	return sub;
}

/**
 * recorder_put - mmu_notifier_put() of a subscriber
 * @sub: from recorder_get(); it may be in a callback
 */
void recorder_put(struct recorder_subscriber *sub)
{
	atomic_dec(&sub->gets);
	mmu_notifier_put(&sub->notifier);
}

/**
 * recorder_wait_freed - wait for one free_notifier() after recorder_put()
 * @rec: the log
 *
 * free_notifier() runs from an SRCU callback, some time later.
 */
bool recorder_wait_freed(struct recorder *rec)
{
	return wait_for_completion_timeout(&rec->freed, RECORDER_PATIENCE);
}

/*
 * End what subscribers began. Their hooks are not called any more, because a hook may
 * use the stack of the case.
 */
void recorder_end_subscribers(struct recorder *rec)
{
	struct recorder_subscriber *sub;

	hlist_for_each_entry(sub, &rec->owned, next) {
		WRITE_ONCE(sub->hook, NULL);
		recorder_unregister(sub);
		while (atomic_read(&sub->gets) > 0)
			recorder_put(sub);
	}
}

/* Returns whether each that mmu_notifier_get() has made was freed. */
bool recorder_wait_subscribers(struct recorder *rec)
{
	struct recorder_subscriber *sub;

	hlist_for_each_entry(sub, &rec->owned, next)
		if (sub->allocated &&
		    !wait_for_completion_timeout(&sub->freed, RECORDER_PATIENCE))
			return false;
	return true;
}

void recorder_free_subscribers(struct recorder *rec)
{
	struct recorder_subscriber *sub;
	struct hlist_node *next;

	hlist_for_each_entry_safe(sub, next, &rec->owned, next)
		kfree(sub);
}

/*
 * Reading the log
 */
unsigned int recorder_length(struct recorder *rec)
{
	return min_t(unsigned int, atomic_read(&rec->next), rec->capacity);
}

unsigned int recorder_lost(struct recorder *rec)
{
	return atomic_read(&rec->next) - recorder_length(rec);
}

/**
 * recorder_call - one entry
 * @rec: the log
 * @n: which
 *
 * Returns NULL if it is being written at this moment.
 */
const struct recorded_call *recorder_call(struct recorder *rec, unsigned int n)
{
	/* Pairs with the store-release in record(). */
	if (!smp_load_acquire(&rec->calls[n].complete))
		return NULL;
	return &rec->calls[n];
}

static bool recorder_is(struct recorder *rec, unsigned int n, enum recorded_op op,
			unsigned int id)
{
	const struct recorded_call *call = recorder_call(rec, n);

	return call && call->op == op && call->subscriber == id;
}

unsigned int recorder_count(struct recorder *rec, enum recorded_op op, unsigned int id)
{
	unsigned int length = recorder_length(rec), count = 0, n;

	for (n = 0; n < length; n++)
		count += recorder_is(rec, n, op, id);
	return count;
}

/* Place of the first such entry in the global order, -1: none. */
int recorder_first(struct recorder *rec, enum recorded_op op, unsigned int id)
{
	unsigned int length = recorder_length(rec), n;

	for (n = 0; n < length; n++)
		if (recorder_is(rec, n, op, id))
			return n;
	return -1;
}

/* Place of the last such entry in the global order, -1: none. */
int recorder_last(struct recorder *rec, enum recorded_op op, unsigned int id)
{
	int n;

	for (n = (int)recorder_length(rec) - 1; n >= 0; n--)
		if (recorder_is(rec, n, op, id))
			break;
	return n;
}

/* Pages in the secondary invalidations of @id, counted each time. */
unsigned long recorder_pages(struct recorder *rec, unsigned int id)
{
	unsigned int length = recorder_length(rec), n;
	unsigned long pages = 0;

	for (n = 0; n < length; n++)
		if (recorder_is(rec, n, RECORDER_OP_SECONDARY, id))
			pages += (rec->calls[n].end - rec->calls[n].start) >> PAGE_SHIFT;
	return pages;
}

static bool recorder_covers_page(struct recorder *rec, unsigned int id, unsigned long addr)
{
	unsigned int length = recorder_length(rec), n;

	for (n = 0; n < length; n++)
		if (recorder_is(rec, n, RECORDER_OP_SECONDARY, id) &&
		    rec->calls[n].start <= addr &&
		    addr + (PAGE_SIZE - 1) < rec->calls[n].end)
			return true;
	return false;
}

/* Whether secondary invalidations of @id cover each page of [start, end). */
bool recorder_covers(struct recorder *rec, unsigned int id,
		     unsigned long start, unsigned long end)
{
	unsigned long addr;

	for (addr = start; addr < end; addr += PAGE_SIZE)
		if (!recorder_covers_page(rec, id, addr))
			return false;
	return true;
}

/* Whether no secondary invalidation of @id goes beyond [start, end). */
bool recorder_within(struct recorder *rec, unsigned int id,
		     unsigned long start, unsigned long end)
{
	unsigned int length = recorder_length(rec), n;

	for (n = 0; n < length; n++)
		if (recorder_is(rec, n, RECORDER_OP_SECONDARY, id) &&
		    (rec->calls[n].start < start || rec->calls[n].end > end))
			return false;
	return true;
}

static const char *recorded_name(enum recorded_op op)
{
	static const char * const name[] = {
		"secondary", "start", "end", "release", "alloc", "free", "mark",
	};

	return name[op];
}

/**
 * recorder_dump - print the log of a case that has failed
 * @rec: the log
 */
void recorder_dump(struct recorder *rec)
{
	unsigned int length = min(recorder_length(rec), 32U), n;

	for (n = 0; n < length; n++) {
		const struct recorded_call *call = &rec->calls[n];

		kunit_info(rec->test, "%u: %s of #%u [%lx, %lx) cpu %u context %x preempt_count %x\n",
			   call->sequence, recorded_name(call->op), call->subscriber,
			   call->start, call->end, call->cpu, call->context,
			   call->preempt_count);
	}
}

static bool recorded_same(const struct recorded_call *a, const struct recorded_call *b)
{
	return a->op == b->op && a->subscriber == b->subscriber && a->mm == b->mm &&
	       a->start == b->start && a->end == b->end;
}

static bool recorder_matches(struct recorder *rec, const struct recorded_call *want,
			     unsigned int n)
{
	unsigned int i;

	if (recorder_length(rec) != n || recorder_lost(rec))
		return false;
	for (i = 0; i < n; i++)
		if (!recorded_same(&rec->calls[i], &want[i]))
			return false;
	return true;
}

/* Through RECORDER_EXPECT(): the log is @want, and nothing else. */
void recorder_expect(struct recorder *rec, int line, const struct recorded_call *want,
		     unsigned int n)
{
	unsigned int i;

	if (recorder_matches(rec, want, n))
		return;

	for (i = 0; i < n; i++)
		kunit_info(rec->test, "expected %u: %s of #%u [%lx, %lx)\n", i,
			   recorded_name(want[i].op), want[i].subscriber,
			   want[i].start, want[i].end);
	recorder_dump(rec);
	KUNIT_FAIL(rec->test, "line %d: %u calls expected, these %u came", line, n,
		   recorder_length(rec));
}

/**
 * recorder_counted - report how many notifications an operation of the mm took
 * @rec: the log
 * @operation: its name
 * @id: the subscriber that counts
 * @changed: pages whose translation did change
 *
 * One line, in a form that the lab's report collects.
 */
void recorder_counted(struct recorder *rec, const char *operation, unsigned int id,
		      unsigned long changed)
{
	kunit_log(KERN_INFO, rec->test,
		  KUNIT_SUBTEST_INDENT "# counted: %s calls=%u pages=%lu changed=%lu",
		  operation, recorder_count(rec, RECORDER_OP_SECONDARY, id),
		  recorder_pages(rec, id), changed);
}

/**
 * recorder_announce - announce a complaint of the kernel that the case provokes
 * @test: the case
 * @kind: what lab/data/splats calls it, "warning" for WARN()
 * @text: part of its first line
 *
 * The lab fails the case unless the complaint comes before the case ends: an "error" at
 * least once, everything else exactly once. So a WARN_ON_ONCE() can be provoked by one
 * case only.
 */
void recorder_announce(struct kunit *test, const char *kind, const char *text)
{
	kunit_info(test, "announced: %s %s\n", kind, text);
}
