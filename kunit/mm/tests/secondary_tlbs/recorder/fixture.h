/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the recorder share.
 */
#ifndef _MM_TESTS_SECONDARY_TLBS_FIXTURE_H
#define _MM_TESTS_SECONDARY_TLBS_FIXTURE_H

struct recorder;

/*
 * The recorder of the case that runs, NULL if it has none: KUnit runs one case at
 * a time. alloc_notifier() of mmu_notifier_get() is told the mm and nothing else.
 */
extern struct recorder *recorder_now;

/* Give back what a case has left. */
void recorder_end_workers(struct recorder *rec);
void recorder_end_subscribers(struct recorder *rec);
void recorder_end_mms(struct recorder *rec);
bool recorder_wait_subscribers(struct recorder *rec);
void recorder_free_subscribers(struct recorder *rec);

#endif /* _MM_TESTS_SECONDARY_TLBS_FIXTURE_H */
