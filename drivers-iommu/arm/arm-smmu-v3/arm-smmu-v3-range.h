/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ARM_SMMU_V3_RANGE_H
#define _ARM_SMMU_V3_RANGE_H

/*
 * Encode a range of addresses for SMMUv3 commands. Pure functions. The sections
 * named below are of Arm's "System Memory Management Unit Architecture
 * Specification, version 3" (IHI 0070).
 *
 * With range invalidation (SMMU_IDR3.RIL), a TLBI command by address takes the
 * fields TG, NUM and SCALE and drops
 *
 *	(NUM + 1) * 2^SCALE granules, from its address on,
 *
 * where TG selects a granule of 4K, 16K or 64K. The address has to be aligned to
 * one granule only. Without range invalidation, the command drops the one page,
 * or block, at its address.
 */

#include <linux/bitops.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/secondary_tlbs_range.h>
#include <linux/sizes.h>

/* NUM has 5 bits and holds the count minus 1. SCALE has 5 bits, and 6 with IDR5.DS. */
#define ARM_SMMU_TLBI_MAX_NUM		32
#define ARM_SMMU_TLBI_MAX_SCALE		31

/*
 * The granules of one command with NUM and SCALE at their maximum. They cover
 * the largest address space: 2^48 bytes with 4K granules, 2^52 with 64K.
 */
#define ARM_SMMU_TLBI_MAX_GRANULES	\
	((unsigned long)ARM_SMMU_TLBI_MAX_NUM << ARM_SMMU_TLBI_MAX_SCALE)

/* The address and Size fields of an ATC invalidation count in 4K, always. */
#define ARM_SMMU_ATC_SHIFT		12

/**
 * arm_smmu_tlbi_tg - the TG field of a range command
 * @granule_shift: log2 of the granule in bytes: 12, 14 or 16
 *
 * IHI 0070, 4.4.1.1 "Range-based invalidation and level hint".
 *
 * Return: 1, 2 or 3. With 0 the command would not be a range command.
 */
static inline u8 arm_smmu_tlbi_tg(unsigned int granule_shift)
{
	return (granule_shift - 10) / 2;
}

/**
 * arm_smmu_tlbi_ttl - the TTL field of a range command that drops leaves only
 * @granule_shift: log2 of the granule in bytes: 12, 14 or 16
 * @leaf: size in bytes of each page or block that is to be dropped
 *
 * TTL names the level of the table that holds leaves of this size. The address
 * of the command must be aligned to @leaf. A table of one granule translates
 * @granule_shift - 3 bits. IHI 0070, 4.4.1.1.
 *
 * Return: 3 for pages, 2 and 1 for blocks, 0 (no hint) for blocks of level 0.
 */
static inline u8 arm_smmu_tlbi_ttl(unsigned int granule_shift, size_t leaf)
{
	return 4 - (ilog2(leaf) - 3) / (granule_shift - 3);
}

/**
 * arm_smmu_tlbi_granules - how many granules range commands have to drop
 * @size: bytes, not 0
 * @granule_shift: log2 of the granule in bytes
 * @level_known: the commands will have a TTL that is not 0
 *
 * A command with TG but with NUM, SCALE and TTL all 0 is reserved and stops the
 * queue with CERROR_ILL (IHI 0070, 4.4.1.1). Of the commands that
 * arm_smmu_tlbi_next() makes, only the first can have NUM and SCALE 0, when the
 * number of granules is 1 modulo 32. Two ways out are not open here. A TTL would
 * make the command legal, but the levels of an mm's pages and tables are not
 * known. A command without TG drops exactly one page, but the driver avoids it
 * on SMMUs that have range commands, because of errata.
 *
 * So add one granule after the end, which makes the command legal. A single page
 * needs this: no legal range command without TTL is smaller. For 33 pages or
 * more a second command would be exact, but costs more than one new page walk.
 *
 * Return: the number of granules, at least 1; at least 2 without TTL.
 */
static inline unsigned long
arm_smmu_tlbi_granules(size_t size, unsigned int granule_shift, bool level_known)
{
	unsigned long granules = ((size - 1) >> granule_shift) + 1;

	if (!level_known && granules % ARM_SMMU_TLBI_MAX_NUM == 1)
		granules++;

	return granules;
}

/**
 * arm_smmu_tlbi_next - the next range command for a number of granules
 * @granules: the granules left to drop, not 0
 * @num: set to the NUM field
 * @scale: set to the SCALE field
 *
 * The command drops what the lowest set bits of @granules stand for. SCALE is
 * the position of the lowest set bit. NUM is the five bits from there on, minus
 * 1. Above the largest SCALE, the command has that SCALE and drops as many
 * granules as it can. IHI 0070, 4.4.1.1.
 *
 * ARM_SMMU_TLBI_MAX_GRANULES or fewer take at most 8 commands: each command but
 * the last clears 5 of the 31 bits below the largest SCALE.
 *
 * Return: how many granules the command drops, 1 to @granules.
 */
static inline unsigned long
arm_smmu_tlbi_next(unsigned long granules, u8 *num, u8 *scale)
{
	unsigned int shift = __ffs(granules);
	unsigned long count;

	if (shift < ARM_SMMU_TLBI_MAX_SCALE) {
		count = (granules >> shift) % ARM_SMMU_TLBI_MAX_NUM;
	} else {
		shift = ARM_SMMU_TLBI_MAX_SCALE;
		count = min_t(unsigned long, granules >> shift, ARM_SMMU_TLBI_MAX_NUM);
	}

	*num = count - 1;
	*scale = shift;
	return count << shift;
}

/**
 * arm_smmu_sva_by_asid - does an invalidation by ASID replace those by address?
 * @start: first address of the range
 * @end: first address after the range
 * @page_shift: log2 of the mm's page size in bytes: 12, 14 or 16
 * @range_inv: the SMMU has range invalidation
 *
 * Without range invalidation each page takes a command. As many commands as a
 * page table has entries are too many to wait for under a page-table lock. With
 * range invalidation, only a range that is larger than any address space goes by
 * ASID. (0, ULONG_MAX) goes by ASID in both cases.
 *
 * Return: true if the range has to be dropped by one command by ASID. false if
 * it has to be dropped by address: by fewer than 2^(@page_shift - 3) commands,
 * or by at most 8 with range invalidation.
 */
static inline bool arm_smmu_sva_by_asid(unsigned long start, unsigned long end,
					unsigned int page_shift, bool range_inv)
{
	unsigned long pages = secondary_tlbs_range_pages(start, end, page_shift);

	if (range_inv)
		return pages > ARM_SMMU_TLBI_MAX_GRANULES;
	return pages >= 1UL << (page_shift - 3);
}

/**
 * arm_smmu_atc_span - the Address and Size fields of an ATC invalidation
 * @iova: first address of the range
 * @size: bytes, not 0
 * @address: set to the first address of the span
 *
 * A span is 2^Size pages of 4K, and its address is aligned to its size (IHI
 * 0070, 4.5.1 "CMD_ATC_INV"). Find the smallest span that covers the range. For
 * a range across a boundary it can be much larger than the range. Two spans
 * would be tighter, but each span takes a command for each device.
 *
 * Return: Size, 0 to 52. With 52 the span is the whole address space.
 */
static inline u8 arm_smmu_atc_span(unsigned long iova, size_t size, u64 *address)
{
	unsigned int order = secondary_tlbs_cover_order(iova, iova + size, ARM_SMMU_ATC_SHIFT);

	*address = secondary_tlbs_block_start(iova, order, ARM_SMMU_ATC_SHIFT);
	return order;
}

#endif /* _ARM_SMMU_V3_RANGE_H */
