// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges at edges, and the models that several suites share.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/sizes.h>

#include "range_edges.h"

#define TIB	BIT(40)

/**
 * range_edge - get one of the ranges at edges
 * @n: index of the range, from 0 on
 * @shift: log2 of the page's size in bytes, at most 16
 * @edge: set to the range
 *
 * Return: false if @n is after the last range.
 */
bool range_edge(unsigned int n, unsigned int shift, struct range_edge *edge)
{
	const unsigned long page = 1UL << shift;
	const unsigned long middle = 0x5a5UL << 32;
	const struct range_edge edges[] = {
		{ "the first page", 0, page },
		{ "a page", middle, middle + page },
		{ "a page at an odd place", middle + page, middle + 2 * page },
		{ "two pages", middle, middle + 2 * page },
		{ "two pages that are no pair", middle + page, middle + 3 * page },
		{ "two pages around 2 MiB", SZ_2M - page, SZ_2M + page },
		{ "two pages around 1 GiB", SZ_1G - page, SZ_1G + page },
		{ "two pages around 512 GiB", TIB / 2 - page, TIB / 2 + page },
		{ "two pages around the sign", BIT(63) - page, BIT(63) + page },
		{ "8 pages, misaligned by 4", middle + 4 * page, middle + 12 * page },
		{ "8 pages, misaligned by 1", middle + page, middle + 9 * page },
		{ "31 pages", middle, middle + 31 * page },
		{ "32 pages", middle, middle + 32 * page },
		{ "33 pages", middle, middle + 33 * page },
		{ "65 pages", middle + page, middle + 66 * page },
		{ "511 pages", middle, middle + 511 * page },
		{ "512 pages", middle, middle + 512 * page },
		{ "2 MiB", middle, middle + SZ_2M },
		{ "2 MiB, misaligned by a page", middle + page, middle + SZ_2M + page },
		{ "1 GiB", middle, middle + SZ_1G },
		{ "1 GiB, misaligned by a page", middle + page, middle + SZ_1G + page },
		{ "1 GiB less a page", middle, middle + SZ_1G - page },
		{ "512 GiB", TIB, TIB + TIB / 2 },
		{ "512 GiB, misaligned by 2 MiB", TIB + SZ_2M, TIB + TIB / 2 + SZ_2M },
		{ "512 GiB and a page", TIB, TIB + TIB / 2 + page },
		{ "16 TiB", 16 * TIB, 32 * TIB },
		{ "2^32 pages", page << 32, 2 * page << 32 },
		{ "2^32 pages and one", page << 32, (2 * page << 32) + page },
		{ "48 bits", 0, 1UL << 48 },
		{ "48 bits but for the first page", page, 1UL << 48 },
		{ "the last page of 48 bits", (1UL << 48) - page, 1UL << 48 },
		{ "52 bits", 0, 1UL << 52 },
		{ "57 bits", 0, 1UL << 57 },
		{ "the last page", -2 * page, -page },
		{ "the last two pages", -3 * page, -page },
		{ "up from the middle", middle, -page },
		{ "up from the middle, to ULONG_MAX", middle, ULONG_MAX },
		{ "all but the first page", page, ULONG_MAX },
		{ "all", 0, ULONG_MAX },
	};

	if (n >= ARRAY_SIZE(edges))
		return false;

	*edge = edges[n];
	return true;
}

/* Small ranges begin at this many pages, and have up to as many pages. */
#define SMALL	70
/* The bytes that all of them span, with pages of 64K. */
#define ROOM	(2UL * SMALL << 16)

static bool expect_small_at(struct kunit *test, unsigned long base, unsigned int shift,
			    range_check check)
{
	unsigned long start, end, i, n;
	const char *wrong;

	for (i = 0; i < SMALL; i++)
		for (n = 1; n <= SMALL; n++) {
			start = base + (i << shift);
			end = start + (n << shift);
			wrong = check(start, end, shift);
			if (!wrong)
				continue;
			KUNIT_FAIL(test, "[%lx, %lx) of 2^%u: %s", start, end, shift, wrong);
			return false;
		}
	return true;
}

/**
 * range_expect_small - check all small ranges at some addresses
 * @test: the case, which fails at the first wrong range
 * @shift: log2 of the page's size in bytes, at most 16
 * @check: says what is wrong with a range
 *
 * The addresses are 0, 2 MiB, around 2^47 and 2^63, and at the end of the address
 * space.
 */
void range_expect_small(struct kunit *test, unsigned int shift, range_check check)
{
	const unsigned long bases[] = {
		0, SZ_2M, (1UL << 47) - ROOM / 2, BIT(63) - ROOM / 2, -ROOM - SZ_64K,
	};
	unsigned int b;

	for (b = 0; b < ARRAY_SIZE(bases); b++)
		if (!expect_small_at(test, bases[b], shift, check))
			return;
}

/* How many pages the range touches, counted one by one. For small ranges only. */
unsigned long range_model_pages(unsigned long start, unsigned long end, unsigned int shift)
{
	unsigned long page, pages = 0;

	for (page = start >> shift; page << shift < end; page++)
		pages++;
	return pages;
}

/* The order of the smallest aligned block with both pages: each order is tried. */
unsigned int range_model_order(unsigned long first, unsigned long last)
{
	unsigned int order = 0;

	while (first != last) {
		first /= 2;
		last /= 2;
		order++;
	}
	return order;
}
