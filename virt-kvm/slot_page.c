// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page of a memslot whose address KVM gives to hardware that takes no
 * reference.
 *
 * Hardware that translates through KVM's own page tables, or that is told a
 * host physical address (the APIC-access page in a VMCS), uses pages that the
 * VMM's mm may move, swap out or free at any time. KVM holds no reference
 * either: it follows the mm. This is the protocol, for all who do so:
 *
 *   The mm, through KVM's MMU notifier    A vCPU
 *
 *   range_start()                         sample  mmu_invalidate_seq
 *     lock mmu_lock                       order   smp_rmb()
 *     mmu_invalidate_in_progress++        look the page up, which may sleep
 *     zap what was given away             lock mmu_lock
 *     request what can't be zapped        check   in_progress and sequence
 *     unlock mmu_lock                       current:  give the page away
 *   change the page tables, free the page   conflict: do nothing
 *   range_end()                           unlock mmu_lock
 *     lock mmu_lock                       conflict: retry later
 *     mmu_invalidate_seq++
 *     smp_wmb()
 *     mmu_invalidate_in_progress--
 *     unlock mmu_lock
 *
 * Under mmu_lock a look-up falls into one of four times:
 *
 *  - The range_start() that will take the page away is still to come: the page
 *    is current. It is given away before mmu_lock is dropped. range_start() then
 *    zaps it, or requests that it be looked up again before the guest runs.
 *  - It began after range_end() had increased the sequence: it has seen the new
 *    page tables. mmu_invalidate_sample() names the barriers.
 *  - A range_start() that covers the page has had no range_end() yet: the count
 *    is not zero. Which page tables the look-up has seen is not known.
 *  - A range_end() fell between sample and check: the sequence has changed.
 *
 * The last two are a conflict. The reference from the look-up is dropped in all
 * four. A vCPU that retries doesn't wait for range_end(), which may itself wait
 * for that vCPU. It returns to its caller and comes back, so that signals, the
 * scheduler and other requests are served in between. range_start() needs
 * mmu_lock for writing, so a vCPU doesn't take the lock if an unlocked read of
 * count and sequence already shows the conflict.
 *
 * Other users of the protocol: the stage-2 fault handlers, in x86's
 * kvm_faultin_pfn() and is_page_fault_stale(), arm64's user_mem_abort(),
 * RISC-V's kvm_riscv_gstage_map(), MIPS' kvm_mips_map_page(), and powerpc's
 * Book3S and e500 code, each to fill page tables of its own. The pfn caches of
 * pfncache.c have a variant: they are invalidated before mmu_lock is taken, so
 * they look at mn_active_invalidate_count instead of
 * mmu_invalidate_in_progress, under their own lock.
 */

#include <linux/errno.h>
#include <linux/kvm_host.h>
#include <linux/kvm_slot_page.h>

#include "kvm_mm.h"

/**
 * kvm_slot_page_lookup - find the page of a memslot that backs a guest frame
 * @kvm: the VM
 * @slot_id: the memslot, in the first address space
 * @gfn: the guest frame, in units of PAGE_SIZE
 * @page: filled in on success
 *
 * Address and page are those of one memslot, whatever other memslots do
 * meanwhile. The page is looked up as a guest's read finds it, so there is one
 * whenever a guest can reach one: the VMM may have made it read-only.
 *
 * Context: May sleep. The caller is in an SRCU read-side critical section of
 * @kvm->srcu, its current->mm is that of @kvm, and it doesn't hold mmu_lock.
 * Return: 0, and the caller owns a reference, to be dropped with
 * kvm_slot_page_put(). -EAGAIN if an invalidation was seen to collide with the
 * look-up: the caller has to try again, and mmu_lock was left alone. -ENOENT if
 * the memslot is missing, is being deleted or moved, or does not have @gfn.
 * -EFAULT if there is no readable page at the memslot's address.
 */
int kvm_slot_page_lookup(struct kvm *kvm, int slot_id, gfn_t gfn,
			 struct kvm_slot_page *page)
{
	struct kvm_memory_slot *slot = id_to_memslot(kvm_memslots(kvm), slot_id);
	bool writable;

	might_sleep();

	if (!slot || slot->flags & KVM_MEMSLOT_INVALID ||
	    gfn < slot->base_gfn || gfn - slot->base_gfn >= slot->npages)
		return -ENOENT;

	page->hva = gfn_to_hva_memslot(slot, gfn);
	page->mmu_seq = mmu_invalidate_sample(kvm);
	/* A page that is about to go need not be brought in. */
	if (mmu_invalidate_conflict(kvm, page->mmu_seq, page->hva))
		return -EAGAIN;

	page->pfn = __gfn_to_pfn_memslot(slot, gfn, false, NULL, false,
					 &writable, NULL);
	if (!is_error_noslot_pfn(page->pfn))
		return 0;
	/* An error, too, may be out of date. */
	if (mmu_invalidate_conflict(kvm, page->mmu_seq, page->hva))
		return -EAGAIN;
	return -EFAULT;
}

/**
 * kvm_slot_page_put - drop the reference that the look-up took
 * @page: what kvm_slot_page_lookup() has filled in
 *
 * From here on only mmu_lock and KVM's MMU notifier keep the address from
 * being stale.
 *
 * Context: Any, with or without mmu_lock.
 */
void kvm_slot_page_put(const struct kvm_slot_page *page)
{
	kvm_release_pfn_clean(page->pfn);
}

/**
 * kvm_slot_page_lock - check a page, and keep the mm from taking it away
 * @kvm: the VM
 * @page: what kvm_slot_page_lookup() has filled in, not yet put
 *
 * Context: Doesn't sleep. Takes mmu_lock (for reading where that is a
 * read-write lock).
 * Return: true if the page is current; mmu_lock is held, and no range_start()
 * that covers the page returns before kvm_slot_page_unlock(). false if the page
 * may be stale; mmu_lock is not held, and the look-up has to be done again.
 */
bool kvm_slot_page_lock(struct kvm *kvm, const struct kvm_slot_page *page)
{
	/* Don't make range_start() and range_end() wait for an answer known. */
	if (mmu_invalidate_conflict(kvm, page->mmu_seq, page->hva))
		return false;

	KVM_MMU_READ_LOCK(kvm);
	if (!mmu_invalidate_retry_hva(kvm, page->mmu_seq, page->hva))
		return true;

	KVM_MMU_READ_UNLOCK(kvm);
	return false;
}

/**
 * kvm_slot_page_unlock - the page's address has been given away
 * @kvm: the VM
 *
 * Context: Drops the mmu_lock that a successful kvm_slot_page_lock() took.
 */
void kvm_slot_page_unlock(struct kvm *kvm)
{
	lockdep_assert_held(&kvm->mmu_lock);
	KVM_MMU_READ_UNLOCK(kvm);
}

/**
 * kvm_slot_page_reload - give the address of a memslot's page away
 * @vcpu: the vCPU whose hardware is to use it
 * @slot_id: the memslot, in the first address space
 * @gfn: the guest frame, in units of PAGE_SIZE
 * @request: the vCPU request that brings the vCPU here
 * @use: takes the page frame; called under mmu_lock, at most once
 *
 * The unmapping of @slot_id in range_start() has to make @request of all vCPUs,
 * with KVM_REQUEST_WAIT. A vCPU that enters the guest with no such request
 * pending then uses the page that the mm has there, and will until it has left
 * the guest again.
 *
 * Context: May sleep. Called on @vcpu's own thread, with @request just cleared
 * by kvm_check_request(), in an SRCU read-side critical section of kvm->srcu.
 * Return: 0 if @use was called. -EAGAIN if an invalidation was in the way:
 * @request is pending again, so the caller has only to return. Another error of
 * kvm_slot_page_lookup() if there is no page; nothing is pending, and the
 * hardware still has the old address.
 */
int kvm_slot_page_reload(struct kvm_vcpu *vcpu, int slot_id, gfn_t gfn,
			 unsigned int request,
			 void (*use)(struct kvm_vcpu *vcpu, kvm_pfn_t pfn))
{
	struct kvm_slot_page page;
	int r;

	r = kvm_slot_page_lookup(vcpu->kvm, slot_id, gfn, &page);
	if (!r) {
		if (kvm_slot_page_lock(vcpu->kvm, &page)) {
			use(vcpu, page.pfn);
			kvm_slot_page_unlock(vcpu->kvm);
		} else {
			r = -EAGAIN;
		}
		kvm_slot_page_put(&page);
	}

	if (r == -EAGAIN)
		__kvm_make_request(request, vcpu);
	return r;
}
EXPORT_SYMBOL_GPL(kvm_slot_page_reload);
