// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address spaces for the secondary-TLB suites: real ones, as a process has them,
 * and page faults as a device causes them.
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_recorder.h>

/**
 * recorder_mm_create - an empty address space
 * @rec: whose case asserts that there is memory for it
 *
 * To be used with kthread_use_mm(), and given back with mmput().
 */
struct mm_struct *recorder_mm_create(struct recorder *rec)
{
	struct mm_struct *mm = mm_alloc();

	KUNIT_ASSERT_NOT_ERR_OR_NULL(rec->test, mm);
	mm->task_size = TASK_SIZE;
	arch_pick_mmap_layout(mm, &current->signal->rlim[RLIMIT_STACK]);
	return mm;
}

/**
 * recorder_mmap - map memory into current->mm, with small pages
 * @pages: how many
 * @prot: PROT_*
 * @flags: MAP_*, beside MAP_ANONYMOUS
 *
 * The result is the address of page 16 of a page table, with room in front and
 * behind that stays mapped: unmapping @pages leaves the page table in place.
 * Returns 0 on failure.
 */
unsigned long recorder_mmap(unsigned long pages, unsigned long prot, unsigned long flags)
{
	unsigned long size = 2 * PMD_SIZE + (pages + 32) * PAGE_SIZE, addr;

	addr = vm_mmap(NULL, 0, size, prot, flags | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(addr))
		return 0;
	/* Fails where there are no huge pages to advise against. */
	do_madvise(current->mm, addr, size, MADV_NOHUGEPAGE);
	return ALIGN(addr, PMD_SIZE) + 16 * PAGE_SIZE;
}

/**
 * recorder_fault - a page fault as a device's IO page fault handler makes it
 * @mm: the address space, which is not written to through the CPU
 * @addr: where
 * @flags: FAULT_FLAG_WRITE or 0
 */
int recorder_fault(struct mm_struct *mm, unsigned long addr, unsigned int flags)
{
	struct vm_area_struct *vma;
	unsigned long access = flags & FAULT_FLAG_WRITE ? VM_WRITE : VM_READ;
	vm_fault_t ret = VM_FAULT_SIGSEGV;

	mmap_read_lock(mm);
	vma = find_vma(mm, addr);
	/* The mm does not ask again whether the access is allowed. */
	if (vma && vma->vm_start <= addr && (vma->vm_flags & access))
		ret = handle_mm_fault(vma, addr, flags | FAULT_FLAG_REMOTE, NULL);
	mmap_read_unlock(mm);
	return ret & VM_FAULT_ERROR ? -EFAULT : 0;
}

/**
 * recorder_pte - what a device that walks the page tables finds
 * @mm: whose; nobody may be changing it
 * @addr: where
 *
 * Returns an empty entry where there is none, or a huge one above it.
 */
pte_t recorder_pte(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	if (pgd_none_or_clear_bad(pgd))
		return __pte(0);
	p4d = p4d_offset(pgd, addr);
	if (p4d_none_or_clear_bad(p4d))
		return __pte(0);
	pud = pud_offset(p4d, addr);
	if (pud_none_or_clear_bad(pud))
		return __pte(0);
	pmd = pmd_offset(pud, addr);
	if (pmd_none_or_clear_bad(pmd))
		return __pte(0);
	return ptep_get(pte_offset_kernel(pmd, addr));
}

/* Write-fault each of @pages pages from @addr on. */
int recorder_populate(struct mm_struct *mm, unsigned long addr, unsigned long pages)
{
	int ret = 0;

	for (; pages && !ret; pages--, addr += PAGE_SIZE)
		ret = recorder_fault(mm, addr, FAULT_FLAG_WRITE);
	return ret;
}

/**
 * recorder_dispatch - invalidate secondary TLBs directly
 * @mm: whose
 * @start: first address
 * @end: first address behind
 *
 * Registering takes the mmap_lock too, so it waits; unregistering does not.
 */
void recorder_dispatch(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	mmap_read_lock(mm);
	secondary_tlbs_dispatch(mm, start, end);
	mmap_read_unlock(mm);
}
