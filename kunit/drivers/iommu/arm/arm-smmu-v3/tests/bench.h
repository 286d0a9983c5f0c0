/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A test bench: PCI devices that read and write an address space by DMA, and the
 * SMMU that translates for them.
 *
 * The devices are QEMU's "edu" (docs/specs/edu.txt). Each has a buffer, and its DMA
 * copies from memory to the buffer or back. A DMA takes a tenth of a second of the
 * machine's time, but all devices run theirs at the same time. The CPU cannot read the
 * buffer. So the device writes it to a mailbox, which is memory of the same address
 * space that no operation changes.
 *
 * Each word that a device writes has a unique value, which tells where it belongs.
 *
 * Consumed commands and events stay in the SMMU's queues, and a case reads them there.
 * An event belongs to the access of the same device and page. An event that belongs to
 * no access is printed, and fails the case.
 */
#ifndef _ARM_SMMU_V3_TESTS_BENCH_H
#define _ARM_SMMU_V3_TESTS_BENCH_H

#include <linux/types.h>

#include <kunit/test.h>

/* The number of edu devices that QEMU must have, see configs/smmu.qemu of the lab. */
#define BENCH_DEVICES	8
/* Words in a device's buffer. The first BENCH_READS are for reads, the rest for writes. */
#define BENCH_READS	128
#define BENCH_WORDS	511

struct arm_smmu_cd0;
struct mm_struct;
struct page;

/**
 * struct bench_access - one DMA of one word
 * @device: index of the device
 * @addr: address in the address space
 * @write: true to write memory, false to read it
 * @value: the word that is written; the word that was read, after bench_collect()
 * @event: the SMMU's event (EVT_ID_*), or 0 if there was none
 * @word: index of the word in the device's buffer
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
 * @devices: how many devices translate through it
 * @mailbox: address of the mailbox, a page for each device
 * @pages: pages of the mailbox
 * @reads: the next word of the buffers for a read
 * @writes: the next word of the buffers for a write
 * @unexpected: number of events that belong to no access
 * @errors: number of errors of the bench itself
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
 * struct bench_commands - how many commands of each kind were issued
 * @by_va: TLBI by address, of a page or a range of an ASID
 * @by_asid: TLBI of an ASID
 * @by_all: TLBI of everything
 * @atc: ATC_INV, of a device's own TLB
 * @sync: CMD_SYNC
 * @other: all other commands
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
