/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _AMD_PASID_RANGE_H
#define _AMD_PASID_RANGE_H

/*
 * Encode a range of addresses for the commands that invalidate the TLB of AMD's
 * IOMMU and those of devices by PASID: INVALIDATE_IOMMU_PAGES (2.4.3) and
 * INVALIDATE_IOTLB_PAGES (2.4.4) of AMD's "I/O Virtualization Technology
 * (IOMMU) Specification" (48882). Pure functions.
 */

#include <linux/bits.h>
#include <linux/secondary_tlbs_range.h>

/* The commands count in pages of 4K. */
#define AMD_PASID_SHIFT		12

/* The S bit, in the quadword of the commands that has the address. */
#define AMD_PASID_SIZE		BIT_ULL(0)

/* The address that, with S set, selects all of a PASID: bit 63 is the lowest clear. */
#define AMD_PASID_ALL		GENMASK_ULL(62, AMD_PASID_SHIFT)

/**
 * amd_pasid_range_is_page - does a command for one page cover a range?
 * @start: first address of the range
 * @end: first address after the range
 *
 * The driver drops one page or all of a PASID. The commands can encode the sizes
 * in between, but the driver has never used them on the hardware that has these
 * PASIDs, and a page in the range may be a huge one.
 *
 * Return: true if the range touches exactly one page; false if the whole PASID
 * has to be dropped.
 */
static inline bool amd_pasid_range_is_page(unsigned long start, unsigned long end)
{
	return secondary_tlbs_range_pages(start, end, AMD_PASID_SHIFT) == 1;
}

/**
 * amd_pasid_operand - address and size in an invalidation by PASID
 * @address: an address in the page, or AMD_PASID_ALL
 * @size: false for one page; true for the size that @address encodes
 *
 * With S clear, the commands drop the page at the address. With S set, the
 * lowest clear bit of the address, from bit 12 up, has the value of half the
 * size. The commands drop the naturally aligned block of that size.
 *
 * Return: bits 127:64 of the commands, without the flags in bits 66:65.
 */
static inline u64 amd_pasid_operand(u64 address, bool size)
{
	return (address & GENMASK_ULL(63, AMD_PASID_SHIFT)) | (size ? AMD_PASID_SIZE : 0);
}

#endif /* _AMD_PASID_RANGE_H */
