/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A subscriber that records its callbacks, for every secondary-TLB suite.
 *
 * A recorder is a log of fixed size into which any number of subscribers write
 * each callback they get.  One log per case, so that the place of an entry in
 * it is a global order over subscribers and CPUs.  An entry that found no room
 * is counted, and fails the case.
 *
 * How a suite uses it:
 *
 *	static void a_case(struct kunit *test)
 *	{
 *		struct recorder *rec = test->priv;
 *		struct mm_struct *mm = recorder_mm_create(rec);
 *		struct recorder_subscriber *sub = recorder_secondary(rec, mm);
 *
 *		...
 *		RECORDER_EXPECT(rec, RECORDED_SECONDARY(sub, start, end));
 *	}
 *
 *	static struct kunit_suite suite = {
 *		.init = recorder_case_init,
 *		.exit = recorder_case_exit,
 *		...
 *
 * The recorder gives back what a case has made with it: subscribers, address spaces,
 * threads.  So a case gives something back only where that is what it tests, and may
 * assert at any time.  A thread itself neither asserts nor expects, because KUnit of
 * 6.1 would tear down a running test: it counts what is wrong, and the case looks at
 * the counts after it joined the thread.
 */
#ifndef _KUNIT_SECONDARY_TLBS_RECORDER_H
#define _KUNIT_SECONDARY_TLBS_RECORDER_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mmu_notifier.h>
#include <linux/prandom.h>

#include <kunit/test.h>

enum recorded_op {
	RECORDER_OP_SECONDARY,	/* the invalidation of secondary TLBs */
	RECORDER_OP_START,
	RECORDER_OP_END,
	RECORDER_OP_RELEASE,
	RECORDER_OP_ALLOC,	/* from mmu_notifier_get() */
	RECORDER_OP_FREE,	/* after mmu_notifier_put() */
	RECORDER_OP_MARK,	/* no callback: the case's own entry */
};

/* The context of a callback. ATOMIC is exact with CONFIG_PREEMPT_COUNT only. */
#define RECORDED_ATOMIC		BIT(0)
#define RECORDED_IRQS_OFF	BIT(1)
#define RECORDED_KTHREAD	BIT(2)
#define RECORDED_NO_MM		BIT(3)

/**
 * struct recorded_call - one callback
 * @op: which one
 * @subscriber: id of the subscriber, or of the mark
 * @mm: the mm passed to it
 * @start: first address, 0 where the callback has no range
 * @end: first address behind, 0 where the callback has no range
 * @context: RECORDED_* bits
 * @preempt_count: raw preempt_count()
 * @cpu: where it ran
 * @sequence: place in the global order
 * @complete: the other members can be read (store-release / load-acquire)
 */
struct recorded_call {
	enum recorded_op op;
	unsigned int subscriber;
	struct mm_struct *mm;
	unsigned long start;
	unsigned long end;
	unsigned int context;
	unsigned int preempt_count;
	unsigned int cpu;
	unsigned int sequence;
	bool complete;
};

struct recorder;

/*
 * The state of a subscriber. Outside, no callback may begin or still run. While the
 * subscriber is being registered or unregistered, callbacks may come.
 */
enum recorder_state {
	RECORDER_OUTSIDE,
	RECORDER_CHANGING,
	RECORDER_INSIDE,
};

/**
 * struct recorder_subscriber - a subscription that records
 * @notifier: the subscription
 * @recorder: where it writes
 * @id: its name in the log
 * @registered: with mmu_notifier_register(), so to be unregistered
 * @allocated: by mmu_notifier_get(), so to be freed
 * @gets: how often recorder_get() returned it, less how often it was put
 * @freed: by free_notifier()
 * @quiet: only @hook is called: there are too many calls to log
 * @state: whether callbacks may come
 * @hook: called after each callback was recorded, in the callback's context
 * @data: for @hook
 * @next: in its recorder's list of subscribers to free
 */
struct recorder_subscriber {
	struct mmu_notifier notifier;
	struct recorder *recorder;
	unsigned int id;
	bool registered;
	bool allocated;
	atomic_t gets;
	struct completion freed;
	bool quiet;
	enum recorder_state state;
	void (*hook)(struct recorder_subscriber *sub, enum recorded_op op);
	void *data;
	struct hlist_node next;
};

/**
 * struct recorder_undo - something that a case has made, and .exit takes back
 * @list: in its recorder's list
 * @undo: takes it back
 */
struct recorder_undo {
	struct list_head list;
	void (*undo)(struct recorder_undo *undo);
};

/**
 * struct recorder_loan - the mm that the case's thread has borrowed
 * @mm: which, NULL if there is none
 * @task: the thread
 * @work: runs when the thread has ended, and put the mm
 * @ended: by @work
 */
struct recorder_loan {
	struct mm_struct *mm;
	struct task_struct *task;
	struct callback_head work;
	struct completion ended;
};

/**
 * struct recorder - the log of one case, and what the case has made
 * @test: the case
 * @capacity: entries in @calls
 * @next: entries asked for; what is beyond @capacity is lost
 * @late: callbacks that began or ended outside of their subscriber's life
 * @subscribers: ids given out
 * @alloc_error: what alloc_notifier() of mmu_notifier_get() shall fail with
 * @alloc_quiet: what alloc_notifier() makes is quiet
 * @freed: completed by each free_notifier()
 * @lock: protects the lists
 * @owned: its subscribers
 * @workers: threads that were not joined yet
 * @undos: what else is to be taken back, the newest first
 * @mms: address spaces that were not put yet
 * @loan: the mm that the case's thread has borrowed
 * @calls: the log
 */
struct recorder {
	struct kunit *test;
	unsigned int capacity;
	atomic_t next;
	atomic_t late;
	atomic_t subscribers;
	int alloc_error;
	bool alloc_quiet;
	struct completion freed;
	spinlock_t lock;		/* protects the lists */
	struct hlist_head owned;
	struct list_head workers;
	struct list_head undos;
	struct list_head mms;
	struct recorder_loan loan;
	struct recorded_call calls[];
};

int recorder_case_init(struct kunit *test);
void recorder_case_end(struct kunit *test);
void recorder_case_exit(struct kunit *test);
void recorder_clear(struct recorder *rec);

/* What a case makes, beside subscribers, address spaces and threads. */
void *recorder_zalloc(struct recorder *rec, size_t size);
void recorder_undo_later(struct recorder *rec, struct recorder_undo *undo,
			 void (*function)(struct recorder_undo *undo));
void recorder_undo_now(struct recorder *rec, struct recorder_undo *undo);

/* One kind of callbacks each: both kinds in one subscriber are wrong in every kernel. */
extern const struct mmu_notifier_ops recorder_secondary_ops;
extern const struct mmu_notifier_ops recorder_range_ops;

struct recorder_subscriber *
recorder_subscriber_create(struct recorder *rec, const struct mmu_notifier_ops *ops);
struct recorder_subscriber *recorder_secondary(struct recorder *rec,
					       struct mm_struct *mm);
struct recorder_subscriber *recorder_range(struct recorder *rec,
					   struct mm_struct *mm);
struct recorder_subscriber *recorder_get(struct recorder *rec,
					 struct mm_struct *mm);
void recorder_put(struct recorder_subscriber *sub);
bool recorder_wait_freed(struct recorder *rec);

int recorder_register(struct recorder_subscriber *sub, struct mm_struct *mm);
int recorder_register_locked(struct recorder_subscriber *sub, struct mm_struct *mm);
void recorder_unregister(struct recorder_subscriber *sub);

/* What was recorded. */
void recorder_mark(struct recorder *rec, unsigned int id);
unsigned int recorder_length(struct recorder *rec);
unsigned int recorder_lost(struct recorder *rec);
const struct recorded_call *recorder_call(struct recorder *rec, unsigned int n);
unsigned int recorder_count(struct recorder *rec, enum recorded_op op, unsigned int id);
int recorder_first(struct recorder *rec, enum recorded_op op, unsigned int id);
int recorder_last(struct recorder *rec, enum recorded_op op, unsigned int id);
unsigned long recorder_pages(struct recorder *rec, unsigned int id);
bool recorder_covers(struct recorder *rec, unsigned int id,
		     unsigned long start, unsigned long end);
bool recorder_within(struct recorder *rec, unsigned int id,
		     unsigned long start, unsigned long end);
void recorder_dump(struct recorder *rec);
void recorder_counted(struct recorder *rec, const char *operation, unsigned int id,
		      unsigned long changed);

/* A call of this subscriber, as it should stand in the log. */
static inline struct recorded_call
recorded(enum recorded_op op, const struct recorder_subscriber *sub,
	 unsigned long start, unsigned long end)
{
	return (struct recorded_call){
		.op = op, .subscriber = sub->id, .mm = sub->notifier.mm,
		.start = start, .end = end,
	};
}

/* Shorthands for RECORDER_EXPECT(): the whole log, in order, exactly. */
#define RECORDED_SECONDARY(sub, start, end) \
	recorded(RECORDER_OP_SECONDARY, sub, start, end)
#define RECORDED_START(sub, start, end) \
	recorded(RECORDER_OP_START, sub, start, end)
#define RECORDED_END(sub, start, end) \
	recorded(RECORDER_OP_END, sub, start, end)
#define RECORDED_RELEASE(sub) \
	recorded(RECORDER_OP_RELEASE, sub, 0, 0)

void recorder_expect(struct recorder *rec, int line, const struct recorded_call *want,
		     unsigned int n);
#define RECORDER_EXPECT(rec, ...) do {					\
	const struct recorded_call want_[] = { __VA_ARGS__ };		\
									\
	recorder_expect(rec, __LINE__, want_, ARRAY_SIZE(want_));	\
} while (0)
#define RECORDER_EXPECT_NOTHING(rec)	recorder_expect(rec, __LINE__, NULL, 0)

/* Announce a kernel warning that the case is about to provoke. */
void recorder_announce(struct kunit *test, const char *kind, const char *text);

/* Address spaces, as processes have them. */
struct mm_struct *recorder_mm_alloc(void);
struct mm_struct *recorder_mm_create(struct recorder *rec);
void recorder_mm_put(struct recorder *rec, struct mm_struct *mm);
void recorder_use_mm(struct recorder *rec, struct mm_struct *mm);
void recorder_unuse_mm(struct recorder *rec);
void recorder_path_ended_mm(struct recorder *rec);
struct mm_struct *recorder_end_loan(struct recorder *rec);
unsigned long recorder_mmap(unsigned long pages, unsigned long prot, unsigned long flags);
int recorder_fault(struct mm_struct *mm, unsigned long addr, unsigned int flags);
pte_t recorder_pte(struct mm_struct *mm, unsigned long addr);
int recorder_populate(struct mm_struct *mm, unsigned long addr, unsigned long pages);

/* Calls the core's entry with the mmap_lock held, as its contract demands. */
void recorder_dispatch(struct mm_struct *mm, unsigned long start, unsigned long end);

/* Random numbers that a seed replays, for each thread its own. */
u64 recorder_seed(struct kunit *test);
void recorder_random(struct rnd_state *rnd, u64 seed, unsigned int thread);

/* Make the nth allocation of this thread fail. */
bool recorder_failslab(void);
void recorder_fail_allocation(unsigned int nth);
bool recorder_failed_allocation(void);

/**
 * struct recorder_worker - a thread of a case
 * @function: what it does; it must come to an end by itself, or by @stop
 * @stop: lets @function come to its end when the case has ended; may be NULL
 * @data: for @function
 * @id: its number
 * @seed: for recorder_random()
 * @errors: how much @function found wrong
 * @task: the thread
 * @finished: @function has returned
 * @recorder: the case's
 * @list: in the list of @recorder
 *
 * If the case may end before it has joined the thread, in memory from
 * recorder_zalloc(), as all that @function works with.
 */
struct recorder_worker {
	void (*function)(struct recorder_worker *worker);
	void (*stop)(struct recorder_worker *worker);
	void *data;
	unsigned int id;
	u64 seed;
	unsigned int errors;
	struct task_struct *task;
	struct completion finished;
	struct recorder *recorder;
	struct list_head list;
};

bool recorder_worker_start(struct recorder *rec, struct recorder_worker *worker);
void recorder_worker_join(struct recorder_worker *worker);
bool recorder_worker_blocked(struct recorder_worker *worker);

/* How long a case waits for anything before it fails. */
#define RECORDER_PATIENCE	(20 * HZ)

#endif /* _KUNIT_SECONDARY_TLBS_RECORDER_H */
