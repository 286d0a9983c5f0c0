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
#include <linux/version.h>

/*
 * SECONDARY_TLBS_CALLBACK is the member of struct mmu_notifier_ops,
 * SECONDARY_TLBS_ALIAS the member by which out-of-tree drivers detect it (only
 * where SECONDARY_TLBS_HAS_ALIAS; elsewhere just something that compiles).
 */
#if __has_include(<linux/secondary_tlbs.h>)
#include <linux/secondary_tlbs.h>
#define SECONDARY_TLBS_CALLBACK		invalidate_secondary_tlbs
#define SECONDARY_TLBS_ALIAS		arch_invalidate_secondary_tlbs
#define SECONDARY_TLBS_HAS_ALIAS	1
#define secondary_tlbs_dispatch		mmu_notifier_invalidate_secondary_tlbs
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#define SECONDARY_TLBS_CALLBACK		arch_invalidate_secondary_tlbs
#define SECONDARY_TLBS_ALIAS		arch_invalidate_secondary_tlbs
#define SECONDARY_TLBS_HAS_ALIAS	1
#define secondary_tlbs_dispatch		mmu_notifier_arch_invalidate_secondary_tlbs
#else
#define SECONDARY_TLBS_CALLBACK		invalidate_range
#define SECONDARY_TLBS_ALIAS		invalidate_range
#define SECONDARY_TLBS_HAS_ALIAS	0
#define secondary_tlbs_dispatch		mmu_notifier_invalidate_range
#endif

/* Linux 6.3 took the vma out of struct mmu_notifier_range. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define secondary_tlbs_range_init(range, mm, start, end) \
	mmu_notifier_range_init(range, MMU_NOTIFY_CLEAR, 0, mm, start, end)
#else
#define secondary_tlbs_range_init(range, mm, start, end) \
	mmu_notifier_range_init(range, MMU_NOTIFY_CLEAR, 0, NULL, mm, start, end)
#endif

/*
 * System calls that have no in-kernel function of the same shape everywhere.
 * They act on current->mm.  Wrapped ones take their arguments in a pt_regs.
 */
#if defined(CONFIG_X86_64)
#define SECONDARY_TLBS_SYSCALL_NAME(name)	__x64_sys_##name
#define SECONDARY_TLBS_SYSCALL_REGS(a)				\
	{ .di = (a)[0], .si = (a)[1], .dx = (a)[2], .r10 = (a)[3], .r8 = (a)[4] }
#elif defined(CONFIG_ARM64)
#define SECONDARY_TLBS_SYSCALL_NAME(name)	__arm64_sys_##name
#define SECONDARY_TLBS_SYSCALL_REGS(a)				\
	{ .regs = { (a)[0], (a)[1], (a)[2], (a)[3], (a)[4] } }
#elif defined(CONFIG_PPC) && defined(CONFIG_ARCH_HAS_SYSCALL_WRAPPER)
#define SECONDARY_TLBS_SYSCALL_NAME(name)	sys_##name
#define SECONDARY_TLBS_SYSCALL_REGS(a)				\
	{ .gpr = { [3] = (a)[0], (a)[1], (a)[2], (a)[3], (a)[4] } }
#endif

#ifdef SECONDARY_TLBS_SYSCALL_NAME
#define SECONDARY_TLBS_SYSCALL(name)						\
asmlinkage long SECONDARY_TLBS_SYSCALL_NAME(name)(const struct pt_regs *regs);	\
static inline long secondary_tlbs_##name(const unsigned long a[5])		\
{										\
	const struct pt_regs regs = SECONDARY_TLBS_SYSCALL_REGS(a);		\
										\
	return SECONDARY_TLBS_SYSCALL_NAME(name)(&regs);			\
}
SECONDARY_TLBS_SYSCALL(mprotect)
SECONDARY_TLBS_SYSCALL(mremap)
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
