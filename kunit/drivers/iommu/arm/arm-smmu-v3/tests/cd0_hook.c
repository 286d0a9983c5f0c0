// SPDX-License-Identifier: GPL-2.0-only
/*
 * Context descriptor 0 for an mm, on 6.1. arm-smmu-v3-sva.c includes this file.
 *
 * SVA of 6.1 keeps one mmu notifier for each DMA domain and mm, and writes the
 * descriptor with the number mm->pasid. So mm->pasid is 0 while a device is bound.
 *
 * Descriptor 0 belongs to the DMA domain. For the time of the binding, the domain
 * gives up the descriptor and its ASID. The ASID, because an mm may need the ASID of
 * a domain: then the driver gives the domain another one, and would write that into
 * descriptor 0. The descriptor, because the driver changes only the ASID of a valid
 * descriptor, so the mm's descriptor can replace only an invalid one.
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
 * A release() that began before the unbind may still run, and uses mm->pasid. Wait for
 * it before the PASID changes, and before another mm can get descriptor 0.
 */
static void cd0_free(struct arm_smmu_cd0 *cd0)
{
	mmu_notifier_synchronize();
	/* PASID 0 was never allocated, so the last mmdrop() must not free it. */
	cd0->mm->pasid = INVALID_IOASID;
	mmdrop(cd0->mm);
	kfree(cd0);
}

/**
 * arm_smmu_cd0_bind - let devices translate through an mm
 * @devs: the devices; each has a DMA domain of its own, and is not bound to an mm
 * @n: how many devices
 * @mm: the mm; no device is bound to it
 *
 * Context: May sleep, takes sva_lock.
 * Return: the binding, for arm_smmu_cd0_unbind(); an error pointer if no device is
 * bound.
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
 *
 * Context: May sleep, takes sva_lock. No callback of the mm runs after it returns.
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
 *
 * Return: the ASID.
 */
u16 arm_smmu_cd0_asid(const struct arm_smmu_cd0 *cd0)
{
	return cd0->notifiers[0]->cd->asid;
}
