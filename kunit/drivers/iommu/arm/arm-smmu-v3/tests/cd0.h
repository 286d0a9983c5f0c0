/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bind a device to an mm without a PASID.
 *
 * SVA binds an mm to a PASID of a device. The SMMU that QEMU 7.2 emulates has no
 * PASIDs, so SVA cannot bind there. For the tests alone, the context descriptor
 * that SVA writes for a PASID goes into descriptor 0, which translates transactions
 * without a PASID. Everything else is the driver's own: the ASID, the mmu notifier
 * and its commands.
 *
 * A bound device cannot use its DMA domain. Neither the DMA API nor its MSIs work.
 *
 * There are two implementations. cd0_hook.c is compiled into the driver of 6.1,
 * whose functions are static. cd0_ops.c calls the operations of 6.12's driver.
 */
#ifndef _ARM_SMMU_V3_TESTS_CD0_H
#define _ARM_SMMU_V3_TESTS_CD0_H

#include <linux/types.h>

struct arm_smmu_cd0;
struct device;
struct mm_struct;

struct arm_smmu_cd0 *arm_smmu_cd0_bind(struct device *const *devs, unsigned int n,
				       struct mm_struct *mm);
void arm_smmu_cd0_unbind(struct arm_smmu_cd0 *cd0);
u16 arm_smmu_cd0_asid(const struct arm_smmu_cd0 *cd0);

#endif /* _ARM_SMMU_V3_TESTS_CD0_H */
