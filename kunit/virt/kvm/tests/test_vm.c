// SPDX-License-Identifier: GPL-2.0-only
/*
 * A real VM for KVM's suites, see test_vm.h.
 */
#include <linux/anon_inodes.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/major.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/namei.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include <asm/tlbflush.h>

#include "test_vm.h"

#define NODE	"/kvm-kunit"

/* The VM of the case that runs. */
static struct test_vm *the_vm;

/*
 * The page. The mapping has two pages, of which one at a time backs the address.
 */
static vm_fault_t backing_fault(struct vm_fault *vmf)
{
	struct test_vm *vm = vmf->vma->vm_private_data;
	vm_fault_t ret = vm->on_fault ? vm->on_fault(vm) : 0;

	if (ret)
		return ret;
	/* If test_vm_move() sets the entry first, the fault keeps that entry. */
	vmf->page = vm->pages[READ_ONCE(vm->now)];
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct backing_vm_ops = {
	.fault = backing_fault,
};

static int backing_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_private_data = file->private_data;
	vma->vm_ops = &backing_vm_ops;
	return 0;
}

static const struct file_operations backing_fops = {
	.mmap = backing_mmap,
};

/* Map the two pages at the address of the memslot's page. */
static int backing_map(struct test_vm *vm)
{
	struct file *file;
	unsigned long addr;

	file = anon_inode_getfile("kvm-kunit", &backing_fops, vm, O_RDWR);
	if (IS_ERR(file))
		return PTR_ERR(file);
	addr = vm_mmap(file, vm->hva, PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_FIXED, 0);
	fput(file);
	return addr == vm->hva ? 0 : -ENOMEM;
}

/* Clear the page table entry of the page. The caller holds the page-table lock. */
static void backing_clear(struct test_vm *vm, struct vm_area_struct *vma, pte_t *ptep)
{
	struct page *page = pte_page(*ptep);

	ptep_clear_flush(vma, vm->hva, ptep);
	page_remove_rmap(page, vma, false);
	dec_mm_counter(vm->mm, mm_counter_file(page));
	put_page(page);
}

static void backing_set(struct test_vm *vm, struct vm_area_struct *vma, pte_t *ptep)
{
	struct page *page = vm->pages[vm->now];
	pte_t pte = pte_mkdirty(pte_mkwrite(mk_pte(page, vma->vm_page_prot)));

	get_page(page);
	inc_mm_counter(vm->mm, mm_counter_file(page));
	page_add_file_rmap(page, vma, false);
	set_pte_at(vm->mm, vm->hva, ptep, pte_mkyoung(pte));
}

/* Unmap or move the page. Does nothing if the page is not mapped. */
static void backing_change(struct test_vm *vm, bool move)
{
	struct vm_area_struct *vma;
	spinlock_t *ptl;	/* of the table that maps the page */
	pte_t *ptep;

	mmap_read_lock(vm->mm);
	vma = find_vma(vm->mm, vm->hva);
	if (!follow_pte(vm->mm, vm->hva, &ptep, &ptl)) {
		backing_clear(vm, vma, ptep);
		if (move) {
			WRITE_ONCE(vm->now, !vm->now);
			backing_set(vm, vma, ptep);
		}
		pte_unmap_unlock(ptep, ptl);
	}
	mmap_read_unlock(vm->mm);
}

/**
 * test_vm_unmap - unmap the page, so that the next look-up faults
 * @vm: the VM, between range_start() and range_end() if look-ups may run
 */
void test_vm_unmap(struct test_vm *vm)
{
	backing_change(vm, false);
}

/**
 * test_vm_move - replace the page by the other one of test_vm::pages
 * @vm: the VM, between range_start() and range_end()
 */
void test_vm_move(struct test_vm *vm)
{
	backing_change(vm, true);
}

/*
 * The VM
 */
static struct file *open_kvm(void)
{
	struct dentry *dentry;
	struct path parent;
	int err;

	/* While suites run, the root file system is an empty one in memory. */
	dentry = kern_path_create(AT_FDCWD, NODE, &parent, 0);
	if (!IS_ERR(dentry)) {
		err = vfs_mknod(mnt_user_ns(parent.mnt), d_inode(parent.dentry), dentry,
				S_IFCHR | 0600, MKDEV(MISC_MAJOR, KVM_MINOR));
		done_path_create(&parent, dentry);
		if (err)
			return ERR_PTR(err);
	} else if (PTR_ERR(dentry) != -EEXIST) {
		return ERR_CAST(dentry);
	}
	return filp_open(NODE, O_RDWR, 0);
}

/* Call an ioctl that returns a file descriptor, and return the file. */
static struct file *file_of_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	int fd = file->f_op->unlocked_ioctl(file, cmd, arg);
	struct file *made;

	if (fd < 0)
		return ERR_PTR(fd);
	made = fget(fd);
	close_fd(fd);
	return made;
}

static struct file *create_vm(void)
{
	struct file *file = open_kvm(), *made;

	if (IS_ERR(file))
		return file;
	made = file_of_ioctl(file, KVM_CREATE_VM, 0);
	__fput_sync(file);
	return made;
}

static int add_slot(struct test_vm *vm, unsigned int slot, gfn_t gfn, unsigned long hva)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = gfn_to_gpa(gfn),
		.memory_size = PAGE_SIZE,
		.userspace_addr = hva,
	};

	return kvm_set_memory_region(vm->kvm, &region);
}

#ifdef CONFIG_X86
/* Create the memslot as VMX does. KVM recognises the APIC-access page by its ID. */
static int add_test_slot(struct test_vm *vm)
{
	void __user *hva;

	mutex_lock(&vm->kvm->slots_lock);
	hva = __x86_set_memory_region(vm->kvm, TEST_SLOT, gfn_to_gpa(TEST_GFN), PAGE_SIZE);
	mutex_unlock(&vm->kvm->slots_lock);
	vm->hva = (unsigned long)hva;
	return IS_ERR(hva) ? PTR_ERR(hva) : 0;
}
#else
static int add_test_slot(struct test_vm *vm)
{
	vm->hva = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(vm->hva))
		return vm->hva;
	return add_slot(vm, TEST_SLOT, TEST_GFN, vm->hva);
}
#endif

/**
 * test_vm_add_other_slot - add a second memslot, backed by test_vm::other
 * @vm: the VM, whose mm is current->mm
 *
 * Return: what kvm_set_memory_region() returns.
 */
int test_vm_add_other_slot(struct test_vm *vm)
{
	return add_slot(vm, TEST_OTHER_SLOT, TEST_OTHER_GFN, vm->other);
}

#ifdef CONFIG_X86
static void (*vendors_own)(struct kvm_vcpu *vcpu);

static void vendor_reload(struct kvm_vcpu *vcpu)
{
}

/**
 * test_vendor_reloads - set whether the vendor module has an address to reload
 * @reloads: true for VMX with flexpriority, false for SVM
 */
void test_vendor_reloads(bool reloads)
{
	kvm_x86_ops.set_apic_access_page_addr = reloads ? vendor_reload : NULL;
}

int test_vm_case_init(struct kunit *test)
{
	vendors_own = kvm_x86_ops.set_apic_access_page_addr;
	return recorder_case_init(test);
}

static void vendor_restore(void)
{
	kvm_x86_ops.set_apic_access_page_addr = vendors_own;
}
#else
void test_vendor_reloads(bool reloads)
{
}

int test_vm_case_init(struct kunit *test)
{
	return recorder_case_init(test);
}

static void vendor_restore(void)
{
}
#endif

static int create_vcpus(struct test_vm *vm)
{
	unsigned int i;

	for (i = 0; i < TEST_VCPUS; i++) {
		vm->vcpu_files[i] = file_of_ioctl(vm->file, KVM_CREATE_VCPU, i);
		if (IS_ERR(vm->vcpu_files[i]))
			return PTR_ERR(vm->vcpu_files[i]);
		vm->vcpus[i] = vm->vcpu_files[i]->private_data;
		kvm_clear_request(TEST_REQUEST, vm->vcpus[i]);
	}
	return 0;
}

/*
 * The first VM and the first vCPU enable static keys, and the last ones disable
 * them. So each case would patch code of the scheduler and of KVM twice. That
 * takes time, and the emulator may run a stale breakpoint (int3) after a patch is
 * complete. One VM that stays avoids both.
 */
static int keep_one_vm(void)
{
	static struct file *vm_file, *vcpu_file;

	if (vcpu_file)
		return 0;
	vm_file = create_vm();
	if (IS_ERR(vm_file))
		return PTR_ERR(vm_file);
	vcpu_file = file_of_ioctl(vm_file, KVM_CREATE_VCPU, 0);
	return PTR_ERR_OR_ZERO(vcpu_file);
}

static int setup(struct test_vm *vm)
{
	int err = keep_one_vm();

	if (err)
		return err;
	vm->other = recorder_mmap(1, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	if (!vm->other)
		return -ENOMEM;
	vm->file = create_vm();
	if (IS_ERR(vm->file))
		return PTR_ERR(vm->file);
	vm->kvm = vm->file->private_data;
	err = add_test_slot(vm);
	if (!err)
		err = backing_map(vm);
	return err ?: create_vcpus(vm);
}

/**
 * test_vm_create - create a VM with a memslot of one page and TEST_VCPUS vCPUs
 * @test: the case; a failure ends it
 *
 * The vCPUs have not looked the page up, and have no pending request.
 *
 * Return: the VM; end it with test_vm_destroy().
 */
struct test_vm *test_vm_create(struct kunit *test)
{
	struct recorder *rec = test->priv;
	struct test_vm *vm = recorder_zalloc(rec, sizeof(*vm));

	vm->test = test;
	vm->rec = rec;
	the_vm = vm;
	vm->mm = recorder_mm_create(rec);
	vm->pages[0] = alloc_page(GFP_KERNEL);
	vm->pages[1] = alloc_page(GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, vm->pages[0] && vm->pages[1]);
	test_vendor_reloads(true);
	recorder_use_mm(rec, vm->mm);
	KUNIT_ASSERT_EQ(test, setup(vm), 0);
	return vm;
}

static void close_file(struct file **file)
{
	if (!IS_ERR_OR_NULL(*file))
		__fput_sync(*file);
	*file = NULL;
}

/**
 * test_vm_close - close all files of the VM, which ends it
 * @vm: the VM; its mm stays
 */
void test_vm_close(struct test_vm *vm)
{
	unsigned int i;

	for (i = 0; i < TEST_VCPUS; i++)
		close_file(&vm->vcpu_files[i]);
	close_file(&vm->file);
}

static void free_pages_of(struct test_vm *vm)
{
	unsigned int i;

	flush_delayed_fput();
	for (i = 0; i < ARRAY_SIZE(vm->pages); i++)
		if (vm->pages[i])
			__free_page(vm->pages[i]);
}

/**
 * test_vm_destroy - end a VM and its mm
 * @vm: from test_vm_create()
 */
void test_vm_destroy(struct test_vm *vm)
{
	test_vm_close(vm);
	recorder_unuse_mm(vm->rec);
	recorder_mm_put(vm->rec, vm->mm);
	free_pages_of(vm);
	the_vm = NULL;
}

/* Clean up after a case, even if an assertion has ended it. */
void test_vm_case_exit(struct kunit *test)
{
	vendor_restore();
	if (the_vm) {
		recorder_end_loan(the_vm->rec);
		test_vm_close(the_vm);
		free_pages_of(the_vm);
	}
	the_vm = NULL;
	recorder_case_exit(test);
}

/*
 * The mm's side of an invalidation
 */
#ifdef CONFIG_X86
/* kvm_unmap_gfn_range() makes the request, if the vendor module needs it. */
static void request_reload(struct test_vm *vm, struct mmu_notifier_range *range)
{
}
#else
static void request_reload(struct test_vm *vm, struct mmu_notifier_range *range)
{
	if (range->start <= vm->hva && vm->hva < range->end)
		kvm_make_all_cpus_request(vm->kvm, TEST_REQUEST);
}
#endif

/**
 * test_range_start - begin an invalidation
 * @vm: the VM
 * @range: filled in, for test_range_end()
 * @start: first address of the range in the VM's mm
 * @end: first address after the range
 *
 * Does not hold the mmap_lock on return, so that a case can look a page up before
 * it calls test_range_end().
 */
void test_range_start(struct test_vm *vm, struct mmu_notifier_range *range,
		      unsigned long start, unsigned long end)
{
	mmu_notifier_range_init(range, MMU_NOTIFY_CLEAR, 0, NULL, vm->mm, start, end);
	mmu_notifier_invalidate_range_start(range);
	request_reload(vm, range);
}

void test_range_end(struct mmu_notifier_range *range)
{
	mmu_notifier_invalidate_range_end(range);
}

/*
 * The vCPU's side
 */
static void use_page(struct kvm_vcpu *vcpu, kvm_pfn_t pfn)
{
	if (the_vm->on_use)
		the_vm->on_use(the_vm);
	WRITE_ONCE(the_vm->vmcs[vcpu->vcpu_id], pfn);
}

/**
 * test_vcpu_reload - reload the page's address, as a vCPU's thread does
 * @vm: the VM, whose mm is current->mm
 * @id: index of the vCPU
 *
 * Return: what kvm_slot_page_reload() returns.
 */
int test_vcpu_reload(struct test_vm *vm, unsigned int id)
{
	int idx = srcu_read_lock(&vm->kvm->srcu), r;

	r = kvm_slot_page_reload(vm->vcpus[id], TEST_SLOT, TEST_GFN, TEST_REQUEST,
				 use_page);
	srcu_read_unlock(&vm->kvm->srcu, idx);
	return r;
}

/**
 * test_vcpu_serve - reload the page's address if the request is pending
 * @vm: the VM, whose mm is current->mm
 * @id: index of the vCPU
 *
 * Return: what kvm_slot_page_reload() returns; 0 if the request is not pending.
 */
int test_vcpu_serve(struct test_vm *vm, unsigned int id)
{
	if (!kvm_check_request(TEST_REQUEST, vm->vcpus[id]))
		return 0;
	return test_vcpu_reload(vm, id);
}

bool test_vcpu_pending(struct test_vm *vm, unsigned int id)
{
	return kvm_test_request(TEST_REQUEST, vm->vcpus[id]);
}

/**
 * test_vcpu_enter - do the steps of a guest entry and exit
 * @vm: the VM
 * @id: index of the vCPU
 *
 * The steps have the order of vcpu_enter_guest(): interrupts off, mode, requests,
 * guest. As there, a request with KVM_REQUEST_WAIT waits until interrupts are on
 * again.
 *
 * Return: whether a guest would have run, and with which page.
 */
enum test_entry test_vcpu_enter(struct test_vm *vm, unsigned int id)
{
	struct kvm_vcpu *vcpu = vm->vcpus[id];
	enum test_entry entry = TEST_NOT_ENTERED;

	preempt_disable();
	WRITE_ONCE(vcpu->cpu, smp_processor_id());
	local_irq_disable();
	WRITE_ONCE(vcpu->mode, IN_GUEST_MODE);
	/* Pairs with smp_mb__before_atomic() in kvm_vcpu_exiting_guest_mode(). */
	smp_mb();
	if (!kvm_test_request(TEST_REQUEST, vcpu))
		entry = READ_ONCE(vm->vmcs[id]) == test_vm_pfn(vm) ? TEST_RAN : TEST_RAN_STALE;
	/*
	 * The reads above are done before the mode changes. Pairs with the
	 * cmpxchg() in kvm_vcpu_exiting_guest_mode(), which reads the mode.
	 */
	smp_store_release(&vcpu->mode, OUTSIDE_GUEST_MODE);
	local_irq_enable();
	preempt_enable();
	return entry;
}
