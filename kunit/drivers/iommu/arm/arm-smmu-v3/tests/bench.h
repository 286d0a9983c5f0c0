/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A test bench: PCI devices that read and write an address space by DMA, and the
 * SMMU that translates for them.
 *
 * The devices are QEMU's "edu" (docs/specs/edu.txt): a buffer, which a DMA fills from
 * memory or empties into it. A DMA takes a tenth of a second of the machine's time,
 * but all devices run theirs at once. What came into a buffer is seen when the device
 * has written it out again, into a mailbox: memory of the same address space that is
 * not part of any test.
 *
 * Each word that a device writes is unlike all others: whose it is, and where it
 * should be, cannot be mistaken.
 *
 * The SMMU leaves commands and events in its queues after they were consumed, so a
 * case reads them there. An event belongs to the access of the same device and page;
 * each one that belongs to no access is printed, and fails the case.
 */
#ifndef _ARM_SMMU_V3_TESTS_BENCH_H
#define _ARM_SMMU_V3_TESTS_BENCH_H

#include <linux/types.h>

#include <kunit/test.h>

/* As many as QEMU's machine has for these tests, configs/smmu.qemu. */
#define BENCH_DEVICES	8
/* Words in a device's buffer: those that are read, and those to be written. */
#define BENCH_READS	128
#define BENCH_WORDS	511

struct arm_smmu_cd0;
struct mm_struct;
struct page;

/**
 * struct bench_access - one DMA of one word
 * @device: whose
 * @addr: where in the address space
 * @write: into memory
 * @value: what was written; or read, after bench_collect()
 * @event: the SMMU's event, 0 if there was none: EVT_ID_*
 * @word: of the device's buffer
 */
struct bench_access {
	unsigned int device;
	unsigned long addr;
	bool write;
	u64 value;
	u8 event;
	unsigned int word;
};

/**
 * struct bench - an address space on the bench
 * @test: the case
 * @mm: the address space, which current uses
 * @cd0: its binding to the devices, NULL if there is none
 * @rec: the recorder of the case, which owns the mm
 * @devices: how many translate through it
 * @mailbox: where it is, a page for each device
 * @pages: its pages
 * @reads: words used for reading
 * @writes: words used for writing
 * @unexpected: events that belong to no access
 * @errors: of the bench itself
 */
struct bench {
	struct kunit *test;
	struct recorder *rec;
	struct mm_struct *mm;
	struct arm_smmu_cd0 *cd0;
	unsigned int devices;
	unsigned long mailbox;
	struct page *pages[BENCH_DEVICES];
	unsigned int reads;
	unsigned int writes;
	unsigned int unexpected;
	unsigned int errors;
};

int bench_suite_init(struct kunit_suite *suite);
void bench_suite_exit(struct kunit_suite *suite);
int bench_case_init(struct kunit *test);
void bench_case_exit(struct kunit *test);

struct bench *bench_create(struct kunit *test, unsigned int devices);
void bench_try_to_bind(struct bench *bench);
void bench_bind_again(struct bench *bench);
void bench_next_mm(struct bench *bench);
void bench_destroy(struct bench *bench);

void bench_begin(struct bench *bench, struct bench_access *accesses, unsigned int n);
void bench_end(struct bench *bench, struct bench_access *accesses, unsigned int n);
void bench_do(struct bench *bench, struct bench_access *accesses, unsigned int n);
void bench_collect(struct bench *bench, struct bench_access *accesses, unsigned int n);

const char *bench_event_name(u8 id);

/**
 * struct bench_commands - commands that the SMMU was given
 * @by_va: invalidations of a range of an ASID
 * @by_asid: invalidations of an ASID
 * @by_all: invalidations of everything
 * @atc: invalidations of a device's own TLB
 * @sync: waits
 * @other: all others
 */
struct bench_commands {
	unsigned int by_va;
	unsigned int by_asid;
	unsigned int by_all;
	unsigned int atc;
	unsigned int sync;
	unsigned int other;
};

u32 bench_commands_mark(void);
void bench_commands_since(u32 mark, struct bench_commands *count);
unsigned int bench_commands_read(u32 mark, u64 (*commands)[2], unsigned int room);

#endif /* _ARM_SMMU_V3_TESTS_BENCH_H */
