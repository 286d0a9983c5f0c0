/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_KVM_SLOT_PAGE_H
#define _LINUX_KVM_SLOT_PAGE_H

/*
 * A page of a memslot whose address KVM gives to hardware that takes no
 * reference. virt/kvm/slot_page.c states the protocol.
 */

#include <linux/kvm_types.h>

struct kvm;
struct kvm_vcpu;

/**
 * struct kvm_slot_page - a page of a memslot, looked up but not yet checked
 * @hva: where the VMM has it
 * @pfn: what was there when it was looked up; referenced
 * @mmu_seq: KVM's invalidation sequence from before the look-up
 */
struct kvm_slot_page {
	unsigned long hva;
	kvm_pfn_t pfn;
	unsigned long mmu_seq;
};

int kvm_slot_page_reload(struct kvm_vcpu *vcpu, int slot_id, gfn_t gfn,
			 unsigned int request,
			 void (*use)(struct kvm_vcpu *vcpu, kvm_pfn_t pfn));

/* The steps of which kvm_slot_page_reload() consists. */
int kvm_slot_page_lookup(struct kvm *kvm, int slot_id, gfn_t gfn,
			 struct kvm_slot_page *page);
void kvm_slot_page_put(const struct kvm_slot_page *page);
bool kvm_slot_page_lock(struct kvm *kvm, const struct kvm_slot_page *page);
void kvm_slot_page_unlock(struct kvm *kvm);

#endif /* _LINUX_KVM_SLOT_PAGE_H */
