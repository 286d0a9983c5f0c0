/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ARM_SMMU_V3_RANGE_H
#define _ARM_SMMU_V3_RANGE_H

/*
 * What a range of addresses becomes in SMMUv3 commands. Pure functions, after
 * Arm's "System Memory Management Unit Architecture Specification, version 3"
 * (IHI 0070), whose sections are named below.
 *
 * With range invalidation (SMMU_IDR3.RIL), a TLBI command by address takes the
 * fields TG, NUM and SCALE and drops
 *
 *	(NUM + 1) * 2^SCALE granules, from its address on,
 *
 * which need not be aligned to more than a granule. A granule is what TG says:
 * 4K, 16K or 64K. Without, it drops the one page, or block, at its address.
 */

#include <linux/bitops.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/secondary_tlbs_range.h>
#include <linux/sizes.h>

/* NUM has 5 bits and counts from 1; SCALE has 5 bits, more only with IDR5.DS. */
#define ARM_SMMU_TLBI_MAX_NUM		32
#define ARM_SMMU_TLBI_MAX_SCALE		31

/*
 * The granules of one command with both fields at their largest. It is also all
 * of the largest address space: 2^48 bytes of 4K, and 2^52 of 64K.
 */
#define ARM_SMMU_TLBI_MAX_GRANULES	\
	((unsigned long)ARM_SMMU_TLBI_MAX_NUM << ARM_SMMU_TLBI_MAX_SCALE)

/* What the address and Size fields of an ATC invalidation count in: always 4K. */
#define ARM_SMMU_ATC_SHIFT		12

/**
 * arm_smmu_tlbi_tg - the TG field of a range command
 * @granule_shift: log2 of the granule in bytes: 12, 14 or 16
 *
 * IHI 0070, 4.4.1.1 "Range-based invalidation and level hint".
 *
 * Return: 1, 2 or 3. 0 would make it no range command.
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
 * The level of the table that holds such leaves, whose address must then be
 * aligned to @leaf. A table of one granule translates @granule_shift - 3 bits.
 * IHI 0070, 4.4.1.1.
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
 * queue with CERROR_ILL (IHI 0070, 4.4.1.1). Of what arm_smmu_tlbi_next() cuts,
 * only the first command can have NUM and SCALE 0, when the number of granules
 * is 1 modulo 32. A TTL would make it legal; but who invalidates an mm does not
 * know at which levels its pages and tables are. A command without TG would
 * drop one page exactly; but the driver avoids those on SMMUs that have range
 * commands, because of errata.
 *
 * One granule more, behind the end, makes the command legal. No legal range
 * command without TTL is smaller: a single page costs its neighbour. For 33
 * pages and more a second command would be exact, and costs more than to walk
 * to one page again.
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
 * @granules: what is left to drop, not 0
 * @num: set to the NUM field
 * @scale: set to the SCALE field
 *
 * The command takes the lowest bits that are set: SCALE is the lowest of them,
 * NUM the five from there on. Bits above the largest SCALE are taken from the
 * top in commands of the largest SCALE. IHI 0070, 4.4.1.1.
 *
 * Up to ARM_SMMU_TLBI_MAX_GRANULES take at most 8 commands: each but the last
 * takes 5 of the 31 bits below the largest SCALE.
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
 * arm_smmu_sva_by_asid - is a range of an mm to be dropped with all of its ASID?
 * @start: first address of the range
 * @end: first address behind the range
 * @page_shift: log2 of the mm's page size in bytes: 12, 14 or 16
 * @range_inv: the SMMU has range invalidation
 *
 * Without range invalidation a page takes a command, and as many pages as a page
 * table has entries are too many to be waited for with a page table locked. With
 * it, only more than an address space can have is too much. (0, ULONG_MAX) is,
 * in both cases.
 *
 * Return: true if one command by ASID is to be used instead of commands by
 * address. These are then fewer than 2^(@page_shift - 3), or at most 8 with
 * range invalidation.
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
 * A span is 2^Size pages of 4K, and the SMMU and the device take its address as
 * aligned to it (IHI 0070, 4.5.1 "CMD_ATC_INV"). Find the smallest one that
 * covers the range. Across a boundary, it covers much more; but each span takes
 * a command per device.
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
