// SPDX-License-Identifier: GPL-2.0-only
/*
 * The test bench: QEMU's "edu" devices, and the commands and events of their SMMU.
 */
#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/device/driver.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/highmem.h>
#include <linux/iommu.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pci.h>
#include <linux/sched/mm.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_paths.h>
#include <kunit/secondary_tlbs_recorder.h>

#include "../arm-smmu-v3.h"
#include "bench.h"
#include "cd0.h"

/* docs/specs/edu.txt of QEMU */
#define EDU_DMA_SRC		0x80
#define EDU_DMA_DST		0x88
#define EDU_DMA_COUNT		0x90
#define EDU_DMA_COMMAND		0x98
#define EDU_DMA_RUN		BIT(0)
#define EDU_DMA_TO_MEMORY	BIT(1)
/* Address of the device's buffer in a DMA command. Its last byte cannot be used. */
#define EDU_BUFFER		0x40000

struct bench_device {
	struct pci_dev *pdev;
	void __iomem *regs;
	u32 sid;
};

static struct bench_device bench_devices[BENCH_DEVICES];
static unsigned int bench_found;
static struct arm_smmu_device *bench_smmu;
/* The place in the event queue up to which events were read. */
static u32 bench_events;
static unsigned long bench_transfers, bench_faults;
static u64 bench_unique;
/* The bench of the case that runs. */
static struct bench *bench_now;

/* The devices no longer use the address space. */
static void bench_unbind(struct bench *bench)
{
	unsigned int i;

	if (bench->cd0)
		arm_smmu_cd0_unbind(bench->cd0);
	bench->cd0 = NULL;
	for (i = 0; i < BENCH_DEVICES; i++)
		if (bench->pages[i])
			put_page(bench->pages[i]);
	memset(bench->pages, 0, sizeof(bench->pages));
}

/*
 * The devices. Without a driver they have no DMA domain, so this one does nothing more.
 */
static int bench_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct bench_device *device = &bench_devices[bench_found];
	struct arm_smmu_master *master;
	int ret;

	if (bench_found == BENCH_DEVICES || !device_iommu_mapped(&pdev->dev))
		return -ENODEV;
	master = dev_iommu_priv_get(&pdev->dev);
	ret = pcim_enable_device(pdev) ?: dma_set_mask(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	device->regs = pcim_iomap(pdev, 0, 0);
	if (!device->regs)
		return -ENOMEM;
	pci_set_master(pdev);
	device->pdev = pdev;
	device->sid = master->streams[0].id;
	bench_smmu = master->smmu;
	bench_found++;
	return 0;
}

static const struct pci_device_id bench_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{}
};

static struct pci_driver bench_driver = {
	.name = "smmu_bench",
	.id_table = bench_ids,
	.probe = bench_probe,
};

/**
 * bench_suite_init - find the devices
 * @suite: unused
 *
 * If devices are missing, bench_case_init() fails each case.
 *
 * Return: 0, or the error of pci_register_driver().
 */
int bench_suite_init(struct kunit_suite *suite)
{
	int ret;

	bench_found = 0;
	bench_transfers = 0;
	bench_faults = 0;
	ret = pci_register_driver(&bench_driver);
	if (ret)
		return ret;
	wait_for_device_probe();
	if (bench_smmu)
		bench_events = readl(bench_smmu->evtq.q.prod_reg);
	return 0;
}

/**
 * bench_suite_exit - print how much DMA was done, and release the devices
 * @suite: the suite that ends
 */
void bench_suite_exit(struct kunit_suite *suite)
{
	pr_info("    # %s: %lu DMA transfers, %lu of them faulted, by %u devices\n", suite->name,
		bench_transfers, bench_faults, bench_found);
	pci_unregister_driver(&bench_driver);
}

/**
 * bench_case_init - fail a case if devices are missing
 * @test: the case
 *
 * Return: 0, or -ENODEV.
 */
int bench_case_init(struct kunit *test)
{
	if (bench_found == BENCH_DEVICES)
		return recorder_case_init(test);
	if (!bench_found)
		kunit_err(test, "no edu device behind an SMMUv3: QEMU needs -machine virt,iommu=smmuv3 and -device edu,dma_mask=0xffffffffffffffff, %d times (make run MACHINE=smmu)",
			  BENCH_DEVICES);
	else
		kunit_err(test, "%u edu devices behind the SMMU: QEMU needs -device edu,dma_mask=0xffffffffffffffff %d times (make run MACHINE=smmu)",
			  bench_found, BENCH_DEVICES);
	return -ENODEV;
}

/**
 * bench_case_exit - clean up after a case, even if an assertion has ended it
 * @test: the case
 */
void bench_case_exit(struct kunit *test)
{
	if (bench_now) {
		recorder_end_loan(bench_now->rec);
		bench_unbind(bench_now);
	}
	bench_now = NULL;
	recorder_case_exit(test);
}

/*
 * The SMMU's events
 */
/**
 * bench_event_name - the name of an event in the SMMU's specification (IHI 0070, 7.3)
 * @id: number of the event; 0 for no event
 *
 * Return: the name.
 */
const char *bench_event_name(u8 id)
{
	static const char * const names[] = {
		[0x00] = "no event", [0x01] = "F_UUT", [0x02] = "C_BAD_STREAMID",
		[0x03] = "F_STE_FETCH",
		[0x04] = "C_BAD_STE", [0x05] = "F_BAD_ATS_TREQ", [0x06] = "F_STREAM_DISABLED",
		[0x07] = "F_TRANSL_FORBIDDEN", [0x08] = "C_BAD_SUBSTREAMID",
		[0x09] = "F_CD_FETCH", [0x0a] = "C_BAD_CD", [0x0b] = "F_WALK_EABT",
		[EVT_ID_TRANSLATION_FAULT] = "F_TRANSLATION",
		[EVT_ID_ADDR_SIZE_FAULT] = "F_ADDR_SIZE", [EVT_ID_ACCESS_FAULT] = "F_ACCESS",
		[EVT_ID_PERMISSION_FAULT] = "F_PERMISSION", [0x20] = "F_TLB_CONFLICT",
		[0x21] = "F_CFG_CONFLICT", [0x24] = "E_PAGE_REQUEST",
	};

	return id < ARRAY_SIZE(names) && names[id] ? names[id] : "unknown";
}

static void event_print(struct bench *bench, const u64 *event)
{
	u8 id = FIELD_GET(EVTQ_0_ID, event[0]);

	kunit_err(bench->test, "event %s (0x%02x): stream 0x%llx, %s of 0x%llx%s, raw %016llx %016llx %016llx %016llx",
		  bench_event_name(id), id, FIELD_GET(EVTQ_0_SID, event[0]),
		  event[1] & EVTQ_1_RnW ? "read" : "write", FIELD_GET(EVTQ_2_ADDR, event[2]),
		  event[1] & EVTQ_1_STALL ? ", stalled" : "", event[0], event[1], event[2],
		  event[3]);
}

static struct bench_access *event_access(const u64 *event, struct bench_access *accesses,
					 unsigned int n)
{
	bool write = !(event[1] & EVTQ_1_RnW);
	unsigned int i;

	for (i = 0; i < n; i++)
		if (bench_devices[accesses[i].device].sid == FIELD_GET(EVTQ_0_SID, event[0]) &&
		    (accesses[i].addr & PAGE_MASK) == (event[2] & PAGE_MASK) &&
		    accesses[i].write == write)
			return &accesses[i];
	return NULL;
}

/* Read the new events. One access of eight bytes may have two. */
static void bench_take_events(struct bench *bench, struct bench_access *accesses,
			      unsigned int n)
{
	struct arm_smmu_queue *q = &bench_smmu->evtq.q;
	u32 prod = readl(q->prod_reg);

	if (Q_OVF(prod) != Q_OVF(bench_events)) {
		kunit_err(bench->test, "the event queue ran over");
		bench->unexpected++;
	}
	while (Q_IDX(&q->llq, bench_events) != Q_IDX(&q->llq, prod)) {
		struct bench_access *access;
		u64 event[EVTQ_ENT_DWORDS];
		int i;

		for (i = 0; i < EVTQ_ENT_DWORDS; i++)
			event[i] = le64_to_cpu(READ_ONCE(Q_ENT(q, bench_events)[i]));
		access = event_access(event, accesses, n);
		if (access) {
			access->event = FIELD_GET(EVTQ_0_ID, event[0]);
		} else {
			event_print(bench, event);
			bench->unexpected++;
		}
		bench_events++;
	}
	bench_events = prod;
}

/*
 * DMA
 */
static void edu_start(const struct bench_device *device, u64 memory, unsigned int word,
		      unsigned int words, bool write)
{
	u64 buffer = EDU_BUFFER + word * sizeof(u64);

	writeq(write ? buffer : memory, device->regs + EDU_DMA_SRC);
	writeq(write ? memory : buffer, device->regs + EDU_DMA_DST);
	writeq(words * sizeof(u64), device->regs + EDU_DMA_COUNT);
	writeq(EDU_DMA_RUN | (write ? EDU_DMA_TO_MEMORY : 0), device->regs + EDU_DMA_COMMAND);
	bench_transfers++;
}

/* Poll for the end of a DMA. The device's MSIs do not work, see cd0.h. */
static bool edu_finish(const struct bench_device *device)
{
	unsigned long deadline = jiffies + RECORDER_PATIENCE;

	while (readl(device->regs + EDU_DMA_COMMAND) & EDU_DMA_RUN) {
		if (time_after(jiffies, deadline))
			return false;
		usleep_range(1000, 5000);
	}
	return true;
}

static void bench_finish(struct bench *bench, unsigned int device)
{
	if (edu_finish(&bench_devices[device]))
		return;
	kunit_err(bench->test, "device %u does not end its DMA", device);
	bench->errors++;
}

/* Copy the buffers of all devices to the mailbox (@write) or from it. */
static void bench_mail(struct bench *bench, bool write)
{
	unsigned int i;

	for (i = 0; i < bench->devices; i++)
		edu_start(&bench_devices[i], bench->mailbox + i * PAGE_SIZE, 0, BENCH_WORDS,
			  write);
	for (i = 0; i < bench->devices; i++)
		bench_finish(bench, i);
	bench_take_events(bench, NULL, 0);
}

static u64 *bench_words(struct bench *bench, unsigned int device)
{
	return page_address(bench->pages[device]);
}

/* Fill each buffer with new words to write. Words that were read so far are lost. */
static void bench_load(struct bench *bench)
{
	unsigned int i, word;

	for (i = 0; i < bench->devices; i++)
		for (word = 0; word < BENCH_WORDS; word++)
			WRITE_ONCE(bench_words(bench, i)[word],
				   0xed00000000000000 | ++bench_unique);
	bench_mail(bench, false);
	bench->reads = 0;
	bench->writes = BENCH_READS;
}

static void bench_start(struct bench *bench, struct bench_access *access)
{
	access->word = access->write ? bench->writes : bench->reads;
	access->event = 0;
	if (access->write)
		access->value = READ_ONCE(bench_words(bench, access->device)[access->word]);
	edu_start(&bench_devices[access->device], access->addr, access->word, 1, access->write);
}

/**
 * bench_begin - begin accesses
 * @bench: the bench
 * @accesses: the accesses, each by another device
 * @n: how many
 *
 * The caller must call bench_end() before any other function of the bench.
 */
void bench_begin(struct bench *bench, struct bench_access *accesses, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		bench_start(bench, &accesses[i]);
}

/**
 * bench_end - wait for the end of accesses, and read their events
 * @bench: the bench
 * @accesses: the accesses that bench_begin() has begun
 * @n: how many
 *
 * bench_collect() gets the words that were read.
 */
void bench_end(struct bench *bench, struct bench_access *accesses, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		bench_finish(bench, accesses[i].device);
	bench_take_events(bench, accesses, n);
	for (i = 0; i < n; i++)
		bench_faults += !!accesses[i].event;
	bench->reads++;
	bench->writes++;
	/* The words are used up. */
	if (bench->writes == BENCH_WORDS)
		bench_load(bench);
}

/**
 * bench_do - begin accesses, and wait for their end
 * @bench: the bench
 * @accesses: the accesses, each by another device
 * @n: how many
 */
void bench_do(struct bench *bench, struct bench_access *accesses, unsigned int n)
{
	bench_begin(bench, accesses, n);
	bench_end(bench, accesses, n);
}

/**
 * bench_collect - get the words that the devices have read
 * @bench: the bench
 * @accesses: the accesses; the value of each read is filled in
 * @n: how many
 */
void bench_collect(struct bench *bench, struct bench_access *accesses, unsigned int n)
{
	unsigned int i;

	bench_mail(bench, true);
	for (i = 0; i < n; i++)
		if (!accesses[i].write)
			accesses[i].value = READ_ONCE(bench_words(bench, accesses[i].device)
						      [accesses[i].word]);
	if (bench->reads > BENCH_READS / 2)
		bench_load(bench);
}

/*
 * An address space
 */
static int bench_map_mailbox(struct bench *bench)
{
	unsigned long size = BENCH_DEVICES * PAGE_SIZE, addr;
	struct path_entry entry;
	unsigned int i;
	int ret;

	/* Shared, so that fork() does not make it read-only. */
	addr = vm_mmap(NULL, 0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(addr))
		return addr;
	bench->mailbox = addr;
	for (i = 0; i < BENCH_DEVICES; i++) {
		ret = recorder_fault(bench->mm, addr + i * PAGE_SIZE, FAULT_FLAG_WRITE);
		if (ret)
			return ret;
		path_walk(bench->mm, addr + i * PAGE_SIZE, &entry);
		/* A reference keeps the page from being moved. */
		get_page(entry.page);
		bench->pages[i] = entry.page;
	}
	return 0;
}

/**
 * bench_try_to_bind - bind the devices to the mm
 * @bench: the bench; on failure its @cd0 is NULL
 */
void bench_try_to_bind(struct bench *bench)
{
	struct device *devs[BENCH_DEVICES];
	unsigned int i;

	for (i = 0; i < bench->devices; i++)
		devs[i] = &bench_devices[i].pdev->dev;
	bench->cd0 = arm_smmu_cd0_bind(devs, bench->devices, bench->mm);
	if (IS_ERR(bench->cd0))
		bench->cd0 = NULL;
}

static int bench_bind(struct bench *bench)
{
	bench_try_to_bind(bench);
	if (bench->cd0)
		return 0;
	kunit_err(bench->test, "binding the devices failed");
	return -EIO;
}

static void bench_mm_begin(struct bench *bench)
{
	bench->mm = recorder_mm_create(bench->rec);
	recorder_use_mm(bench->rec, bench->mm);
	if (bench_map_mailbox(bench) || bench_bind(bench))
		bench->errors++;
}

static void bench_mm_end(struct bench *bench)
{
	bench_unbind(bench);
	if (!bench->mm)
		return;
	recorder_unuse_mm(bench->rec);
	recorder_mm_put(bench->rec, bench->mm);
	bench->mm = NULL;
}

/**
 * bench_create - create an address space, and bind devices to it
 * @test: the case
 * @devices: how many devices
 *
 * Until bench_destroy(), current uses the address space by kthread_use_mm(), and
 * is pinned to its CPU.
 *
 * Return: the bench; an error counts in its @errors and fails the case.
 */
struct bench *bench_create(struct kunit *test, unsigned int devices)
{
	struct bench *bench = recorder_zalloc(test->priv, sizeof(*bench));

	bench->test = test;
	bench->devices = devices;
	bench->rec = test->priv;
	bench_now = bench;
	set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id()));
	bench_mm_begin(bench);
	if (!bench->errors)
		bench_load(bench);
	KUNIT_EXPECT_EQ(test, bench->errors, 0U);
	return bench;
}

/**
 * bench_bind_again - unbind the devices, and bind them again
 * @bench: the bench
 */
void bench_bind_again(struct bench *bench)
{
	arm_smmu_cd0_unbind(bench->cd0);
	if (bench_bind(bench))
		bench->errors++;
}

/**
 * bench_next_mm - bind the devices to a new address space
 * @bench: the bench; its mm is NULL if the caller has already put it
 *
 * The words that the devices have read stay in their buffers.
 */
void bench_next_mm(struct bench *bench)
{
	bench_mm_end(bench);
	bench_mm_begin(bench);
}

/**
 * bench_destroy - unbind the devices, and fail the case if the bench saw an error
 * @bench: from bench_create()
 */
void bench_destroy(struct bench *bench)
{
	bench_take_events(bench, NULL, 0);
	bench_mm_end(bench);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	bench_now = NULL;
	KUNIT_EXPECT_EQ_MSG(bench->test, bench->unexpected, 0U, "events that belong to no access");
	KUNIT_EXPECT_EQ(bench->test, bench->errors, 0U);
}

/*
 * The SMMU's commands
 */

/**
 * bench_commands_mark - the place of the next command in the command queue
 *
 * Return: the index.
 */
u32 bench_commands_mark(void)
{
	return Q_IDX(&bench_smmu->cmdq.q.llq, READ_ONCE(bench_smmu->cmdq.q.llq.prod));
}

/**
 * bench_commands_read - read the commands since a mark
 * @mark: from bench_commands_mark()
 * @commands: array to fill in
 * @room: how many commands fit into it
 *
 * Return: how many commands there are, which may exceed @room.
 */
unsigned int bench_commands_read(u32 mark, u64 (*commands)[2], unsigned int room)
{
	struct arm_smmu_queue *q = &bench_smmu->cmdq.q;
	u32 now = bench_commands_mark();
	unsigned int n = 0;

	for (; mark != now; mark = Q_IDX(&q->llq, mark + 1), n++) {
		if (n >= room)
			continue;
		commands[n][0] = le64_to_cpu(READ_ONCE(Q_ENT(q, mark)[0]));
		commands[n][1] = le64_to_cpu(READ_ONCE(Q_ENT(q, mark)[1]));
	}
	return n;
}

static void command_count(u64 command, struct bench_commands *count)
{
	switch (FIELD_GET(CMDQ_0_OP, command)) {
	case CMDQ_OP_TLBI_NH_VA:
	case CMDQ_OP_TLBI_EL2_VA:
		count->by_va++;
		break;
	case CMDQ_OP_TLBI_NH_ASID:
	case CMDQ_OP_TLBI_EL2_ASID:
		count->by_asid++;
		break;
	case CMDQ_OP_TLBI_NSNH_ALL:
	case CMDQ_OP_TLBI_EL2_ALL:
		count->by_all++;
		break;
	case CMDQ_OP_ATC_INV:
		count->atc++;
		break;
	case CMDQ_OP_CMD_SYNC:
		count->sync++;
		break;
	default:
		count->other++;
	}
}

/**
 * bench_commands_since - count the commands since a mark
 * @mark: from bench_commands_mark()
 * @count: filled in
 */
void bench_commands_since(u32 mark, struct bench_commands *count)
{
	struct arm_smmu_queue *q = &bench_smmu->cmdq.q;
	u32 now = bench_commands_mark();

	memset(count, 0, sizeof(*count));
	for (; mark != now; mark = Q_IDX(&q->llq, mark + 1))
		command_count(le64_to_cpu(READ_ONCE(Q_ENT(q, mark)[0])), count);
}
