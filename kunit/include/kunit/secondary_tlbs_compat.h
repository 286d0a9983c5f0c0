/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels that the secondary-TLB suites run on.
 *
 * Three kernels carry the same suites: 6.1 as it is, 6.1 with this series, and
 * 6.12.  What they name or declare differently has one name here, so that no
 * function of a suite depends on a version or an architecture.
 */
#ifndef _KUNIT_SECONDARY_TLBS_COMPAT_H
#define _KUNIT_SECONDARY_TLBS_COMPAT_H

#include <linux/err.h>
#include <linux/linkage.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/pgtable.h>
#include <linux/ptrace.h>
#include <linux/syscalls.h>
#include <linux/uprobes.h>

/*
 * SECONDARY_TLBS_CALLBACK is the member of struct mmu_notifier_ops,
 * SECONDARY_TLBS_ALIAS the member by which out-of-tree drivers detect it (only
 * where SECONDARY_TLBS_HAS_ALIAS; elsewhere just something that compiles).
 * secondary_tlbs_marked() tells whether an mm has a secondary TLB. Where
 * SECONDARY_TLBS_HAS_MARK, the dispatch asks it before it walks the subscribers.
 * SECONDARY_TLBS_CHECKS: registration checks its arguments, where it would
 * otherwise crash.
 *
 * This series has a header of its own, <linux/secondary_tlbs.h>, which
 * <linux/mmu_notifier.h> includes. Its guard is what is tested, because sparse
 * has no __has_include(). Upstream's rework removed the macros that notified
 * beside a flush. SECONDARY_TLBS_UPSTREAM stands for that rework, and for
 * everything else that differs in 6.12.
 */
#if defined(_LINUX_SECONDARY_TLBS_H)
#define SECONDARY_TLBS_CALLBACK		invalidate_secondary_tlbs
#define SECONDARY_TLBS_ALIAS		arch_invalidate_secondary_tlbs
#define SECONDARY_TLBS_HAS_ALIAS	1
#define SECONDARY_TLBS_HAS_MARK		1
#define secondary_tlbs_marked		mm_has_secondary_tlbs
#define secondary_tlbs_dispatch		mmu_notifier_invalidate_secondary_tlbs
#define SECONDARY_TLBS_CHECKS		1
#elif !defined(ptep_clear_flush_notify)
#define SECONDARY_TLBS_UPSTREAM
#define SECONDARY_TLBS_CALLBACK		arch_invalidate_secondary_tlbs
#define SECONDARY_TLBS_ALIAS		arch_invalidate_secondary_tlbs
#define SECONDARY_TLBS_HAS_ALIAS	1
#define SECONDARY_TLBS_HAS_MARK		0
#define secondary_tlbs_marked		mm_has_notifiers
#define secondary_tlbs_dispatch		mmu_notifier_arch_invalidate_secondary_tlbs
#define SECONDARY_TLBS_CHECKS		0
#else
#define SECONDARY_TLBS_CALLBACK		invalidate_range
#define SECONDARY_TLBS_ALIAS		invalidate_range
#define SECONDARY_TLBS_HAS_ALIAS	0
#define SECONDARY_TLBS_HAS_MARK		0
#define secondary_tlbs_marked		mm_has_notifiers
#define secondary_tlbs_dispatch		mmu_notifier_invalidate_range
#define SECONDARY_TLBS_CHECKS		0
#endif

/* The tracepoint calls @probe for each invalidation, where SECONDARY_TLBS_HAS_TRACEPOINT. */
typedef void (*secondary_tlbs_probe)(void *data, struct mm_struct *mm, unsigned long start,
				     unsigned long end, unsigned int subscribers);

#ifdef _LINUX_SECONDARY_TLBS_H
#define SECONDARY_TLBS_HAS_TRACEPOINT	1
#include <trace/events/tlb.h>

static inline int secondary_tlbs_trace(secondary_tlbs_probe probe, void *data)
{
	return register_trace_secondary_tlbs_invalidate(probe, data);
}

static inline void secondary_tlbs_untrace(secondary_tlbs_probe probe, void *data)
{
	unregister_trace_secondary_tlbs_invalidate(probe, data);
	tracepoint_synchronize_unregister();
}
#else
#define SECONDARY_TLBS_HAS_TRACEPOINT	0
static inline int secondary_tlbs_trace(secondary_tlbs_probe probe, void *data)
{
	return -EOPNOTSUPP;
}

static inline void secondary_tlbs_untrace(secondary_tlbs_probe probe, void *data)
{
}
#endif

/*
 * System calls that have no in-kernel function of the same shape everywhere.
 * They act on current->mm. Most architectures wrap them, to take the arguments
 * from a pt_regs.
 */
#if defined(CONFIG_X86_64)
#define SECONDARY_TLBS_SYS(name)	__x64_sys_##name
static inline struct pt_regs secondary_tlbs_regs(const unsigned long a[5])
{
	return (struct pt_regs){
		.di = a[0], .si = a[1], .dx = a[2], .r10 = a[3], .r8 = a[4],
	};
}
#elif defined(CONFIG_ARM64)
#define SECONDARY_TLBS_SYS(name)	__arm64_sys_##name
static inline struct pt_regs secondary_tlbs_regs(const unsigned long a[5])
{
	return (struct pt_regs){ .regs = { a[0], a[1], a[2], a[3], a[4] } };
}
#elif defined(CONFIG_PPC) && defined(CONFIG_ARCH_HAS_SYSCALL_WRAPPER)
#define SECONDARY_TLBS_SYS(name)	sys_##name
static inline struct pt_regs secondary_tlbs_regs(const unsigned long a[5])
{
	return (struct pt_regs){
		.gpr = { [3] = a[0], [4] = a[1], [5] = a[2], [6] = a[3], [7] = a[4] },
	};
}
#endif

/*
 * SECONDARY_TLBS_SYSCALL(name, the arguments with their types) defines
 * secondary_tlbs_<name>(), which takes them from an array.
 */
#ifdef SECONDARY_TLBS_SYS
#define SECONDARY_TLBS_SYSCALL(name, ...)					\
asmlinkage long SECONDARY_TLBS_SYS(name)(const struct pt_regs *regs);		\
static inline long secondary_tlbs_##name(const unsigned long a[5])		\
{										\
	const struct pt_regs regs = secondary_tlbs_regs(a);			\
										\
	return SECONDARY_TLBS_SYS(name)(&regs);					\
}
#else
#define SECONDARY_TLBS_SYSCALL(name, ...)					\
static inline long secondary_tlbs_##name(const unsigned long a[5])		\
{										\
	return sys_##name(__VA_ARGS__);						\
}
#endif

SECONDARY_TLBS_SYSCALL(mprotect, a[0], a[1], a[2])
SECONDARY_TLBS_SYSCALL(mremap, a[0], a[1], a[2], a[3], a[4])
SECONDARY_TLBS_SYSCALL(mknodat, a[0], (const char __user *)a[1], a[2], a[3])
SECONDARY_TLBS_SYSCALL(unlinkat, a[0], (const char __user *)a[1], a[2])
SECONDARY_TLBS_SYSCALL(swapon, (const char __user *)a[0], a[1])
SECONDARY_TLBS_SYSCALL(userfaultfd, a[0])

/* Whether a page, or a page of hugetlbfs, could be taken off its list. */
#ifdef SECONDARY_TLBS_UPSTREAM
#define secondary_tlbs_isolate(folio)		folio_isolate_lru(folio)
#define secondary_tlbs_isolate_hugetlb(folio, list) \
	isolate_hugetlb(folio, list)
#else
#define secondary_tlbs_isolate(folio)		(!folio_isolate_lru(folio))
#define secondary_tlbs_isolate_hugetlb(folio, list) \
	(!folio_isolate_hugetlb(&(folio)->page, list))
#endif

/* Set a uprobe; returns a handle that removes it, or an error pointer. */
#ifdef SECONDARY_TLBS_UPSTREAM
static inline struct uprobe *secondary_tlbs_uprobe(struct inode *inode, loff_t offset,
						   struct uprobe_consumer *consumer)
{
	return uprobe_register(inode, offset, 0, consumer);
}

static inline void secondary_tlbs_uprobe_remove(struct uprobe *uprobe, struct inode *inode,
						loff_t offset, struct uprobe_consumer *consumer)
{
	uprobe_unregister_nosync(uprobe, consumer);
	uprobe_unregister_sync();
}
#else
static inline struct uprobe *secondary_tlbs_uprobe(struct inode *inode, loff_t offset,
						   struct uprobe_consumer *consumer)
{
	/* Callers only test whether this is an error pointer. */
	return ERR_PTR(uprobe_register(inode, offset, consumer));
}

static inline void secondary_tlbs_uprobe_remove(struct uprobe *uprobe, struct inode *inode,
						loff_t offset, struct uprobe_consumer *consumer)
{
	uprobe_unregister(inode, offset, consumer);
}
#endif

/* Count of unmaps whose CPU TLB flush reclaim has deferred. */
static inline int secondary_tlbs_put_off(struct mm_struct *mm)
{
#ifdef CONFIG_ARCH_WANT_BATCHED_UNMAP_TLB_FLUSH
	return atomic_read(&mm->tlb_flush_batched);
#else
	return 0;
#endif
}

/* A page of hugetlbfs that several entries map together; 0: there is none. */
#ifdef CONFIG_ARM64
#define SECONDARY_TLBS_CONTIGUOUS	CONT_PTE_SIZE
#else
#define SECONDARY_TLBS_CONTIGUOUS	0UL
#endif

#ifdef SECONDARY_TLBS_UPSTREAM
#define secondary_tlbs_set_huge_pte	set_huge_pte_at
#else
#define secondary_tlbs_set_huge_pte(mm, addr, ptep, pte, size) \
	set_huge_pte_at(mm, addr, ptep, pte)
#endif

/* Whether CPUs set the dirty bit in hardware: an SMMU may hold the read-only entry still. */
#ifdef CONFIG_ARM64
#include <linux/cpufeature.h>
#include <asm/sysreg.h>
/* From the ID register: every CPU has the capability ARM64_HW_DBM, to be listed. */
#define SECONDARY_TLBS_HARDWARE_DIRTY						\
	(IS_ENABLED(CONFIG_ARM64_HW_AFDBM) &&					\
	 cpuid_feature_extract_unsigned_field(					\
		read_sanitised_ftr_reg(SYS_ID_AA64MMFR1_EL1),			\
		ID_AA64MMFR1_EL1_HAFDBS_SHIFT) >= ID_AA64MMFR1_EL1_HAFDBS_DBM)
#else
#define SECONDARY_TLBS_HARDWARE_DIRTY	false
#endif

/* Whether a page is one of the huge page of zeroes. */
#ifdef SECONDARY_TLBS_UPSTREAM
#define secondary_tlbs_huge_zero(page)	is_huge_zero_folio(page_folio(page))
#else
#define secondary_tlbs_huge_zero(page)	is_huge_zero_page(compound_head(page))
#endif

/* An instruction that does nothing, to set a uprobe on. */
#if defined(CONFIG_ARM64)
#define SECONDARY_TLBS_NOP	0xd503201f
#elif defined(CONFIG_PPC)
#define SECONDARY_TLBS_NOP	0x60000000
#else
#define SECONDARY_TLBS_NOP	0x90909090
#endif

/* Add @change to the POWER9 accelerators that translate through the mm. */
static inline void secondary_tlbs_accelerator(struct mm_struct *mm, int change)
{
#ifdef CONFIG_PPC_BOOK3S_64
	atomic_add(change, &mm->context.copros);
#endif
}

/*
 * Page table entries as hardware reads them. pte_present() and its siblings say
 * how the kernel reads them, which differs for a huge page that is being split,
 * and for a NUMA hinting entry.
 *
 * SECONDARY_TLBS_VALID is a bit of entries of all levels. A device can write
 * without a fault where the entry is writable and already dirty.
 */
#if defined(CONFIG_X86_64)
#define SECONDARY_TLBS_VALID		_PAGE_PRESENT
#define SECONDARY_TLBS_READABLE		_PAGE_USER
#define SECONDARY_TLBS_WRITABLE		(_PAGE_RW | _PAGE_DIRTY)
#define SECONDARY_TLBS_READ_ONLY	0
#elif defined(CONFIG_ARM64)
#define SECONDARY_TLBS_VALID		PTE_VALID
#define SECONDARY_TLBS_READABLE		PTE_USER
#define SECONDARY_TLBS_WRITABLE		0
#define SECONDARY_TLBS_READ_ONLY	PTE_RDONLY
#elif defined(CONFIG_PPC_BOOK3S_64)
#define SECONDARY_TLBS_VALID		_PAGE_PRESENT
#define SECONDARY_TLBS_READABLE		_PAGE_READ
#define SECONDARY_TLBS_WRITABLE		(_PAGE_WRITE | _PAGE_DIRTY)
#define SECONDARY_TLBS_READ_ONLY	0
#endif

#ifdef SECONDARY_TLBS_VALID
/* @entry is what p4d_val(), pud_val(), pmd_val() or pte_val() gives. */
static inline bool secondary_tlbs_valid(u64 entry)
{
	return entry & SECONDARY_TLBS_VALID;
}

static inline bool secondary_tlbs_readable(u64 entry)
{
	return secondary_tlbs_valid(entry) && (entry & SECONDARY_TLBS_READABLE);
}

static inline bool secondary_tlbs_writable(u64 entry)
{
	return (entry & SECONDARY_TLBS_WRITABLE) == SECONDARY_TLBS_WRITABLE &&
	       !(entry & SECONDARY_TLBS_READ_ONLY);
}
#endif /* SECONDARY_TLBS_VALID */

#endif /* _KUNIT_SECONDARY_TLBS_COMPAT_H */
