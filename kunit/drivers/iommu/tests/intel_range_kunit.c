// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of Intel's pasid-range.h. The blocks are checked against the range, and
 * compared with those of Linux 6.1. A model of a device decodes the size from an
 * address bit by bit.
 *
 * The driver itself is built, but not run: the IOMMU that QEMU 7.2 emulates has no
 * first-stage translation.
 */
#include <linux/kernel.h>
#include <linux/log2.h>

#include "../intel/pasid-range.h"
#include "range_edges.h"

#define HUGE_PAGE	512UL

/* The first page of a block, and the first page after it. */
static unsigned long first_page(const struct intel_pasid_block *block)
{
	return block->address >> 12;
}

static unsigned long behind_page(const struct intel_pasid_block *block)
{
	return first_page(block) + (1UL << block->order);
}

static bool is_aligned(const struct intel_pasid_block *block)
{
	return block->order <= 52 && !(block->address & 4095) &&
	       !(first_page(block) % (1UL << block->order));
}

/* 6.1 rounds the number of pages up to a power of two, and uses blocks of that size. */
static unsigned long blocks_of_6_1(unsigned long first, unsigned long last)
{
	unsigned long size = roundup_pow_of_two(last - first + 1);

	return last / size - first / size + 1;
}

/* Whether the boundary of the blocks splits a huge page that lies in the range. */
static bool splits_huge_page(unsigned long first, unsigned long last, unsigned long boundary)
{
	unsigned long huge = boundary / HUGE_PAGE * HUGE_PAGE;

	return huge != boundary && huge >= first && huge + HUGE_PAGE - 1 <= last;
}

/* Returns what is wrong with the blocks for pages @first to @last, or NULL. */
static const char *fault(unsigned long first, unsigned long last)
{
	unsigned long pages = last - first + 1, size, dropped = 0;
	struct intel_pasid_block blocks[INTEL_PASID_MAX_BLOCKS];
	unsigned int i, n;

	size = roundup_pow_of_two(pages);
	n = intel_pasid_blocks(first << 12, (last + 1) << 12, blocks);
	if (n < 1 || n > INTEL_PASID_MAX_BLOCKS)
		return "nothing is dropped, or too much";
	for (i = 0; i < n; i++) {
		if (!is_aligned(&blocks[i]))
			return "a block is not aligned";
		dropped += 1UL << blocks[i].order;
	}
	if (first_page(&blocks[0]) > first || behind_page(&blocks[n - 1]) <= last)
		return "pages are left";
	if (n == 2 && behind_page(&blocks[0]) != first_page(&blocks[1]))
		return "pages between the blocks are left, or dropped twice";
	if (n == 2 && splits_huge_page(first, last, first_page(&blocks[1])))
		return "a huge page is dropped in halves";
	if (dropped >= 2 * pages && pages > 1)
		return "twice as much as asked for is dropped";
	if (pages == 1 && dropped != 1)
		return "a page is more than a page";
	if (n > blocks_of_6_1(first, last))
		return "more invalidations than in 6.1";
	if (dropped > blocks_of_6_1(first, last) * size)
		return "more is dropped than in 6.1";
	return NULL;
}

static void expect_right(struct kunit *test, unsigned long first, unsigned long last)
{
	const char *what = fault(first, last);

	if (what)
		KUNIT_FAIL(test, "pages %lx to %lx: %s", first, last, what);
}

static const char *fault_of_range(unsigned long start, unsigned long end, unsigned int shift)
{
	return fault(start >> shift, (end - 1) >> shift);
}

static void small_ranges_are_covered(struct kunit *test)
{
	range_expect_small(test, 12, fault_of_range);
}

/* All ranges that begin and end up to 3 pages from @from and @to. */
static void expect_right_around(struct kunit *test, unsigned long from, unsigned long to)
{
	unsigned long first, last;

	for (first = from - 3; first <= from + 3; first++)
		for (last = max(first, to - 3); last <= to + 3; last++)
			expect_right(test, first, last);
}

/* All ranges that begin and end near a multiple of 2 MiB, or of 1 GiB. */
static void ranges_across_boundaries_are_covered(struct kunit *test)
{
	const unsigned long sizes[] = { HUGE_PAGE, HUGE_PAGE * HUGE_PAGE };
	unsigned long from, to;
	unsigned int s;

	for (s = 0; s < ARRAY_SIZE(sizes); s++)
		for (from = 1; from < 6; from++)
			for (to = from; to < 9; to++)
				expect_right_around(test, from * sizes[s], to * sizes[s]);
}

static void edges_are_covered(struct kunit *test)
{
	struct range_edge edge;
	unsigned int n;

	for (n = 0; range_edge(n, 12, &edge); n++)
		if (edge.end != ULONG_MAX)
			expect_right(test, edge.start >> 12, (edge.end >> 12) - 1);
}

/* Two pages across any boundary become two blocks of one page, never a huge block. */
static void two_pages_are_two_pages(struct kunit *test)
{
	struct intel_pasid_block blocks[INTEL_PASID_MAX_BLOCKS];
	unsigned int bit;

	for (bit = 13; bit < 64; bit++) {
		unsigned long middle = 1UL << bit;

		KUNIT_EXPECT_EQ_MSG(test, 2, intel_pasid_blocks(middle - 4096, middle + 4096,
								blocks), "2^%u", bit);
		KUNIT_EXPECT_EQ_MSG(test, 0, blocks[0].order + blocks[1].order, "2^%u", bit);
	}
}

static void huge_pages_are_one_block(struct kunit *test)
{
	const unsigned int orders[] = { 9, 18, 27 };
	struct intel_pasid_block blocks[INTEL_PASID_MAX_BLOCKS];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		unsigned long size = 4096UL << orders[i];

		KUNIT_EXPECT_EQ(test, 1, intel_pasid_blocks(5 * size, 6 * size, blocks));
		KUNIT_EXPECT_EQ(test, orders[i], blocks[0].order);
		KUNIT_EXPECT_EQ(test, 5 * size, blocks[0].address);
	}
}

/* 6.1 drops nothing for it. */
static void the_whole_mm_is_the_whole_pasid(struct kunit *test)
{
	struct intel_pasid_block blocks[INTEL_PASID_MAX_BLOCKS];

	KUNIT_EXPECT_EQ(test, 1, intel_pasid_blocks(0, ULONG_MAX, blocks));
	KUNIT_EXPECT_EQ(test, blocks[0].order, INTEL_PASID_ORDER_ALL);
	KUNIT_EXPECT_EQ(test, blocks[0].address, 0UL);

	/* Half of the address space must not become all of it. */
	KUNIT_EXPECT_EQ(test, 1, intel_pasid_blocks(0, BIT(63), blocks));
	KUNIT_EXPECT_EQ(test, blocks[0].order, INTEL_PASID_ORDER_ALL - 1);
}

static void up_to_ulong_max_is_covered(struct kunit *test)
{
	struct intel_pasid_block blocks[INTEL_PASID_MAX_BLOCKS];
	struct range_edge edge;
	unsigned int n, i;

	for (n = 0; range_edge(n, 12, &edge); n++) {
		if (edge.end != ULONG_MAX)
			continue;
		i = intel_pasid_blocks(edge.start, edge.end, blocks) - 1;
		KUNIT_ASSERT_LE(test, i, 1);
		KUNIT_EXPECT_LE_MSG(test, blocks[0].address, edge.start, "%s", edge.name);
		/* The last block must end at the end of the address space, 2^52 pages. */
		KUNIT_EXPECT_EQ_MSG(test, (blocks[i].address >> 12) +
				    (1UL << blocks[i].order), 1UL << 52, "%s", edge.name);
	}
}

static void empty_range_is_no_block(struct kunit *test)
{
	struct intel_pasid_block blocks[INTEL_PASID_MAX_BLOCKS];

	KUNIT_EXPECT_EQ(test, 0, intel_pasid_blocks(0, 0, blocks));
	KUNIT_EXPECT_EQ(test, 0, intel_pasid_blocks(4096, 4096, blocks));
	KUNIT_EXPECT_EQ(test, 0, intel_pasid_blocks(8192, 4096, blocks));
}

/* Decode an operand as a device does: returns the order, and sets the address. */
static unsigned int device_reads(u64 operand, u64 *address)
{
	unsigned int bit = 12;

	*address = operand & ~4095ULL;
	if (!(operand & 1 << 11))
		return 0;
	while (bit < 64 && operand & 1ULL << bit)
		*address &= ~(1ULL << bit++);
	return bit - 12 + 1;
}

static void devices_read_the_order(struct kunit *test)
{
	const u64 places[] = { 0, 0xdeadbeefcafef000, 0x7fffffffffff000, ~4095ULL };
	unsigned int i, order;
	u64 address, want, operand;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		for (order = 0; order <= 52; order++) {
			want = order == 52 ? 0 : places[i] >> 12 >> order << order << 12;
			operand = intel_pasid_devtlb_address(want, order);
			KUNIT_EXPECT_EQ_MSG(test, order, device_reads(operand, &address),
					    "order %u at %llx", order, want);
			KUNIT_EXPECT_EQ_MSG(test, want, address, "order %u", order);
			KUNIT_EXPECT_EQ_MSG(test, operand & 2047, 0ULL, "order %u", order);
		}

	/* The address for all of a device's TLB, by 6.5.3.3 of the specification. */
	KUNIT_EXPECT_EQ(test, intel_pasid_devtlb_address(0, 52) >> 12, 0x7ffffffffffffULL);
}

static struct kunit_case intel_range_cases[] = {
	KUNIT_CASE(small_ranges_are_covered),
	KUNIT_CASE(ranges_across_boundaries_are_covered),
	KUNIT_CASE(edges_are_covered),
	KUNIT_CASE(two_pages_are_two_pages),
	KUNIT_CASE(huge_pages_are_one_block),
	KUNIT_CASE(the_whole_mm_is_the_whole_pasid),
	KUNIT_CASE(up_to_ulong_max_is_covered),
	KUNIT_CASE(empty_range_is_no_block),
	KUNIT_CASE(devices_read_the_order),
	{}
};

static struct kunit_suite intel_range_suite = {
	.name = "intel_pasid_range",
	.test_cases = intel_range_cases,
};

kunit_test_suite(intel_range_suite);
