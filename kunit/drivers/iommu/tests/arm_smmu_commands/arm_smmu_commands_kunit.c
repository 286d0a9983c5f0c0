// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the commands that the SMMUv3 driver issues when an mm changes that
 * devices share. They run the driver's own code, from its callback to the queue.
 *
 * The SMMU is a fake: a command queue in memory, whose CONS register is also its
 * PROD register. So a command counts as consumed as soon as the driver publishes
 * it, and stays in the queue for the case to read. The driver is not changed. It
 * binds, issues commands, and waits for room and for CMD_SYNC as usual. The
 * devices are fakes as well, with what the driver needs to bind them.
 *
 * These tests do not show how an SMMU executes the commands, nor how long it takes.
 */
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmu_notifier.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include <kunit/secondary_tlbs_recorder.h>

#include "../../arm/arm-smmu-v3/arm-smmu-v3.h"
#include "../range_edges.h"

#define FAKE_DEVICES	2
#define FAKE_STREAMS	2
#define FAKE_SSID_BITS	6
#define FAKE_TEXT	120

/* log2 of the queue's size: for all commands of a case, and as small as possible. */
#define FAKE_QUEUE	12
#define FAKE_SMALL	7

/**
 * struct fake_device - a device behind the SMMU, in a domain of its own
 * @dev: the device
 * @iommu: the IOMMU core's data of the device
 * @group: its group
 * @domain: its domain
 * @master: the driver's data of the device
 * @streams: the streams of @master; device n has the IDs 16 * (n + 1) and up
 * @handle: its binding to the mm of the case, or NULL
 * @attached: @domain is attached to @group
 */
struct fake_device {
	struct device *dev;
	struct dev_iommu iommu;
	struct iommu_group *group;
	struct arm_smmu_domain domain;
	struct arm_smmu_master master;
	struct arm_smmu_stream streams[FAKE_STREAMS];
	struct iommu_sva *handle;
	bool attached;
};

/**
 * struct fake_smmu - the SMMU of a case
 * @rec: the recorder of the case, which owns the mm
 * @smmu: the driver's data of the SMMU
 * @core: the IOMMU core's data of the SMMU
 * @index: the PROD and CONS register of its queue
 * @seen: the place up to which commands were read, in the format of @index
 * @devices: the devices behind it
 * @mm: the mm that the devices are bound to
 * @asid: the ASID of @mm
 * @text: the command that was read last, as text
 */
struct fake_smmu {
	struct recorder *rec;
	struct arm_smmu_device smmu;
	struct iommu_device core;
	u32 index;
	u32 seen;
	struct fake_device devices[FAKE_DEVICES];
	struct mm_struct *mm;
	u16 asid;
	char text[FAKE_TEXT];
};

/*
 * The fakes
 */

static int fake_attach(struct iommu_domain *domain, struct device *dev)
{
	return 0;
}

static void fake_detach(struct iommu_domain *domain, struct device *dev)
{
}

static const struct iommu_ops fake_ops;
static const struct iommu_domain_ops fake_domain_ops = {
	.attach_dev	= fake_attach,
	.detach_dev	= fake_detach,
};

/* kunit_kzalloc() frees after the suite's exit(), and so after fake_exit(). */
static void *fake_alloc(struct kunit *test, size_t size)
{
	void *p = kunit_kzalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, p);
	return p;
}

static void fake_queue(struct kunit *test, struct fake_smmu *fake, unsigned int shift)
{
	struct arm_smmu_queue *q = &fake->smmu.cmdq.q;

	q->llq.max_n_shift = shift;
	q->ent_dwords = CMDQ_ENT_DWORDS;
	q->base = fake_alloc(test, (sizeof(u64) * CMDQ_ENT_DWORDS) << shift);
	q->prod_reg = (u32 __force __iomem *)&fake->index;
	q->cons_reg = q->prod_reg;
	fake->smmu.cmdq.valid_map = fake_alloc(test, BITS_TO_LONGS(1 << shift) * sizeof(long));
}

static void fake_domain(struct kunit *test, struct fake_smmu *fake,
			struct arm_smmu_domain *domain)
{
	domain->smmu = &fake->smmu;
	domain->stage = ARM_SMMU_DOMAIN_S1;
	domain->domain.type = IOMMU_DOMAIN_UNMANAGED;
	domain->domain.ops = &fake_domain_ops;
	domain->domain.pgsize_bitmap = PAGE_SIZE | PMD_SIZE;
	mutex_init(&domain->init_mutex);
	spin_lock_init(&domain->devices_lock);
	INIT_LIST_HEAD(&domain->devices);
	INIT_LIST_HEAD(&domain->mmu_notifiers);
	domain->s1_cfg.s1fmt = STRTAB_STE_0_S1FMT_LINEAR;
	domain->s1_cfg.s1cdmax = FAKE_SSID_BITS;
	domain->s1_cfg.cdcfg.cdtab =
		fake_alloc(test, (sizeof(u64) * CTXDESC_CD_DWORDS) << FAKE_SSID_BITS);
}

static void fake_device(struct kunit *test, struct fake_smmu *fake, unsigned int n)
{
	struct fake_device *device = &fake->devices[n];
	struct arm_smmu_master *master = &device->master;
	const char * const names[FAKE_DEVICES] = { "fake-smmu-0", "fake-smmu-1" };
	unsigned int i;

	fake_domain(test, fake, &device->domain);
	master->smmu = &fake->smmu;
	master->domain = &device->domain;
	master->streams = device->streams;
	master->num_streams = FAKE_STREAMS;
	master->sva_enabled = true;
	master->ssid_bits = FAKE_SSID_BITS;
	master->ats_enabled = fake->smmu.features & ARM_SMMU_FEAT_ATS;
	INIT_LIST_HEAD(&master->bonds);
	for (i = 0; i < FAKE_STREAMS; i++)
		device->streams[i].id = 16 * (n + 1) + i;
	list_add(&master->domain_head, &device->domain.devices);
	atomic_set(&device->domain.nr_ats_masters, master->ats_enabled);

	device->dev = root_device_register(names[n]);
	KUNIT_ASSERT_FALSE(test, IS_ERR(device->dev));
	device->iommu.iommu_dev = &fake->core;
	device->iommu.priv = master;
	device->dev->iommu = &device->iommu;
	master->dev = device->dev;

	device->group = iommu_group_alloc();
	KUNIT_ASSERT_FALSE(test, IS_ERR(device->group));
	KUNIT_ASSERT_EQ(test, 0, iommu_group_add_device(device->group, device->dev));
	KUNIT_ASSERT_EQ(test, 0, iommu_attach_device(&device->domain.domain, device->dev));
	device->attached = true;
}

static void fake_unbind(struct fake_device *device)
{
	if (device->handle)
		arm_smmu_sva_unbind(device->handle);
	device->handle = NULL;
}

static void fake_device_remove(struct fake_device *device)
{
	fake_unbind(device);
	if (device->attached)
		iommu_detach_device(&device->domain.domain, device->dev);
	if (!IS_ERR_OR_NULL(device->dev)) {
		if (device->dev->iommu_group)
			iommu_group_remove_device(device->dev);
		device->dev->iommu = NULL;
		root_device_unregister(device->dev);
	}
	if (!IS_ERR_OR_NULL(device->group))
		iommu_group_put(device->group);
}

static int fake_init(struct kunit *test)
{
	struct fake_smmu *fake = fake_alloc(test, sizeof(*fake));
	int ret = recorder_case_init(test);

	fake->rec = test->priv;
	test->priv = fake;
	return ret;
}

static void fake_exit(struct kunit *test)
{
	struct fake_smmu *fake = test->priv;
	unsigned int i;

	for (i = 0; fake && i < FAKE_DEVICES; i++)
		fake_device_remove(&fake->devices[i]);
	arm_smmu_sva_notifier_synchronize();
	recorder_case_exit(test);
}

/* Create the SMMU of the case, and an mm that is not bound yet. */
static struct fake_smmu *fake_create(struct kunit *test, unsigned int shift, u32 features)
{
	struct fake_smmu *fake = test->priv;
	unsigned int i;

	fake->core.ops = &fake_ops;
	fake->smmu.features = features | ARM_SMMU_FEAT_TRANS_S1 | ARM_SMMU_FEAT_COHERENCY;
	fake->smmu.asid_bits = 16;
	fake->smmu.ssid_bits = FAKE_SSID_BITS;
	fake_queue(test, fake, shift);
	for (i = 0; i < FAKE_DEVICES; i++)
		fake_device(test, fake, i);
	fake->smmu.dev = fake->devices[0].dev;
	fake->mm = recorder_mm_create(fake->rec);
	return fake;
}

static u64 fake_cd(struct fake_device *device, struct mm_struct *mm)
{
	return le64_to_cpu(device->domain.s1_cfg.cdcfg.cdtab[mm->pasid * CTXDESC_CD_DWORDS]);
}

static bool fake_bind(struct kunit *test, struct fake_smmu *fake, unsigned int n)
{
	struct fake_device *device = &fake->devices[n];
	struct iommu_sva *handle = arm_smmu_sva_bind(device->dev, fake->mm, NULL);

	KUNIT_EXPECT_FALSE_MSG(test, IS_ERR(handle), "bind: %pe", handle);
	if (IS_ERR(handle))
		return false;
	device->handle = handle;
	fake->asid = FIELD_GET(CTXDESC_CD_0_ASID, fake_cd(device, fake->mm));
	return true;
}

/*
 * Reading commands
 */

static bool fake_next(struct fake_smmu *fake, u64 *cmd)
{
	struct arm_smmu_queue *q = &fake->smmu.cmdq.q;
	__le64 *entry = Q_ENT(q, fake->seen);
	unsigned int i;

	if (fake->seen == READ_ONCE(fake->index))
		return false;

	for (i = 0; i < CMDQ_ENT_DWORDS; i++)
		cmd[i] = le64_to_cpu(entry[i]);
	fake->seen = (fake->seen + 1) & ((2U << q->llq.max_n_shift) - 1);
	return true;
}

static void fake_skip(struct fake_smmu *fake)
{
	fake->seen = READ_ONCE(fake->index);
}

/* Does a command name another address space than that of the case? */
static bool is_anothers(const struct fake_smmu *fake, const u64 *cmd)
{
	switch (FIELD_GET(CMDQ_0_OP, cmd[0])) {
	case CMDQ_OP_TLBI_NH_VA:
	case CMDQ_OP_TLBI_EL2_VA:
	case CMDQ_OP_TLBI_NH_ASID:
	case CMDQ_OP_TLBI_EL2_ASID:
		return FIELD_GET(CMDQ_TLBI_0_ASID, cmd[0]) != fake->asid;
	case CMDQ_OP_ATC_INV:
		return FIELD_GET(CMDQ_ATC_0_SSID, cmd[0]) != fake->mm->pasid ||
		       !(cmd[0] & CMDQ_0_SSV);
	case CMDQ_OP_CFGI_CD:
		return FIELD_GET(CMDQ_CFGI_0_SSID, cmd[0]) != fake->mm->pasid;
	default:
		return false;
	}
}

static void fake_text_va(char *text, const char *whose, const u64 *cmd, const char *what)
{
	snprintf(text, FAKE_TEXT, "%s%s %llx num %llu scale %llu tg %llu ttl %llu leaf %llu",
		 whose, what, cmd[1] & CMDQ_TLBI_1_VA_MASK, FIELD_GET(CMDQ_TLBI_0_NUM, cmd[0]),
		 FIELD_GET(CMDQ_TLBI_0_SCALE, cmd[0]), FIELD_GET(CMDQ_TLBI_1_TG, cmd[1]),
		 FIELD_GET(CMDQ_TLBI_1_TTL, cmd[1]), (u64)FIELD_GET(CMDQ_TLBI_1_LEAF, cmd[1]));
}

/* The next command as text. If it is not for the mm of the case, "another's" says so. */
static const char *fake_text(struct fake_smmu *fake)
{
	u64 cmd[CMDQ_ENT_DWORDS];
	char *text = fake->text;
	const char *whose;

	if (!fake_next(fake, cmd))
		return "nothing";
	whose = is_anothers(fake, cmd) ? "another's " : "";

	switch (FIELD_GET(CMDQ_0_OP, cmd[0])) {
	case CMDQ_OP_TLBI_NH_VA:
		fake_text_va(text, whose, cmd, "va");
		break;
	case CMDQ_OP_TLBI_EL2_VA:
		fake_text_va(text, whose, cmd, "el2 va");
		break;
	case CMDQ_OP_TLBI_NH_ASID:
		snprintf(text, FAKE_TEXT, "%sasid", whose);
		break;
	case CMDQ_OP_TLBI_EL2_ASID:
		snprintf(text, FAKE_TEXT, "%sel2 asid", whose);
		break;
	case CMDQ_OP_ATC_INV:
		snprintf(text, FAKE_TEXT, "%satc of %llu %llx size %llu", whose,
			 FIELD_GET(CMDQ_ATC_0_SID, cmd[0]), cmd[1] & CMDQ_ATC_1_ADDR_MASK,
			 FIELD_GET(CMDQ_ATC_1_SIZE, cmd[1]));
		break;
	case CMDQ_OP_CFGI_CD:
		snprintf(text, FAKE_TEXT, "%scd of %llu", whose,
			 FIELD_GET(CMDQ_CFGI_0_SID, cmd[0]));
		break;
	case CMDQ_OP_CMD_SYNC:
		return "sync";
	default:
		snprintf(text, FAKE_TEXT, "opcode %llx", FIELD_GET(CMDQ_0_OP, cmd[0]));
		break;
	}
	return text;
}

static __printf(4, 5) void expect_text(struct kunit *test, struct fake_smmu *fake, int line,
				       const char *format, ...)
{
	const char *text = fake_text(fake);
	char want[FAKE_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(want, FAKE_TEXT, format, args);
	va_end(args);
	if (strcmp(want, text))
		KUNIT_FAIL(test, "line %d: \"%s\", not \"%s\"", line, text, want);
}

#define EXPECT_COMMAND(test, fake, ...)	expect_text(test, fake, __LINE__, __VA_ARGS__)
#define EXPECT_NOTHING(test, fake)	expect_text(test, fake, __LINE__, "nothing")

/* Expect an ATC_INV for each stream of the device, and then a CMD_SYNC. */
static void expect_atc(struct kunit *test, struct fake_smmu *fake, unsigned int n,
		       unsigned long address, unsigned int size)
{
	unsigned int i;

	for (i = 0; i < FAKE_STREAMS; i++)
		EXPECT_COMMAND(test, fake, "atc of %u %lx size %u", 16 * (n + 1) + i, address,
			       size);
	EXPECT_COMMAND(test, fake, "sync");
}

/* Expect a CFGI_CD for each stream of the device, and then a CMD_SYNC. */
static void expect_cd(struct kunit *test, struct fake_smmu *fake, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < FAKE_STREAMS; i++)
		EXPECT_COMMAND(test, fake, "cd of %u", 16 * (n + 1) + i);
	EXPECT_COMMAND(test, fake, "sync");
}

/* Expect that all of the mm is dropped, from the SMMU's TLB and then from the ATCs. */
static void expect_all(struct kunit *test, struct fake_smmu *fake, unsigned int n)
{
	EXPECT_COMMAND(test, fake, "asid");
	EXPECT_COMMAND(test, fake, "sync");
	expect_atc(test, fake, n, 0, 52);
	EXPECT_NOTHING(test, fake);
}

static void invalidate(struct fake_smmu *fake, unsigned long start, unsigned long end)
{
	fake_skip(fake);
	recorder_dispatch(fake->mm, start, end);
}

/*
 * The cases
 */

#define HERE	0x5a5000000000UL
/* The TG field for this kernel's PAGE_SIZE. */
#define TG	((unsigned int)(PAGE_SHIFT - 10) / 2)

/* The command drops two pages, the fewest possible: NUM, SCALE and TTL 0 are reserved. */
static void one_page_is_one_range_command(struct kunit *test)
{
	struct fake_smmu *fake = fake_create(test, FAKE_QUEUE, ARM_SMMU_FEAT_RANGE_INV);

	if (!fake_bind(test, fake, 0))
		return;
	invalidate(fake, HERE, HERE + PAGE_SIZE);
	EXPECT_COMMAND(test, fake, "va %lx num 0 scale 1 tg %u ttl 0 leaf 0", HERE, TG);
	EXPECT_COMMAND(test, fake, "sync");
	EXPECT_NOTHING(test, fake);
}

static void ranges_are_cut_into_range_commands(struct kunit *test)
{
	struct fake_smmu *fake = fake_create(test, FAKE_QUEUE, ARM_SMMU_FEAT_RANGE_INV);

	if (!fake_bind(test, fake, 0))
		return;
	/* 512 pages need one command. 515 pages do not fit into the five bits of NUM. */
	invalidate(fake, HERE, HERE + 512 * PAGE_SIZE);
	EXPECT_COMMAND(test, fake, "va %lx num 0 scale 9 tg %u ttl 0 leaf 0", HERE, TG);
	EXPECT_COMMAND(test, fake, "sync");
	EXPECT_NOTHING(test, fake);

	invalidate(fake, HERE, HERE + (512 + 3) * PAGE_SIZE);
	EXPECT_COMMAND(test, fake, "va %lx num 2 scale 0 tg %u ttl 0 leaf 0", HERE, TG);
	EXPECT_COMMAND(test, fake, "va %lx num 0 scale 9 tg %u ttl 0 leaf 0",
		       HERE + 3 * PAGE_SIZE, TG);
	EXPECT_COMMAND(test, fake, "sync");
	EXPECT_NOTHING(test, fake);
}

/* 6.1 truncated the SCALE of 32 to 0, which drops one page. */
static void scale_of_32_does_not_become_0(struct kunit *test)
{
	struct fake_smmu *fake = fake_create(test, FAKE_QUEUE, ARM_SMMU_FEAT_RANGE_INV);

	if (!fake_bind(test, fake, 0))
		return;
	invalidate(fake, PAGE_SIZE << 32, 2 * PAGE_SIZE << 32);
	EXPECT_COMMAND(test, fake, "va %lx num 1 scale 31 tg %u ttl 0 leaf 0", PAGE_SIZE << 32,
		       TG);
	EXPECT_COMMAND(test, fake, "sync");
	EXPECT_NOTHING(test, fake);
}

static void without_range_invalidation_a_page_is_a_command(struct kunit *test)
{
	struct fake_smmu *fake = fake_create(test, FAKE_QUEUE, 0);
	unsigned int i;

	if (!fake_bind(test, fake, 0))
		return;
	invalidate(fake, HERE, HERE + PAGE_SIZE);
	EXPECT_COMMAND(test, fake, "va %lx num 0 scale 0 tg 0 ttl 0 leaf 0", HERE);
	EXPECT_COMMAND(test, fake, "sync");
	EXPECT_NOTHING(test, fake);

	/* The most pages that go by address: several batches, but one CMD_SYNC. */
	invalidate(fake, HERE, HERE + (PTRS_PER_PTE - 1) * PAGE_SIZE);
	for (i = 0; i < PTRS_PER_PTE - 1; i++)
		EXPECT_COMMAND(test, fake, "va %lx num 0 scale 0 tg 0 ttl 0 leaf 0",
			       HERE + i * PAGE_SIZE);
	EXPECT_COMMAND(test, fake, "sync");
	EXPECT_NOTHING(test, fake);
}

static void without_range_invalidation_many_pages_are_the_asid(struct kunit *test)
{
	struct fake_smmu *fake = fake_create(test, FAKE_QUEUE, 0);

	if (!fake_bind(test, fake, 0))
		return;
	invalidate(fake, HERE, HERE + PTRS_PER_PTE * PAGE_SIZE);
	EXPECT_COMMAND(test, fake, "asid");
	EXPECT_COMMAND(test, fake, "sync");
	EXPECT_NOTHING(test, fake);
}

static void expect_asid_for_all(struct kunit *test, struct fake_smmu *fake)
{
	invalidate(fake, 0, ULONG_MAX);
	expect_all(test, fake, 0);
}

static void the_whole_mm_is_the_asid(struct kunit *test)
{
	struct fake_smmu *fake = fake_create(test, FAKE_QUEUE,
					     ARM_SMMU_FEAT_RANGE_INV | ARM_SMMU_FEAT_ATS);

	if (!fake_bind(test, fake, 0))
		return;
	expect_asid_for_all(test, fake);

	fake->smmu.features &= ~ARM_SMMU_FEAT_RANGE_INV;
	expect_asid_for_all(test, fake);
}

static void atcs_come_after_the_tlb_was_waited_for(struct kunit *test)
{
	struct fake_smmu *fake = fake_create(test, FAKE_QUEUE,
					     ARM_SMMU_FEAT_RANGE_INV | ARM_SMMU_FEAT_ATS);

	if (!fake_bind(test, fake, 0))
		return;
	invalidate(fake, HERE, HERE + PAGE_SIZE);
	EXPECT_COMMAND(test, fake, "va %lx num 0 scale 1 tg %u ttl 0 leaf 0", HERE, TG);
	EXPECT_COMMAND(test, fake, "sync");
	expect_atc(test, fake, 0, HERE, PAGE_SHIFT - 12);
	EXPECT_NOTHING(test, fake);
}

/* The TLB is dropped by ASID to save commands. The ATC needs one command anyway. */
static void atcs_keep_the_range_where_the_tlb_loses_the_asid(struct kunit *test)
{
	struct fake_smmu *fake = fake_create(test, FAKE_QUEUE, ARM_SMMU_FEAT_ATS);

	if (!fake_bind(test, fake, 0))
		return;
	invalidate(fake, HERE, HERE + PMD_SIZE);
	EXPECT_COMMAND(test, fake, "asid");
	EXPECT_COMMAND(test, fake, "sync");
	expect_atc(test, fake, 0, HERE, PMD_SHIFT - 12);
	EXPECT_NOTHING(test, fake);
}

/* With BTM, the CPUs' TLBIs reach the SMMU. Only ATCs need commands. */
static void with_broadcast_only_atcs_are_told(struct kunit *test)
{
	struct fake_smmu *fake = fake_create(test, FAKE_QUEUE,
					     ARM_SMMU_FEAT_BTM | ARM_SMMU_FEAT_ATS);

	if (!fake_bind(test, fake, 0))
		return;
	invalidate(fake, HERE, HERE + PAGE_SIZE);
	expect_atc(test, fake, 0, HERE, PAGE_SHIFT - 12);
	EXPECT_NOTHING(test, fake);
	invalidate(fake, 0, ULONG_MAX);
	expect_atc(test, fake, 0, 0, 52);
	EXPECT_NOTHING(test, fake);
}

static void at_el2_the_commands_are_those_of_el2(struct kunit *test)
{
	struct fake_smmu *fake = fake_create(test, FAKE_QUEUE, ARM_SMMU_FEAT_E2H);

	if (!fake_bind(test, fake, 0))
		return;
	invalidate(fake, HERE, HERE + PAGE_SIZE);
	EXPECT_COMMAND(test, fake, "el2 va %lx num 0 scale 0 tg 0 ttl 0 leaf 0", HERE);
	EXPECT_COMMAND(test, fake, "sync");
	invalidate(fake, 0, ULONG_MAX);
	EXPECT_COMMAND(test, fake, "el2 asid");
	EXPECT_COMMAND(test, fake, "sync");
	EXPECT_NOTHING(test, fake);
}

/* Each domain has a subscription of its own. The newest is called first. */
static void two_domains_are_both_told(struct kunit *test)
{
	struct fake_smmu *fake = fake_create(test, FAKE_QUEUE, ARM_SMMU_FEAT_ATS);
	unsigned int i;

	if (!fake_bind(test, fake, 0) || !fake_bind(test, fake, 1))
		return;
	invalidate(fake, HERE, HERE + PAGE_SIZE);
	for (i = 2; i--; ) {
		EXPECT_COMMAND(test, fake, "va %lx num 0 scale 0 tg 0 ttl 0 leaf 0", HERE);
		EXPECT_COMMAND(test, fake, "sync");
		expect_atc(test, fake, i, HERE, PAGE_SHIFT - 12);
	}
	EXPECT_NOTHING(test, fake);

	fake_unbind(&fake->devices[0]);
	invalidate(fake, HERE, HERE + PAGE_SIZE);
	EXPECT_COMMAND(test, fake, "va %lx num 0 scale 0 tg 0 ttl 0 leaf 0", HERE);
	EXPECT_COMMAND(test, fake, "sync");
	expect_atc(test, fake, 1, HERE, PAGE_SHIFT - 12);
	EXPECT_NOTHING(test, fake);
}

/*
 * Read the TLBI commands up to the CMD_SYNC. They must drop a range without gaps,
 * from @start on. Returns the first address after it; @start if there is one command
 * by ASID; or 1 if a command is wrong.
 */
static unsigned long dropped(struct fake_smmu *fake, unsigned long start, unsigned int *commands)
{
	u64 cmd[CMDQ_ENT_DWORDS], op, pages;
	unsigned long next = start;

	*commands = 0;
	while (fake_next(fake, cmd)) {
		op = FIELD_GET(CMDQ_0_OP, cmd[0]);
		if (op == CMDQ_OP_CMD_SYNC)
			break;
		++*commands;
		if (op == CMDQ_OP_TLBI_NH_ASID)
			continue;
		if (op != CMDQ_OP_TLBI_NH_VA || (cmd[1] & CMDQ_TLBI_1_VA_MASK) != next ||
		    FIELD_GET(CMDQ_TLBI_0_ASID, cmd[0]) != fake->asid)
			return 1;
		pages = FIELD_GET(CMDQ_TLBI_0_NUM, cmd[0]) + 1;
		next += pages << FIELD_GET(CMDQ_TLBI_0_SCALE, cmd[0]) << PAGE_SHIFT;
	}
	return next;
}

static void edges_are_dropped_by_few_commands(struct kunit *test)
{
	struct fake_smmu *fake = fake_create(test, FAKE_QUEUE, ARM_SMMU_FEAT_RANGE_INV);
	unsigned int n, commands;
	struct range_edge edge;
	unsigned long behind;

	if (!fake_bind(test, fake, 0))
		return;
	for (n = 0; range_edge(n, PAGE_SHIFT, &edge); n++) {
		invalidate(fake, edge.start, edge.end);
		behind = dropped(fake, edge.start, &commands);
		if (behind == edge.start) {
			KUNIT_EXPECT_EQ_MSG(test, commands, 1, "%s", edge.name);
			KUNIT_EXPECT_GT_MSG(test, edge.end - edge.start, 1UL << 48, "%s",
					    edge.name);
		} else {
			KUNIT_EXPECT_LE_MSG(test, commands, 8, "%s", edge.name);
			KUNIT_EXPECT_TRUE_MSG(test, behind == edge.end ||
					      behind == edge.end + PAGE_SIZE,
					      "%s: %lx to %lx, not %lx", edge.name, edge.start,
					      behind, edge.end);
		}
		EXPECT_NOTHING(test, fake);
	}
}

/* Commands at every place of a queue of 128 entries, which wraps and becomes full. */
static void commands_survive_the_end_of_the_queue(struct kunit *test)
{
	struct fake_smmu *fake = fake_create(test, FAKE_SMALL, 0);
	unsigned int pages, commands, flush;
	unsigned long behind;

	if (!fake_bind(test, fake, 0))
		return;
	for (flush = 0; flush < 500; flush++) {
		pages = 1 + flush % 100;
		invalidate(fake, HERE, HERE + pages * PAGE_SIZE);
		behind = dropped(fake, HERE, &commands);
		KUNIT_EXPECT_EQ_MSG(test, behind, HERE + pages * PAGE_SIZE, "%u pages", pages);
		KUNIT_EXPECT_EQ_MSG(test, commands, pages, "flush %u", flush);
	}
	/* More commands than the queue holds. The last ones are still there. */
	invalidate(fake, HERE, HERE + 300 * PAGE_SIZE);
	fake->seen = READ_ONCE(fake->index) ^ (1 << FAKE_SMALL);
	behind = dropped(fake, HERE + (300 - 127) * PAGE_SIZE, &commands);
	KUNIT_EXPECT_EQ(test, behind, HERE + 300 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, commands, 127);
}

/* From munmap() down to the queue. */
static void munmap_is_one_command_and_one_sync(struct kunit *test)
{
	struct fake_smmu *fake = fake_create(test, FAKE_QUEUE, ARM_SMMU_FEAT_RANGE_INV);
	const unsigned int sizes[] = { 1, 512 };
	unsigned int i, commands;
	unsigned long addr, behind, end;
	int error;

	if (!fake_bind(test, fake, 0))
		return;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		recorder_use_mm(fake->rec, fake->mm);
		addr = recorder_mmap(sizes[i], PROT_READ | PROT_WRITE, MAP_PRIVATE);
		error = addr ? recorder_populate(fake->mm, addr, sizes[i]) : -ENOMEM;
		fake_skip(fake);
		if (!error)
			error = vm_munmap(addr, sizes[i] * PAGE_SIZE);
		recorder_unuse_mm(fake->rec);
		KUNIT_EXPECT_EQ_MSG(test, error, 0, "%u pages", sizes[i]);

		end = addr + sizes[i] * PAGE_SIZE + (sizes[i] == 1 ? PAGE_SIZE : 0);
		behind = dropped(fake, addr, &commands);
		KUNIT_EXPECT_EQ_MSG(test, behind, end, "%u pages", sizes[i]);
		KUNIT_EXPECT_EQ_MSG(test, commands, 1, "%u pages", sizes[i]);
		EXPECT_NOTHING(test, fake);
	}
}

/* First the quiet context descriptor, so that nothing is cached again, then the drop. */
static void exit_quiets_before_it_drops(struct kunit *test)
{
	struct fake_smmu *fake = fake_create(test, FAKE_QUEUE, ARM_SMMU_FEAT_ATS);
	struct mm_struct *mm = fake->mm;
	u64 cd;

	if (!fake_bind(test, fake, 0))
		return;
	fake_skip(fake);
	/* The subscription holds a reference to mm_count, but none to mm_users. */
	mmgrab(mm);
	recorder_mm_put(fake->rec, mm);
	cd = fake_cd(&fake->devices[0], mm);
	KUNIT_EXPECT_TRUE(test, cd & CTXDESC_CD_0_V);
	KUNIT_EXPECT_TRUE(test, cd & CTXDESC_CD_0_TCR_EPD0);
	expect_cd(test, fake, 0);
	expect_all(test, fake, 0);

	/* Nothing can have been cached since, so unbind drops nothing. */
	fake_unbind(&fake->devices[0]);
	expect_cd(test, fake, 0);
	EXPECT_NOTHING(test, fake);
	fake->mm = NULL;
	mmdrop(mm);
}

static void unbind_drops_everything_and_the_asid(struct kunit *test)
{
	struct fake_smmu *fake = fake_create(test, FAKE_QUEUE, ARM_SMMU_FEAT_ATS);

	if (!fake_bind(test, fake, 0))
		return;
	KUNIT_EXPECT_NOT_NULL(test, xa_load(&arm_smmu_asid_xa, fake->asid));
	fake_skip(fake);
	fake_unbind(&fake->devices[0]);
	expect_cd(test, fake, 0);
	expect_all(test, fake, 0);
	KUNIT_EXPECT_EQ(test, fake_cd(&fake->devices[0], fake->mm), 0ULL);
	KUNIT_EXPECT_NULL(test, xa_load(&arm_smmu_asid_xa, fake->asid));
	KUNIT_EXPECT_EQ(test, refcount_read(&fake->mm->context.pinned), 0);
}

/* RACE_THREADS threads invalidate, while the case binds and unbinds. */
#define RACE_THREADS	4
#define RACE_BINDS	100

struct race {
	struct fake_smmu *fake;
	bool stop;
};

static void race_invalidate(struct recorder_worker *worker)
{
	struct race *race = worker->data;
	struct rnd_state rnd;
	unsigned long pages;

	recorder_random(&rnd, worker->seed, worker->id);
	while (!READ_ONCE(race->stop)) {
		pages = 1 + prandom_u32_state(&rnd) % 40;
		recorder_dispatch(race->fake->mm, HERE, HERE + pages * PAGE_SIZE);
		if (!(prandom_u32_state(&rnd) % 16))
			recorder_dispatch(race->fake->mm, 0, ULONG_MAX);
		cond_resched();
	}
}

static void bind_and_unbind_work_while_others_invalidate(struct kunit *test)
{
	struct fake_smmu *fake = fake_create(test, FAKE_SMALL, ARM_SMMU_FEAT_ATS);
	struct recorder_worker workers[RACE_THREADS] = {};
	struct race race = { .fake = fake };
	u64 seed = recorder_seed(test);
	unsigned int i, bound = 0;

	for (i = 0; i < RACE_THREADS; i++) {
		workers[i].function = race_invalidate;
		workers[i].data = &race;
		workers[i].id = i;
		workers[i].seed = seed;
		if (!recorder_worker_start(fake->rec, &workers[i]))
			break;
	}
	KUNIT_EXPECT_EQ(test, i, RACE_THREADS);
	while (bound < RACE_BINDS && fake_bind(test, fake, 0) && fake_bind(test, fake, 1)) {
		/* Unbind the two devices in either order. */
		fake_unbind(&fake->devices[bound % 2]);
		fake_unbind(&fake->devices[!(bound % 2)]);
		bound++;
	}
	WRITE_ONCE(race.stop, true);
	while (i--)
		recorder_worker_join(&workers[i]);
	KUNIT_EXPECT_EQ(test, bound, RACE_BINDS);
	KUNIT_EXPECT_NULL(test, xa_load(&arm_smmu_asid_xa, fake->asid));
	KUNIT_EXPECT_EQ(test, refcount_read(&fake->mm->context.pinned), 0);
}

static struct kunit_case arm_smmu_commands_cases[] = {
	KUNIT_CASE(one_page_is_one_range_command),
	KUNIT_CASE(ranges_are_cut_into_range_commands),
	KUNIT_CASE(scale_of_32_does_not_become_0),
	KUNIT_CASE(without_range_invalidation_a_page_is_a_command),
	KUNIT_CASE(without_range_invalidation_many_pages_are_the_asid),
	KUNIT_CASE(the_whole_mm_is_the_asid),
	KUNIT_CASE(atcs_come_after_the_tlb_was_waited_for),
	KUNIT_CASE(atcs_keep_the_range_where_the_tlb_loses_the_asid),
	KUNIT_CASE(with_broadcast_only_atcs_are_told),
	KUNIT_CASE(at_el2_the_commands_are_those_of_el2),
	KUNIT_CASE(two_domains_are_both_told),
	KUNIT_CASE(edges_are_dropped_by_few_commands),
	KUNIT_CASE(commands_survive_the_end_of_the_queue),
	KUNIT_CASE(munmap_is_one_command_and_one_sync),
	KUNIT_CASE(exit_quiets_before_it_drops),
	KUNIT_CASE(unbind_drops_everything_and_the_asid),
	KUNIT_CASE(bind_and_unbind_work_while_others_invalidate),
	{}
};

static struct kunit_suite arm_smmu_commands_suite = {
	.name = "arm_smmu_commands",
	.init = fake_init,
	.exit = fake_exit,
	.test_cases = arm_smmu_commands_cases,
};

kunit_test_suite(arm_smmu_commands_suite);
