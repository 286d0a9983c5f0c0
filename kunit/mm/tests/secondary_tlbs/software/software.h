/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A secondary TLB in software, devices that fill and use it, and the oracle that
 * says whether what it holds is right.
 *
 * The TLB holds translations of one mm. Devices, which are kthreads, walk the
 * mm's page tables without its locks and keep what they find, without taking a
 * reference to a page or to a page table. The only thing that keeps it right is
 * the invalidation of secondary TLBs, as it is for hardware:
 *
 *	device				who changes the page tables
 *	------				---------------------------
 *	announces the fill
 *	walks the tables
 *					changes an entry
 *					invalidates: drops the range from the
 *					  TLB and from the fills announced
 *					frees the page
 *	finds its fill dropped,
 *	keeps nothing
 *
 * What a case may do with it, in order: soft_tlb_init(), soft_tlb_watch(),
 * soft_tlb_register(), soft_devices_start(), operations of the mm each with a
 * soft_tlb_check() behind it, soft_devices_stop(), soft_tlb_unregister(),
 * soft_tlb_report(). As threads run, a case expects and does not assert.
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
 * @size: of the mapping, or of the hole where there is none
 * @pfn: the frame at @va
 * @table: the frame of the page table that holds the last entry
 * @valid: a device can read
 * @writable: it can write, and does not tell the CPU that it does
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
	SOFT_OVER_PERMISSIVE,	/* they do not let it write any more */
	SOFT_UNDER_PERMISSIVE,	/* arm64: they let it write now, it was not told */
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

/* A walk that has begun and may yet be dropped. */
struct soft_fill {
	unsigned long va;
	bool live;
};

/**
 * struct soft_tlb - the secondary TLB of one mm
 * @notifier: the subscription
 * @mm: whose; counted (mm_count) from soft_tlb_register() to soft_tlb_unregister()
 * @lock: protects everything below. A callback takes it below page table locks,
 *	so nothing is done under it but look at memory.
 * @live: registered and not released: devices may fill and use
 * @registered: to be unregistered
 * @deaf: it ignores invalidations, which the oracle must see
 * @keeps: it keeps what a fill found though it was dropped meanwhile
 * @entry: the translations, each from the slot on that its address is hashed to
 * @fill: the walks that are under way, one a device
 * @window: where devices look
 * @windows: how many there are
 * @operation: what changes the mm now, for who reads of a defect
 * @range: what was invalidated since soft_tlb_begin(), as far as there is room
 * @calls: how often, since soft_tlb_begin()
 * @fills: translations that came into the TLB
 * @discarded: those that did not, because an invalidation came first
 * @overflows: those that did not, because there was no room
 * @uses: translations that were used
 * @defects: what was found wrong, by kind
 * @defect: the first of them
 * @between: of a case that forces an order: called by a device that has walked,
 *	before it keeps what it found
 * @releasing: called by release, before it drops everything
 * @data: for these two
 */
struct soft_tlb {
	struct mmu_notifier notifier;
	struct mm_struct *mm;
	raw_spinlock_t lock;	/* protects what follows */
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

/* What a device does, also by hand. */
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

/* What an operation changed, and what it invalidated for that. */
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
 * @tlb: the TLBs, which stay what they are while the devices run
 * @tlbs: how many
 * @stop: they shall end
 * @due: rounds they shall do: in one, a device serves one TLB a few times.
 *	Without work they wait: CPUs are few, and whom they serve needs them too.
 * @rounds: how many they did
 * @more: they wait here for work, or for the end
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
