// SPDX-License-Identifier: GPL-2.0-only
/*
 * Subscribers that misbehave, and registrations that fail half way.
 *
 * Each gets an error, or one warning and an error, and leaves the mm as it was: no
 * subscriber on its list, no reference to the mm, no memory. If a kernel accepts
 * what it should refuse, the case fails and undoes it, so that the kernel survives.
 */
#include <linux/bottom_half.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/vmstat.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_recorder.h>

#define BASE	(64 * PAGE_SIZE)

static void dispatch_page(struct mm_struct *mm)
{
	recorder_dispatch(mm, BASE, BASE + PAGE_SIZE);
}

/*
 * Interval notifiers: the first of an mm registers a NULL subscription
 */
static bool interval_invalidate(struct mmu_interval_notifier *interval,
				const struct mmu_notifier_range *range,
				unsigned long seq)
{
	mmu_interval_set_seq(interval, seq);
	return true;
}

static const struct mmu_interval_notifier_ops interval_ops = {
	.invalidate = interval_invalidate,
};

static int interval_insert(struct mmu_interval_notifier *interval, struct mm_struct *mm)
{
	return mmu_interval_notifier_insert(interval, mm, BASE, PAGE_SIZE, &interval_ops);
}

/*
 * Refused. Each kind of mistake warns once in a boot, so one case provokes it.
 */
static void expect_register_refused(struct recorder_subscriber *sub, struct mm_struct *mm)
{
	struct kunit *test = sub->recorder->test;
	int mm_count = atomic_read(&mm->mm_count);

	KUNIT_EXPECT_EQ(test, recorder_register(sub, mm), -EINVAL);
	/* If it was accepted, it has to be unregistered. */
	sub->notifier.ops = &recorder_secondary_ops;
	recorder_unregister(sub);
	KUNIT_EXPECT_EQ(test, atomic_read(&mm->mm_count), mm_count);
}

/* If alloc_notifier() was called, what it made is freed. */
static void expect_get_refused(struct recorder *rec, const struct mmu_notifier_ops *ops,
			       struct mm_struct *mm)
{
	int made = atomic_read(&rec->subscribers), mm_count = atomic_read(&mm->mm_count);
	struct mmu_notifier *notifier = mmu_notifier_get(ops, mm);

	KUNIT_EXPECT_EQ(rec->test, PTR_ERR_OR_ZERO(notifier), -EINVAL);
	if (!IS_ERR(notifier)) {
		notifier->ops = &recorder_secondary_ops;
		mmu_notifier_put(notifier);
		recorder_wait_freed(rec);
		return;
	}
	KUNIT_EXPECT_EQ(rec->test, completion_done(&rec->freed),
			atomic_read(&rec->subscribers) > made);
	reinit_completion(&rec->freed);
	KUNIT_EXPECT_EQ(rec->test, atomic_read(&mm->mm_count), mm_count);
}

/* Subscribers of both kinds. */
static struct mmu_notifier_ops mixed_ops[3];

static void mix_ops(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mixed_ops); i++)
		mixed_ops[i] = recorder_secondary_ops;
	mixed_ops[0].invalidate_range_start = recorder_range_ops.invalidate_range_start;
	mixed_ops[1].invalidate_range_end = recorder_range_ops.invalidate_range_end;
	mixed_ops[2].invalidate_range_start = recorder_range_ops.invalidate_range_start;
	mixed_ops[2].invalidate_range_end = recorder_range_ops.invalidate_range_end;
}

static void ops_of_both_kinds_or_none_are_refused(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub = recorder_subscriber_create(rec, NULL);
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sub);
	mix_ops();
	recorder_announce(test, "warning", "__mmu_notifier_register+");
	for (i = 0; i < ARRAY_SIZE(mixed_ops); i++) {
		sub->notifier.ops = &mixed_ops[i];
		expect_register_refused(sub, mm);
	}
	/* Without the checks, registration or the first notification dereferences it. */
	if (SECONDARY_TLBS_CHECKS) {
		sub->notifier.ops = NULL;
		expect_register_refused(sub, mm);
	}
	KUNIT_EXPECT_FALSE(test, secondary_tlbs_marked(mm));
	recorder_clear(rec);
	dispatch_page(mm);
	RECORDER_EXPECT_NOTHING(rec);

	/* Nothing is left of the refusals: with one kind it is accepted. */
	KUNIT_EXPECT_EQ(test, recorder_register(sub, mm), 0);
	dispatch_page(mm);
	RECORDER_EXPECT(rec, RECORDED_SECONDARY(sub, BASE, BASE + PAGE_SIZE));
}

static void ops_that_get_cannot_use_are_refused(struct kunit *test)
{
	static struct mmu_notifier_ops no_alloc, no_free;
	struct recorder *rec = test->priv;
	struct mm_struct *mm;
	unsigned int i;

	if (!SECONDARY_TLBS_CHECKS)
		kunit_skip(test, "this kernel jumps to what is not there");

	mm = recorder_mm_create(rec);
	no_alloc = recorder_secondary_ops;
	no_alloc.alloc_notifier = NULL;
	no_free = recorder_secondary_ops;
	no_free.free_notifier = NULL;
	mix_ops();

	recorder_announce(test, "warning", "mmu_notifier_get_locked+");
	for (i = 0; i < ARRAY_SIZE(mixed_ops); i++)
		expect_get_refused(rec, &mixed_ops[i], mm);
	expect_get_refused(rec, &no_alloc, mm);
	expect_get_refused(rec, &no_free, mm);
	expect_get_refused(rec, NULL, mm);
	KUNIT_EXPECT_FALSE(test, mm_has_notifiers(mm));
}

/* Registered twice, it would be its own successor: a walk of the list would not end. */
static void registering_twice_is_refused(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *first = recorder_secondary(rec, mm);
	struct recorder_subscriber *sub = recorder_secondary(rec, mm);
	struct hlist_node once = sub->notifier.hlist;
	int mm_count = atomic_read(&mm->mm_count);

	recorder_announce(test, "warning", "__mmu_notifier_register+");
	KUNIT_EXPECT_EQ(test, mmu_notifier_register(&sub->notifier, mm), -EEXIST);
	if (atomic_read(&mm->mm_count) != mm_count) {
		KUNIT_FAIL(test, "another reference to the mm is held");
		sub->notifier.hlist = once;
		mmdrop(mm);
	}

	/* It is still registered once. */
	dispatch_page(mm);
	RECORDER_EXPECT(rec, RECORDED_SECONDARY(sub, BASE, BASE + PAGE_SIZE),
			RECORDED_SECONDARY(first, BASE, BASE + PAGE_SIZE));
	recorder_unregister(sub);
	recorder_unregister(first);
	recorder_clear(rec);
	dispatch_page(mm);
	RECORDER_EXPECT_NOTHING(rec);
}

static void a_dying_mm_is_refused(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm;
	struct mmu_interval_notifier interval;
	struct recorder_subscriber *sub;

	if (!SECONDARY_TLBS_CHECKS)
		kunit_skip(test, "this kernel has a BUG_ON() there");

	mm = recorder_mm_create(rec);
	sub = recorder_subscriber_create(rec, &recorder_secondary_ops);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sub);
	mmgrab(mm);
	recorder_mm_put(rec, mm);

	recorder_announce(test, "warning", "__mmu_notifier_register+");
	expect_register_refused(sub, mm);
	expect_get_refused(rec, &recorder_secondary_ops, mm);
	KUNIT_EXPECT_EQ(test, interval_insert(&interval, mm), -EINVAL);
	KUNIT_EXPECT_FALSE(test, mm_has_notifiers(mm));

	mmdrop(mm);
}

/* Also where the mm has intervals already. */
static void a_dying_mm_takes_no_interval(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct mmu_interval_notifier before, behind;
	int mm_count;

	KUNIT_ASSERT_EQ(test, interval_insert(&before, mm), 0);
	mmgrab(mm);
	recorder_mm_put(rec, mm);
	mm_count = atomic_read(&mm->mm_count);

	recorder_announce(test, "warning", "mmu_interval_notifier_insert+");
	KUNIT_EXPECT_EQ(test, interval_insert(&behind, mm), -EINVAL);
	KUNIT_EXPECT_EQ(test, atomic_read(&mm->mm_count), mm_count);

	mmu_interval_notifier_remove(&before);
	mmdrop(mm);
}

/*
 * Allocations that fail, each in its turn
 */
struct attempt {
	struct recorder *rec;
	struct mm_struct *mm;
	struct recorder_subscriber *sub;
	struct mmu_interval_notifier interval;
};

/* Repeats an attempt until none of its allocations fails, so that it succeeds. */
static void allocations_fail(struct kunit *test, int (*attempt)(struct attempt *try),
			     void (*undo)(struct attempt *try), unsigned int allocations)
{
	struct attempt try = { .rec = test->priv };
	unsigned int nth;
	int mm_count, ret;

	if (!recorder_failslab())
		kunit_skip(test, "this kernel has no CONFIG_FAILSLAB with knobs in debugfs");

	try.mm = recorder_mm_create(try.rec);
	try.sub = recorder_subscriber_create(try.rec, &recorder_secondary_ops);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, try.sub);
	mm_count = atomic_read(&try.mm->mm_count);

	for (nth = 1; ; nth++) {
		recorder_fail_allocation(nth);
		ret = attempt(&try);
		if (!recorder_failed_allocation())
			break;
		KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
		if (!ret)
			undo(&try);
		KUNIT_EXPECT_FALSE(test, mm_has_notifiers(try.mm));
		KUNIT_EXPECT_EQ(test, atomic_read(&try.mm->mm_count), mm_count);
	}
	KUNIT_EXPECT_GE(test, nth, allocations + 1);
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_TRUE(test, mm_has_notifiers(try.mm));
	if (!ret)
		undo(&try);
}

static int attempt_register(struct attempt *try)
{
	return recorder_register(try->sub, try->mm);
}

static void undo_register(struct attempt *try)
{
	recorder_unregister(try->sub);
}

/* What alloc_notifier() made is freed before the error is returned. */
static int attempt_get(struct attempt *try)
{
	unsigned int made = atomic_read(&try->rec->subscribers);

	reinit_completion(&try->rec->freed);
	try->sub = recorder_get(try->rec, try->mm);
	if (IS_ERR(try->sub) && completion_done(&try->rec->freed) !=
				(atomic_read(&try->rec->subscribers) > made))
		return -EBADE;
	return PTR_ERR_OR_ZERO(try->sub);
}

static void undo_get(struct attempt *try)
{
	recorder_put(try->sub);
	KUNIT_EXPECT_TRUE(try->rec->test, recorder_wait_freed(try->rec));
}

static int attempt_interval(struct attempt *try)
{
	return interval_insert(&try->interval, try->mm);
}

static void undo_interval(struct attempt *try)
{
	mmu_interval_notifier_remove(&try->interval);
}

static void failed_allocations_undo_a_registration(struct kunit *test)
{
	allocations_fail(test, attempt_register, undo_register, 1);
}

static void failed_allocations_undo_a_get(struct kunit *test)
{
	allocations_fail(test, attempt_get, undo_get, 2);
}

static void failed_allocations_undo_an_interval(struct kunit *test)
{
	allocations_fail(test, attempt_interval, undo_interval, 1);
}

/*
 * Registering takes every lock of the mm, and a signal interrupts that. The memory
 * for the first subscriber is allocated by then. This is repeated so often that a
 * leak would show.
 */
#define INTERRUPTIONS	8192
#define LEAKED_PAGES	((INTERRUPTIONS * 64) >> PAGE_SHIFT)

static void interrupted_registrations_leave_nothing(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub;
	unsigned long slab, grown, addr;
	unsigned int i, errors = 0;
	int mm_count;

	sub = recorder_subscriber_create(rec, &recorder_secondary_ops);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sub);
	recorder_use_mm(rec, mm);
	addr = recorder_mmap(1, PROT_READ, MAP_PRIVATE);
	recorder_unuse_mm(rec);
	KUNIT_EXPECT_NE(test, addr, 0UL);

	mm_count = atomic_read(&mm->mm_count);
	slab = global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
	set_tsk_thread_flag(current, TIF_SIGPENDING);
	for (i = 0; i < INTERRUPTIONS; i++) {
		errors += recorder_register(sub, mm) != -EINTR;
		recorder_unregister(sub);
		cond_resched();
	}
	clear_tsk_thread_flag(current, TIF_SIGPENDING);
	grown = global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B) - slab;

	KUNIT_EXPECT_EQ(test, errors, 0U);
	KUNIT_EXPECT_FALSE(test, mm_has_notifiers(mm));
	/* Less is possible: another CPU may drop an mm that it held lazily. */
	KUNIT_EXPECT_LE(test, atomic_read(&mm->mm_count), mm_count);
	/* KASAN keeps what was freed for a while. */
	if (!IS_ENABLED(CONFIG_KASAN))
		KUNIT_EXPECT_LT(test, (long)grown, (long)LEAKED_PAGES);
}

/*
 * Odd, and legal
 */
static void get_counts_no_further_than_it_can(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub = recorder_get(rec, mm);

	KUNIT_ASSERT_FALSE(test, IS_ERR(sub));
	sub->notifier.users = UINT_MAX;
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(recorder_get(rec, mm)), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, sub->notifier.users, UINT_MAX);

	sub->notifier.users = 1;
	recorder_put(sub);
	KUNIT_EXPECT_TRUE(test, recorder_wait_freed(rec));
}

enum { MARK_CALLBACK_ENDS = 1 };

static void put_in_callback(struct recorder_subscriber *sub, enum recorded_op op)
{
	if (op != RECORDER_OP_SECONDARY)
		return;
	recorder_put(sub);
	recorder_mark(sub->recorder, MARK_CALLBACK_ENDS);
}

/* mmu_notifier_unregister() waits for callbacks, so none may call it; this may. */
static void a_callback_may_put_itself(struct kunit *test)
{
	static struct mmu_notifier_ops other_ops;
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *stays, *sub;

	/* mmu_notifier_get() tells subscribers apart by their operations. */
	other_ops = recorder_secondary_ops;
	stays = recorder_subscriber_create(rec, &other_ops);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, stays);
	KUNIT_ASSERT_EQ(test, recorder_register(stays, mm), 0);
	sub = recorder_get(rec, mm);
	KUNIT_ASSERT_FALSE(test, IS_ERR(sub));
	recorder_clear(rec);
	sub->hook = put_in_callback;
	dispatch_page(mm);
	KUNIT_EXPECT_TRUE(test, recorder_wait_freed(rec));
	KUNIT_EXPECT_GT(test, recorder_first(rec, RECORDER_OP_FREE, sub->id),
			recorder_first(rec, RECORDER_OP_MARK, MARK_CALLBACK_ENDS));
	/* The walk went on to the next subscriber. */
	KUNIT_EXPECT_EQ(test, recorder_count(rec, RECORDER_OP_SECONDARY, stays->id), 1U);
}

static DEFINE_RAW_SPINLOCK(driver_raw_lock);
static DEFINE_SPINLOCK(driver_lock);

/* What drivers do in the callback. */
static void act_as_a_driver(struct recorder_subscriber *sub, enum recorded_op op)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&driver_raw_lock, flags);
	raw_spin_unlock_irqrestore(&driver_raw_lock, flags);
	spin_lock_irqsave(&driver_lock, flags);
	spin_unlock_irqrestore(&driver_lock, flags);
	rcu_read_lock();
	kfree(kmalloc(8, GFP_ATOMIC));
	rcu_read_unlock();
}

/* lockdep reports a callback that may sleep (_busted.sleeping_subscriber), and no other. */
static void a_callback_may_take_spinlocks(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub = recorder_secondary(rec, mm);

	sub->hook = act_as_a_driver;
	dispatch_page(mm);
	mmap_read_lock(mm);
	spin_lock(&mm->page_table_lock);
	secondary_tlbs_dispatch(mm, BASE, BASE + PAGE_SIZE);
	spin_unlock(&mm->page_table_lock);
	mmap_read_unlock(mm);
	KUNIT_EXPECT_EQ(test, recorder_count(rec, RECORDER_OP_SECONDARY, sub->id), 2U);
}

static struct kunit_case secondary_tlbs_subscribers_cases[] = {
	KUNIT_CASE(ops_of_both_kinds_or_none_are_refused),
	KUNIT_CASE(ops_that_get_cannot_use_are_refused),
	KUNIT_CASE(registering_twice_is_refused),
	KUNIT_CASE(a_dying_mm_is_refused),
	KUNIT_CASE(a_dying_mm_takes_no_interval),
	KUNIT_CASE(failed_allocations_undo_a_registration),
	KUNIT_CASE(failed_allocations_undo_a_get),
	KUNIT_CASE(failed_allocations_undo_an_interval),
	KUNIT_CASE(interrupted_registrations_leave_nothing),
	KUNIT_CASE(get_counts_no_further_than_it_can),
	KUNIT_CASE(a_callback_may_put_itself),
	KUNIT_CASE(a_callback_may_take_spinlocks),
	{}
};

static struct kunit_suite secondary_tlbs_subscribers_suite = {
	.name = "secondary_tlbs_subscribers",
	.init = recorder_case_init,
	.exit = recorder_case_exit,
	.test_cases = secondary_tlbs_subscribers_cases,
};

kunit_test_suite(secondary_tlbs_subscribers_suite);
