/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _OCXL_ATSD_H
#define _OCXL_ATSD_H

/*
 * Split a range of addresses into shootdowns of an OpenCAPI device's
 * translations (ATSD). POWER's NPU sends a shootdown when its registers are
 * written, which pnv_ocxl_tlb_invalidate() does. The function here is pure.
 *
 * A shootdown drops one page, whose size it names, or all translations of a
 * PID. The CPU polls a register for its end, with a spinlock held.
 */

#include <linux/secondary_tlbs_range.h>

/*
 * The most pages that are shot down one by one. It bounds how long the lock is
 * held. It also keeps out huge pages, which a shootdown of small pages need not
 * drop: 32 pages of 64K are 2 MiB, so 31 have no room for one.
 */
#define OCXL_ATSD_MAX_PAGES	31

/**
 * ocxl_atsd_pages - how many pages of a range to shoot down one by one
 * @start: first address of the range
 * @end: first address after the range
 * @page_shift: log2 of the page's size in bytes: 12 or 16
 *
 * pnv_ocxl_tlb_invalidate() takes address 0 as the request for all of the PID.
 * So the page at address 0 cannot be shot down alone.
 *
 * Return: the number of pages from @start on, 1 to OCXL_ATSD_MAX_PAGES; 0 if one
 * shootdown of the whole PID is needed.
 */
static inline unsigned long
ocxl_atsd_pages(unsigned long start, unsigned long end, unsigned int page_shift)
{
	unsigned long pages = secondary_tlbs_range_pages(start, end, page_shift);

	if (pages > OCXL_ATSD_MAX_PAGES || !(start >> page_shift))
		return 0;

	return pages;
}

#endif /* _OCXL_ATSD_H */
