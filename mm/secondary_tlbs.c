// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invalidation of secondary TLBs
 *
 * An IOMMU, or a device behind it, walks the page tables of a process and keeps
 * the translations in a TLB of its own. It may refill that TLB at any moment,
 * and cannot be made to wait while page tables change. So the mm tells its
 * driver each range whose page tables have changed. The driver invalidates the
 * range before the memory can be reused.
 *
 * This file dispatches such a range to the subscribers of an mm. Registration
 * is in mmu_notifier.c. So are the notifiers for users that keep a copy of the
 * page tables in software, and can refuse to refill it between
 * invalidate_range_start() and invalidate_range_end().
 *
 * Most kernels have no secondary TLB, and on the others most mms have none. But
 * every flush of a CPU's TLB has to test for one. Two marks make this cheap:
 *
 *  - secondary_tlbs_key is a static key. The first registration of such a
 *    subscriber with any mm enables it, and it stays enabled. Enabling it takes
 *    the CPU hotplug lock, which is taken outside of mmap_lock
 *    (cpuset_attach()). So mmu_notifier_register() and mmu_notifier_get()
 *    enable it before they take mmap_lock. Registration by a caller that holds
 *    mmap_lock uses cpus_read_trylock().
 *
 *  - MMF_HAS_SECONDARY_TLBS in mm->flags is set while such a subscriber is on
 *    the list of the mm. It changes with the list, under the list's spinlock.
 *
 * No flush that a device depends on may miss either mark. Whoever changes page
 * tables holds a lock that registration takes for writing, and registration
 * sets both marks before it drops that lock:
 *
 *	changes page tables		registers
 *	===================		=========
 *					enable the key, kick all CPUs
 *					down_write(lock)
 *					add to the list, set the flag
 *					up_write(lock)
 *	down_read(lock)
 *	change page tables		lets the device walk them
 *	test key and flag
 *	up_read(lock)
 *
 * If the left side comes first instead, the device has never seen the old page
 * tables.
 *
 * How this pairs with mmu_notifier.c:
 *
 *  - hlist_for_each_entry_rcu() pairs with hlist_add_head_rcu() in
 *    __mmu_notifier_register(): a subscriber found on the list is initialised.
 *
 *  - srcu_read_lock() and srcu_read_unlock() pair with synchronize_srcu() in
 *    mmu_notifier_unregister() and mn_hlist_release(), and with call_srcu() in
 *    mmu_notifier_put(). Each of these first takes the subscriber off the list,
 *    and then waits for the walks that may still have found it there.
 */

#include <linux/cpu.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/lockdep.h>
#include <linux/mm_types.h>
#include <linux/mmu_notifier.h>
#include <linux/rculist.h>
#include <linux/secondary_tlbs.h>
#include <linux/smp.h>
#include <linux/srcu.h>

#include <trace/events/tlb.h>

#include "mmu_notifier_internal.h"

DEFINE_STATIC_KEY_FALSE(secondary_tlbs_key);

/* The key is enabled and no CPU runs the old code any more. */
static bool secondary_tlbs_ready;

#ifdef CONFIG_LOCKDEP
/*
 * This map is held around the subscribers' operations. Its wait types say that
 * it may be taken anywhere, and that no sleeping lock may be taken inside of
 * it. So lockdep reports a mutex at its first use there, contended or not. A
 * spinlock_t is allowed, even on PREEMPT_RT, where it sleeps.
 */
static struct lockdep_map secondary_tlbs_map = {
	.name = "invalidate_secondary_tlbs",
	.key = (void *)&secondary_tlbs_map,
	.wait_type_outer = LD_WAIT_FREE,
	.wait_type_inner = LD_WAIT_CONFIG,
};

/*
 * A memory allocation that may reclaim has no wait type, but it acquires the
 * map of range_start(). Teach lockdep that the map of range_start() is the
 * outer one of the two. Then it reports such an allocation in an operation.
 */
static int __init secondary_tlbs_teach_lockdep(void)
{
	lock_map_acquire(&__mmu_notifier_invalidate_range_start_map);
	lock_map_acquire(&secondary_tlbs_map);
	lock_map_release(&secondary_tlbs_map);
	lock_map_release(&__mmu_notifier_invalidate_range_start_map);
	return 0;
}
core_initcall(secondary_tlbs_teach_lockdep);
#endif

static bool has_secondary_tlb(const struct mmu_notifier_ops *ops)
{
	return ops && ops->invalidate_secondary_tlbs;
}

/* The caller holds the CPU hotplug lock. A second call changes nothing. */
static void secondary_tlbs_enable(void)
{
	static_branch_enable_cpuslocked(&secondary_tlbs_key);
	/* Not every architecture makes the other CPUs fetch the patched code. */
	kick_all_cpus_sync();
	/* Pairs with the load-acquire in must_enable(). */
	smp_store_release(&secondary_tlbs_ready, true);
}

static bool must_enable(const struct mmu_notifier_ops *ops)
{
	/* Pairs with the store-release in secondary_tlbs_enable(). */
	return has_secondary_tlb(ops) && !smp_load_acquire(&secondary_tlbs_ready);
}

/**
 * secondary_tlbs_prepare - enable the fast path's key before a registration
 * @ops: operations of the subscriber that will be registered, or NULL
 *
 * Does nothing if the subscriber has no secondary TLB.
 *
 * Context: Process context, may sleep. The caller holds no lock of an mm.
 */
void secondary_tlbs_prepare(const struct mmu_notifier_ops *ops)
{
	might_sleep();
	if (!must_enable(ops))
		return;

	cpus_read_lock();
	secondary_tlbs_enable();
	cpus_read_unlock();
}
EXPORT_SYMBOL_GPL(secondary_tlbs_prepare);

/*
 * The same for a caller that holds the mmap_lock. Returns -EBUSY if the key is
 * not enabled yet and CPU hotplug is going on. The caller may try again.
 */
int secondary_tlbs_prepare_locked(const struct mmu_notifier_ops *ops)
{
	might_sleep();
	if (!must_enable(ops))
		return 0;

	if (!cpus_read_trylock())
		return -EBUSY;
	secondary_tlbs_enable();
	cpus_read_unlock();
	return 0;
}

/* The list of @mm has changed. The caller still holds the list's lock. */
void secondary_tlbs_update_mark(struct mm_struct *mm)
{
	struct mmu_notifier *subscription;

	lockdep_assert_held(&mm->notifier_subscriptions->lock);

	hlist_for_each_entry(subscription, &mm->notifier_subscriptions->list,
			     hlist) {
		if (has_secondary_tlb(subscription->ops)) {
			/*
			 * Pairs with smp_rmb() in
			 * __mmu_notifier_invalidate_secondary_tlbs().
			 */
			smp_mb__before_atomic();
			set_bit(MMF_HAS_SECONDARY_TLBS, &mm->flags);
			return;
		}
	}
	clear_bit(MMF_HAS_SECONDARY_TLBS, &mm->flags);
}

static unsigned int call_subscribers(struct mm_struct *mm, unsigned long start,
				     unsigned long end)
{
	struct mmu_notifier *subscription;
	unsigned int called = 0;

	hlist_for_each_entry_rcu(subscription,
				 &mm->notifier_subscriptions->list, hlist,
				 srcu_read_lock_held(&mmu_notifier_srcu)) {
		const struct mmu_notifier_ops *ops = subscription->ops;

		if (!has_secondary_tlb(ops))
			continue;
		ops->invalidate_secondary_tlbs(subscription, mm, start, end);
		called++;
	}
	return called;
}

/* Called only if mm_has_secondary_tlbs(@mm) is true. */
void __mmu_notifier_invalidate_secondary_tlbs(struct mm_struct *mm,
					      unsigned long start,
					      unsigned long end)
{
	unsigned int called;
	int id;

	/*
	 * A gather whose range was never set has such a range, and the CPUs
	 * drop everything for it. A secondary TLB must not keep more.
	 */
	if (WARN_ON_ONCE(start > end)) {
		start = 0;
		end = ULONG_MAX;
	}
	if (start == end)
		return;

	/*
	 * Pairs with smp_mb__before_atomic() in secondary_tlbs_update_mark().
	 * A few callers flush without a lock that registration takes, such as
	 * x86's unmap_ldt_struct(). No device uses the translations that they
	 * flush, but a caller that sees the flag must also see the list.
	 */
	smp_rmb();

	id = srcu_read_lock(&mmu_notifier_srcu);
	lock_map_acquire(&secondary_tlbs_map);
	called = call_subscribers(mm, start, end);
	lock_map_release(&secondary_tlbs_map);
	srcu_read_unlock(&mmu_notifier_srcu, id);

	trace_secondary_tlbs_invalidate(mm, start, end, called);
}
