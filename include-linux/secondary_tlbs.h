/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SECONDARY_TLBS_H
#define _LINUX_SECONDARY_TLBS_H

/*
 * Secondary TLBs are the TLBs of IOMMUs, and of devices behind them, that are
 * filled from the page tables of a CPU's address space.
 *
 * This header is for code that changes page tables and flushes TLBs. The driver
 * of a secondary TLB subscribes to an mm through <linux/mmu_notifier.h>, which
 * includes this header.
 *
 * arm64's <asm/tlbflush.h> includes this header. So this header must not include
 * anything that needs <asm/tlbflush.h>, <linux/mm.h> or <linux/mmu_notifier.h>.
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

/**
 * mm_has_secondary_tlbs - does a subscriber of an mm have a secondary TLB?
 * @mm: the address space
 *
 * This is a patched-out branch until the first such subscriber is registered
 * with any mm, and a test of a bit after that. Other kinds of subscribers do
 * not set the bit. mm/secondary_tlbs.c describes the ordering.
 *
 * Context: Any. The answer may change, unless the caller holds a lock as for
 * mmu_notifier_invalidate_secondary_tlbs().
 * Return: true if one has.
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
 * @end: first address after the range
 *
 * The architecture's functions that flush the CPUs' TLBs call this once for
 * each flush of a user range: after the change is visible in the page tables,
 * and before any page or page table that was reachable through the old entries
 * can be reused.
 *
 * The range is what has changed, even where the CPUs flush more. @start and
 * @end are page aligned. (0, ULONG_MAX) is all of @mm, for flushes of a whole
 * mm. An empty range is ignored. If @end is below @start, this warns once, and
 * all of @mm is dropped. Otherwise subscribers get the range unchanged.
 *
 * When this returns, each subscriber of @mm that has the operation
 * &mmu_notifier_ops.invalidate_secondary_tlbs has dropped the range from its
 * TLB. A subscriber that is being unregistered or released may or may not be
 * called. None is called after its mmu_notifier_unregister() has returned or
 * its &mmu_notifier_ops.free_notifier has begun.
 *
 * Context: Task context. Does not sleep, so page table locks may be held. @mm
 * need not be current->mm. From the change of the page tables until this
 * returns, the caller holds the mmap_lock, or a reverse-map lock (i_mmap_rwsem
 * or anon_vma->rwsem) of a VMA in the range, for reading or writing. It needs
 * no lock if @mm has no other user, as in exit_mmap(). Registration takes all
 * of these locks for writing, so each subscriber that may have seen the old
 * page tables is on the list. Subscribers are called in an SRCU read-side
 * critical section.
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
