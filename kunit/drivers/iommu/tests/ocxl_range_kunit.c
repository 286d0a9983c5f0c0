// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of ocxl's atsd.h, against a count of pages.
 *
 * The driver itself is built, but not run. Nothing emulates the hardware. Memory in
 * place of its registers would show only the last shootdown, since all shootdowns
 * are writes to the same register.
 */
#include <linux/kernel.h>
#include <linux/sizes.h>

#include "../../misc/ocxl/atsd.h"
#include "range_edges.h"

static const unsigned int shifts[] = { 12, 16 };

/* All pages one by one; or by PID, if there are too many or the first address is 0. */
static const char *fault(unsigned long start, unsigned long end, unsigned int shift)
{
	unsigned long pages = ocxl_atsd_pages(start, end, shift);
	unsigned long touched = range_model_pages(start, end, shift);

	if (touched > 31 || start >> shift == 0)
		return pages ? "page by page" : NULL;
	return pages == touched ? NULL : "not its pages";
}

static void small_ranges_are_covered(struct kunit *test)
{
	unsigned int s;

	for (s = 0; s < ARRAY_SIZE(shifts); s++)
		range_expect_small(test, shifts[s], fault);
}

static void edges_are_bounded(struct kunit *test)
{
	struct range_edge edge;
	unsigned int s, n;

	for (s = 0; s < ARRAY_SIZE(shifts); s++)
		for (n = 0; range_edge(n, shifts[s], &edge); n++) {
			unsigned long pages = ocxl_atsd_pages(edge.start, edge.end, shifts[s]);
			unsigned long size = edge.end - edge.start;

			KUNIT_EXPECT_LE_MSG(test, pages, 31UL, "%s", edge.name);
			if (pages)
				KUNIT_EXPECT_EQ_MSG(test, pages << shifts[s], size, "%s",
						    edge.name);
		}
}

/* 6.1 issues 2^48 shootdowns, and then starts again. */
static void the_whole_mm_is_one_shootdown(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ocxl_atsd_pages(0, ULONG_MAX, 12), 0UL);
	KUNIT_EXPECT_EQ(test, ocxl_atsd_pages(0, ULONG_MAX, 16), 0UL);
	KUNIT_EXPECT_EQ(test, ocxl_atsd_pages(SZ_64K, ULONG_MAX, 16), 0UL);
}

static void one_page_is_one_shootdown(struct kunit *test)
{
	unsigned int s;

	for (s = 0; s < ARRAY_SIZE(shifts); s++) {
		unsigned long page = 1UL << shifts[s];

		KUNIT_EXPECT_EQ(test, ocxl_atsd_pages(page, 2 * page, shifts[s]), 1UL);
		/* Address 0 means all of the PID. */
		KUNIT_EXPECT_EQ(test, ocxl_atsd_pages(0, page, shifts[s]), 0UL);
	}
}

static void up_to_31_pages_go_by_page(struct kunit *test)
{
	unsigned int s;

	for (s = 0; s < ARRAY_SIZE(shifts); s++) {
		unsigned long page = 1UL << shifts[s];

		KUNIT_EXPECT_EQ(test, ocxl_atsd_pages(page, 32 * page, shifts[s]), 31UL);
		KUNIT_EXPECT_EQ(test, ocxl_atsd_pages(page, 33 * page, shifts[s]), 0UL);
	}
}

/* A shootdown of small pages need not drop a huge one. */
static void a_huge_page_goes_by_pid(struct kunit *test)
{
	unsigned int s;

	for (s = 0; s < ARRAY_SIZE(shifts); s++) {
		KUNIT_EXPECT_EQ(test, ocxl_atsd_pages(SZ_2M, 2 * SZ_2M, shifts[s]), 0UL);
		KUNIT_EXPECT_EQ(test, ocxl_atsd_pages(SZ_1G, 2UL * SZ_1G, shifts[s]), 0UL);
	}
}

static struct kunit_case ocxl_range_cases[] = {
	KUNIT_CASE(small_ranges_are_covered),
	KUNIT_CASE(edges_are_bounded),
	KUNIT_CASE(the_whole_mm_is_one_shootdown),
	KUNIT_CASE(one_page_is_one_shootdown),
	KUNIT_CASE(up_to_31_pages_go_by_page),
	KUNIT_CASE(a_huge_page_goes_by_pid),
	{}
};

static struct kunit_suite ocxl_range_suite = {
	.name = "ocxl_atsd",
	.test_cases = ocxl_range_cases,
};

kunit_test_suite(ocxl_range_suite);
