// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which subscribers the dispatch calls, with which range, in which order and
 * context.
 *
 * The cases call the core's entry directly, on empty address spaces, so each case
 * knows exactly which calls must come.  mm_kunit.c has what the mm's own paths
 * dispatch.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/spinlock.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_recorder.h>

#define BASE	(64 * PAGE_SIZE)

struct span {
	unsigned long start;
	unsigned long end;
};

static void dispatch_passes_the_exact_range(struct kunit *test)
{
	const struct span ranges[] = {
		{ BASE, BASE + PAGE_SIZE },
		{ BASE, BASE + 33 * PAGE_SIZE },
		{ 0, PAGE_SIZE },
		{ BASE, BASE + PMD_SIZE },
		{ TASK_SIZE - PAGE_SIZE, TASK_SIZE },
		{ 0, ULONG_MAX },
	};
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub = recorder_secondary(rec, mm);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		recorder_clear(rec);
		recorder_dispatch(mm, ranges[i].start, ranges[i].end);
		RECORDER_EXPECT(rec, RECORDED_SECONDARY(sub, ranges[i].start,
							ranges[i].end));
	}
}

static void empty_range_is_no_invalidation(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);

	recorder_secondary(rec, mm);
	recorder_dispatch(mm, BASE, BASE);
	RECORDER_EXPECT_NOTHING(rec);
}

/* The CPUs drop everything for such a range, so a secondary TLB may not keep more. */
static void range_the_wrong_way_round_is_the_whole_mm(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub = recorder_secondary(rec, mm);

	recorder_announce(test, "warning", "__mmu_notifier_invalidate_secondary_tlbs+");
	recorder_dispatch(mm, BASE + PAGE_SIZE, BASE);
	RECORDER_EXPECT(rec, RECORDED_SECONDARY(sub, 0, ULONG_MAX));
}

static void every_subscriber_is_called_once_newest_first(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *a = recorder_secondary(rec, mm);
	struct recorder_subscriber *b = recorder_secondary(rec, mm);
	struct recorder_subscriber *c = recorder_secondary(rec, mm);

	recorder_dispatch(mm, BASE, BASE + PAGE_SIZE);
	RECORDER_EXPECT(rec,
			RECORDED_SECONDARY(c, BASE, BASE + PAGE_SIZE),
			RECORDED_SECONDARY(b, BASE, BASE + PAGE_SIZE),
			RECORDED_SECONDARY(a, BASE, BASE + PAGE_SIZE));

	/* The one in the middle goes: the others are still linked. */
	recorder_unregister(b);
	recorder_clear(rec);
	recorder_dispatch(mm, BASE, BASE + PAGE_SIZE);
	RECORDER_EXPECT(rec,
			RECORDED_SECONDARY(c, BASE, BASE + PAGE_SIZE),
			RECORDED_SECONDARY(a, BASE, BASE + PAGE_SIZE));
}

static void subscribers_of_another_mm_are_not_called(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct mm_struct *other = recorder_mm_create(rec);
	struct recorder_subscriber *sub = recorder_secondary(rec, mm);
	struct recorder_subscriber *stranger = recorder_secondary(rec, other);

	recorder_dispatch(mm, BASE, BASE + PAGE_SIZE);
	RECORDER_EXPECT(rec, RECORDED_SECONDARY(sub, BASE, BASE + PAGE_SIZE));

	recorder_clear(rec);
	recorder_dispatch(other, BASE, BASE + PAGE_SIZE);
	RECORDER_EXPECT(rec, RECORDED_SECONDARY(stranger, BASE, BASE + PAGE_SIZE));
}

static void start_end_subscribers_are_not_dispatched_to(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub;

	recorder_range(rec, mm);
	sub = recorder_secondary(rec, mm);
	recorder_range(rec, mm);
	recorder_dispatch(mm, BASE, BASE + PAGE_SIZE);
	RECORDER_EXPECT(rec, RECORDED_SECONDARY(sub, BASE, BASE + PAGE_SIZE));
}

static void range_start(struct mmu_notifier_range *range, struct mm_struct *mm,
			unsigned long start, unsigned long end)
{
	*range = (struct mmu_notifier_range){
		.mm = mm, .start = start, .end = end, .event = MMU_NOTIFY_CLEAR,
	};
	mmap_read_lock(mm);
	mmu_notifier_invalidate_range_start(range);
}

static void range_end(struct mmu_notifier_range *range, struct mm_struct *mm)
{
	mmu_notifier_invalidate_range_end(range);
	mmap_read_unlock(mm);
}

static void start_and_end_carry_the_exact_range(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *shadow = recorder_range(rec, mm);
	struct mmu_notifier_range range;

	range_start(&range, mm, BASE, BASE + 3 * PAGE_SIZE);
	RECORDER_EXPECT(rec, RECORDED_START(shadow, BASE, BASE + 3 * PAGE_SIZE));

	recorder_clear(rec);
	range_end(&range, mm);
	RECORDER_EXPECT(rec, RECORDED_END(shadow, BASE, BASE + 3 * PAGE_SIZE));
}

/* Secondary TLBs are invalidated with the CPU's TLB, which _end() does not flush. */
static void range_end_does_not_invalidate(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct mmu_notifier_range range;

	recorder_secondary(rec, mm);
	range_start(&range, mm, BASE, BASE + PAGE_SIZE);
	range_end(&range, mm);
	RECORDER_EXPECT_NOTHING(rec);
}

/* The first interval subscriber registers NULL, to prepare the mm. */
static void null_subscription_is_legal(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub;
	int ret;

	mmap_write_lock(mm);
	ret = __mmu_notifier_register(NULL, mm);
	mmap_write_unlock(mm);
	KUNIT_EXPECT_EQ(test, ret, 0);

	/* The mm has notifiers now, and no subscriber to call. */
	KUNIT_EXPECT_TRUE(test, mm_has_notifiers(mm));
	recorder_dispatch(mm, BASE, BASE + PAGE_SIZE);
	RECORDER_EXPECT_NOTHING(rec);

	sub = recorder_secondary(rec, mm);
	recorder_dispatch(mm, BASE, BASE + PAGE_SIZE);
	RECORDER_EXPECT(rec, RECORDED_SECONDARY(sub, BASE, BASE + PAGE_SIZE));
}

/* An interval subscriber that counts. */
struct interval {
	struct mmu_interval_notifier notifier;
	struct recorder_undo undo;
	unsigned int calls;
};

static bool interval_invalidate(struct mmu_interval_notifier *notifier,
				const struct mmu_notifier_range *range,
				unsigned long cur_seq)
{
	struct interval *interval = container_of(notifier, struct interval, notifier);

	mmu_interval_set_seq(notifier, cur_seq);
	interval->calls++;
	return true;
}

static const struct mmu_interval_notifier_ops interval_ops = {
	.invalidate = interval_invalidate,
};

static void interval_remove(struct recorder_undo *undo)
{
	mmu_interval_notifier_remove(&container_of(undo, struct interval, undo)->notifier);
}

static struct interval *interval_insert(struct recorder *rec, struct mm_struct *mm)
{
	struct interval *interval = recorder_zalloc(rec, sizeof(*interval));

	KUNIT_ASSERT_EQ(rec->test,
			mmu_interval_notifier_insert(&interval->notifier, mm, BASE,
						     4 * PAGE_SIZE, &interval_ops), 0);
	recorder_undo_later(rec, &interval->undo, interval_remove);
	return interval;
}

static void interval_subscribers_stand_beside(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct interval *interval = interval_insert(rec, mm);
	struct recorder_subscriber *sub = recorder_secondary(rec, mm);
	struct recorder_subscriber *shadow = recorder_range(rec, mm);
	struct mmu_notifier_range range;

	/* The dispatch does not call the interval. */
	recorder_dispatch(mm, BASE, BASE + PAGE_SIZE);
	RECORDER_EXPECT(rec, RECORDED_SECONDARY(sub, BASE, BASE + PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, interval->calls, 0U);

	/* _start() calls the shadow always, and the interval if the ranges overlap. */
	recorder_clear(rec);
	range_start(&range, mm, BASE + 4 * PAGE_SIZE, BASE + 5 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, interval->calls, 0U);
	range_end(&range, mm);

	range_start(&range, mm, BASE + 3 * PAGE_SIZE, BASE + 5 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, interval->calls, 1U);
	range_end(&range, mm);
	KUNIT_EXPECT_EQ(test, recorder_count(rec, RECORDER_OP_START, shadow->id), 2U);
	KUNIT_EXPECT_EQ(test, recorder_count(rec, RECORDER_OP_END, shadow->id), 2U);

	/* Without the interval, the others stay. */
	recorder_undo_now(rec, &interval->undo);
	recorder_clear(rec);
	recorder_dispatch(mm, BASE, BASE + PAGE_SIZE);
	RECORDER_EXPECT(rec, RECORDED_SECONDARY(sub, BASE, BASE + PAGE_SIZE));
}

/* Under page-table locks, with interrupts off, from any thread. */
static void dispatch_works_in_atomic_context(struct kunit *test)
{
	static DEFINE_SPINLOCK(lock);
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub = recorder_secondary(rec, mm);
	const struct recorded_call *call;

	mmap_read_lock(mm);
	spin_lock_irq(&lock);
	secondary_tlbs_dispatch(mm, BASE, BASE + PAGE_SIZE);
	spin_unlock_irq(&lock);
	mmap_read_unlock(mm);
	RECORDER_EXPECT(rec, RECORDED_SECONDARY(sub, BASE, BASE + PAGE_SIZE));

	/* Called at once, not deferred to a context that may sleep. */
	call = recorder_call(rec, 0);
	KUNIT_EXPECT_TRUE(test, call && (call->context & RECORDED_IRQS_OFF));
	KUNIT_EXPECT_TRUE(test, call && (call->context & RECORDED_ATOMIC));
}

/* As kswapd does. */
static void dispatch_works_without_current_mm(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub = recorder_secondary(rec, mm);
	const struct recorded_call *call;

	KUNIT_EXPECT_PTR_EQ(test, current->mm, (struct mm_struct *)NULL);
	recorder_dispatch(mm, BASE, BASE + PAGE_SIZE);
	RECORDER_EXPECT(rec, RECORDED_SECONDARY(sub, BASE, BASE + PAGE_SIZE));
	call = recorder_call(rec, 0);
	KUNIT_EXPECT_TRUE(test, call && (call->context & RECORDED_KTHREAD));
	KUNIT_EXPECT_TRUE(test, call && (call->context & RECORDED_NO_MM));
}

/* An out-of-tree driver uses upstream's name of the callback. */
static unsigned int out_of_tree_calls;

static void out_of_tree_invalidate(struct mmu_notifier *notifier, struct mm_struct *mm,
				   unsigned long start, unsigned long end)
{
	out_of_tree_calls++;
}

static const struct mmu_notifier_ops out_of_tree_ops = {
	.SECONDARY_TLBS_ALIAS = out_of_tree_invalidate,
};

static void out_of_tree_name_is_the_same_callback(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct recorder_subscriber *sub;
	struct mm_struct *mm;

	if (!SECONDARY_TLBS_HAS_ALIAS)
		kunit_skip(test, "this kernel has no callback by upstream's name");

	mm = recorder_mm_create(rec);
	sub = recorder_subscriber_create(rec, &out_of_tree_ops);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sub);
	KUNIT_ASSERT_EQ(test, recorder_register(sub, mm), 0);

	KUNIT_EXPECT_PTR_EQ(test, (void *)out_of_tree_ops.SECONDARY_TLBS_CALLBACK,
			    (void *)out_of_tree_invalidate);
	out_of_tree_calls = 0;
	recorder_dispatch(mm, BASE, BASE + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, out_of_tree_calls, 1U);
}

/* The other cases rely on it: a call that finds no room is counted. */
static void recorder_counts_what_it_cannot_hold(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub = recorder_secondary(rec, mm);
	unsigned int i;

	rec->capacity = 2;
	for (i = 0; i < 5; i++)
		recorder_dispatch(mm, BASE, BASE + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, recorder_length(rec), 2U);
	KUNIT_EXPECT_EQ(test, recorder_lost(rec), 3U);

	/* The end of a case that lost something fails it; this one meant to. */
	recorder_unregister(sub);
	atomic_set(&rec->next, rec->capacity);
}

/* The last event of one mm. */
struct traced {
	struct mm_struct *mm;
	unsigned long start;
	unsigned long end;
	unsigned int subscribers;
	unsigned int events;
};

static void trace(void *data, struct mm_struct *mm, unsigned long start, unsigned long end,
		  unsigned int subscribers)
{
	struct traced *traced = data;

	if (mm != traced->mm)
		return;
	traced->start = start;
	traced->end = end;
	traced->subscribers = subscribers;
	traced->events++;
}

static void tracepoint_tells_each_call(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct traced traced = {};
	struct mm_struct *mm;

	if (!SECONDARY_TLBS_HAS_TRACEPOINT)
		kunit_skip(test, "this kernel has no tracepoint for it");

	mm = recorder_mm_create(rec);
	recorder_secondary(rec, mm);
	recorder_secondary(rec, mm);
	recorder_range(rec, mm);
	traced.mm = mm;
	KUNIT_ASSERT_EQ(test, secondary_tlbs_trace(trace, &traced), 0);
	recorder_dispatch(mm, BASE, BASE + 3 * PAGE_SIZE);
	secondary_tlbs_untrace(trace, &traced);

	KUNIT_EXPECT_EQ(test, traced.events, 1U);
	KUNIT_EXPECT_EQ(test, traced.start, BASE);
	KUNIT_EXPECT_EQ(test, traced.end, BASE + 3 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, traced.subscribers, 2U);
}

static struct kunit_case secondary_tlbs_dispatch_cases[] = {
	KUNIT_CASE(dispatch_passes_the_exact_range),
	KUNIT_CASE(empty_range_is_no_invalidation),
	KUNIT_CASE(range_the_wrong_way_round_is_the_whole_mm),
	KUNIT_CASE(tracepoint_tells_each_call),
	KUNIT_CASE(every_subscriber_is_called_once_newest_first),
	KUNIT_CASE(subscribers_of_another_mm_are_not_called),
	KUNIT_CASE(start_end_subscribers_are_not_dispatched_to),
	KUNIT_CASE(start_and_end_carry_the_exact_range),
	KUNIT_CASE(range_end_does_not_invalidate),
	KUNIT_CASE(null_subscription_is_legal),
	KUNIT_CASE(interval_subscribers_stand_beside),
	KUNIT_CASE(dispatch_works_in_atomic_context),
	KUNIT_CASE(dispatch_works_without_current_mm),
	KUNIT_CASE(out_of_tree_name_is_the_same_callback),
	KUNIT_CASE(recorder_counts_what_it_cannot_hold),
	{}
};

static struct kunit_suite secondary_tlbs_dispatch_suite = {
	.name = "secondary_tlbs_dispatch",
	.init = recorder_case_init,
	.exit = recorder_case_exit,
	.test_cases = secondary_tlbs_dispatch_cases,
};

kunit_test_suite(secondary_tlbs_dispatch_suite);
