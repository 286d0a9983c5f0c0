/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ranges that every driver's arithmetic is tested with, and what the models
 * share. A model is simple on purpose, and uses nothing of what it is to check:
 * it counts pages one by one, or tries one size after the other.
 */
#ifndef _RANGE_EDGES_H
#define _RANGE_EDGES_H

#include <linux/types.h>

#include <kunit/test.h>

/**
 * struct range_edge - a range at an edge
 * @name: what it is
 * @start: first address
 * @end: first address behind
 */
struct range_edge {
	const char *name;
	unsigned long start;
	unsigned long end;
};

bool range_edge(unsigned int n, unsigned int shift, struct range_edge *edge);

/*
 * What is wrong with what becomes of a range of pages of 2^@shift bytes; NULL:
 * nothing. @end is the first address behind the range.
 */
typedef const char *(*range_check)(unsigned long start, unsigned long end, unsigned int shift);

void range_expect_small(struct kunit *test, unsigned int shift, range_check check);

unsigned long range_model_pages(unsigned long start, unsigned long end, unsigned int shift);
unsigned int range_model_order(unsigned long first, unsigned long last);

#endif /* _RANGE_EDGES_H */
