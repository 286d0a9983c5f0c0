/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A secondary TLB in software, devices that fill and use it, and an oracle that
 * compares its translations with the page tables.
 *
 * The TLB holds translations of one mm. The devices are kthreads. They walk the
 * mm's page tables without its locks and cache what they find, without a
 * reference to the page or to the page tables. As in hardware, only the
 * invalidation of secondary TLBs keeps the TLB correct:
 *
 *	device				task that changes the page tables
 *	------				---------------------------------
 *	announces the fill
 *	walks the tables
 *					changes an entry
 *					invalidates: drops the range from the
 *					  TLB, and the announced fills in it
 *					frees the page
 *	sees that its fill was
 *	  dropped, caches nothing
 *
 * A case calls, in this order: soft_tlb_init(), soft_tlb_watch(),
 * soft_tlb_register(), soft_devices_start(), operations of the mm with a
 * soft_tlb_check() after each, soft_devices_stop(), soft_tlb_unregister(),
 * soft_tlb_report(). While devices run, use KUNIT_EXPECT_*() only: a failed
 * KUNIT_ASSERT_*() would end the case and leave them running.
 */
#ifndef _MM_TESTS_SECONDARY_TLBS_SOFTWARE_H
#define _MM_TESTS_SECONDARY_TLBS_SOFTWARE_H

#include <linux/mm_types.h>
#include <linux/mmu_notifier.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include <kunit/secondary_tlbs_recorder.h>

/* More than a case watches pages, so that the search of a slot is short. */
#define SOFT_TLB_ENTRIES	384
#define SOFT_TLB_WINDOWS	6
#define SOFT_TLB_RANGES		64
#define SOFT_TLB_DEFECTS	8
#define SOFT_DEVICES		4
#define SOFT_TLBS		4

/**
 * struct soft_translation - what a walk of the page tables finds
 * @va: first address, a multiple of @size
 * @size: size in bytes of the mapping, or of the hole if nothing is mapped
 * @pfn: the page frame at @va
 * @table: the page frame of the page table that holds the leaf entry
 * @valid: a device can read
 * @writable: a device can write without a fault and without setting a dirty bit
 */
struct soft_translation {
	unsigned long va;
	unsigned long size;
	unsigned long pfn;
	unsigned long table;
	bool valid;
	bool writable;
};

/* What can be wrong with a translation in the TLB. */
enum soft_defect_kind {
	SOFT_STALE,		/* the page tables have none, or another one */
	SOFT_OVER_PERMISSIVE,	/* writable, but read-only in the page tables */
	SOFT_UNDER_PERMISSIVE,	/* arm64: read-only, but writable in the page tables */
	SOFT_FREED_PAGE,	/* the page was freed */
	SOFT_FREED_TABLE,	/* a page table that led to it was freed */
	SOFT_DEFECT_KINDS,
};

struct soft_defect {
	enum soft_defect_kind kind;
	const char *operation;
	struct soft_translation cached;
	struct soft_translation now;
};

struct soft_range {
	unsigned long start;
	unsigned long end;
};

/* A walk that has begun. An invalidation drops it by clearing @live. */
struct soft_fill {
	unsigned long va;
	bool live;
};

/**
 * struct soft_tlb - the secondary TLB of one mm
 * @notifier: the subscription
 * @mm: the mm; holds a reference of mmgrab() from soft_tlb_register() to
 *	soft_tlb_unregister()
 * @lock: protects all members below. Callbacks take it under page-table locks,
 *	so code under it only reads and writes memory.
 * @live: registered and not released: devices may fill and use the TLB
 * @registered: soft_tlb_unregister() still has to unregister it
 * @deaf: ignore invalidations; the oracle must find the stale translations
 * @keeps: cache the result of a fill even if an invalidation has dropped it
 * @entry: the translations, hashed by their address, see soft_slot()
 * @fill: the walks in progress, one for each device
 * @window: the ranges that devices access
 * @windows: how many windows there are
 * @operation: name of the current operation of the mm, for reports
 * @range: ranges invalidated since soft_tlb_begin(), the first SOFT_TLB_RANGES
 * @calls: number of invalidations since soft_tlb_begin()
 * @fills: number of translations that were cached
 * @discarded: number of translations that were dropped before they were cached
 * @overflows: number of translations that were not cached because the TLB was full
 * @uses: number of accesses through cached translations
 * @defects: number of defects of each kind
 * @defect: the first SOFT_TLB_DEFECTS defects
 * @between: for cases that force an order: a device calls it after the walk,
 *	before it caches the result
 * @releasing: called by release(), before it drops everything
 * @data: argument of @between and @releasing
 */
struct soft_tlb {
	struct mmu_notifier notifier;
	struct mm_struct *mm;
	raw_spinlock_t lock;	/* protects all members below */
	bool live;
	bool registered;
	bool deaf;
	bool keeps;
	struct soft_translation entry[SOFT_TLB_ENTRIES];
	struct soft_fill fill[SOFT_DEVICES];
	struct soft_range window[SOFT_TLB_WINDOWS];
	unsigned int windows;
	const char *operation;
	struct soft_range range[SOFT_TLB_RANGES];
	unsigned int calls;
	unsigned long fills;
	unsigned long discarded;
	unsigned long overflows;
	unsigned long uses;
	unsigned int defects[SOFT_DEFECT_KINDS];
	struct soft_defect defect[SOFT_TLB_DEFECTS];
	void (*between)(struct soft_tlb *tlb);
	void (*releasing)(struct soft_tlb *tlb);
	void *data;
};

/* The life of a TLB. */
void soft_tlb_init(struct soft_tlb *tlb);
bool soft_tlb_watch(struct soft_tlb *tlb, unsigned long start, unsigned long end);
int soft_tlb_register(struct soft_tlb *tlb, struct mm_struct *mm);
void soft_tlb_unregister(struct soft_tlb *tlb);

bool soft_tlb_live(struct soft_tlb *tlb);
unsigned int soft_tlb_cached(struct soft_tlb *tlb);
bool soft_tlb_lookup(struct soft_tlb *tlb, unsigned long va, struct soft_translation *found);

/* The steps of a device. Cases call them directly as well. */
bool soft_tlb_walk(struct mm_struct *mm, unsigned long va, struct soft_translation *found);
void soft_tlb_fill(struct soft_tlb *tlb, unsigned int device, unsigned long va);
void soft_tlb_fill_all(struct soft_tlb *tlb);
void soft_tlb_use(struct soft_tlb *tlb, unsigned int slot);
void soft_tlb_use_all(struct soft_tlb *tlb);

/* The oracle. */
void soft_tlb_begin(struct soft_tlb *tlb, const char *operation);
unsigned int soft_tlb_check(struct soft_tlb *tlb);
unsigned int soft_tlb_defects(struct soft_tlb *tlb);
void soft_tlb_report(struct kunit *test, struct soft_tlb *tlb, u64 seed);

/* What an operation changed, and what it invalidated. soft_tlb_cost() fills it in. */
struct soft_cost {
	unsigned long calls;
	unsigned long pages;
	unsigned long changed;
	unsigned long idle;
};

unsigned long soft_tlb_watched(struct soft_tlb *tlb);
void soft_tlb_snapshot(struct soft_tlb *tlb, struct soft_translation *pages);
void soft_tlb_cost(struct soft_tlb *tlb, const struct soft_translation *before,
		   const struct soft_translation *after, struct soft_cost *cost);

/**
 * struct soft_devices - threads that fill and use TLBs until they are stopped
 * @tlb: the TLBs; constant while the devices run
 * @tlbs: number of TLBs
 * @stop: tells the threads to end
 * @due: rounds left to do. In one round, a device fills and uses one TLB a few
 *	times. At 0 the devices sleep, and leave the CPUs to the operation.
 * @rounds: number of rounds done
 * @more: the devices wait here for work or for @stop
 * @worker: the threads
 */
struct soft_devices {
	struct soft_tlb *tlb[SOFT_TLBS];
	unsigned int tlbs;
	bool stop;
	atomic_t due;
	atomic_t rounds;
	wait_queue_head_t more;
	struct recorder_worker worker[SOFT_DEVICES];
};

bool soft_devices_start(struct recorder *rec, struct soft_devices *devices, u64 seed);
void soft_devices_stop(struct soft_devices *devices);
void soft_devices_ask(struct soft_devices *devices, unsigned int rounds);
bool soft_devices_work(struct soft_devices *devices, unsigned int rounds);

#endif /* _MM_TESTS_SECONDARY_TLBS_SOFTWARE_H */
