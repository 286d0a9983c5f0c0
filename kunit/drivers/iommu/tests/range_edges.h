/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ranges that the arithmetic of every driver is tested with, and models that the
 * suites share. A model is simple on purpose, and uses no code that it checks. It
 * counts pages one by one, or tries one size after the other.
 */
#ifndef _RANGE_EDGES_H
#define _RANGE_EDGES_H

#include <linux/types.h>

#include <kunit/test.h>

/**
 * struct range_edge - a range at an edge
 * @name: description, for messages
 * @start: first address of the range
 * @end: first address after the range
 */
struct range_edge {
	const char *name;
	unsigned long start;
	unsigned long end;
};

bool range_edge(unsigned int n, unsigned int shift, struct range_edge *edge);

/*
 * Returns what is wrong with the result for a range of pages of 2^@shift bytes, or
 * NULL. @end is the first address after the range.
 */
typedef const char *(*range_check)(unsigned long start, unsigned long end, unsigned int shift);

void range_expect_small(struct kunit *test, unsigned int shift, range_check check);

unsigned long range_model_pages(unsigned long start, unsigned long end, unsigned int shift);
unsigned int range_model_order(unsigned long first, unsigned long last);

#endif /* _RANGE_EDGES_H */
