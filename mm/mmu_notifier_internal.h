/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MM_MMU_NOTIFIER_INTERNAL_H
#define _MM_MMU_NOTIFIER_INTERNAL_H

/*
 * The subscriptions of an mm. mmu_notifier.c owns and changes them, and tells
 * secondary_tlbs.c when the list changes. secondary_tlbs.c walks the list. No
 * other file uses this header.
 */

#include <linux/rbtree_types.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/types.h>
#include <linux/wait.h>

/* global SRCU for all MMs */
extern struct srcu_struct mmu_notifier_srcu;

/*
 * The mmu_notifier_subscriptions structure is allocated and installed in
 * mm->notifier_subscriptions inside the mm_take_all_locks() protected
 * critical section and it's released only when mm_count reaches zero
 * in mmdrop().
 */
struct mmu_notifier_subscriptions {
	/* all mmu notifiers registered in this mm are queued in this list */
	struct hlist_head list;
	bool has_itree;
	/* to serialize the list modifications and hlist_unhashed */
	spinlock_t lock;
	unsigned long invalidate_seq;
	unsigned long active_invalidate_ranges;
	struct rb_root_cached itree;
	wait_queue_head_t wq;
	struct hlist_head deferred_list;
};

struct mm_struct;
struct mmu_notifier_ops;

int secondary_tlbs_prepare_locked(const struct mmu_notifier_ops *ops);
void secondary_tlbs_update_mark(struct mm_struct *mm);

#endif /* _MM_MMU_NOTIFIER_INTERNAL_H */
