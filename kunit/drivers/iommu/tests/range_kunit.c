// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of <linux/secondary_tlbs_range.h>. One model counts pages, and another
 * model tries block sizes one after the other.
 */
#include <linux/kernel.h>
#include <linux/secondary_tlbs_range.h>

#include "range_edges.h"

static const unsigned int shifts[] = { 12, 14, 16 };

static void empty_range_has_no_page(struct kunit *test)
{
	const unsigned long addresses[] = { 0, 1, PAGE_SIZE, BIT(63), -PAGE_SIZE, ULONG_MAX };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		for (j = i; j < ARRAY_SIZE(addresses); j++)
			KUNIT_EXPECT_EQ_MSG(test,
					    secondary_tlbs_range_pages(addresses[j], addresses[i],
								       12),
					    0UL, "[%lx, %lx)", addresses[j], addresses[i]);
	}
}

/* Count pages that are twice as large as the unit of the range. */
static const char *fault_of_pages(unsigned long start, unsigned long end, unsigned int half)
{
	return secondary_tlbs_range_pages(start, end, half + 1) ==
	       range_model_pages(start, end, half + 1) ? NULL : "not its pages";
}

/* Ranges in units of half a page, so that pages may be touched in part. */
static void pages_are_those_that_are_touched(struct kunit *test)
{
	unsigned int s;

	for (s = 0; s < ARRAY_SIZE(shifts); s++)
		range_expect_small(test, shifts[s] - 1, fault_of_pages);
}

static void all_pages_are_counted(struct kunit *test)
{
	unsigned int s;

	for (s = 0; s < ARRAY_SIZE(shifts); s++) {
		unsigned long all = 1UL << (64 - shifts[s]);

		KUNIT_EXPECT_EQ(test, secondary_tlbs_range_pages(0, ULONG_MAX, shifts[s]), all);
		KUNIT_EXPECT_EQ(test, secondary_tlbs_range_pages(0, -(1UL << shifts[s]),
								 shifts[s]), all - 1);
	}
}

static const char *fault_of_cover(unsigned long start, unsigned long end, unsigned int shift)
{
	unsigned int order = secondary_tlbs_cover_order(start, end, shift);

	return order == range_model_order(start >> shift, (end - 1) >> shift) ? NULL :
	       "not the smallest block";
}

static void cover_is_the_smallest_block(struct kunit *test)
{
	unsigned int s;

	for (s = 0; s < ARRAY_SIZE(shifts); s++)
		range_expect_small(test, shifts[s], fault_of_cover);
}

static void edges_are_covered(struct kunit *test)
{
	struct range_edge edge;
	unsigned int s, n;

	for (s = 0; s < ARRAY_SIZE(shifts); s++)
		for (n = 0; range_edge(n, shifts[s], &edge); n++)
			KUNIT_EXPECT_TRUE_MSG(test, !fault_of_cover(edge.start, edge.end,
								    shifts[s]),
					      "%s of 2^%u", edge.name, shifts[s]);
}

/* The first address of a block has all bits below the block's size clear. */
static void block_begins_at_a_multiple_of_its_size(struct kunit *test)
{
	const unsigned long address = 0xdeadbeefcafef00d;
	unsigned int s, order, bit;
	unsigned long start;

	for (s = 0; s < ARRAY_SIZE(shifts); s++)
		for (order = 0; order <= 64 - shifts[s]; order++) {
			start = 0;
			for (bit = order + shifts[s]; bit < 64; bit++)
				start += address & 1UL << bit;
			KUNIT_EXPECT_EQ_MSG(test, start,
					    secondary_tlbs_block_start(address, order, shifts[s]),
					    "order %u of 2^%u", order, shifts[s]);
		}
}

static struct kunit_case range_cases[] = {
	KUNIT_CASE(empty_range_has_no_page),
	KUNIT_CASE(pages_are_those_that_are_touched),
	KUNIT_CASE(all_pages_are_counted),
	KUNIT_CASE(cover_is_the_smallest_block),
	KUNIT_CASE(edges_are_covered),
	KUNIT_CASE(block_begins_at_a_multiple_of_its_size),
	{}
};

static struct kunit_suite range_suite = {
	.name = "secondary_tlbs_range",
	.test_cases = range_cases,
};

kunit_test_suite(range_suite);
