// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invalidation of secondary TLBs
 *
 * An IOMMU, or a device behind it, that walks the page tables of a process
 * keeps what it finds in a TLB of its own. It may refill that TLB at any
 * moment and cannot be asked to wait while page tables change. What it can do
 * is forget: after the page tables have changed, its driver is told the range
 * and invalidates it, before the memory that was reachable is reused.
 *
 * This file takes such a range to the subscribers of an mm. Registration is in
 * mmu_notifier.c, as are the notifiers for users who keep a copy of the page
 * tables in software and can refuse to refill it between
 * invalidate_range_start() and invalidate_range_end().
 * mmu_notifier_invalidate_range_end() there still calls the operation by
 * itself.
 *
 * How this pairs with mmu_notifier.c:
 *
 *  - hlist_for_each_entry_rcu() with hlist_add_head_rcu() in
 *    __mmu_notifier_register(): a subscriber found on the list is initialised.
 *
 *  - srcu_read_lock() and srcu_read_unlock() with synchronize_srcu() in
 *    mmu_notifier_unregister() and mn_hlist_release(), and with call_srcu() in
 *    mmu_notifier_put(): each first takes the subscriber off the list, then
 *    waits for the walks that may still have found it there.
 *
 *  - The loads of mm->notifier_subscriptions, here and in the header, need no
 *    acquire to pair with smp_store_release() in __mmu_notifier_register():
 *    callers hold a lock that registration takes, see
 *    mmu_notifier_invalidate_secondary_tlbs(). Once set, it stays until the mm
 *    is freed.
 */

#include <linux/mm_types.h>
#include <linux/mmu_notifier.h>
#include <linux/rculist.h>
#include <linux/secondary_tlbs.h>
#include <linux/srcu.h>

#include "mmu_notifier_internal.h"

/* The mm has notifiers, though not necessarily any for secondary TLBs. */
void __mmu_notifier_invalidate_secondary_tlbs(struct mm_struct *mm,
					      unsigned long start,
					      unsigned long end)
{
	struct mmu_notifier *subscription;
	int id;

	id = srcu_read_lock(&mmu_notifier_srcu);
	hlist_for_each_entry_rcu(subscription,
				 &mm->notifier_subscriptions->list, hlist,
				 srcu_read_lock_held(&mmu_notifier_srcu)) {
		const struct mmu_notifier_ops *ops = subscription->ops;

		if (ops->invalidate_secondary_tlbs)
			ops->invalidate_secondary_tlbs(subscription, mm, start,
						       end);
	}
	srcu_read_unlock(&mmu_notifier_srcu, id);
}
