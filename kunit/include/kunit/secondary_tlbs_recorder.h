/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A subscriber that records its callbacks, for every secondary-TLB suite.
 *
 * A recorder is a log of fixed size into which any number of subscribers write
 * each callback they get.  One log per case, so that the place of an entry in
 * it is a global order over subscribers and CPUs.  An entry that found no room
 * is counted, and fails the case.
 *
 * How a case uses it:
 *
 *	rec = recorder_create(test, 64);
 *	mm = recorder_mm_create(rec);
 *	sub = recorder_secondary(rec, mm);
 *	...
 *	RECORDER_EXPECT(rec, RECORDED_SECONDARY(sub, start, end));
 *	recorder_unregister(sub);
 *	mmput(mm);
 *	recorder_destroy(rec);
 *
 * Asserting ends the case at once.  The recorder is a resource of the case and
 * unregisters what is still registered then, but does not end threads: while
 * threads of a case run, it expects and does not assert.  A thread itself does
 * neither, because KUnit of 6.1 would tear down a running test: it counts what
 * is wrong, and the case looks at the counts after it joined the thread.
 */
#ifndef _KUNIT_SECONDARY_TLBS_RECORDER_H
#define _KUNIT_SECONDARY_TLBS_RECORDER_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/kthread.h>
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
	RECORDER_OP_MARK,	/* not a callback: the case's own, in the same order */
};

/* The context of a callback. Without CONFIG_PREEMPT_COUNT, ATOMIC is a guess. */
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
 * Where a subscriber stands. Outside, a callback must neither begin nor still
 * run; while it is being registered or unregistered, it may or may not come.
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
 * @quiet: it only calls @hook, because its calls are too many to log
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
	bool quiet;
	enum recorder_state state;
	void (*hook)(struct recorder_subscriber *sub, enum recorded_op op);
	void *data;
	struct hlist_node next;
};

/**
 * struct recorder - the log of one case
 * @test: the case
 * @capacity: entries in @calls
 * @next: entries asked for; what is beyond @capacity is lost
 * @late: callbacks that began or ended outside of their subscriber's life
 * @subscribers: ids given out
 * @alloc_error: what alloc_notifier() of mmu_notifier_get() shall fail with
 * @alloc_quiet: what alloc_notifier() makes is quiet
 * @freed: completed by each free_notifier()
 * @lock: protects @owned
 * @owned: subscribers to free with the recorder
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
	spinlock_t lock;		/* protects owned */
	struct hlist_head owned;
	struct recorded_call calls[];
};

struct recorder *recorder_create(struct kunit *test, unsigned int capacity);
void recorder_destroy(struct recorder *rec);
void recorder_clear(struct recorder *rec);
void recorder_case_exit(struct kunit *test);

/* Subscribers of one kind each: no kernel wants both kinds in one. */
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

/* A real mm, as a process has it. */
struct mm_struct *recorder_mm_create(struct recorder *rec);
unsigned long recorder_mmap(unsigned long pages, unsigned long prot, unsigned long flags);
int recorder_fault(struct mm_struct *mm, unsigned long addr, unsigned int flags);
pte_t recorder_pte(struct mm_struct *mm, unsigned long addr);
int recorder_populate(struct mm_struct *mm, unsigned long addr, unsigned long pages);

/* The core's entry, called as its contract wants it: with the mmap_lock held. */
void recorder_dispatch(struct mm_struct *mm, unsigned long start, unsigned long end);

/* Randomness that can be replayed, also per thread. */
u64 recorder_seed(struct kunit *test);
void recorder_random(struct rnd_state *rnd, u64 seed, unsigned int thread);

/* Make the nth allocation of this thread fail. */
bool recorder_failslab(void);
void recorder_fail_allocation(unsigned int nth);
bool recorder_failed_allocation(void);

/**
 * struct recorder_worker - a thread of a case
 * @function: what it does; it must come to an end by itself
 * @data: for @function
 * @id: its number
 * @seed: for recorder_random()
 * @errors: what @function found wrong
 * @task: the thread
 * @finished: @function has returned
 */
struct recorder_worker {
	void (*function)(struct recorder_worker *worker);
	void *data;
	unsigned int id;
	u64 seed;
	unsigned int errors;
	struct task_struct *task;
	struct completion finished;
};

bool recorder_worker_start(struct recorder_worker *worker);
void recorder_worker_join(struct recorder_worker *worker);
bool recorder_worker_blocked(struct recorder_worker *worker);

/* How long anything in a case may take before the case gives up on it. */
#define RECORDER_PATIENCE	(20 * HZ)

#endif /* _KUNIT_SECONDARY_TLBS_RECORDER_H */
