/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SECONDARY_TLBS_DEFERRED_H
#define _LINUX_SECONDARY_TLBS_DEFERRED_H

/*
 * Reclaim unmaps pages one by one, from any mm. It flushes the CPUs' TLBs once
 * for many pages, before the first of them is reused. These functions do the
 * same for secondary TLBs: adjacent pages of one mm are invalidated together,
 * at the latest by that flush.
 */

#include <linux/mm_types_task.h>
#include <linux/secondary_tlbs.h>

#ifdef CONFIG_MMU_NOTIFIER

void __secondary_tlbs_defer(struct secondary_tlbs_deferred *deferred,
			    struct mm_struct *mm, unsigned long start,
			    unsigned long end);
void __secondary_tlbs_flush_deferred(struct secondary_tlbs_deferred *deferred);

/**
 * secondary_tlbs_defer - defer the invalidation of a range
 * @deferred: private to the calling task; all zeroes if nothing is deferred
 * @mm: the address space whose page tables have changed
 * @start: first address of the range, page aligned
 * @end: first address after the range, page aligned
 *
 * The caller must call secondary_tlbs_flush_deferred() before any page that was
 * mapped in the range can be reused. A later call of this function invalidates
 * the range already if the new range is not adjacent to it. Until then, others
 * who change the same range rely on flush_tlb_batched_pending(), as they do for
 * the CPUs' TLBs.
 *
 * Context: As mmu_notifier_invalidate_secondary_tlbs(). Its locks are needed
 * for this call, but not until the flush: each subscriber that can have seen
 * the old page tables is registered by now.
 */
static inline void secondary_tlbs_defer(struct secondary_tlbs_deferred *deferred,
					struct mm_struct *mm,
					unsigned long start, unsigned long end)
{
	if (mm_has_secondary_tlbs(mm))
		__secondary_tlbs_defer(deferred, mm, start, end);
}

/**
 * secondary_tlbs_flush_deferred - invalidate the deferred range, if there is one
 * @deferred: as given to secondary_tlbs_defer(), by the same task
 *
 * Context: Task context. Drops the reference to the mm, which may free it.
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
