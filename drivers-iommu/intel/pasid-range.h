/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _INTEL_PASID_RANGE_H
#define _INTEL_PASID_RANGE_H

/*
 * What a range of addresses becomes in invalidations of VT-d's IOTLB, and of
 * the devices' TLBs, by PASID. Pure functions, after Intel's "Virtualization
 * Technology for Directed I/O Architecture Specification" (D51397), whose
 * sections are named below.
 *
 * Both kinds of descriptor drop a block: 2^order pages of 4K, from a multiple
 * of its own size on. One that is not aligned would drop other pages.
 */

#include <linux/bits.h>
#include <linux/log2.h>
#include <linux/secondary_tlbs_range.h>

/* Pages of VT-d have 4K, whatever the CPU's have. */
#define INTEL_PASID_SHIFT		12

/* The block that is the whole address space: its size is no unsigned long. */
#define INTEL_PASID_ORDER_ALL	(64 - INTEL_PASID_SHIFT)

/* In a device-TLB descriptor: more than one page, see intel_pasid_devtlb_address(). */
#define INTEL_PASID_DEVTLB_SIZE	BIT_ULL(11)

/* As many blocks as a range can need. */
#define INTEL_PASID_MAX_BLOCKS	2

/**
 * struct intel_pasid_block - what one invalidation drops
 * @address: first address, a multiple of the block's size
 * @order: log2 of its size in pages of 4K; INTEL_PASID_ORDER_ALL: the whole PASID
 */
struct intel_pasid_block {
	unsigned long address;
	unsigned int order;
};

static inline struct intel_pasid_block intel_pasid_cover(unsigned long start, unsigned long end)
{
	unsigned int order = secondary_tlbs_cover_order(start, end, INTEL_PASID_SHIFT);

	return (struct intel_pasid_block) {
		.address = secondary_tlbs_block_start(start, order, INTEL_PASID_SHIFT),
		.order = order,
	};
}

/**
 * intel_pasid_blocks - the blocks to invalidate for a range
 * @start: first address of the range
 * @end: first address behind the range
 * @blocks: set to the blocks, in the order of their addresses
 *
 * One block, if one of less than twice the pages covers the range; else the two
 * smallest on both sides of the boundary that the range crosses. So they cover
 * the range, and together have less than twice its pages.
 *
 * (0, ULONG_MAX) touches all 2^52 pages, so it is the whole PASID in one block.
 *
 * A 2 MiB or 1 GiB page in the range is in one block, as the Address Mask has to
 * be at least 9 or 18 to drop it ("PASID-based IOTLB Invalidate Descriptor",
 * 6.5.2.4): cut is only at a multiple of half the smallest covering block, and
 * cut in half is no block that the range fills.
 *
 * Return: the number of blocks, 1 or 2; 0 if the range is empty.
 */
static inline unsigned int
intel_pasid_blocks(unsigned long start, unsigned long end,
		   struct intel_pasid_block blocks[INTEL_PASID_MAX_BLOCKS])
{
	unsigned long pages = secondary_tlbs_range_pages(start, end, INTEL_PASID_SHIFT);
	unsigned long boundary;

	if (!pages)
		return 0;

	blocks[0] = intel_pasid_cover(start, end);
	if (blocks[0].order <= order_base_2(pages))
		return 1;

	boundary = secondary_tlbs_block_start(end - 1, blocks[0].order - 1, INTEL_PASID_SHIFT);
	blocks[0] = intel_pasid_cover(start, boundary);
	blocks[1] = intel_pasid_cover(boundary, end);
	return 2;
}

/**
 * intel_pasid_devtlb_address - address and size of a device-TLB invalidation
 * @address: first address of the block, a multiple of its size
 * @order: log2 of the block's size in pages of 4K, 0 to INTEL_PASID_ORDER_ALL
 *
 * "PASID-based-Device-TLB Invalidate Descriptor", 6.5.2.6, which leaves the
 * encoding to PCI Express' ATS: with S clear, the page. With S set, the lowest
 * bit that is clear, from bit 12 up, says half the size; so the bits below it
 * are all set. All but bit 63 set is the whole address space.
 *
 * Return: bits 127:64 of the descriptor.
 */
static inline u64 intel_pasid_devtlb_address(u64 address, unsigned int order)
{
	unsigned int top = INTEL_PASID_SHIFT + order - 1;

	address &= GENMASK_ULL(63, INTEL_PASID_SHIFT);
	if (!order)
		return address;

	address |= GENMASK_ULL(top, INTEL_PASID_SHIFT);
	address &= ~BIT_ULL(top);
	return address | INTEL_PASID_DEVTLB_SIZE;
}

#endif /* _INTEL_PASID_RANGE_H */
