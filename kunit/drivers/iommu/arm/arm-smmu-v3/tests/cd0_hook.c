// SPDX-License-Identifier: GPL-2.0-only
/*
 * Context descriptor 0 for an mm, on 6.1. Included by arm-smmu-v3-sva.c.
 *
 * SVA of 6.1 keeps one mmu notifier for each DMA domain and mm, and writes into the
 * descriptor whose number is mm->pasid. So that is 0 as long as a device is bound.
 *
 * Descriptor 0 belongs to the DMA domain. It gives it up, and its ASID too: the
 * driver gives a domain whose ASID an mm needs another one, and would write that into
 * descriptor 0. An mm's descriptor can only be written over one that is not valid,
 * because of a valid one no more than the ASID is changed.
 */
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/ioasid.h>

#include "cd0.h"

struct arm_smmu_cd0 {
	struct mm_struct *mm;
	unsigned int bound;
	struct arm_smmu_mmu_notifier *notifiers[];
};

static int cd0_take(struct arm_smmu_domain *smmu_domain)
{
	struct arm_smmu_ctx_desc *cd = &smmu_domain->s1_cfg.cd;
	int ret;

	mutex_lock(&arm_smmu_asid_lock);
	ret = arm_smmu_write_ctx_desc(smmu_domain, 0, NULL);
	xa_erase(&arm_smmu_asid_xa, cd->asid);
	mutex_unlock(&arm_smmu_asid_lock);
	arm_smmu_tlb_inv_asid(smmu_domain->smmu, cd->asid);
	return ret;
}

static void cd0_give_back(struct arm_smmu_domain *smmu_domain)
{
	struct arm_smmu_ctx_desc *cd = &smmu_domain->s1_cfg.cd;
	u32 asid;

	mutex_lock(&arm_smmu_asid_lock);
	if (!WARN_ON(xa_alloc(&arm_smmu_asid_xa, &asid, cd,
			      XA_LIMIT(1, (1 << smmu_domain->smmu->asid_bits) - 1),
			      GFP_KERNEL | __GFP_NOFAIL))) {
		cd->asid = asid;
		arm_smmu_write_ctx_desc(smmu_domain, 0, cd);
	}
	mutex_unlock(&arm_smmu_asid_lock);
}

static int cd0_bind_one(struct arm_smmu_cd0 *cd0, struct device *dev)
{
	struct arm_smmu_domain *smmu_domain = to_smmu_domain(iommu_get_domain_for_dev(dev));
	struct arm_smmu_mmu_notifier *smmu_mn;
	int ret = cd0_take(smmu_domain);

	if (ret)
		return ret;
	smmu_mn = arm_smmu_mmu_notifier_get(smmu_domain, cd0->mm);
	if (IS_ERR(smmu_mn)) {
		cd0_give_back(smmu_domain);
		return PTR_ERR(smmu_mn);
	}
	cd0->notifiers[cd0->bound++] = smmu_mn;
	return 0;
}

static void cd0_unbind_all(struct arm_smmu_cd0 *cd0)
{
	while (cd0->bound) {
		struct arm_smmu_mmu_notifier *smmu_mn = cd0->notifiers[--cd0->bound];
		struct arm_smmu_domain *smmu_domain = smmu_mn->domain;

		arm_smmu_mmu_notifier_put(smmu_mn);
		cd0_give_back(smmu_domain);
	}
}

/*
 * An exit that has begun before may still call. It finds the PASID of the mm, and
 * descriptor 0 is not yet another's.
 */
static void cd0_free(struct arm_smmu_cd0 *cd0)
{
	mmu_notifier_synchronize();
	/* The last reference to the mm would free it. */
	cd0->mm->pasid = INVALID_IOASID;
	mmdrop(cd0->mm);
	kfree(cd0);
}

/**
 * arm_smmu_cd0_bind - let devices translate through an mm
 * @devs: the devices; each has a DMA domain of its own, and no mm yet
 * @n: how many
 * @mm: the mm, which no device uses yet
 *
 * Returns what arm_smmu_cd0_unbind() takes, or the error pointer of what failed; no
 * device is bound then.
 */
struct arm_smmu_cd0 *arm_smmu_cd0_bind(struct device *const *devs, unsigned int n,
				       struct mm_struct *mm)
{
	struct arm_smmu_cd0 *cd0 = kzalloc(struct_size(cd0, notifiers, n), GFP_KERNEL);
	unsigned int i;
	int ret = 0;

	if (!cd0)
		return ERR_PTR(-ENOMEM);
	mmgrab(mm);
	cd0->mm = mm;
	mutex_lock(&sva_lock);
	mm->pasid = 0;
	for (i = 0; i < n && !ret; i++)
		ret = cd0_bind_one(cd0, devs[i]);
	if (ret)
		cd0_unbind_all(cd0);
	mutex_unlock(&sva_lock);
	if (!ret)
		return cd0;
	cd0_free(cd0);
	return ERR_PTR(ret);
}

/**
 * arm_smmu_cd0_unbind - give the devices back to their DMA domains
 * @cd0: from arm_smmu_cd0_bind()
 */
void arm_smmu_cd0_unbind(struct arm_smmu_cd0 *cd0)
{
	mutex_lock(&sva_lock);
	cd0_unbind_all(cd0);
	mutex_unlock(&sva_lock);
	cd0_free(cd0);
}

/**
 * arm_smmu_cd0_asid - the ASID of the mm in the SMMU
 * @cd0: from arm_smmu_cd0_bind()
 */
u16 arm_smmu_cd0_asid(const struct arm_smmu_cd0 *cd0)
{
	return cd0->notifiers[0]->cd->asid;
}
