/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_KVM_SLOT_PAGE_H
#define _LINUX_KVM_SLOT_PAGE_H

/*
 * Give hardware the address of a memslot's page, without a reference to the
 * page. virt/kvm/slot_page.c describes the protocol.
 */

#include <linux/kvm_types.h>

struct kvm;
struct kvm_vcpu;

/**
 * struct kvm_slot_page - a page of a memslot, looked up but not yet checked
 * @hva: address of the page in the VMM's address space
 * @pfn: the page frame that the look-up found and took a reference to
 * @mmu_seq: kvm->mmu_invalidate_seq, sampled before the look-up
 */
struct kvm_slot_page {
	unsigned long hva;
	kvm_pfn_t pfn;
	unsigned long mmu_seq;
};

int kvm_slot_page_reload(struct kvm_vcpu *vcpu, int slot_id, gfn_t gfn,
			 unsigned int request,
			 void (*use)(struct kvm_vcpu *vcpu, kvm_pfn_t pfn));

/* The steps of kvm_slot_page_reload(). Only it and the KUnit suites call them. */
int kvm_slot_page_lookup(struct kvm *kvm, int slot_id, gfn_t gfn,
			 struct kvm_slot_page *page);
void kvm_slot_page_put(const struct kvm_slot_page *page);
bool kvm_slot_page_lock(struct kvm *kvm, const struct kvm_slot_page *page);
void kvm_slot_page_unlock(struct kvm *kvm);

#endif /* _LINUX_KVM_SLOT_PAGE_H */
