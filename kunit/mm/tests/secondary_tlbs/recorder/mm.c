// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address spaces for the secondary-TLB suites, as processes have them, and page
 * faults as devices cause them.
 */
#include <linux/completion.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>
#include <linux/task_work.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_recorder.h>

#include "fixture.h"

/**
 * recorder_mm_alloc - an empty address space that its caller gives back
 *
 * To be used with kthread_use_mm(), and given back with mmput(). Returns NULL
 * without memory.
 */
struct mm_struct *recorder_mm_alloc(void)
{
	struct mm_struct *mm = mm_alloc();

	if (!mm)
		return NULL;
	mm->task_size = TASK_SIZE;
	arch_pick_mmap_layout(mm, &current->signal->rlim[RLIMIT_STACK]);
	return mm;
}

/**
 * struct recorder_mm - an address space that a recorder owns
 * @list: in the recorder's list
 * @mm: the mm, with one mm_users and one mm_count of ours
 */
struct recorder_mm {
	struct list_head list;
	struct mm_struct *mm;
};

/**
 * recorder_mm_create - an empty address space
 * @rec: gives it back when the case ends, unless recorder_mm_put() does before
 *
 * To be used with recorder_use_mm(). Asserts that there is memory for it.
 */
struct mm_struct *recorder_mm_create(struct recorder *rec)
{
	struct recorder_mm *own = recorder_zalloc(rec, sizeof(*own));

	own->mm = recorder_mm_alloc();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(rec->test, own->mm);
	mmgrab(own->mm);
	spin_lock(&rec->lock);
	list_add(&own->list, &rec->mms);
	spin_unlock(&rec->lock);
	return own->mm;
}

static bool recorder_disown(struct recorder *rec, struct mm_struct *mm)
{
	struct recorder_mm *own;
	bool found = false;

	spin_lock(&rec->lock);
	list_for_each_entry(own, &rec->mms, list)
		if (own->mm == mm) {
			list_del(&own->list);
			found = true;
			break;
		}
	spin_unlock(&rec->lock);
	return found;
}

/**
 * recorder_mm_put - the mmput() of an address space
 * @rec: who owns it
 * @mm: it; nobody may have borrowed it with recorder_use_mm()
 */
void recorder_mm_put(struct recorder *rec, struct mm_struct *mm)
{
	if (WARN_ON(!recorder_disown(rec, mm)))
		return;
	mmput(mm);
	mmdrop(mm);
}

/* The users have been put, by the case or in its name. */
static void recorder_mm_was_put(struct recorder *rec, struct mm_struct *mm)
{
	if (recorder_disown(rec, mm))
		mmdrop(mm);
}

void recorder_end_mms(struct recorder *rec)
{
	struct recorder_mm *own;

	while ((own = list_first_entry_or_null(&rec->mms, struct recorder_mm, list)))
		recorder_mm_put(rec, own->mm);
}

/*
 * The case's thread borrows an mm
 *
 * If the thread ends before it has given the mm back, exit_mm() puts it, as if it
 * were the thread's own, and nobody drops the mm_count that kthread_use_mm() took.
 * Work of the task runs after exit_mm(), so it tells that the mm has been put.
 */
static void recorder_thread_ended(struct callback_head *work)
{
	complete(&container_of(work, struct recorder_loan, work)->ended);
}

/**
 * recorder_use_mm - the kthread_use_mm() of a case
 * @rec: the case's
 * @mm: an mm with an mm_users that is the case's
 */
void recorder_use_mm(struct recorder *rec, struct mm_struct *mm)
{
	struct recorder_loan *loan = &rec->loan;

	/* Held: another thread must not get its task_struct. */
	loan->task = get_task_struct(current);
	init_completion(&loan->ended);
	init_task_work(&loan->work, recorder_thread_ended);
	KUNIT_ASSERT_EQ(rec->test, task_work_add(current, &loan->work, TWA_NONE), 0);
	kthread_use_mm(mm);
	loan->mm = mm;
}

static struct mm_struct *recorder_loan_ends(struct recorder *rec)
{
	struct mm_struct *mm = rec->loan.mm;

	task_work_cancel(current, &rec->loan.work);
	put_task_struct(current);
	rec->loan.mm = NULL;
	return mm;
}

/**
 * recorder_unuse_mm - the kthread_unuse_mm() of a case
 * @rec: the case's, after recorder_use_mm() by the same thread
 */
void recorder_unuse_mm(struct recorder *rec)
{
	kthread_unuse_mm(recorder_loan_ends(rec));
}

/**
 * recorder_path_ended_mm - a path has given back the mm, in the name of the case
 * @rec: the case's, which had borrowed it
 */
void recorder_path_ended_mm(struct recorder *rec)
{
	recorder_mm_was_put(rec, recorder_loan_ends(rec));
}

/**
 * recorder_end_loan - end what recorder_use_mm() began, in whatever thread
 * @rec: the case's
 *
 * Afterwards the case's thread changes nothing any more. Returns the mm if the end of
 * the thread has put it.
 */
struct mm_struct *recorder_end_loan(struct recorder *rec)
{
	struct mm_struct *mm = rec->loan.mm;

	if (!mm)
		return NULL;
	if (rec->loan.task == current) {
		recorder_unuse_mm(rec);
		return NULL;
	}
	wait_for_completion(&rec->loan.ended);
	put_task_struct(rec->loan.task);
	rec->loan.mm = NULL;
	recorder_mm_was_put(rec, mm);
	mmdrop(mm);
	return mm;
}

/**
 * recorder_mmap - map memory into current->mm, with small pages
 * @pages: how many
 * @prot: PROT_*
 * @flags: MAP_*, beside MAP_ANONYMOUS
 *
 * Returns the address of page 16 of a page table, or 0 on failure. The pages in front
 * and behind stay mapped, so unmapping @pages leaves the page table in place.
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
	/* handle_mm_fault() does not check whether the access is allowed. */
	if (vma && vma->vm_start <= addr && (vma->vm_flags & access))
		ret = handle_mm_fault(vma, addr, flags | FAULT_FLAG_REMOTE, NULL);
	mmap_read_unlock(mm);
	return ret & VM_FAULT_ERROR ? -EFAULT : 0;
}

/**
 * recorder_pte - the entry that a device finds when it walks the page tables
 * @mm: whose; nobody may be changing it
 * @addr: where
 *
 * Returns an empty entry if there is none, or if a huge entry maps the address. In both
 * cases the page tables stay as they are.
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
	/* pud_none_or_clear_bad() takes a huge entry for a bad one on x86, and clears it. */
	if (!pud_present(*pud) || pud_leaf(*pud))
		return __pte(0);
	pmd = pmd_offset(pud, addr);
	if (!pmd_present(*pmd) || pmd_leaf(*pmd))
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
 * Holds the mmap_lock, as callers of the dispatch do. Registering waits for it,
 * unregistering does not.
 */
void recorder_dispatch(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	mmap_read_lock(mm);
	secondary_tlbs_dispatch(mm, start, end);
	mmap_read_unlock(mm);
}
