/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels that the secondary-TLB suites run on.
 *
 * Three kernels carry the same suites: 6.1 as it is, 6.1 with this series, and
 * 6.12.  Whatever they name or shape differently is given one name here, so
 * that no function of a suite depends on a version or an architecture.
 */
#ifndef _KUNIT_SECONDARY_TLBS_COMPAT_H
#define _KUNIT_SECONDARY_TLBS_COMPAT_H

#include <linux/linkage.h>
#include <linux/mmu_notifier.h>
#include <linux/ptrace.h>
#include <linux/syscalls.h>

/*
 * SECONDARY_TLBS_CALLBACK is the member of struct mmu_notifier_ops,
 * SECONDARY_TLBS_ALIAS the member by which out-of-tree drivers detect it (only
 * where SECONDARY_TLBS_HAS_ALIAS; elsewhere just something that compiles).
 * secondary_tlbs_marked() is the test that spares an mm without a secondary TLB
 * the walk of its subscribers, where SECONDARY_TLBS_HAS_MARK.
 *
 * This series has a header of its own, <linux/secondary_tlbs.h>, which comes with
 * <linux/mmu_notifier.h>: its guard tells (sparse knows no __has_include()).
 * Upstream's rework took the macros away that notified beside a flush.
 */
#if defined(_LINUX_SECONDARY_TLBS_H)
#define SECONDARY_TLBS_CALLBACK		invalidate_secondary_tlbs
#define SECONDARY_TLBS_ALIAS		arch_invalidate_secondary_tlbs
#define SECONDARY_TLBS_HAS_ALIAS	1
#define SECONDARY_TLBS_HAS_MARK		1
#define secondary_tlbs_marked		mm_has_secondary_tlbs
#define secondary_tlbs_dispatch		mmu_notifier_invalidate_secondary_tlbs
#elif !defined(ptep_clear_flush_notify)
#define SECONDARY_TLBS_CALLBACK		arch_invalidate_secondary_tlbs
#define SECONDARY_TLBS_ALIAS		arch_invalidate_secondary_tlbs
#define SECONDARY_TLBS_HAS_ALIAS	1
#define SECONDARY_TLBS_HAS_MARK		0
#define secondary_tlbs_marked		mm_has_notifiers
#define secondary_tlbs_dispatch		mmu_notifier_arch_invalidate_secondary_tlbs
#else
#define SECONDARY_TLBS_CALLBACK		invalidate_range
#define SECONDARY_TLBS_ALIAS		invalidate_range
#define SECONDARY_TLBS_HAS_ALIAS	0
#define SECONDARY_TLBS_HAS_MARK		0
#define secondary_tlbs_marked		mm_has_notifiers
#define secondary_tlbs_dispatch		mmu_notifier_invalidate_range
#endif

/* Have each invalidation traced to @probe, where SECONDARY_TLBS_HAS_TRACEPOINT. */
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

#ifdef SECONDARY_TLBS_SYS
asmlinkage long SECONDARY_TLBS_SYS(mprotect)(const struct pt_regs *regs);
asmlinkage long SECONDARY_TLBS_SYS(mremap)(const struct pt_regs *regs);

static inline long secondary_tlbs_mprotect(const unsigned long a[5])
{
	const struct pt_regs regs = secondary_tlbs_regs(a);

	return SECONDARY_TLBS_SYS(mprotect)(&regs);
}

static inline long secondary_tlbs_mremap(const unsigned long a[5])
{
	const struct pt_regs regs = secondary_tlbs_regs(a);

	return SECONDARY_TLBS_SYS(mremap)(&regs);
}
#else
static inline long secondary_tlbs_mprotect(const unsigned long a[5])
{
	return sys_mprotect(a[0], a[1], a[2]);
}

static inline long secondary_tlbs_mremap(const unsigned long a[5])
{
	return sys_mremap(a[0], a[1], a[2], a[3], a[4]);
}
#endif

#endif /* _KUNIT_SECONDARY_TLBS_COMPAT_H */
