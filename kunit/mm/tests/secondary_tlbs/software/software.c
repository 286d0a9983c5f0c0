// SPDX-License-Identifier: GPL-2.0-only
/*
 * A secondary TLB in software: the TLB, its devices and the oracle. software.h
 * describes how they work together.
 *
 * Each TLB has one lock, which orders two pairs of operations:
 *
 *  - A fill and an invalidation. The device announces the fill under the lock,
 *    walks without the lock, and caches the result only if no invalidation has
 *    dropped the announcement. If the invalidation takes the lock first, its
 *    unlock and the device's lock order the walk after the change of the page
 *    tables. If the device takes it first, the invalidation sees the
 *    announcement.
 *
 *  - A use and an invalidation. A device uses a translation under the lock. So
 *    an invalidation returns only after all uses of the dropped translations,
 *    as hardware waits for outstanding accesses. While the lock is held, no page
 *    that the TLB has a translation to may be free.
 *
 * A walk runs with interrupts off and with the mm loaded. This keeps the page
 * tables that it reads from being freed. Either RCU frees them, or the CPU that
 * frees them first sends an interrupt to all CPUs that have the mm loaded, as
 * mm/gup.c explains for its lockless walk.
 */
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>
#include <linux/string.h>

#include <kunit/secondary_tlbs_compat.h>

#include "software.h"

/* How many fills and uses a device does in one round, with one TLB. */
#define SOFT_DEVICE_BURST	8

/*
 * Walking the page tables
 */
static bool soft_hole(struct soft_translation *found, unsigned long va, unsigned long size)
{
	*found = (struct soft_translation){ .va = ALIGN_DOWN(va, size), .size = size };
	return false;
}

/* Huge entries have the same layout as PTEs. */
static bool soft_leaf(struct soft_translation *found, unsigned long va, unsigned long size,
		      const void *slot, u64 entry)
{
	if (!secondary_tlbs_readable(entry))
		return soft_hole(found, va, size);
	*found = (struct soft_translation){
		.va = ALIGN_DOWN(va, size),
		.size = size,
		.pfn = ALIGN_DOWN(pte_pfn(__pte(entry)), size >> PAGE_SHIFT),
		.table = PHYS_PFN(__pa(slot)),
		.valid = true,
		.writable = secondary_tlbs_writable(entry),
	};
	return true;
}

static bool soft_walk_pmd(pud_t *pudp, pud_t pud, unsigned long va,
			  struct soft_translation *found)
{
	pmd_t *pmdp = pmd_offset_lockless(pudp, pud, va);
	pmd_t pmd = READ_ONCE(*pmdp);
	pte_t *ptep;

	if (!secondary_tlbs_valid(pmd_val(pmd)))
		return soft_hole(found, va, PMD_SIZE);
	if (pmd_leaf(pmd))
		return soft_leaf(found, va, PMD_SIZE, pmdp, pmd_val(pmd));
	ptep = pte_offset_kernel(&pmd, va);
	return soft_leaf(found, va, PAGE_SIZE, ptep, pte_val(ptep_get(ptep)));
}

/* Called with interrupts off. */
static bool soft_walk(struct mm_struct *mm, unsigned long va, struct soft_translation *found)
{
	pgd_t *pgdp = pgd_offset(mm, va);
	pgd_t pgd = READ_ONCE(*pgdp);
	p4d_t *p4dp, p4d;
	pud_t *pudp, pud;

	if (pgd_none(pgd))
		return soft_hole(found, va, PUD_SIZE);
	p4dp = p4d_offset_lockless(pgdp, pgd, va);
	p4d = READ_ONCE(*p4dp);
	if (!secondary_tlbs_valid(p4d_val(p4d)))
		return soft_hole(found, va, PUD_SIZE);
	pudp = pud_offset_lockless(p4dp, p4d, va);
	pud = READ_ONCE(*pudp);
	if (!secondary_tlbs_valid(pud_val(pud)))
		return soft_hole(found, va, PUD_SIZE);
	if (pud_leaf(pud))
		return soft_leaf(found, va, PUD_SIZE, pudp, pud_val(pud));
	return soft_walk_pmd(pudp, pud, va, found);
}

/**
 * soft_tlb_walk - walk the page tables as hardware does
 * @mm: the mm; current has loaded it, or keeps its page tables from changing
 * @va: the address to translate
 * @found: set to the translation, or to the hole
 *
 * Return: true if there is a translation.
 */
bool soft_tlb_walk(struct mm_struct *mm, unsigned long va, struct soft_translation *found)
{
	unsigned long flags;
	bool valid;

	local_irq_save(flags);
	valid = soft_walk(mm, va, found);
	local_irq_restore(flags);
	return valid;
}

/*
 * What an invalidation does
 */
static bool soft_overlap(unsigned long a, unsigned long size, unsigned long start,
			 unsigned long end)
{
	return a < end && start < a + size;
}

/* A nested mmu_gather of 6.1 passes (ULONG_MAX, ULONG_MAX) for the whole mm. */
static bool soft_whole(unsigned long start, unsigned long end)
{
	return end == ULONG_MAX && (start == 0 || start == ULONG_MAX);
}

/* A walk from outside of the range may find a huge page that overlaps it. */
static void soft_drop_fills(struct soft_tlb *tlb, unsigned long start, unsigned long end)
{
	struct soft_fill *fill;

	for (fill = tlb->fill; fill < tlb->fill + SOFT_DEVICES; fill++)
		if (soft_overlap(ALIGN_DOWN(fill->va, PMD_SIZE), PMD_SIZE, start, end))
			fill->live = false;
}

static void soft_drop_entries(struct soft_tlb *tlb, unsigned long start, unsigned long end)
{
	struct soft_translation *entry;

	for (entry = tlb->entry; entry < tlb->entry + SOFT_TLB_ENTRIES; entry++)
		if (entry->valid && soft_overlap(entry->va, entry->size, start, end))
			entry->valid = false;
}

static void soft_drop(struct soft_tlb *tlb, unsigned long start, unsigned long end)
{
	if (tlb->deaf)
		return;
	soft_drop_fills(tlb, start, end);
	soft_drop_entries(tlb, start, end);
}

static void soft_log_range(struct soft_tlb *tlb, unsigned long start, unsigned long end)
{
	if (tlb->calls < SOFT_TLB_RANGES)
		tlb->range[tlb->calls] = (struct soft_range){ start, end };
	tlb->calls++;
}

static void soft_op_invalidate(struct mmu_notifier *notifier, struct mm_struct *mm,
			       unsigned long start, unsigned long end)
{
	struct soft_tlb *tlb = container_of(notifier, struct soft_tlb, notifier);

	if (soft_whole(start, end))
		start = 0;
	raw_spin_lock(&tlb->lock);
	soft_log_range(tlb, start, end);
	soft_drop(tlb, start, end);
	raw_spin_unlock(&tlb->lock);
}

/* The page tables will be freed, or the subscription ends. */
static void soft_op_release(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	struct soft_tlb *tlb = container_of(notifier, struct soft_tlb, notifier);

	if (tlb->releasing)
		tlb->releasing(tlb);
	raw_spin_lock(&tlb->lock);
	tlb->live = false;
	soft_drop(tlb, 0, ULONG_MAX);
	raw_spin_unlock(&tlb->lock);
}

static const struct mmu_notifier_ops soft_tlb_ops = {
	.SECONDARY_TLBS_CALLBACK = soft_op_invalidate,
	.release = soft_op_release,
};

/*
 * The life of a TLB
 */

/**
 * soft_tlb_init - initialise an empty TLB
 * @tlb: a TLB that is not in use
 */
void soft_tlb_init(struct soft_tlb *tlb)
{
	memset(tlb, 0, sizeof(*tlb));
	raw_spin_lock_init(&tlb->lock);
	tlb->notifier.ops = &soft_tlb_ops;
	tlb->operation = "nothing yet";
}

/**
 * soft_tlb_watch - add a window that the devices access
 * @tlb: a TLB that is not registered
 * @start: first address of the window
 * @end: first address after the window
 *
 * Return: true if there was room for one more window.
 */
bool soft_tlb_watch(struct soft_tlb *tlb, unsigned long start, unsigned long end)
{
	if (tlb->windows == SOFT_TLB_WINDOWS)
		return false;
	tlb->window[tlb->windows++] = (struct soft_range){ start, end };
	return true;
}

/**
 * soft_tlb_register - subscribe a TLB to an mm, and let devices use it
 * @tlb: an initialised TLB
 * @mm: the mm
 *
 * Return: what mmu_notifier_register() returns.
 */
int soft_tlb_register(struct soft_tlb *tlb, struct mm_struct *mm)
{
	int ret = mmu_notifier_register(&tlb->notifier, mm);

	if (ret)
		return ret;
	mmgrab(mm);
	raw_spin_lock(&tlb->lock);
	tlb->mm = mm;
	tlb->registered = true;
	tlb->live = true;
	raw_spin_unlock(&tlb->lock);
	return 0;
}

/**
 * soft_tlb_unregister - end the subscription
 * @tlb: the TLB; nothing happens if it is not registered
 *
 * The mm may have been released already.
 */
void soft_tlb_unregister(struct soft_tlb *tlb)
{
	if (!tlb->registered)
		return;
	mmu_notifier_unregister(&tlb->notifier, tlb->mm);
	tlb->registered = false;
	mmdrop(tlb->mm);
}

/* Whether devices may use the TLB. */
bool soft_tlb_live(struct soft_tlb *tlb)
{
	bool live;

	raw_spin_lock(&tlb->lock);
	live = tlb->live;
	raw_spin_unlock(&tlb->lock);
	return live;
}

/* How many translations the TLB holds. */
unsigned int soft_tlb_cached(struct soft_tlb *tlb)
{
	unsigned int cached = 0, slot;

	raw_spin_lock(&tlb->lock);
	for (slot = 0; slot < SOFT_TLB_ENTRIES; slot++)
		cached += tlb->entry[slot].valid;
	raw_spin_unlock(&tlb->lock);
	return cached;
}

/*
 * What a device does
 */

/*
 * The slot of a translation, or NULL if there is no room. No two translations share a slot:
 * one would evict the other, and the oracle would not see it if that was stale. A dropped
 * translation keeps its slot.
 */
static struct soft_translation *soft_slot(struct soft_tlb *tlb, unsigned long va,
					  unsigned long size)
{
	unsigned int home = hash_long(va + size, 32) % SOFT_TLB_ENTRIES, n;
	struct soft_translation *entry;

	for (n = 0; n < SOFT_TLB_ENTRIES; n++) {
		entry = &tlb->entry[(home + n) % SOFT_TLB_ENTRIES];
		if (!entry->size || (entry->va == va && entry->size == size))
			return entry;
	}
	return NULL;
}

static bool soft_holds(struct soft_tlb *tlb, unsigned long va, unsigned long size)
{
	const struct soft_translation *entry = soft_slot(tlb, ALIGN_DOWN(va, size), size);

	return entry && entry->valid;
}

/* As in hardware, a hit is not walked again: a stale entry stays stale. */
static bool soft_hit(struct soft_tlb *tlb, unsigned long va)
{
	return soft_holds(tlb, va, PAGE_SIZE) || soft_holds(tlb, va, PMD_SIZE) ||
	       soft_holds(tlb, va, PUD_SIZE);
}

/**
 * soft_tlb_lookup - what the TLB holds for an address, as a small page
 * @tlb: the TLB
 * @va: the address
 * @found: set to the translation, if there is one
 *
 * Return: true if there is a translation.
 */
bool soft_tlb_lookup(struct soft_tlb *tlb, unsigned long va, struct soft_translation *found)
{
	const struct soft_translation *entry;
	bool valid;

	raw_spin_lock(&tlb->lock);
	entry = soft_slot(tlb, ALIGN_DOWN(va, PAGE_SIZE), PAGE_SIZE);
	valid = entry && entry->valid;
	if (valid)
		*found = *entry;
	raw_spin_unlock(&tlb->lock);
	return valid;
}

static void soft_keep(struct soft_tlb *tlb, const struct soft_translation *found)
{
	struct soft_translation *slot = soft_slot(tlb, found->va, found->size);

	if (!slot) {
		tlb->overflows++;
		return;
	}
	*slot = *found;
	tlb->fills++;
}

static bool soft_fill_begin(struct soft_tlb *tlb, unsigned int device, unsigned long va)
{
	bool live;

	raw_spin_lock(&tlb->lock);
	live = tlb->live && !soft_hit(tlb, va);
	tlb->fill[device] = (struct soft_fill){ .va = va, .live = live };
	raw_spin_unlock(&tlb->lock);
	return live;
}

static void soft_fill_end(struct soft_tlb *tlb, unsigned int device,
			  const struct soft_translation *found)
{
	raw_spin_lock(&tlb->lock);
	if (!tlb->fill[device].live && !tlb->keeps)
		tlb->discarded++;
	else if (!soft_hit(tlb, found->va))
		soft_keep(tlb, found);
	tlb->fill[device].live = false;
	raw_spin_unlock(&tlb->lock);
}

/**
 * soft_tlb_fill - on a miss, walk the page tables and cache the result
 * @tlb: the TLB; current has loaded its mm, or keeps its page tables from changing
 * @device: number of the device; each device runs one fill at a time
 * @va: the address to translate
 */
void soft_tlb_fill(struct soft_tlb *tlb, unsigned int device, unsigned long va)
{
	struct soft_translation found;
	bool valid;

	if (!soft_fill_begin(tlb, device, va))
		return;
	valid = soft_tlb_walk(tlb->mm, va, &found);
	if (tlb->between)
		tlb->between(tlb);
	if (valid)
		soft_fill_end(tlb, device, &found);
}

/* Fill every page of every window, as device 0. */
void soft_tlb_fill_all(struct soft_tlb *tlb)
{
	const struct soft_range *window;
	unsigned long va;

	for (window = tlb->window; window < tlb->window + tlb->windows; window++)
		for (va = window->start; va < window->end; va += PAGE_SIZE)
			soft_tlb_fill(tlb, 0, va);
}

static unsigned int soft_defect_sum(const struct soft_tlb *tlb)
{
	unsigned int sum = 0, kind;

	for (kind = 0; kind < SOFT_DEFECT_KINDS; kind++)
		sum += tlb->defects[kind];
	return sum;
}

static void soft_defect(struct soft_tlb *tlb, enum soft_defect_kind kind,
			const struct soft_translation *cached,
			const struct soft_translation *now)
{
	unsigned int n = soft_defect_sum(tlb);

	if (n < SOFT_TLB_DEFECTS)
		tlb->defect[n] = (struct soft_defect){
			kind, tlb->operation, *cached, *now,
		};
	tlb->defects[kind]++;
}

/* A frame that a cached translation uses must not be free. */
static bool soft_freed(unsigned long pfn)
{
	return !pfn_valid(pfn) || !page_count(pfn_to_page(pfn));
}

/*
 * Reclaim drops the last reference to an unmapped page, then flushes the TLBs,
 * then gives the page to the allocator. So a page without references counts as
 * freed only if it is not up to date any more, since the allocator clears the
 * flag. Pages of hugetlbfs count as freed without that test.
 */
static bool soft_page_freed(unsigned long pfn)
{
	struct folio *folio;

	if (!soft_freed(pfn))
		return false;
	folio = page_folio(pfn_to_page(pfn));
	/* Others may change other flags of the page at the same time. */
	return data_race(folio_test_hugetlb(folio) || !folio_test_uptodate(folio));
}

/* A huge page is freed as a whole, so its first page is enough. */
static bool soft_access(const struct soft_translation *entry)
{
	const unsigned long *word = __va(PFN_PHYS(entry->pfn));

	if (soft_page_freed(entry->pfn))
		return false;
	/* The CPU may write at the same time. The read lets KASAN check the page. */
	(void)data_race(READ_ONCE(*word));
	return true;
}

/**
 * soft_tlb_use - access memory through a cached translation
 * @tlb: the TLB
 * @slot: index of the translation; nothing happens if the slot is empty
 *
 * The access is a read, so that a stale translation is reported and does not
 * corrupt memory.
 */
void soft_tlb_use(struct soft_tlb *tlb, unsigned int slot)
{
	struct soft_translation *entry = &tlb->entry[slot], none = {};

	raw_spin_lock(&tlb->lock);
	if (entry->valid) {
		tlb->uses++;
		if (!soft_access(entry)) {
			soft_defect(tlb, SOFT_FREED_PAGE, entry, &none);
			entry->valid = false;
		} else if (soft_freed(entry->table)) {
			soft_defect(tlb, SOFT_FREED_TABLE, entry, &none);
			entry->valid = false;
		}
	}
	raw_spin_unlock(&tlb->lock);
}

void soft_tlb_use_all(struct soft_tlb *tlb)
{
	unsigned int slot;

	for (slot = 0; slot < SOFT_TLB_ENTRIES; slot++)
		soft_tlb_use(tlb, slot);
}

/*
 * The oracle
 */

/**
 * soft_tlb_begin - begin a new operation of the mm
 * @tlb: the TLB; its record of invalidations is cleared
 * @operation: name of the operation, for reports
 */
void soft_tlb_begin(struct soft_tlb *tlb, const char *operation)
{
	raw_spin_lock(&tlb->lock);
	tlb->operation = operation;
	tlb->calls = 0;
	raw_spin_unlock(&tlb->lock);
}

/* Whether a cached translation is wrong, given what the page tables say, and how. */
static bool soft_wrong(const struct soft_translation *cached,
		       const struct soft_translation *now, enum soft_defect_kind *kind)
{
	if (!now->valid || cached->va != now->va || cached->size != now->size ||
	    cached->pfn != now->pfn || cached->table != now->table) {
		*kind = SOFT_STALE;
		return true;
	}
	*kind = cached->writable ? SOFT_OVER_PERMISSIVE : SOFT_UNDER_PERMISSIVE;
	if (cached->writable == now->writable)
		return false;
	/* Only arm64 needs it: elsewhere a device walks again before it faults. */
	return cached->writable || IS_ENABLED(CONFIG_ARM64);
}

static void soft_check_entry(struct soft_tlb *tlb, struct soft_translation *entry)
{
	struct soft_translation now;
	enum soft_defect_kind kind;

	soft_walk(tlb->mm, entry->va, &now);
	if (!soft_wrong(entry, &now, &kind))
		return;
	soft_defect(tlb, kind, entry, &now);
	/* Report each translation once. */
	entry->valid = false;
}

/**
 * soft_tlb_check - compare all cached translations with the page tables
 * @tlb: a registered TLB, whose mm nobody is changing
 *
 * The devices may continue to fill and use the TLB. A fill in progress finds
 * the current page tables, or has been dropped: the page tables do not change
 * between the return of the last operation and the end of the check.
 *
 * Context: May sleep, takes the mmap_lock for reading.
 * Return: how many translations were compared.
 */
unsigned int soft_tlb_check(struct soft_tlb *tlb)
{
	unsigned int looked = 0, slot;
	unsigned long flags;

	mmap_read_lock(tlb->mm);
	raw_spin_lock_irqsave(&tlb->lock, flags);
	for (slot = 0; slot < SOFT_TLB_ENTRIES; slot++) {
		if (!tlb->entry[slot].valid)
			continue;
		soft_check_entry(tlb, &tlb->entry[slot]);
		looked++;
	}
	raw_spin_unlock_irqrestore(&tlb->lock, flags);
	mmap_read_unlock(tlb->mm);
	return looked;
}

/* How many defects have been found so far. */
unsigned int soft_tlb_defects(struct soft_tlb *tlb)
{
	unsigned int sum;

	raw_spin_lock(&tlb->lock);
	sum = soft_defect_sum(tlb);
	raw_spin_unlock(&tlb->lock);
	return sum;
}

static const char * const soft_defect_name[SOFT_DEFECT_KINDS] = {
	[SOFT_STALE] = "a stale translation",
	[SOFT_OVER_PERMISSIVE] = "an over-permissive translation",
	[SOFT_UNDER_PERMISSIVE] = "a read-only translation after an upgrade",
	[SOFT_FREED_PAGE] = "a translation to a freed page",
	[SOFT_FREED_TABLE] = "a translation through a freed page table",
};

static void soft_print(struct kunit *test, const char *what, const struct soft_translation *t)
{
	if (t->valid)
		kunit_err(test, "  %s: [%lx, %lx) -> pfn %lx %s, entry in pfn %lx\n", what,
			  t->va, t->va + t->size, t->pfn, t->writable ? "rw" : "r",
			  t->table);
	else
		kunit_err(test, "  %s: nothing\n", what);
}

/**
 * soft_tlb_report - fail a case if there are defects
 * @test: the case
 * @tlb: a TLB that no device uses any more
 * @seed: the seed of the case, to be printed
 */
void soft_tlb_report(struct kunit *test, struct soft_tlb *tlb, u64 seed)
{
	unsigned int defects = soft_defect_sum(tlb), n;

	KUNIT_EXPECT_EQ_MSG(test, tlb->overflows, 0UL,
			    "the TLB had no room for what the devices found");
	if (!defects)
		return;

	for (n = 0; n < min_t(unsigned int, defects, SOFT_TLB_DEFECTS); n++) {
		const struct soft_defect *defect = &tlb->defect[n];

		kunit_err(test, "%s after %s, mm %p, seed 0x%llx\n",
			  soft_defect_name[defect->kind], defect->operation, tlb->mm, seed);
		soft_print(test, "cached", &defect->cached);
		soft_print(test, "page tables", &defect->now);
	}
	KUNIT_FAIL(test, "%u translations were wrong, the first is %s after %s", defects,
		   soft_defect_name[tlb->defect[0].kind], tlb->defect[0].operation);
}

/*
 * What an operation cost
 */

/* How many pages the windows have. */
unsigned long soft_tlb_watched(struct soft_tlb *tlb)
{
	unsigned long pages = 0;
	unsigned int n;

	for (n = 0; n < tlb->windows; n++)
		pages += (tlb->window[n].end - tlb->window[n].start) >> PAGE_SHIFT;
	return pages;
}

static unsigned long soft_snapshot_window(struct soft_tlb *tlb, struct soft_range window,
					  struct soft_translation *pages)
{
	struct soft_translation found = {};
	unsigned long flags, va, n = 0;

	local_irq_save(flags);
	for (va = window.start; va < window.end; va += PAGE_SIZE) {
		if (va - found.va >= found.size)
			soft_walk(tlb->mm, va, &found);
		pages[n++] = found;
	}
	local_irq_restore(flags);
	return n;
}

/**
 * soft_tlb_snapshot - walk the page tables for each page in the windows
 * @tlb: the TLB, whose mm nobody is changing
 * @pages: array of soft_tlb_watched() translations to fill in
 */
void soft_tlb_snapshot(struct soft_tlb *tlb, struct soft_translation *pages)
{
	unsigned int n;

	mmap_read_lock(tlb->mm);
	for (n = 0; n < tlb->windows; n++)
		pages += soft_snapshot_window(tlb, tlb->window[n], pages);
	mmap_read_unlock(tlb->mm);
}

static bool soft_changed(const struct soft_translation *before,
			 const struct soft_translation *after)
{
	return before->valid &&
	       (!after->valid || before->pfn != after->pfn || before->size != after->size ||
		before->table != after->table || before->writable != after->writable);
}

/* How many pages of a range are in the windows, and how many of those changed. */
static unsigned long soft_pages(struct soft_tlb *tlb, struct soft_range range,
				const struct soft_translation *before,
				const struct soft_translation *after,
				unsigned long *changed)
{
	const struct soft_range *window;
	unsigned long va, pages = 0;

	for (window = tlb->window; window < tlb->window + tlb->windows; window++)
		for (va = window->start; va < window->end; va += PAGE_SIZE, before++, after++) {
			if (va < range.start || va >= range.end)
				continue;
			pages++;
			*changed += soft_changed(before, after);
		}
	return pages;
}

/**
 * soft_tlb_cost - add up what was invalidated since soft_tlb_begin()
 * @tlb: the TLB
 * @before: a snapshot taken before the operation
 * @after: a snapshot taken after the operation
 * @cost: the sums to add to: invalidations, the pages that they covered, the
 *	pages that changed, and the invalidations that covered no change
 *
 * Pages outside of the windows are not counted. An invalidation of the whole mm
 * counts the pages of all windows.
 */
void soft_tlb_cost(struct soft_tlb *tlb, const struct soft_translation *before,
		   const struct soft_translation *after, struct soft_cost *cost)
{
	const struct soft_range all = { 0, ULONG_MAX };
	struct soft_range range[SOFT_TLB_RANGES];
	unsigned int calls, n;

	raw_spin_lock(&tlb->lock);
	calls = tlb->calls;
	memcpy(range, tlb->range, sizeof(range));
	raw_spin_unlock(&tlb->lock);

	cost->calls += calls;
	for (n = 0; n < min_t(unsigned int, calls, SOFT_TLB_RANGES); n++) {
		unsigned long changed = 0;

		cost->pages += soft_pages(tlb, range[n], before, after, &changed);
		cost->idle += !changed;
	}
	soft_pages(tlb, all, before, after, &cost->changed);
}

/*
 * The devices
 */

/* The mm of a TLB with a reference of mmgrab(); NULL if devices may not use it. */
static struct mm_struct *soft_attach(struct soft_tlb *tlb)
{
	struct mm_struct *mm = NULL;

	raw_spin_lock(&tlb->lock);
	if (tlb->live) {
		mm = tlb->mm;
		mmgrab(mm);
	}
	raw_spin_unlock(&tlb->lock);
	return mm;
}

static unsigned long soft_random_page(struct soft_tlb *tlb, struct rnd_state *rnd)
{
	const struct soft_range *window;

	window = &tlb->window[prandom_u32_state(rnd) % tlb->windows];
	return window->start +
	       prandom_u32_state(rnd) % ((window->end - window->start) >> PAGE_SHIFT) *
	       PAGE_SIZE;
}

static void soft_serve(struct soft_tlb *tlb, unsigned int device, struct rnd_state *rnd)
{
	struct mm_struct *mm = soft_attach(tlb);
	unsigned int n;

	if (!mm)
		return;
	kthread_use_mm(mm);
	for (n = 0; n < SOFT_DEVICE_BURST; n++) {
		soft_tlb_fill(tlb, device, soft_random_page(tlb, rnd));
		soft_tlb_use(tlb, prandom_u32_state(rnd) % SOFT_TLB_ENTRIES);
	}
	kthread_unuse_mm(mm);
	mmdrop(mm);
}

/* Whether to wake up: to end, or for a round of work, which this takes. */
static bool soft_called(struct soft_devices *devices)
{
	/* Pairs with the WRITE_ONCE() in soft_devices_call_off(). No order is needed. */
	return READ_ONCE(devices->stop) || atomic_dec_if_positive(&devices->due) >= 0;
}

static void soft_device(struct recorder_worker *worker)
{
	struct soft_devices *devices = worker->data;
	struct rnd_state rnd;

	recorder_random(&rnd, worker->seed, worker->id);
	for (;;) {
		wait_event_idle(devices->more, soft_called(devices));
		if (READ_ONCE(devices->stop))
			return;
		soft_serve(devices->tlb[prandom_u32_state(&rnd) % devices->tlbs],
			   worker->id, &rnd);
		atomic_inc(&devices->rounds);
		cond_resched();
	}
}

static void soft_devices_call_off(struct soft_devices *devices)
{
	WRITE_ONCE(devices->stop, true);
	wake_up_all(&devices->more);
}

static void soft_device_stop(struct recorder_worker *worker)
{
	soft_devices_call_off(worker->data);
}

/**
 * soft_devices_start - start the devices
 * @rec: the recorder of the case, which stops the devices if the case does not
 * @devices: has the TLBs to use, which may be registered later
 * @seed: the seed of the case
 *
 * The devices wait for soft_devices_ask().
 *
 * Return: true if all threads have started.
 */
bool soft_devices_start(struct recorder *rec, struct soft_devices *devices, u64 seed)
{
	bool started = true;
	unsigned int n;

	devices->stop = false;
	atomic_set(&devices->due, 0);
	init_waitqueue_head(&devices->more);
	for (n = 0; n < SOFT_DEVICES; n++) {
		devices->worker[n] = (struct recorder_worker){
			.function = soft_device, .stop = soft_device_stop,
			.data = devices, .id = n, .seed = seed,
		};
		started &= recorder_worker_start(rec, &devices->worker[n]);
	}
	return started;
}

void soft_devices_stop(struct soft_devices *devices)
{
	unsigned int n;

	soft_devices_call_off(devices);
	for (n = 0; n < SOFT_DEVICES; n++)
		recorder_worker_join(&devices->worker[n]);
}

/**
 * soft_devices_ask - give the devices work, and do not wait for it
 * @devices: devices that run
 * @rounds: number of rounds
 */
void soft_devices_ask(struct soft_devices *devices, unsigned int rounds)
{
	atomic_add(rounds, &devices->due);
	wake_up_all(&devices->more);
}

/**
 * soft_devices_work - give the devices work, and wait until as much is done
 * @devices: devices that run
 * @rounds: number of rounds
 *
 * Return: true if it was done within RECORDER_PATIENCE.
 */
bool soft_devices_work(struct soft_devices *devices, unsigned int rounds)
{
	unsigned int start = atomic_read(&devices->rounds);
	unsigned long deadline = jiffies + RECORDER_PATIENCE;

	soft_devices_ask(devices, rounds);
	while (atomic_read(&devices->rounds) - start < rounds) {
		if (time_after(jiffies, deadline))
			return false;
		cond_resched();
	}
	return true;
}
