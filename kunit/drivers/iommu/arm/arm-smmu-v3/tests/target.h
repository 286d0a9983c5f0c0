/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a device should find at an address, by the current page tables.
 */
#ifndef _ARM_SMMU_V3_TESTS_TARGET_H
#define _ARM_SMMU_V3_TESTS_TARGET_H

#include <linux/mm.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_paths.h>

#include "bench.h"

/**
 * struct target - what is mapped at an address
 * @readable: a device may read it
 * @writable: a device may write it without a fault
 * @page: the page at the address; NULL if it is not readable
 * @word: the word at the address; NULL if it is not readable
 */
struct target {
	bool readable;
	bool writable;
	struct page *page;
	u64 *word;
};

static inline struct target target_of(struct mm_struct *mm, unsigned long addr)
{
	struct target target = {};
	struct path_entry entry;

	path_walk(mm, addr, &entry);
	if (!entry.page || !secondary_tlbs_readable(entry.raw))
		return target;
	target.readable = true;
	target.writable = secondary_tlbs_writable(entry.raw);
	target.page = entry.page + ((addr - entry.addr) >> PAGE_SHIFT);
	target.word = page_address(target.page) + offset_in_page(addr);
	return target;
}

static inline bool target_has(const struct target *target, const struct bench_access *write)
{
	return target->word && READ_ONCE(*target->word) == write->value;
}

#endif /* _ARM_SMMU_V3_TESTS_TARGET_H */
