/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SECONDARY_TLBS_RANGE_H
#define _LINUX_SECONDARY_TLBS_RANGE_H

/*
 * Range arithmetic that the drivers of secondary TLBs share. The header that
 * turns a range into commands is specific to each driver, and stands beside it.
 *
 * Pure functions: no state, no locks, any context. Ranges are [start, end), as
 * invalidate_secondary_tlbs() gets them: end is exclusive. (0, ULONG_MAX) means
 * the whole address space. It needs no case of its own, since it touches each
 * page.
 */

#include <linux/bitops.h>
#include <linux/types.h>

/**
 * secondary_tlbs_range_pages - how many pages a range touches
 * @start: first address of the range
 * @end: first address after the range
 * @shift: log2 of the page's size in bytes, 1 to BITS_PER_LONG - 1
 *
 * A page that is touched in part counts. The result cannot overflow.
 *
 * Return: the number of pages; 0 if the range is empty.
 */
static inline unsigned long
secondary_tlbs_range_pages(unsigned long start, unsigned long end, unsigned int shift)
{
	if (start >= end)
		return 0;

	return ((end - 1) >> shift) - (start >> shift) + 1;
}

/**
 * secondary_tlbs_cover_order - the smallest aligned block that covers a range
 * @start: first address of the range
 * @end: first address after the range; the range must not be empty
 * @shift: log2 of the page's size in bytes
 *
 * The block has 2^order pages and begins at a multiple of its size. If the
 * range crosses a boundary of large blocks, the block can be much larger than
 * the range: the two pages around 1 GiB need a block of 2 GiB.
 *
 * Return: the order, 0 to BITS_PER_LONG - @shift. A block of the largest order
 * is the whole address space. Its size in bytes does not fit an unsigned long.
 */
static inline unsigned int
secondary_tlbs_cover_order(unsigned long start, unsigned long end, unsigned int shift)
{
	return fls64((start >> shift) ^ ((end - 1) >> shift));
}

/**
 * secondary_tlbs_block_start - where the aligned block around an address begins
 * @address: an address in the block
 * @order: log2 of the block's size in pages, see secondary_tlbs_cover_order()
 * @shift: log2 of the page's size in bytes
 *
 * Return: the first address of the block; 0 if it is the whole address space.
 */
static inline unsigned long
secondary_tlbs_block_start(unsigned long address, unsigned int order, unsigned int shift)
{
	if (order + shift >= BITS_PER_LONG)
		return 0;

	return address & ~((1UL << (order + shift)) - 1);
}

#endif /* _LINUX_SECONDARY_TLBS_RANGE_H */
