/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _INTEL_PASID_RANGE_H
#define _INTEL_PASID_RANGE_H

/*
 * Encode a range of addresses for the descriptors that invalidate VT-d's IOTLB
 * and the devices' TLBs by PASID. Pure functions. The sections named below are
 * of Intel's "Virtualization Technology for Directed I/O Architecture
 * Specification" (D51397).
 *
 * Both kinds of descriptors drop a block: 2^order pages of 4K, aligned to its
 * size. An unaligned one would drop other pages than intended.
 */

#include <linux/bits.h>
#include <linux/log2.h>
#include <linux/secondary_tlbs_range.h>

/* VT-d counts in pages of 4K. */
#define INTEL_PASID_SHIFT		12

/* The whole address space as a block. Its size does not fit an unsigned long. */
#define INTEL_PASID_ORDER_ALL	(64 - INTEL_PASID_SHIFT)

/* The S bit of a device-TLB descriptor, see intel_pasid_devtlb_address(). */
#define INTEL_PASID_DEVTLB_SIZE	BIT_ULL(11)

/* The most blocks that intel_pasid_blocks() returns. */
#define INTEL_PASID_MAX_BLOCKS	2

/**
 * struct intel_pasid_block - what one invalidation drops
 * @address: first address, a multiple of the block's size
 * @order: log2 of the size in pages of 4K; INTEL_PASID_ORDER_ALL is the whole PASID
 */
struct intel_pasid_block {
	unsigned long address;
	unsigned int order;
};

/* The smallest block that covers [@start, @end), which must not be empty. */
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
 * @end: first address after the range
 * @blocks: set to the blocks, in the order of their addresses
 *
 * If one block of less than twice the range's pages covers the range, it is that
 * block. Else it is the smallest block on each side of the boundary that the
 * range crosses. So the blocks cover the range, and together have less than
 * twice its pages.
 *
 * (0, ULONG_MAX) touches all 2^52 pages. It becomes one block, the whole PASID.
 *
 * A 2 MiB or 1 GiB page in the range lies within one block. It must: the Address
 * Mask has to be at least 9 or 18 to drop it ("PASID-based IOTLB Invalidate
 * Descriptor", 6.5.2.4). The boundary is the middle of the smallest covering
 * block, and a huge page crosses it only if it is that block. Then the range
 * fills the block, and is not split.
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
 * "PASID-based-Device-TLB Invalidate Descriptor", 6.5.2.6, which uses the
 * encoding of PCI Express ATS. With S clear, the device drops one page. With S
 * set, the lowest clear bit of the address, from bit 12 up, has the value of
 * half the size; all bits below it are set. If only bit 63 is clear, the block
 * is the whole address space.
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
