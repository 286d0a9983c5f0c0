// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fixture of the secondary-TLB suites: .init makes the recorder of a case, .exit
 * gives back all that the case has made with it, wherever the case has ended.
 *
 * A failed assertion ends the case's thread at once. KUnit then calls .exit from
 * another thread, and KUnit of 6.12 always does. The stack of the case is gone by
 * that time: threads and callbacks that may outlive the case work with memory from
 * recorder_zalloc(), which KUnit frees after .exit.
 */
#include <linux/debug_locks.h>
#include <linux/list.h>
#include <linux/overflow.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

#include <kunit/secondary_tlbs_recorder.h>

#include "fixture.h"

/* Calls that a log has room for. */
#define CAPACITY	1024

struct recorder *recorder_now;

static struct recorder *recorder_create(struct kunit *test)
{
	struct recorder *rec = vzalloc(struct_size(rec, calls, CAPACITY));

	if (!rec)
		return NULL;
	rec->test = test;
	rec->capacity = CAPACITY;
	init_completion(&rec->freed);
	spin_lock_init(&rec->lock);
	INIT_LIST_HEAD(&rec->workers);
	INIT_LIST_HEAD(&rec->undos);
	INIT_LIST_HEAD(&rec->mms);
	return rec;
}

/**
 * recorder_case_init - the .init of a suite
 * @test: the case, whose priv is its recorder from here on
 *
 * A suite with an .init of its own calls it first.
 */
int recorder_case_init(struct kunit *test)
{
	recorder_now = recorder_create(test);
	test->priv = recorder_now;
	return recorder_now ? 0 : -ENOMEM;
}

static struct recorder_undo *recorder_last_undo(struct recorder *rec)
{
	struct recorder_undo *undo;

	spin_lock(&rec->lock);
	undo = list_first_entry_or_null(&rec->undos, struct recorder_undo, list);
	if (undo)
		list_del_init(&undo->list);
	spin_unlock(&rec->lock);
	return undo;
}

static void recorder_end_undos(struct recorder *rec)
{
	struct recorder_undo *undo;

	while ((undo = recorder_last_undo(rec)))
		undo->undo(undo);
}

/*
 * Threads first, because they may use all the rest. The mm goes last: whatever
 * belongs to an mm is removed from it before.
 */
static void recorder_destroy(struct recorder *rec)
{
	recorder_end_workers(rec);
	recorder_end_loan(rec);
	recorder_end_undos(rec);
	recorder_end_subscribers(rec);
	recorder_end_mms(rec);
	KUNIT_EXPECT_EQ_MSG(rec->test, recorder_lost(rec), 0U,
			    "the log is too small for what happened");
	KUNIT_EXPECT_EQ_MSG(rec->test, atomic_read(&rec->late), 0,
			    "a callback ran after its subscriber was gone");
	/* SRCU still has what was not freed by now, so it must stay. */
	if (!recorder_wait_subscribers(rec)) {
		KUNIT_FAIL(rec->test, "a subscriber that was put was not freed");
		return;
	}
	recorder_free_subscribers(rec);
	vfree(rec);
}

/**
 * recorder_case_end - give back what a case has made
 * @test: the case, which has ended, or whose .init failed
 */
void recorder_case_end(struct kunit *test)
{
	if (recorder_now)
		recorder_destroy(recorder_now);
	recorder_now = NULL;
}

/**
 * recorder_case_exit - the .exit of a suite
 * @test: the case, which has ended, or whose .init failed
 *
 * A suite with an .exit of its own calls it last. A lockdep report in any thread fails
 * no case by itself, so this looks for one.
 */
void recorder_case_exit(struct kunit *test)
{
	recorder_case_end(test);
	KUNIT_EXPECT_TRUE_MSG(test, debug_locks,
			      "lockdep reported something, or had switched itself off before");
}

/**
 * recorder_zalloc - memory that stays until the case has ended, and .exit is through
 * @rec: the case's
 * @size: how much
 *
 * Asserts that there is memory.
 */
void *recorder_zalloc(struct recorder *rec, size_t size)
{
	void *memory = kunit_kzalloc(rec->test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(rec->test, memory);
	return memory;
}

/**
 * recorder_undo_later - have .exit take something back, unless the case does
 * @rec: the case's
 * @undo: part of what is to be taken back, in memory from recorder_zalloc()
 * @function: takes it back
 *
 * .exit takes back the newest first.
 */
void recorder_undo_later(struct recorder *rec, struct recorder_undo *undo,
			 void (*function)(struct recorder_undo *undo))
{
	undo->undo = function;
	spin_lock(&rec->lock);
	list_add(&undo->list, &rec->undos);
	spin_unlock(&rec->lock);
}

/**
 * recorder_undo_now - take something back
 * @rec: the case's
 * @undo: as given to recorder_undo_later()
 */
void recorder_undo_now(struct recorder *rec, struct recorder_undo *undo)
{
	spin_lock(&rec->lock);
	list_del_init(&undo->list);
	spin_unlock(&rec->lock);
	undo->undo(undo);
}
