// SPDX-License-Identifier: GPL-2.0-only
/*
 * Give hardware the address of a memslot's page, without a reference to the
 * page.
 *
 * Hardware translates through KVM's own page tables, or uses a host physical
 * address that KVM has written for it (the APIC-access page in a VMCS). The
 * VMM's mm may move, swap out or free such a page at any time. KVM holds no
 * reference to the page, but follows the mm by this protocol:
 *
 *   The mm, through KVM's MMU notifier    A vCPU
 *
 *   range_start()                         sample  mmu_invalidate_seq
 *     lock mmu_lock                       order   smp_rmb()
 *     mmu_invalidate_in_progress++        look the page up, which may sleep
 *     zap what was given away             lock mmu_lock
 *     request a reload of what            check   in_progress and sequence
 *       can't be zapped
 *     unlock mmu_lock                       current:  give the page away
 *   change the page tables, free the page   conflict: do nothing
 *   range_end()                           unlock mmu_lock
 *     lock mmu_lock                       conflict: retry later
 *     mmu_invalidate_seq++
 *     smp_wmb()
 *     mmu_invalidate_in_progress--
 *     unlock mmu_lock
 *
 * The check under mmu_lock finds one of four cases:
 *
 *  - The range_start() that will take the page away has not run yet. The page is
 *    current. The vCPU gives its address away before it drops mmu_lock. Then
 *    range_start() zaps it, or requests a new look-up before the guest runs.
 *  - The look-up began after range_end() had increased the sequence. It has seen
 *    the new page tables. mmu_invalidate_sample() names the barriers.
 *  - A range_start() that covers the page has had no range_end() yet. The count
 *    is not zero. The look-up may have seen the old or the new page tables.
 *  - A range_end() ran between sample and check. The sequence has changed.
 *
 * The last two are a conflict. The vCPU drops the reference of the look-up in
 * all four. On a conflict it doesn't wait for range_end(), which may itself wait
 * for that vCPU. It returns to its caller and comes back, so that signals, the
 * scheduler and other requests are served in between. range_start() needs
 * mmu_lock for writing, so a vCPU doesn't take the lock if an unlocked read of
 * count and sequence already shows the conflict.
 *
 * The stage-2 fault handlers use the same protocol to fill their page tables:
 * x86's kvm_faultin_pfn() and is_page_fault_stale(), arm64's user_mem_abort(),
 * RISC-V's kvm_riscv_gstage_map(), MIPS' kvm_mips_map_page(), and powerpc's
 * Book3S and e500 code. The pfn caches of pfncache.c use a variant: they are
 * invalidated before mmu_lock is taken. So they check
 * mn_active_invalidate_count instead of mmu_invalidate_in_progress, under their
 * own lock.
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
 * Address and page belong to the same memslot, even if memslots change
 * meanwhile. The look-up is for reading, as a guest's read is: a page that the
 * VMM has made read-only is found.
 *
 * Context: May sleep. The caller is in an SRCU read-side critical section of
 * @kvm->srcu, its current->mm is that of @kvm, and it doesn't hold mmu_lock.
 * Return: 0 on success; the caller owns a reference, and drops it with
 * kvm_slot_page_put(). -EAGAIN if an unlocked read has shown a conflict with an
 * invalidation; the caller has to try again. -ENOENT if the memslot is missing,
 * is being deleted or moved, or does not have @gfn. -EFAULT if there is no
 * readable page at the memslot's address.
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
	/* Don't fault in a page that is about to be unmapped. */
	if (mmu_invalidate_conflict(kvm, page->mmu_seq, page->hva))
		return -EAGAIN;

	page->pfn = __gfn_to_pfn_memslot(slot, gfn, false, NULL, false,
					 &writable, NULL);
	if (!is_error_noslot_pfn(page->pfn))
		return 0;
	/* An error may be stale as well. */
	if (mmu_invalidate_conflict(kvm, page->mmu_seq, page->hva))
		return -EAGAIN;
	return -EFAULT;
}

/**
 * kvm_slot_page_put - drop the reference that the look-up took
 * @page: what kvm_slot_page_lookup() has filled in
 *
 * After this, only mmu_lock and KVM's MMU notifier keep the address from
 * becoming stale.
 *
 * Context: Any, with or without mmu_lock.
 */
void kvm_slot_page_put(const struct kvm_slot_page *page)
{
	kvm_release_pfn_clean(page->pfn);
}

/**
 * kvm_slot_page_lock - check a page, and keep the mm from unmapping it
 * @kvm: the VM
 * @page: what kvm_slot_page_lookup() has filled in, not yet put
 *
 * Context: Doesn't sleep. Takes mmu_lock (for reading where that is a
 * read-write lock).
 * Return: true if the page is current. Then mmu_lock is held, and no
 * range_start() that covers the page returns before kvm_slot_page_unlock().
 * false if the page may be stale. Then mmu_lock is not held, and the caller has
 * to look the page up again.
 */
bool kvm_slot_page_lock(struct kvm *kvm, const struct kvm_slot_page *page)
{
	/* A known conflict needs no lock, which would delay range_start(). */
	if (mmu_invalidate_conflict(kvm, page->mmu_seq, page->hva))
		return false;

	KVM_MMU_READ_LOCK(kvm);
	if (!mmu_invalidate_retry_hva(kvm, page->mmu_seq, page->hva)) {
		/* Sparse knows no lock that is taken on success only. */
		__release(&kvm->mmu_lock);
		return true;
	}

	KVM_MMU_READ_UNLOCK(kvm);
	return false;
}

/**
 * kvm_slot_page_unlock - allow the mm to unmap the page again
 * @kvm: the VM
 *
 * The caller has given the page's address to the hardware before.
 *
 * Context: Drops the mmu_lock that a successful kvm_slot_page_lock() took.
 */
void kvm_slot_page_unlock(struct kvm *kvm)
{
	lockdep_assert_held(&kvm->mmu_lock);
	__acquire(&kvm->mmu_lock);
	KVM_MMU_READ_UNLOCK(kvm);
}

/**
 * kvm_slot_page_reload - give the address of a memslot's page to the hardware
 * @vcpu: the vCPU whose hardware is to use it
 * @slot_id: the memslot, in the first address space
 * @gfn: the guest frame, in units of PAGE_SIZE
 * @request: the vCPU request whose handler calls this
 * @use: gives the page frame to the hardware; called under mmu_lock, at most once
 *
 * When range_start() unmaps @slot_id, the architecture's code has to make
 * @request of all vCPUs, with KVM_REQUEST_WAIT. Then a vCPU that enters the
 * guest without a pending @request uses the page that the mm maps there, and
 * continues to do so until it leaves the guest.
 *
 * Context: May sleep. Called on @vcpu's own thread, with @request just cleared
 * by kvm_check_request(), in an SRCU read-side critical section of kvm->srcu.
 * Return: 0 if @use was called. -EAGAIN on a conflict with an invalidation;
 * @request is pending again, so the caller only has to return. Another error of
 * kvm_slot_page_lookup() if there is no page; then @request is not pending, and
 * the hardware still has the old address.
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
