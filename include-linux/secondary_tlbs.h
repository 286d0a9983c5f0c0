/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SECONDARY_TLBS_H
#define _LINUX_SECONDARY_TLBS_H

/*
 * Secondary TLBs are the TLBs of IOMMUs, and of devices behind them, that are
 * filled from the page tables of a CPU's address space.
 *
 * This header is the side of the code that changes page tables and flushes
 * TLBs. Drivers that own a secondary TLB subscribe to an mm through
 * <linux/mmu_notifier.h>, which includes this header.
 *
 * An <asm/tlbflush.h> must be able to include it. So it may include nothing
 * that needs <asm/tlbflush.h>, <linux/mm.h> or <linux/mmu_notifier.h>.
 */

#ifdef CONFIG_MMU_NOTIFIER

#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/jump_label.h>
#include <linux/mm_types.h>
#include <linux/sched/coredump.h>

struct mmu_notifier_ops;

DECLARE_STATIC_KEY_FALSE(secondary_tlbs_key);

void secondary_tlbs_prepare(const struct mmu_notifier_ops *ops);
void __mmu_notifier_invalidate_secondary_tlbs(struct mm_struct *mm,
					      unsigned long start,
					      unsigned long end);

/*
 * True if a subscriber of @mm has a secondary TLB. A patched-out branch until
 * the first one was registered anywhere, then a test of a bit; other kinds of
 * subscribers cost nothing here. mm/secondary_tlbs.c has the ordering.
 */
static inline bool mm_has_secondary_tlbs(struct mm_struct *mm)
{
	return static_branch_unlikely(&secondary_tlbs_key) &&
	       unlikely(test_bit(MMF_HAS_SECONDARY_TLBS, &mm->flags));
}

/**
 * mmu_notifier_invalidate_secondary_tlbs - drop a range from the secondary TLBs
 * @mm: the address space whose page tables have changed
 * @start: first address of the range
 * @end: first address behind the range
 *
 * For the architecture's functions that flush the TLBs of the CPUs: they call
 * it once for each flush of a range of a user address space. It is called after
 * the change is visible in the page tables, and before any page or page table
 * that was reachable through the old ones can be reused.
 *
 * @start and @end are page aligned and tell what has changed, even where the
 * CPUs drop more. (0, ULONG_MAX) is the whole of @mm, for flushes of all of it.
 * An empty range is no invalidation. The range goes to the subscribers as it
 * is.
 *
 * When this returns, each subscriber of @mm that has an operation
 * &mmu_notifier_ops.invalidate_secondary_tlbs has dropped the range from its
 * TLB. One that is being unregistered or released meanwhile may or may not be
 * called. None is called after its mmu_notifier_unregister() has returned or
 * its &mmu_notifier_ops.free_notifier has begun.
 *
 * Context: Task context. Does not sleep, so page table locks may be held. @mm
 * need not be current->mm. From the change of the page tables on the caller
 * holds the mmap_lock, or a lock of the reverse map (i_mmap_rwsem or
 * anon_vma->rwsem) of a VMA in the range, for reading or writing, or nobody
 * else uses @mm any more, as in exit_mmap(). Registration takes all of these
 * locks for writing, so each subscriber that may have seen the old page tables
 * is on the list. (The caller may drop the lock before the call if it has found
 * mm_has_secondary_tlbs() true under it, and has a reference of mmgrab().)
 * Subscribers are called in an SRCU read-side critical section.
 */
static inline void mmu_notifier_invalidate_secondary_tlbs(struct mm_struct *mm,
							  unsigned long start,
							  unsigned long end)
{
	if (mm_has_secondary_tlbs(mm))
		__mmu_notifier_invalidate_secondary_tlbs(mm, start, end);
}

#else /* CONFIG_MMU_NOTIFIER */

struct mm_struct;

static inline bool mm_has_secondary_tlbs(struct mm_struct *mm)
{
	return false;
}

static inline void mmu_notifier_invalidate_secondary_tlbs(struct mm_struct *mm,
							  unsigned long start,
							  unsigned long end)
{
}

#endif /* CONFIG_MMU_NOTIFIER */

#endif /* _LINUX_SECONDARY_TLBS_H */
