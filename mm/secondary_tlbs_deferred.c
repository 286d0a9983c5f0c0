// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deferred invalidation of secondary TLBs, for reclaim
 *
 * A task that unmaps pages in a batch keeps one range for the secondary TLBs.
 * The range is in task_struct, so nothing here is shared. Reclaim tends to
 * unmap adjacent pages one after the other. An adjacent page of the same mm
 * extends the range at either end. Any other page starts a new range, after the
 * old one has been invalidated.
 *
 * The task may drop all locks of the mm, and the mm may lose its last user,
 * while the range is deferred. So the range holds a reference of mmgrab(),
 * which keeps struct mm_struct and its list of subscribers. Once exit_mmap()
 * has released the subscribers, none is called.
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

/* Called only if mm_has_secondary_tlbs(@mm) is true. */
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

/* Called only if @deferred has a range. */
void __secondary_tlbs_flush_deferred(struct secondary_tlbs_deferred *deferred)
{
	struct mm_struct *mm = deferred->mm;

	deferred->mm = NULL;
	mmu_notifier_invalidate_secondary_tlbs(mm, deferred->start,
					       deferred->end);
	mmdrop(mm);
}
