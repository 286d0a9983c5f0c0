// SPDX-License-Identifier: GPL-2.0-only
/*
 * A case that fails an assertion leaves nothing behind: .exit gives back what the
 * case has made with its recorder. And looking at the page tables changes nothing.
 *
 * To show the first, a case runs another one as KUnit does. That one makes something, and then
 * fails an assertion, which ends its thread; or it comes to its end. In both ways no
 * address space may have a user or a reference afterwards, no page may be mapped and
 * no thread may run.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/workqueue.h>

#include <kunit/secondary_tlbs_recorder.h>
#include <kunit/try-catch.h>

#define BASE	(64 * PAGE_SIZE)

/**
 * struct inner - a case inside of a case
 * @test: the inner case
 * @run: what it does before it ends
 * @fails: it ends by a failed assertion
 * @cpu: where the outer case runs
 * @mm: its address space, with an mm_count of ours
 * @page: a page of @mm, with a reference of ours
 * @interval: an interval of @mm
 * @undo: what takes back @interval
 * @worker: a thread
 * @go: what @worker waits for
 * @ended: @worker is through
 * @hooks: callbacks that had a hook called
 * @order: what was taken back, as digits: the first is the highest
 * @one: taken back as 1
 * @two: taken back as 2
 */
struct inner {
	struct kunit test;
	void (*run)(struct inner *inner, struct recorder *rec);
	bool fails;
	unsigned int cpu;
	struct mm_struct *mm;
	struct page *page;
	struct mmu_interval_notifier interval;
	struct recorder_undo undo;
	struct recorder_worker worker;
	struct completion go;
	struct completion ended;
	unsigned int hooks;
	unsigned int order;
	struct recorder_undo one;
	struct recorder_undo two;
};

/* On the CPU of the outer case, so that SRCU calls back what both put in one order. */
static void inner_try(void *context)
{
	struct inner *inner = context;
	struct kunit *test = &inner->test;

	set_cpus_allowed_ptr(current, cpumask_of(inner->cpu));
	KUNIT_ASSERT_EQ(test, recorder_case_init(test), 0);
	inner->run(inner, test->priv);
	KUNIT_ASSERT_FALSE(test, inner->fails);
	recorder_case_end(test);
	kunit_cleanup(test);
}

/* The thread of the inner case has ended, or is about to. */
static void inner_catch(void *context)
{
	struct inner *inner = context;

	recorder_case_end(&inner->test);
	kunit_cleanup(&inner->test);
}

static void inner_run(struct kunit *test, struct inner *inner)
{
	kunit_init_test(&inner->test, "inner", NULL);
	inner->test.try_catch = (struct kunit_try_catch){
		.test = &inner->test, .try = inner_try, .catch = inner_catch,
	};
	kunit_try_catch_run(&inner->test.try_catch, inner);
	KUNIT_EXPECT_EQ(test, inner->test.status == KUNIT_FAILURE, inner->fails);
}

/* An mm that a CPU holds lazily is dropped when the CPU loads another. */
static struct mm_struct *another_mm;

static void load_another(struct work_struct *work)
{
	kthread_use_mm(another_mm);
	kthread_unuse_mm(another_mm);
}

/* Drops the reference that we have. */
static void expect_mm_is_gone(struct kunit *test, struct inner *inner)
{
	/* Behind the callbacks that free what was put. */
	mmu_notifier_synchronize();
	KUNIT_EXPECT_EQ(test, schedule_on_each_cpu(load_another), 0);
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&inner->mm->mm_users), 0, "users of the mm");
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&inner->mm->mm_count), 1, "references to the mm");
	mmdrop(inner->mm);
	inner->mm = NULL;
}

/* Both ways to end; @look looks at what is left. */
static void both_ways(struct kunit *test, void (*run)(struct inner *inner, struct recorder *rec),
		      void (*look)(struct kunit *test, struct inner *inner))
{
	unsigned int cpu = raw_smp_processor_id(), fails;

	another_mm = recorder_mm_alloc();
	KUNIT_ASSERT_NOT_NULL(test, another_mm);
	set_cpus_allowed_ptr(current, cpumask_of(cpu));
	for (fails = 0; fails < 2; fails++) {
		struct inner *inner = kunit_kzalloc(test, sizeof(*inner), GFP_KERNEL);

		if (!inner) {
			KUNIT_FAIL(test, "no memory");
			break;
		}
		inner->run = run;
		inner->fails = fails;
		inner->cpu = cpu;
		inner_run(test, inner);
		look(test, inner);
	}
	mmput(another_mm);
}

static struct mm_struct *inner_mm(struct inner *inner, struct recorder *rec)
{
	inner->mm = recorder_mm_create(rec);
	mmgrab(inner->mm);
	return inner->mm;
}

/*
 * Subscribers
 */
static bool interval_invalidate(struct mmu_interval_notifier *interval,
				const struct mmu_notifier_range *range, unsigned long seq)
{
	mmu_interval_set_seq(interval, seq);
	return true;
}

static const struct mmu_interval_notifier_ops interval_ops = {
	.invalidate = interval_invalidate,
};

static void interval_remove(struct recorder_undo *undo)
{
	mmu_interval_notifier_remove(&container_of(undo, struct inner, undo)->interval);
}

static void subscribe(struct inner *inner, struct recorder *rec)
{
	struct mm_struct *mm = inner_mm(inner, rec);
	struct kunit *test = &inner->test;

	recorder_secondary(rec, mm);
	recorder_range(rec, mm);
	KUNIT_ASSERT_EQ(test,
			mmu_interval_notifier_insert(&inner->interval, mm, BASE, PAGE_SIZE,
						     &interval_ops), 0);
	recorder_undo_later(rec, &inner->undo, interval_remove);
}

static void the_end_of_a_case_unregisters(struct kunit *test)
{
	both_ways(test, subscribe, expect_mm_is_gone);
}

static void get_twice(struct inner *inner, struct recorder *rec)
{
	struct mm_struct *mm = inner_mm(inner, rec);
	struct kunit *test = &inner->test;

	KUNIT_ASSERT_FALSE(test, IS_ERR(recorder_get(rec, mm)));
	KUNIT_ASSERT_FALSE(test, IS_ERR(recorder_get(rec, mm)));
}

static void the_end_of_a_case_puts(struct kunit *test)
{
	both_ways(test, get_twice, expect_mm_is_gone);
}

static void count_hook(struct recorder_subscriber *sub, enum recorded_op op)
{
	struct inner *inner = sub->data;

	inner->hooks++;
}

/* Unregistering releases. */
static void hook(struct inner *inner, struct recorder *rec)
{
	struct recorder_subscriber *sub = recorder_secondary(rec, inner_mm(inner, rec));

	sub->data = inner;
	sub->hook = count_hook;
}

static void expect_no_hook(struct kunit *test, struct inner *inner)
{
	KUNIT_EXPECT_EQ_MSG(test, inner->hooks, 0U, "a hook was called after the case had ended");
	expect_mm_is_gone(test, inner);
}

/* What a hook works with may have gone with the stack of the case. */
static void the_end_of_a_case_calls_no_hook(struct kunit *test)
{
	both_ways(test, hook, expect_no_hook);
}

/*
 * An mm that the case's thread uses
 */
static void use_mm(struct inner *inner, struct recorder *rec)
{
	struct mm_struct *mm = inner_mm(inner, rec);
	struct kunit *test = &inner->test;
	unsigned long addr;

	recorder_secondary(rec, mm);
	recorder_use_mm(rec, mm);
	addr = recorder_mmap(1, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	KUNIT_ASSERT_NE(test, addr, 0UL);
	KUNIT_ASSERT_EQ(test, get_user_pages_fast(addr, 1, FOLL_WRITE, &inner->page), 1);
}

static void expect_page_is_free(struct kunit *test, struct inner *inner)
{
	KUNIT_EXPECT_NOT_NULL(test, inner->page);
	if (inner->page) {
		KUNIT_EXPECT_FALSE_MSG(test, page_mapped(inner->page), "a page is mapped");
		put_page(inner->page);
	}
	expect_mm_is_gone(test, inner);
}

static void the_end_of_a_case_gives_back_the_mm_it_uses(struct kunit *test)
{
	both_ways(test, use_mm, expect_page_is_free);
}

/*
 * Threads
 */
static void wait_to_go(struct recorder_worker *worker)
{
	struct inner *inner = worker->data;

	wait_for_completion(&inner->go);
	complete(&inner->ended);
}

static void let_go(struct recorder_worker *worker)
{
	struct inner *inner = worker->data;

	complete(&inner->go);
}

static void begin_thread(struct inner *inner, struct recorder *rec)
{
	struct kunit *test = &inner->test;

	init_completion(&inner->go);
	init_completion(&inner->ended);
	inner->worker = (struct recorder_worker){
		.function = wait_to_go, .stop = let_go, .data = inner,
	};
	KUNIT_ASSERT_TRUE(test, recorder_worker_start(rec, &inner->worker));
}

/* A thread that was left is ended here: it works with our memory. */
static void expect_thread_has_ended(struct kunit *test, struct inner *inner)
{
	KUNIT_EXPECT_NULL_MSG(test, inner->worker.task, "a thread was left");
	if (inner->worker.task) {
		complete(&inner->go);
		wait_for_completion(&inner->worker.finished);
	}
	KUNIT_EXPECT_TRUE(test, completion_done(&inner->ended));
}

static void the_end_of_a_case_ends_its_threads(struct kunit *test)
{
	both_ways(test, begin_thread, expect_thread_has_ended);
}

/*
 * Whatever else
 */
static void undo_one(struct recorder_undo *undo)
{
	struct inner *inner = container_of(undo, struct inner, one);

	inner->order = 10 * inner->order + 1;
}

static void undo_two(struct recorder_undo *undo)
{
	struct inner *inner = container_of(undo, struct inner, two);

	inner->order = 10 * inner->order + 2;
}

static void do_one_and_two(struct inner *inner, struct recorder *rec)
{
	recorder_undo_later(rec, &inner->one, undo_one);
	recorder_undo_later(rec, &inner->two, undo_two);
}

static void expect_newest_first(struct kunit *test, struct inner *inner)
{
	KUNIT_EXPECT_EQ(test, inner->order, 21U);
}

static void the_end_of_a_case_takes_back_the_newest_first(struct kunit *test)
{
	both_ways(test, do_one_and_two, expect_newest_first);
}

/*
 * The walk of a device
 */
/* pmd_none_or_clear_bad() would take the entry of a huge page for a bad one. */
static void walking_the_page_tables_leaves_a_huge_page(struct kunit *test)
{
	struct mm_struct *mm;
	unsigned long addr;
	pmd_t *pmd, before, after;

	if (!has_transparent_hugepage())
		kunit_skip(test, "this CPU has no transparent huge pages");
	KUNIT_ASSERT_EQ(test, recorder_case_init(test), 0);
	mm = recorder_mm_create(test->priv);
	recorder_use_mm(test->priv, mm);
	addr = recorder_mmap(2 * PMD_SIZE / PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	KUNIT_ASSERT_NE(test, addr, 0UL);
	addr = ALIGN(addr, PMD_SIZE);
	KUNIT_ASSERT_EQ(test, do_madvise(mm, addr, PMD_SIZE, MADV_HUGEPAGE), 0);
	KUNIT_ASSERT_EQ(test, recorder_fault(mm, addr, FAULT_FLAG_WRITE), 0);
	pmd = pmd_off(mm, addr);
	before = READ_ONCE(*pmd);
	KUNIT_ASSERT_TRUE_MSG(test, pmd_leaf(before), "there was no memory for a huge page");
	KUNIT_EXPECT_TRUE(test, pte_none(recorder_pte(mm, addr)));
	after = READ_ONCE(*pmd);
	KUNIT_EXPECT_TRUE_MSG(test, pmd_same(before, after), "the huge page is gone");
	/* exit_mmap() must find what it has counted. */
	WRITE_ONCE(*pmd, before);
}

static struct kunit_case secondary_tlbs_recorder_cases[] = {
	KUNIT_CASE(the_end_of_a_case_unregisters),
	KUNIT_CASE(the_end_of_a_case_puts),
	KUNIT_CASE(the_end_of_a_case_calls_no_hook),
	KUNIT_CASE(the_end_of_a_case_gives_back_the_mm_it_uses),
	KUNIT_CASE(the_end_of_a_case_ends_its_threads),
	KUNIT_CASE(the_end_of_a_case_takes_back_the_newest_first),
	KUNIT_CASE(walking_the_page_tables_leaves_a_huge_page),
	{}
};

/* No .init: the recorder is the inner case's, or the case makes it. */
static struct kunit_suite secondary_tlbs_recorder_suite = {
	.name = "secondary_tlbs_recorder",
	.exit = recorder_case_exit,
	.test_cases = secondary_tlbs_recorder_cases,
};

kunit_test_suite(secondary_tlbs_recorder_suite);
