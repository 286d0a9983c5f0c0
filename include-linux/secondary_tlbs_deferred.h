/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SECONDARY_TLBS_DEFERRED_H
#define _LINUX_SECONDARY_TLBS_DEFERRED_H

/*
 * Reclaim unmaps pages one by one, from any mm, and has the TLBs of the CPUs
 * flushed once for many of them, before the first of them is reused. These
 * functions keep the secondary TLBs in step with that: pages that lie side by
 * side in one mm are invalidated together, at the latest with the flush.
 */

#include <linux/mm_types_task.h>
#include <linux/secondary_tlbs.h>

#ifdef CONFIG_MMU_NOTIFIER

void __secondary_tlbs_defer(struct secondary_tlbs_deferred *deferred,
			    struct mm_struct *mm, unsigned long start,
			    unsigned long end);
void __secondary_tlbs_flush_deferred(struct secondary_tlbs_deferred *deferred);

/**
 * secondary_tlbs_defer - have a range invalidated, but not yet
 * @deferred: the caller's own; all zeroes when nothing is deferred
 * @mm: the address space whose page tables have changed
 * @start: first address of the range, page aligned
 * @end: first address behind the range, page aligned
 *
 * The range is invalidated by secondary_tlbs_flush_deferred(), which the
 * caller must call before what was mapped there is reused, or already by this
 * function, if the next range is no neighbour of this one. Until then a
 * concurrent change of the same range by others relies on
 * flush_tlb_batched_pending(), as it does for the TLBs of the CPUs.
 *
 * Context: As mmu_notifier_invalidate_secondary_tlbs(). Its locks are needed for
 * this call only, not until the flush: each subscriber that could have seen the
 * old page tables was registered by then.
 */
static inline void secondary_tlbs_defer(struct secondary_tlbs_deferred *deferred,
					struct mm_struct *mm,
					unsigned long start, unsigned long end)
{
	if (mm_has_secondary_tlbs(mm))
		__secondary_tlbs_defer(deferred, mm, start, end);
}

/**
 * secondary_tlbs_flush_deferred - invalidate what has been deferred
 * @deferred: as given to secondary_tlbs_defer(), by the same task
 *
 * Context: Task context. May free an mm whose last user was this.
 */
static inline void
secondary_tlbs_flush_deferred(struct secondary_tlbs_deferred *deferred)
{
	if (unlikely(deferred->mm))
		__secondary_tlbs_flush_deferred(deferred);
}

#else /* CONFIG_MMU_NOTIFIER */

static inline void secondary_tlbs_defer(struct secondary_tlbs_deferred *deferred,
					struct mm_struct *mm,
					unsigned long start, unsigned long end)
{
}

static inline void
secondary_tlbs_flush_deferred(struct secondary_tlbs_deferred *deferred)
{
}

#endif /* CONFIG_MMU_NOTIFIER */

#endif /* _LINUX_SECONDARY_TLBS_DEFERRED_H */
