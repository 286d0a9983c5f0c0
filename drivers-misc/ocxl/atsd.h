/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _OCXL_ATSD_H
#define _OCXL_ATSD_H

/*
 * What a range of addresses becomes in shootdowns of an OpenCAPI device's
 * translations (ATSD), which POWER's NPU sends for writes to its registers. A
 * pure function: pnv_ocxl_tlb_invalidate() writes the registers.
 *
 * A shootdown drops one page, of a size that it names, or all translations of a
 * PID. It is waited for by reading a register, with a spinlock held.
 */

#include <linux/secondary_tlbs_range.h>

/*
 * The most pages that are shot down one by one: fewer than 32. It bounds how
 * long the lock is held; and as 32 pages of 64K are 2 MiB, no range below has
 * room for a huge page, which a shootdown of small pages need not drop.
 */
#define OCXL_ATSD_MAX_PAGES	31

/**
 * ocxl_atsd_pages - how a range is shot down
 * @start: first address of the range
 * @end: first address behind the range
 * @page_shift: log2 of the page's size in bytes: 12 or 16
 *
 * A shootdown for address 0 is how pnv_ocxl_tlb_invalidate() is asked for all of
 * the PID, so the page there cannot be shot down alone.
 *
 * Return: how many pages to shoot down one by one, from @start on, 1 to
 * OCXL_ATSD_MAX_PAGES; 0 if all of the PID is to be, by one shootdown.
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
