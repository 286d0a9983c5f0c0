// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of AMD's pasid-range.h. One model counts pages. Another model decodes the
 * size from an address bit by bit, as the IOMMU does.
 *
 * The driver itself is built, but not run: no device of QEMU has the PASIDs that it
 * needs.
 */
#include <linux/kernel.h>

#include "../amd/pasid-range.h"
#include "range_edges.h"

static const char *fault(unsigned long start, unsigned long end, unsigned int shift)
{
	return amd_pasid_range_is_page(start, end) == (range_model_pages(start, end, 12) == 1) ?
	       NULL : "a page is all, or all is a page";
}

static void only_one_page_is_a_page(struct kunit *test)
{
	/* Ranges in units of half a page. */
	range_expect_small(test, 11, fault);
}

static void edges_are_a_page_or_all(struct kunit *test)
{
	struct range_edge edge;
	unsigned int n;

	for (n = 0; range_edge(n, 12, &edge); n++)
		KUNIT_EXPECT_EQ_MSG(test, amd_pasid_range_is_page(edge.start, edge.end),
				    edge.end - edge.start == 4096, "%s", edge.name);
}

static void the_whole_mm_is_no_page(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, amd_pasid_range_is_page(0, ULONG_MAX));
	KUNIT_EXPECT_FALSE(test, amd_pasid_range_is_page(4096, ULONG_MAX));
}

/* An empty range must not become a command for one page. */
static void empty_range_is_no_page(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, amd_pasid_range_is_page(0, 0));
	KUNIT_EXPECT_FALSE(test, amd_pasid_range_is_page(4096, 4096));
	KUNIT_EXPECT_FALSE(test, amd_pasid_range_is_page(8192, 4096));
}

/* Decode an operand as the IOMMU does. Returns log2 of the pages; 52 is all. */
static unsigned int iommu_reads(u64 operand, u64 *address)
{
	unsigned int bit = 12;

	*address = operand & ~4095ULL;
	if (!(operand & 1))
		return 0;
	while (bit < 64 && operand & 1ULL << bit)
		*address &= ~(1ULL << bit++);
	return bit - 12 + 1;
}

static void a_page_is_read_as_that_page(struct kunit *test)
{
	const u64 pages[] = { 0, 0x1000, 0x7fffffff000, 0xffffffffff000, ~4095ULL };
	unsigned int i;
	u64 address;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		u64 operand = amd_pasid_operand(pages[i] + 0x123, false);

		KUNIT_EXPECT_EQ(test, 0, iommu_reads(operand, &address));
		KUNIT_EXPECT_EQ(test, pages[i], address);
		/* The driver sets its flags in these bits. */
		KUNIT_EXPECT_EQ(test, 0ULL, operand & 4095);
	}
}

static void all_is_read_as_all(struct kunit *test)
{
	u64 address, operand = amd_pasid_operand(AMD_PASID_ALL, true);

	KUNIT_EXPECT_EQ(test, 52, iommu_reads(operand, &address));
	KUNIT_EXPECT_EQ(test, 0ULL, address);
	KUNIT_EXPECT_EQ(test, 1ULL, operand & 4095);
}

static struct kunit_case amd_range_cases[] = {
	KUNIT_CASE(only_one_page_is_a_page),
	KUNIT_CASE(edges_are_a_page_or_all),
	KUNIT_CASE(the_whole_mm_is_no_page),
	KUNIT_CASE(empty_range_is_no_page),
	KUNIT_CASE(a_page_is_read_as_that_page),
	KUNIT_CASE(all_is_read_as_all),
	{}
};

static struct kunit_suite amd_range_suite = {
	.name = "amd_pasid_range",
	.test_cases = amd_range_cases,
};

kunit_test_suite(amd_range_suite);
