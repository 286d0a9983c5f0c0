// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deferred invalidation of secondary TLBs, for reclaim
 *
 * A task that unmaps pages in a batch keeps one range for the secondary TLBs
 * (in task_struct, so nothing here is shared). Reclaim tends to find neighbours
 * one after the other: they make the range grow, at either end. Whatever does
 * not, another mm or another place, first gets the old range invalidated.
 *
 * The range may outlive the task's hold of any lock of the mm, and the mm's
 * last user. It holds a reference that keeps struct mm_struct and its
 * subscribers' list; once exit_mmap() has released them, nobody is called.
 */

#include <linux/mm_types.h>
#include <linux/sched/mm.h>
#include <linux/secondary_tlbs_deferred.h>

static bool grow(struct secondary_tlbs_deferred *deferred, struct mm_struct *mm,
		 unsigned long start, unsigned long end)
{
	if (deferred->mm != mm)
		return false;
	if (deferred->end == start)
		deferred->end = end;
	else if (deferred->start == end)
		deferred->start = start;
	else
		return false;
	return true;
}

/* @mm has a secondary TLB. */
void __secondary_tlbs_defer(struct secondary_tlbs_deferred *deferred,
			    struct mm_struct *mm, unsigned long start,
			    unsigned long end)
{
	if (grow(deferred, mm, start, end))
		return;

	secondary_tlbs_flush_deferred(deferred);
	mmgrab(mm);
	deferred->mm = mm;
	deferred->start = start;
	deferred->end = end;
}

/* Something is deferred. */
void __secondary_tlbs_flush_deferred(struct secondary_tlbs_deferred *deferred)
{
	struct mm_struct *mm = deferred->mm;

	deferred->mm = NULL;
	mmu_notifier_invalidate_secondary_tlbs(mm, deferred->start,
					       deferred->end);
	mmdrop(mm);
}
