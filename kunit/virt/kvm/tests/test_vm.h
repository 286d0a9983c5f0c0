/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A real VM for KVM's suites. It is created through /dev/kvm and has one memslot
 * of one page. A case can move that page.
 *
 * On x86 the memslot is that of the APIC-access page. The case's thread uses the
 * VM's mm from test_vm_create() to test_vm_destroy(). No guest runs:
 * test_vcpu_enter() does the steps of an entry, and tells which page a guest
 * would have used.
 */
#ifndef _VIRT_KVM_TESTS_TEST_VM_H
#define _VIRT_KVM_TESTS_TEST_VM_H

#include <linux/kvm_host.h>
#include <linux/kvm_slot_page.h>

#include <kunit/secondary_tlbs_recorder.h>

#define TEST_VCPUS	4
#define TEST_GFN	0xfee00UL
/* A second memslot, with another page. */
#define TEST_OTHER_SLOT	1
#define TEST_OTHER_GFN	0x100UL

#ifdef CONFIG_X86
#include <asm/vmx.h>

#define TEST_SLOT	APIC_ACCESS_PAGE_PRIVATE_MEMSLOT
#define TEST_REQUEST	KVM_REQ_APIC_PAGE_RELOAD
#else
#define TEST_SLOT	0
/* arm64 has no such page and no such request. It doesn't use this number. */
#define TEST_REQUEST	KVM_ARCH_REQ_FLAGS(20, KVM_REQUEST_WAIT | KVM_REQUEST_NO_WAKEUP)
#endif

/**
 * struct test_vm - a VM, and the page that backs its memslot
 * @test: the case
 * @rec: the recorder that frees the mm at the end of the case
 * @mm: the VMM's address space
 * @file: file of the VM
 * @kvm: the VM
 * @hva: address of the page in @mm
 * @other: address in @mm of the page for test_vm_add_other_slot()
 * @pages: the two pages of which always one backs @hva
 * @now: index in @pages of the page at @hva; written under the page-table lock
 * @on_fault: called by a fault on @hva, before the page is mapped
 * @on_use: called by the reload under mmu_lock, before it stores the page frame
 * @vcpu_files: files of the vCPUs
 * @vcpus: the vCPUs
 * @vmcs: for each vCPU, the page frame that its hardware would use
 */
struct test_vm {
	struct kunit *test;
	struct recorder *rec;
	struct mm_struct *mm;
	struct file *file;
	struct kvm *kvm;
	unsigned long hva;
	unsigned long other;
	struct page *pages[2];
	unsigned int now;
	vm_fault_t (*on_fault)(struct test_vm *vm);
	void (*on_use)(struct test_vm *vm);
	struct file *vcpu_files[TEST_VCPUS];
	struct kvm_vcpu *vcpus[TEST_VCPUS];
	kvm_pfn_t vmcs[TEST_VCPUS];
};

struct test_vm *test_vm_create(struct kunit *test);
void test_vm_close(struct test_vm *vm);
void test_vm_destroy(struct test_vm *vm);
int test_vm_add_other_slot(struct test_vm *vm);
void test_vendor_reloads(bool reloads);
int test_vm_case_init(struct kunit *test);
void test_vm_case_exit(struct kunit *test);

static inline kvm_pfn_t test_vm_pfn(struct test_vm *vm)
{
	return page_to_pfn(vm->pages[READ_ONCE(vm->now)]);
}

/* The mm's side of an invalidation. */
void test_range_start(struct test_vm *vm, struct mmu_notifier_range *range,
		      unsigned long start, unsigned long end);
void test_range_end(struct mmu_notifier_range *range);
void test_vm_unmap(struct test_vm *vm);
void test_vm_move(struct test_vm *vm);

/* The vCPU's side. */
enum test_entry {
	TEST_NOT_ENTERED,	/* the reload is pending */
	TEST_RAN,		/* with the page that the mm maps */
	TEST_RAN_STALE,		/* with another page */
};

int test_vcpu_reload(struct test_vm *vm, unsigned int id);
int test_vcpu_serve(struct test_vm *vm, unsigned int id);
bool test_vcpu_pending(struct test_vm *vm, unsigned int id);
enum test_entry test_vcpu_enter(struct test_vm *vm, unsigned int id);

#endif /* _VIRT_KVM_TESTS_TEST_VM_H */
