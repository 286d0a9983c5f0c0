/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _AMD_PASID_RANGE_H
#define _AMD_PASID_RANGE_H

/*
 * What a range of addresses becomes in invalidations of AMD's IOMMU, and of the
 * devices' TLBs, by PASID. Pure functions, after AMD's "I/O Virtualization
 * Technology (IOMMU) Specification" (48882): the commands
 * INVALIDATE_IOMMU_PAGES (2.4.3) and INVALIDATE_IOTLB_PAGES (2.4.4).
 */

#include <linux/bits.h>
#include <linux/secondary_tlbs_range.h>

/* Pages of the commands have 4K. */
#define AMD_PASID_SHIFT		12

/* The S bit, in the quadword of the commands that has the address. */
#define AMD_PASID_SIZE		BIT_ULL(0)

/* No bit below the sign is clear, which would say a smaller size. */
#define AMD_PASID_ALL		GENMASK_ULL(62, AMD_PASID_SHIFT)

/**
 * amd_pasid_range_is_page - is a range of a PASID dropped by its page's address?
 * @start: first address of the range
 * @end: first address behind the range
 *
 * One command drops a page or all of a PASID. The sizes in between, which the
 * commands can say, are left alone: they would be new to the hardware that has
 * this kind of PASIDs, and a page in the range may be a huge one.
 *
 * Return: true if the range touches one page; false if all has to be dropped.
 */
static inline bool amd_pasid_range_is_page(unsigned long start, unsigned long end)
{
	return secondary_tlbs_range_pages(start, end, AMD_PASID_SHIFT) == 1;
}

/**
 * amd_pasid_operand - address and size in an invalidation by PASID
 * @address: an address in the page, or AMD_PASID_ALL
 * @size: false: the page; true: the size that the address says
 *
 * With S clear, the commands drop the page at the address. With S set, the
 * lowest bit of the address that is clear, from bit 12 up, says half the size
 * that they drop, from a multiple of it on.
 *
 * Return: bits 127:64 of the commands, without the flags in bits 66:65.
 */
static inline u64 amd_pasid_operand(u64 address, bool size)
{
	return (address & GENMASK_ULL(63, AMD_PASID_SHIFT)) | (size ? AMD_PASID_SIZE : 0);
}

#endif /* _AMD_PASID_RANGE_H */
