// SPDX-License-Identifier: GPL-2.0-only
/*
 * Context descriptor 0 for an mm, on 6.12. The driver's operations accept PASID 0, but
 * the IOMMU core does not. So this file calls the operations itself, and does what the
 * core does around them. It allocates one domain for all devices of the mm and fills in
 * its members. It calls the operations under the group's lock, which only
 * iommu_group_for_each_dev() takes for a caller outside of the core.
 */
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "../../../iommu-priv.h"
#include "../arm-smmu-v3.h"
#include "cd0.h"

struct arm_smmu_cd0 {
	struct iommu_domain *domain;
	unsigned int bound;
	struct device *devs[];
};

static int cd0_set(struct device *dev, void *domain)
{
	return ((struct iommu_domain *)domain)->ops->set_dev_pasid(domain, dev, 0, NULL);
}

/* Clear the mm's descriptor, and write the DMA domain's descriptor again. */
static int cd0_remove(struct device *dev, void *domain)
{
	struct iommu_domain *own = iommu_get_domain_for_dev(dev);

	dev_iommu_ops(dev)->remove_dev_pasid(dev, 0, domain);
	return own->ops->attach_dev(own, dev);
}

static int cd0_for_group(struct device *dev, void *domain,
			 int (*function)(struct device *dev, void *domain))
{
	struct iommu_group *group = iommu_group_get(dev);
	int ret = iommu_group_for_each_dev(group, domain, function);

	iommu_group_put(group);
	return ret;
}

static struct iommu_domain *cd0_domain(struct device *dev, struct mm_struct *mm)
{
	const struct iommu_ops *ops = dev_iommu_ops(dev);
	struct iommu_domain *domain = ops->domain_alloc_sva(dev, mm);

	if (IS_ERR(domain))
		return domain;
	mmgrab(mm);
	domain->type = IOMMU_DOMAIN_SVA;
	domain->mm = mm;
	domain->owner = ops;
	return domain;
}

static void cd0_unbind_all(struct arm_smmu_cd0 *cd0)
{
	while (cd0->bound)
		cd0_for_group(cd0->devs[--cd0->bound], cd0->domain, cd0_remove);
	/* This drops the reference to the mm as well. */
	iommu_domain_free(cd0->domain);
}

struct arm_smmu_cd0 *arm_smmu_cd0_bind(struct device *const *devs, unsigned int n,
				       struct mm_struct *mm)
{
	struct arm_smmu_cd0 *cd0 = kzalloc(struct_size(cd0, devs, n), GFP_KERNEL);
	int ret = 0;

	if (!cd0)
		return ERR_PTR(-ENOMEM);
	cd0->domain = cd0_domain(devs[0], mm);
	if (IS_ERR(cd0->domain)) {
		ret = PTR_ERR(cd0->domain);
		kfree(cd0);
		return ERR_PTR(ret);
	}
	while (cd0->bound < n && !ret) {
		ret = cd0_for_group(devs[cd0->bound], cd0->domain, cd0_set);
		if (!ret) {
			cd0->devs[cd0->bound] = devs[cd0->bound];
			cd0->bound++;
		}
	}
	if (!ret)
		return cd0;
	cd0_unbind_all(cd0);
	kfree(cd0);
	return ERR_PTR(ret);
}

void arm_smmu_cd0_unbind(struct arm_smmu_cd0 *cd0)
{
	cd0_unbind_all(cd0);
	kfree(cd0);
}

u16 arm_smmu_cd0_asid(const struct arm_smmu_cd0 *cd0)
{
	return to_smmu_domain(cd0->domain)->cd.asid;
}
