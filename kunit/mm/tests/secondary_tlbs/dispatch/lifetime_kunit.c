// SPDX-License-Identifier: GPL-2.0-only
/*
 * When the calls of a subscriber begin, and when they end.
 *
 * There are two kinds of cases. Some force one interleaving: a completion holds a
 * callback while another thread unregisters, so the result does not depend on
 * chance. The others let threads race on several CPUs for a number of rounds, with
 * seeded delays, and check what must hold in every interleaving.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_recorder.h>

#define BASE	(64 * PAGE_SIZE)

static void dispatch_page(struct mm_struct *mm)
{
	recorder_dispatch(mm, BASE, BASE + PAGE_SIZE);
}

/*
 * One thread
 */
static void callbacks_arrive_between_register_and_unregister(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub;

	sub = recorder_subscriber_create(rec, &recorder_secondary_ops);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sub);
	dispatch_page(mm);
	RECORDER_EXPECT_NOTHING(rec);

	KUNIT_ASSERT_EQ(test, recorder_register(sub, mm), 0);
	dispatch_page(mm);
	RECORDER_EXPECT(rec, RECORDED_SECONDARY(sub, BASE, BASE + PAGE_SIZE));

	recorder_unregister(sub);
	recorder_clear(rec);
	dispatch_page(mm);
	RECORDER_EXPECT_NOTHING(rec);

	/* The end of the mm does not call it either. */
	recorder_mm_put(rec, mm);
	RECORDER_EXPECT_NOTHING(rec);
}

static void unregister_releases_once(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub = recorder_secondary(rec, mm);

	recorder_secondary(rec, mm);
	recorder_unregister(sub);
	RECORDER_EXPECT(rec, RECORDED_RELEASE(sub));
}

static void subscriber_can_register_again(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct mm_struct *other = recorder_mm_create(rec);
	struct recorder_subscriber *sub = recorder_secondary(rec, mm);

	recorder_unregister(sub);
	KUNIT_EXPECT_EQ(test, recorder_register(sub, other), 0);
	recorder_clear(rec);
	dispatch_page(mm);
	RECORDER_EXPECT_NOTHING(rec);
	dispatch_page(other);
	RECORDER_EXPECT(rec, RECORDED_SECONDARY(sub, BASE, BASE + PAGE_SIZE));
}

/*
 * A thread that changes page tables takes a lock that registration holds. So the
 * subscriber must be reachable before registration drops that lock.
 */
static void registration_is_complete_before_its_lock_goes(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub;

	sub = recorder_subscriber_create(rec, &recorder_secondary_ops);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sub);

	mmap_write_lock(mm);
	KUNIT_EXPECT_EQ(test, recorder_register_locked(sub, mm), 0);
	secondary_tlbs_dispatch(mm, BASE, BASE + PAGE_SIZE);
	mmap_write_unlock(mm);
	RECORDER_EXPECT(rec, RECORDED_SECONDARY(sub, BASE, BASE + PAGE_SIZE));
}

/* The mark that makes the test cheap stays as long as there is a secondary TLB. */
static void another_unregistration_leaves_the_mark(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub = recorder_secondary(rec, mm);
	struct recorder_subscriber *range = recorder_range(rec, mm);
	struct recorder_subscriber *other = recorder_secondary(rec, mm);

	recorder_unregister(other);
	recorder_unregister(range);
	recorder_clear(rec);
	dispatch_page(mm);
	RECORDER_EXPECT(rec, RECORDED_SECONDARY(sub, BASE, BASE + PAGE_SIZE));
}

static void mark_goes_with_the_last_secondary_tlb(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct recorder_subscriber *sub;
	struct mm_struct *mm;

	if (!SECONDARY_TLBS_HAS_MARK)
		kunit_skip(test, "this kernel asks each mm that has any notifier");

	mm = recorder_mm_create(rec);
	KUNIT_EXPECT_FALSE(test, secondary_tlbs_marked(mm));
	recorder_range(rec, mm);
	KUNIT_EXPECT_FALSE(test, secondary_tlbs_marked(mm));
	sub = recorder_secondary(rec, mm);
	KUNIT_EXPECT_TRUE(test, secondary_tlbs_marked(mm));
	recorder_unregister(sub);
	KUNIT_EXPECT_FALSE(test, secondary_tlbs_marked(mm));
}

static void get_shares_one_subscription_per_mm(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct mm_struct *other = recorder_mm_create(rec);
	struct recorder_subscriber *first = recorder_get(rec, mm);
	struct recorder_subscriber *second = recorder_get(rec, mm);
	struct recorder_subscriber *third = recorder_get(rec, other);

	KUNIT_ASSERT_FALSE(test, IS_ERR(first) || IS_ERR(second) || IS_ERR(third));
	KUNIT_EXPECT_PTR_EQ(test, first, second);
	KUNIT_EXPECT_PTR_NE(test, first, third);
	KUNIT_EXPECT_EQ(test, first->notifier.users, 2U);
	KUNIT_EXPECT_EQ(test, third->notifier.users, 1U);

	/* One subscription, so one call. */
	recorder_clear(rec);
	dispatch_page(mm);
	RECORDER_EXPECT(rec, RECORDED_SECONDARY(first, BASE, BASE + PAGE_SIZE));

	recorder_put(first);
	recorder_put(second);
	recorder_put(third);
	KUNIT_EXPECT_TRUE(test, recorder_wait_freed(rec));
	KUNIT_EXPECT_TRUE(test, recorder_wait_freed(rec));
	/* A third subscription, if the kernel did not share, is freed too. */
	if (first != second)
		recorder_wait_freed(rec);
}

static void only_the_last_put_ends_callbacks(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub = recorder_get(rec, mm);

	KUNIT_ASSERT_FALSE(test, IS_ERR(sub));
	KUNIT_EXPECT_PTR_EQ(test, recorder_get(rec, mm), sub);
	recorder_clear(rec);

	recorder_put(sub);
	dispatch_page(mm);
	RECORDER_EXPECT(rec, RECORDED_SECONDARY(sub, BASE, BASE + PAGE_SIZE));

	recorder_put(sub);
	KUNIT_EXPECT_TRUE(test, recorder_wait_freed(rec));
	KUNIT_EXPECT_EQ(test, recorder_count(rec, RECORDER_OP_FREE, sub->id), 1U);
	recorder_clear(rec);
	dispatch_page(mm);
	RECORDER_EXPECT_NOTHING(rec);

	/* The next one is a new one. */
	sub = recorder_get(rec, mm);
	KUNIT_ASSERT_FALSE(test, IS_ERR(sub));
	KUNIT_EXPECT_EQ(test, recorder_count(rec, RECORDER_OP_ALLOC, sub->id), 1U);
	recorder_put(sub);
	KUNIT_EXPECT_TRUE(test, recorder_wait_freed(rec));
}

static void get_passes_on_the_error_of_alloc(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);

	rec->alloc_error = -EINVAL;
	KUNIT_EXPECT_EQ(test, PTR_ERR(recorder_get(rec, mm)), (long)-EINVAL);
	KUNIT_EXPECT_FALSE(test, mm_has_notifiers(mm));
	dispatch_page(mm);
	RECORDER_EXPECT_NOTHING(rec);
}

/* Registering takes every lock of the mm, and a signal interrupts that. */
static void interrupted_get_frees_what_it_allocated(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub;
	unsigned long addr;

	recorder_use_mm(rec, mm);
	addr = recorder_mmap(1, PROT_READ, MAP_PRIVATE);
	recorder_unuse_mm(rec);
	KUNIT_EXPECT_NE(test, addr, 0UL);

	set_tsk_thread_flag(current, TIF_SIGPENDING);
	sub = recorder_get(rec, mm);
	clear_tsk_thread_flag(current, TIF_SIGPENDING);

	KUNIT_EXPECT_EQ(test, PTR_ERR(sub), (long)-EINTR);
	KUNIT_EXPECT_EQ(test, recorder_count(rec, RECORDER_OP_ALLOC, 1), 1U);
	KUNIT_EXPECT_EQ(test, recorder_count(rec, RECORDER_OP_FREE, 1), 1U);
	recorder_clear(rec);
	dispatch_page(mm);
	RECORDER_EXPECT_NOTHING(rec);
}

/*
 * The end of the mm
 */
struct teardown {
	struct mm_struct *mm;
	struct page *page;
	bool mapped;
	unsigned long tables;
};

static void teardown_look(struct recorder_subscriber *sub, enum recorded_op op)
{
	struct teardown *seen = sub->data;

	if (op != RECORDER_OP_RELEASE)
		return;
	seen->mapped = folio_mapped(page_folio(seen->page));
	seen->tables = mm_pgtables_bytes(seen->mm);
}

static void last_mmput_releases_before_anything_is_freed(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub = recorder_secondary(rec, mm);
	struct teardown seen = { .mm = mm };
	unsigned long addr;
	int pinned = 0;

	recorder_use_mm(rec, mm);
	addr = recorder_mmap(1, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	if (addr)
		pinned = get_user_pages_fast(addr, 1, FOLL_WRITE, &seen.page);
	recorder_unuse_mm(rec);
	KUNIT_ASSERT_EQ(test, pinned, 1);
	recorder_clear(rec);

	/* Once, and no secondary invalidation later: release took it off the list. */
	sub->data = &seen;
	sub->hook = teardown_look;
	recorder_mm_put(rec, mm);
	RECORDER_EXPECT(rec, RECORDED_RELEASE(sub));
	KUNIT_EXPECT_TRUE(test, seen.mapped);
	KUNIT_EXPECT_GT(test, seen.tables, 0UL);
	/* Had release come later, the hook would have seen this. */
	KUNIT_EXPECT_FALSE(test, folio_mapped(page_folio(seen.page)));

	put_page(seen.page);
}

static void unregister_after_the_end_does_not_release_again(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *a = recorder_secondary(rec, mm);
	struct recorder_subscriber *b = recorder_range(rec, mm);

	recorder_mm_put(rec, mm);
	RECORDER_EXPECT(rec, RECORDED_RELEASE(b), RECORDED_RELEASE(a));
	recorder_clear(rec);
	recorder_unregister(a);
	recorder_unregister(b);
	RECORDER_EXPECT_NOTHING(rec);
}

static void put_in_release(struct recorder_subscriber *sub, enum recorded_op op)
{
	if (op == RECORDER_OP_RELEASE)
		recorder_put(sub);
}

static void release_may_put(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	struct recorder_subscriber *sub = recorder_get(rec, mm);
	bool freed;

	KUNIT_ASSERT_FALSE(test, IS_ERR(sub));
	sub->hook = put_in_release;
	recorder_mm_put(rec, mm);
	freed = recorder_count(rec, RECORDER_OP_RELEASE, sub->id) &&
		recorder_wait_freed(rec);
	KUNIT_EXPECT_TRUE(test, freed);
	KUNIT_EXPECT_EQ(test, recorder_count(rec, RECORDER_OP_RELEASE, sub->id), 1U);
	KUNIT_EXPECT_EQ(test, recorder_count(rec, RECORDER_OP_FREE, sub->id), 1U);
}

/*
 * Forced interleavings: a callback that is held in flight
 */
enum { MARK_HELD = 1, MARK_CALLBACK_ENDS, MARK_UNREGISTERED };

struct flight {
	struct recorder *rec;
	struct recorder_subscriber *sub;
	struct recorder_worker dispatcher;
	struct recorder_worker unregisterer;
	struct completion entered;
	struct completion let_go;
};

/* May sleep in the callback: dispatch_page() holds the mmap_lock only. */
static void flight_hold(struct recorder_subscriber *sub, enum recorded_op op)
{
	struct flight *flight = sub->data;

	if (op != RECORDER_OP_SECONDARY)
		return;
	complete(&flight->entered);
	wait_for_completion(&flight->let_go);
	recorder_mark(flight->rec, MARK_CALLBACK_ENDS);
}

static void flight_dispatch(struct recorder_worker *worker)
{
	struct flight *flight = worker->data;

	dispatch_page(flight->sub->notifier.mm);
}

static void flight_unregister(struct recorder_worker *worker)
{
	struct flight *flight = worker->data;

	recorder_unregister(flight->sub);
	recorder_mark(flight->rec, MARK_UNREGISTERED);
}

static void flight_stop(struct recorder_worker *worker)
{
	struct flight *flight = worker->data;

	complete_all(&flight->let_go);
}

static struct flight *flight_create(struct recorder *rec, struct recorder_subscriber *sub)
{
	struct flight *flight = recorder_zalloc(rec, sizeof(*flight));

	flight->rec = rec;
	flight->sub = sub;
	flight->dispatcher = (struct recorder_worker){
		.function = flight_dispatch, .stop = flight_stop, .data = flight, .id = 0,
	};
	flight->unregisterer = (struct recorder_worker){
		.function = flight_unregister, .stop = flight_stop, .data = flight, .id = 1,
	};
	init_completion(&flight->entered);
	init_completion(&flight->let_go);
	sub->data = flight;
	sub->hook = flight_hold;
	return flight;
}

/* Begin a dispatch. Returns whether its callback is held. */
static bool flight_begin(struct flight *flight)
{
	recorder_worker_start(flight->rec, &flight->dispatcher);
	return wait_for_completion_timeout(&flight->entered, RECORDER_PATIENCE);
}

/* Returns how many threads could not be started. */
static unsigned int flight_end(struct flight *flight)
{
	complete_all(&flight->let_go);
	recorder_worker_join(&flight->dispatcher);
	recorder_worker_join(&flight->unregisterer);
	return flight->dispatcher.errors + flight->unregisterer.errors;
}

/*
 * An unregistration that does not wait for the callback has ended after this time:
 * as long as three unregistrations without a callback take, with their grace periods.
 */
static unsigned long flight_time(struct recorder *rec, struct mm_struct *mm)
{
	unsigned long start = jiffies;
	unsigned int i;

	for (i = 0; i < 3; i++)
		recorder_unregister(recorder_secondary(rec, mm));
	recorder_clear(rec);
	return jiffies - start + 1;
}

/*
 *   dispatcher                          unregisterer
 *   srcu_read_lock
 *    callback
 *     [held]                            hlist_del
 *                                       synchronize_srcu
 *     [let go, once it is seen to wait]  |
 *   srcu_read_unlock                     |
 *                                       return
 *                                       [Required: the callback has ended]
 */
static void unregister_waits_for_a_callback_in_flight(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	unsigned long enough = flight_time(rec, mm);
	struct flight *flight = flight_create(rec, recorder_secondary(rec, mm));
	bool waits = false;

	KUNIT_EXPECT_TRUE(test, flight_begin(flight));
	if (recorder_worker_start(rec, &flight->unregisterer)) {
		schedule_timeout_uninterruptible(enough);
		waits = recorder_worker_blocked(&flight->unregisterer);
	}
	KUNIT_EXPECT_EQ(test, flight_end(flight), 0U);
	KUNIT_EXPECT_TRUE(test, waits);
	KUNIT_EXPECT_LT(test, recorder_first(rec, RECORDER_OP_MARK, MARK_CALLBACK_ENDS),
			recorder_first(rec, RECORDER_OP_MARK, MARK_UNREGISTERED));

	/* And then it is over. */
	recorder_clear(rec);
	dispatch_page(mm);
	RECORDER_EXPECT_NOTHING(rec);
}

static void put_frees_after_a_callback_in_flight(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct mm_struct *mm = recorder_mm_create(rec);
	unsigned long enough = flight_time(rec, mm);
	struct recorder_subscriber *sub = recorder_get(rec, mm);
	struct flight *flight;

	KUNIT_ASSERT_FALSE(test, IS_ERR(sub));
	flight = flight_create(rec, sub);
	KUNIT_EXPECT_TRUE(test, flight_begin(flight));
	recorder_put(sub);
	schedule_timeout_uninterruptible(enough);
	KUNIT_EXPECT_EQ(test, recorder_count(rec, RECORDER_OP_FREE, sub->id), 0U);
	KUNIT_EXPECT_EQ(test, flight_end(flight), 0U);
	KUNIT_EXPECT_TRUE(test, recorder_wait_freed(rec));
	KUNIT_EXPECT_LT(test, recorder_first(rec, RECORDER_OP_MARK, MARK_CALLBACK_ENDS),
			recorder_first(rec, RECORDER_OP_FREE, sub->id));
	recorder_clear(rec);
	dispatch_page(mm);
	RECORDER_EXPECT_NOTHING(rec);
}

/* Threads wait here for each other, at the start of each round. */
struct gate {
	unsigned int threads;
	atomic_t arrived;
	bool broken;	/* a thread could not be started: nobody waits */
};

static void gate_pass(struct gate *gate, unsigned int round)
{
	int target = (round + 1) * gate->threads;

	atomic_inc(&gate->arrived);
	while (atomic_read(&gate->arrived) < target && !READ_ONCE(gate->broken))
		cond_resched();
}

static void random_pause(struct rnd_state *rnd)
{
	udelay(prandom_u32_state(rnd) % 32);
}

/*
 * Registration against invalidation: 4 threads
 */
#define RACERS		4
#define RACE_ROUNDS	40

struct registrar {
	struct race *race;
	struct recorder_subscriber *sub;
	atomic_t calls;
};

struct race {
	struct mm_struct *mm;
	struct recorder *rec;
	struct registrar registrar[2];
	struct recorder_worker worker[RACERS];
	atomic_t running;
	atomic_t dispatched;
	atomic_t seen;		/* by the subscriber that stays registered */
};

static void race_count(struct recorder_subscriber *sub, enum recorded_op op)
{
	struct race *race = sub->data;

	if (op == RECORDER_OP_SECONDARY)
		atomic_inc(&race->seen);
}

/* Takes long enough for the recorder to see a callback after unregistering. */
static void race_callback(struct recorder_subscriber *sub, enum recorded_op op)
{
	struct registrar *me = sub->data;

	if (op == RECORDER_OP_SECONDARY)
		atomic_inc(&me->calls);
	udelay(2);
}

static void race_dispatch(struct race *race)
{
	atomic_inc(&race->dispatched);
	dispatch_page(race->mm);
}

static void race_register(struct recorder_worker *worker)
{
	struct registrar *me = worker->data;
	struct rnd_state rnd;
	unsigned int round;
	int before;

	recorder_random(&rnd, worker->seed, worker->id);
	for (round = 0; round < RACE_ROUNDS; round++) {
		if (recorder_register(me->sub, me->race->mm)) {
			worker->errors++;
			break;
		}

		/* The thread's own invalidation must arrive. */
		before = atomic_read(&me->calls);
		race_dispatch(me->race);
		if (atomic_read(&me->calls) == before)
			worker->errors++;

		random_pause(&rnd);
		recorder_unregister(me->sub);
		random_pause(&rnd);
	}
	atomic_dec(&me->race->running);
}

/* Dispatches until the registrars have done their rounds. */
static void race_invalidate(struct recorder_worker *worker)
{
	struct race *race = worker->data;
	struct rnd_state rnd;

	recorder_random(&rnd, worker->seed, worker->id);
	while (atomic_read(&race->running)) {
		race_dispatch(race);
		random_pause(&rnd);
		cond_resched();
	}
}

static struct recorder_subscriber *race_subscriber(struct race *race, void *data,
						   void (*hook)(struct recorder_subscriber *,
								enum recorded_op))
{
	struct recorder_subscriber *sub;

	sub = recorder_subscriber_create(race->rec, &recorder_secondary_ops);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(race->rec->test, sub);
	sub->quiet = true;
	sub->data = data;
	sub->hook = hook;
	return sub;
}

static struct race *race_create(struct recorder *rec)
{
	struct race *race = recorder_zalloc(rec, sizeof(*race));

	race->rec = rec;
	race->mm = recorder_mm_create(rec);
	return race;
}

/* The first of them register and unregister. */
static void race_begin(struct race *race, u64 seed)
{
	unsigned int i;

	atomic_set(&race->running, ARRAY_SIZE(race->registrar));
	for (i = 0; i < RACERS; i++) {
		bool registers = i < ARRAY_SIZE(race->registrar);

		race->worker[i] = (struct recorder_worker){
			.function = registers ? race_register : race_invalidate,
			.data = registers ? (void *)&race->registrar[i] : (void *)race,
			.id = i, .seed = seed,
		};
		if (!recorder_worker_start(race->rec, &race->worker[i]) && registers)
			atomic_dec(&race->running);
	}
}

/* Returns how much the threads found wrong. */
static unsigned int race_join(struct recorder_worker *worker, unsigned int workers)
{
	unsigned int i, errors = 0;

	for (i = 0; i < workers; i++) {
		recorder_worker_join(&worker[i]);
		errors += worker[i].errors;
	}
	return errors;
}

static void registration_races_with_invalidation(struct kunit *test)
{
	struct race *race = race_create(test->priv);
	struct recorder_subscriber *stays = race_subscriber(race, race, race_count);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, recorder_register(stays, race->mm), 0);
	for (i = 0; i < ARRAY_SIZE(race->registrar); i++) {
		struct registrar *registrar = &race->registrar[i];

		registrar->race = race;
		registrar->sub = race_subscriber(race, registrar, race_callback);
	}
	race_begin(race, recorder_seed(test));

	KUNIT_EXPECT_EQ(test, race_join(race->worker, RACERS), 0U);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->seen), atomic_read(&race->dispatched));
}

/*
 * Get and put against invalidation: 2 threads share, 2 dispatch
 */
struct sharing {
	struct race *race;
	struct gate gate;
	struct recorder_subscriber *got[2];
};

/* Takes long enough for the recorder to see a callback after the free. */
static void sharing_callback(struct recorder_subscriber *sub, enum recorded_op op)
{
	udelay(2);
}

static void sharing_get_put(struct recorder_worker *worker)
{
	struct sharing *sharing = worker->data;
	struct recorder_subscriber *sub;
	unsigned int round;
	struct rnd_state rnd;

	recorder_random(&rnd, worker->seed, worker->id);
	for (round = 0; round < RACE_ROUNDS; round++) {
		random_pause(&rnd);
		sub = recorder_get(sharing->race->rec, sharing->race->mm);
		WRITE_ONCE(sharing->got[worker->id], sub);
		if (!IS_ERR(sub)) {
			/* Pairs with the load-acquire in record_callback(). */
			smp_store_release(&sub->hook, sharing_callback);
		}

		/* Both threads have a reference now, to the same subscription. */
		gate_pass(&sharing->gate, 2 * round);
		if (IS_ERR(sub) || READ_ONCE(sharing->got[!worker->id]) != sub)
			worker->errors++;
		gate_pass(&sharing->gate, 2 * round + 1);
		random_pause(&rnd);
		if (!IS_ERR(sub))
			recorder_put(sub);
	}
	atomic_dec(&sharing->race->running);
}

/* The first two get and put. */
static void sharing_begin(struct sharing *sharing, u64 seed)
{
	struct race *race = sharing->race;
	unsigned int i;

	atomic_set(&race->running, 2);
	for (i = 0; i < RACERS; i++) {
		race->worker[i] = (struct recorder_worker){
			.function = i < 2 ? sharing_get_put : race_invalidate,
			.data = i < 2 ? (void *)sharing : (void *)race,
			.id = i, .seed = seed,
		};
		if (!recorder_worker_start(race->rec, &race->worker[i]) && i < 2) {
			WRITE_ONCE(sharing->gate.broken, true);
			atomic_dec(&race->running);
		}
	}
}

static void get_and_put_race_with_invalidation(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct sharing *sharing = recorder_zalloc(rec, sizeof(*sharing));
	unsigned int frees;

	sharing->race = race_create(rec);
	sharing->gate.threads = 2;
	rec->alloc_quiet = true;
	sharing_begin(sharing, recorder_seed(test));

	KUNIT_EXPECT_EQ(test, race_join(sharing->race->worker, RACERS), 0U);
	for (frees = 0; frees < atomic_read(&rec->subscribers); frees++)
		if (!recorder_wait_freed(rec))
			break;
	KUNIT_EXPECT_EQ(test, frees, (unsigned int)atomic_read(&rec->subscribers));
}

/*
 * Unregistering against the last mmput()
 */
#define TEARDOWN_ROUNDS	40

struct teardown_race {
	struct recorder *rec;
	struct recorder_worker worker[2];
	struct mm_struct *mm[TEARDOWN_ROUNDS];
	struct recorder_subscriber *sub[TEARDOWN_ROUNDS];
	struct gate gate;
};

/*
 * The last mmput() does much before it calls release. In every second round
 * unregistering waits until it has begun, or it would never be first. The
 * registration keeps the mm_struct.
 */
static void give_mmput_a_start(struct teardown_race *race, unsigned int round)
{
	if (round % 2 == 0)
		return;
	while (atomic_read(&race->mm[round]->mm_users) && !READ_ONCE(race->gate.broken))
		cond_resched();
}

static void teardown_unregister(struct recorder_worker *worker)
{
	struct teardown_race *race = worker->data;
	struct rnd_state rnd;
	unsigned int i;

	recorder_random(&rnd, worker->seed, worker->id);
	for (i = 0; i < TEARDOWN_ROUNDS; i++) {
		gate_pass(&race->gate, i);
		give_mmput_a_start(race, i);
		random_pause(&rnd);
		recorder_unregister(race->sub[i]);
		recorder_mark(race->rec, i);
	}
}

static void teardown_mmput(struct recorder_worker *worker)
{
	struct teardown_race *race = worker->data;
	struct rnd_state rnd;
	unsigned int i;

	recorder_random(&rnd, worker->seed, worker->id);
	for (i = 0; i < TEARDOWN_ROUNDS; i++) {
		gate_pass(&race->gate, i);
		random_pause(&rnd);
		recorder_mm_put(race->rec, race->mm[i]);
		recorder_mark(race->rec, i);
	}
}

/* Both may find it on the list, so once or twice; never not at all, never late. */
static void expect_released(struct recorder *rec, unsigned int round, unsigned int id)
{
	unsigned int releases = recorder_count(rec, RECORDER_OP_RELEASE, id);

	KUNIT_EXPECT_GE(rec->test, releases, 1U);
	KUNIT_EXPECT_LE(rec->test, releases, 2U);
	KUNIT_EXPECT_LT(rec->test, recorder_first(rec, RECORDER_OP_RELEASE, id),
			recorder_first(rec, RECORDER_OP_MARK, round));
	KUNIT_EXPECT_LT(rec->test, recorder_last(rec, RECORDER_OP_RELEASE, id),
			recorder_last(rec, RECORDER_OP_MARK, round));
}

static void teardown_begin(struct teardown_race *race, u64 seed)
{
	unsigned int i;

	race->gate.threads = ARRAY_SIZE(race->worker);
	for (i = 0; i < ARRAY_SIZE(race->worker); i++) {
		race->worker[i] = (struct recorder_worker){
			.function = i ? teardown_mmput : teardown_unregister,
			.data = race, .id = i, .seed = seed,
		};
		if (!recorder_worker_start(race->rec, &race->worker[i]))
			WRITE_ONCE(race->gate.broken, true);
	}
}

static void unregister_races_with_the_last_mmput(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct teardown_race *race = recorder_zalloc(rec, sizeof(*race));
	unsigned int i;

	race->rec = rec;
	for (i = 0; i < TEARDOWN_ROUNDS; i++) {
		race->mm[i] = recorder_mm_create(rec);
		race->sub[i] = recorder_secondary(rec, race->mm[i]);
	}
	teardown_begin(race, recorder_seed(test));

	KUNIT_EXPECT_EQ(test, race_join(race->worker, ARRAY_SIZE(race->worker)), 0U);
	for (i = 0; i < TEARDOWN_ROUNDS; i++)
		expect_released(rec, i, race->sub[i]->id);
}

static struct kunit_case secondary_tlbs_lifetime_cases[] = {
	KUNIT_CASE(callbacks_arrive_between_register_and_unregister),
	KUNIT_CASE(unregister_releases_once),
	KUNIT_CASE(subscriber_can_register_again),
	KUNIT_CASE(registration_is_complete_before_its_lock_goes),
	KUNIT_CASE(another_unregistration_leaves_the_mark),
	KUNIT_CASE(mark_goes_with_the_last_secondary_tlb),
	KUNIT_CASE(get_shares_one_subscription_per_mm),
	KUNIT_CASE(only_the_last_put_ends_callbacks),
	KUNIT_CASE(get_passes_on_the_error_of_alloc),
	KUNIT_CASE(interrupted_get_frees_what_it_allocated),
	KUNIT_CASE(last_mmput_releases_before_anything_is_freed),
	KUNIT_CASE(unregister_after_the_end_does_not_release_again),
	KUNIT_CASE(release_may_put),
	KUNIT_CASE(unregister_waits_for_a_callback_in_flight),
	KUNIT_CASE(put_frees_after_a_callback_in_flight),
	KUNIT_CASE(registration_races_with_invalidation),
	KUNIT_CASE(get_and_put_race_with_invalidation),
	KUNIT_CASE(unregister_races_with_the_last_mmput),
	{}
};

static struct kunit_suite secondary_tlbs_lifetime_suite = {
	.name = "secondary_tlbs_lifetime",
	.init = recorder_case_init,
	.exit = recorder_case_exit,
	.test_cases = secondary_tlbs_lifetime_cases,
};

kunit_test_suite(secondary_tlbs_lifetime_suite);
