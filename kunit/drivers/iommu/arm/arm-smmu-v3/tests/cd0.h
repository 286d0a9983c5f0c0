/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device that translates through an mm without a PASID.
 *
 * SVA gives an mm to a device's PASID. The SMMU that QEMU 7.2 emulates has no
 * PASIDs, so nothing that it has in front of a device could be bound. For the
 * tests alone, what SVA writes into the context descriptor of a PASID goes into
 * descriptor 0, which is for transactions without one. All the rest, the ASID, the
 * mmu notifier and its commands, is the driver's own.
 *
 * While it is bound, the device cannot use its DMA domain: neither the DMA API nor
 * its MSIs.
 *
 * There are two implementations. cd0_hook.c is compiled into the driver of 6.1,
 * whose functions for it are static; cd0_ops.c reaches those of 6.12 from outside.
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
