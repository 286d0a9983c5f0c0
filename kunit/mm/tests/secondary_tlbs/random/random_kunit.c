// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations of the mm, while devices fill and use secondary TLBs.
 *
 * A sequence has up to SOFT_TLBS address spaces, which fork and exit. Each step
 * does one operation in one of them. Then the oracle checks the TLBs of all,
 * since an operation on a page also affects the address spaces that share it.
 *
 * The seed and the number of a sequence determine its operations, but not what
 * the devices do at the same time. secondary_tlbs.steps= is the number of
 * operations in all sequences together. Sequences are short for two reasons: a
 * failure is at most STEPS_A_SEQUENCE operations after a fresh start, and KUnit
 * ends a case that takes minutes.
 */
#include <linux/completion.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/moduleparam.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/sched/sysctl.h>
#include <linux/sched/task.h>
#include <linux/vmalloc.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_recorder.h>

#include "../../../internal.h"
#include "../software/software.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "secondary_tlbs."

static unsigned int steps = 5000;
module_param(steps, uint, 0444);
MODULE_PARM_DESC(steps, "How many random operations the suite does");

#define STEPS_A_SEQUENCE	500UL
/* Rounds of work that the devices get for each step. They may finish them later. */
#define ROUNDS_A_STEP		SOFT_DEVICES
#define READ_WRITE		(PROT_READ | PROT_WRITE)

/* The places of an address space, in the order of their addresses. */
enum place_name {
	PRIVATE,	/* anonymous, small pages */
	SHARED,		/* shared memory, small pages */
	HUGE,		/* anonymous, with MADV_HUGEPAGE */
	SPARE,		/* anonymous, the target of mremap() */
	PLACES,
};

/**
 * struct space - an address space
 * @mm: the mm, with one reference to mm_users; NULL if this slot is not used
 * @tlb: its secondary TLB
 * @base: address of the first place; a fork inherits it
 */
struct space {
	struct mm_struct *mm;
	struct soft_tlb *tlb;
	unsigned long base;
};

/**
 * struct sequence - the state of a case
 * @test: the case
 * @rec: the recorder of the case
 * @seed: the seed of the case
 * @rnd: the random state that determines the operations
 * @space: the address spaces; the first lives as long as the sequence
 * @now: the address space of the current operation, which current has loaded
 * @devices: the devices that fill and use the TLBs
 * @before: the translations in the windows before the operation
 * @after: the translations in the windows after the operation
 * @looked: number of translations that the oracle has compared
 */
struct sequence {
	struct kunit *test;
	struct recorder *rec;
	u64 seed;
	struct rnd_state rnd;
	struct space space[SOFT_TLBS];
	struct space *now;
	struct soft_devices devices;
	struct soft_translation *before;
	struct soft_translation *after;
	unsigned long looked;
};

/* Static, since they are too large for a stack. One case runs at a time. */
static struct soft_tlb tlbs[SOFT_TLBS];
static struct sequence sequence;

/*
 * Places. Each is as large as two page tables, or two huge pages, translate. The
 * devices access a window around the middle. Most operations work on some pages
 * in the window, and some work on all that one page table translates.
 */
#define PLACE_SIZE	(2 * PMD_SIZE)
#define WINDOW_PAGES	48UL
#define PART_PAGES	16UL

static unsigned long place_start(const struct space *space, enum place_name name)
{
	return space->base + name * PLACE_SIZE;
}

static unsigned long window_start(const struct space *space, enum place_name name)
{
	return place_start(space, name) + PMD_SIZE - WINDOW_PAGES / 2 * PAGE_SIZE;
}

static unsigned long window_end(const struct space *space, enum place_name name)
{
	return window_start(space, name) + WINDOW_PAGES * PAGE_SIZE;
}

static unsigned long place_flags(enum place_name name)
{
	return MAP_ANONYMOUS | MAP_FIXED | (name == SHARED ? MAP_SHARED : MAP_PRIVATE);
}

static bool place_map(enum place_name name, unsigned long start, unsigned long size)
{
	unsigned long addr;

	addr = vm_mmap(NULL, start, size, READ_WRITE, place_flags(name), 0);
	if (IS_ERR_VALUE(addr))
		return false;
	/* Fails without CONFIG_TRANSPARENT_HUGEPAGE, which does no harm. */
	do_madvise(current->mm, start, size,
		   name == PRIVATE || name == SHARED ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
	return true;
}

static bool places_map(struct space *space)
{
	unsigned long addr;
	enum place_name name;

	addr = vm_mmap(NULL, 0, PLACES * PLACE_SIZE + PMD_SIZE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, 0);
	if (IS_ERR_VALUE(addr))
		return false;
	space->base = ALIGN(addr, PMD_SIZE);
	for (name = 0; name < PLACES; name++)
		if (!place_map(name, place_start(space, name), PLACE_SIZE))
			return false;
	return true;
}

/* The part of a place that an operation works on. */
struct part {
	enum place_name name;
	unsigned long start;
	unsigned long size;
};

static u32 random_below(struct sequence *seq, u32 limit)
{
	return prandom_u32_state(&seq->rnd) % limit;
}

/* Some pages of the window, or all that one page table translates. */
static struct part random_part_of(struct sequence *seq, enum place_name name)
{
	unsigned long start = window_start(seq->now, name), pages, first;

	if (random_below(seq, 3) == 0) {
		start = place_start(seq->now, name) + random_below(seq, 2) * PMD_SIZE;
		return (struct part){ name, start, PMD_SIZE };
	}
	first = random_below(seq, WINDOW_PAGES);
	pages = 1 + random_below(seq, min(WINDOW_PAGES - first, PART_PAGES));
	return (struct part){ name, start + first * PAGE_SIZE, pages * PAGE_SIZE };
}

static struct part random_part(struct sequence *seq)
{
	return random_part_of(seq, random_below(seq, PLACES));
}

/*
 * Operations. One that finds nothing to work on, or that the mm refuses, counts
 * as no operation. Errors are ignored: the oracle compares states only.
 */

/* Cut a part to its window. To touch any page of a huge one maps all of it. */
static struct part in_window(struct sequence *seq, struct part part)
{
	unsigned long start = max(part.start, window_start(seq->now, part.name));
	unsigned long end = min(part.start + part.size, window_end(seq->now, part.name));

	return (struct part){ part.name, start, end - start };
}

static void touch(struct sequence *seq, unsigned int flags)
{
	struct part part = in_window(seq, random_part(seq));
	unsigned long va;

	for (va = part.start; va < part.start + part.size; va += PAGE_SIZE)
		if (recorder_fault(seq->now->mm, va, flags))
			break;
}

static void op_read(struct sequence *seq)
{
	touch(seq, 0);
}

static void op_write(struct sequence *seq)
{
	touch(seq, FAULT_FLAG_WRITE);
}

static void advise(struct sequence *seq, int advice)
{
	struct part part = random_part(seq);

	do_madvise(seq->now->mm, part.start, part.size, advice);
}

static void op_populate(struct sequence *seq)
{
	struct part part = in_window(seq, random_part(seq));

	do_madvise(seq->now->mm, part.start, part.size, MADV_POPULATE_WRITE);
}

static void op_dontneed(struct sequence *seq)
{
	advise(seq, MADV_DONTNEED);
}

static void op_free(struct sequence *seq)
{
	advise(seq, MADV_FREE);
}

static void op_cold(struct sequence *seq)
{
	advise(seq, MADV_COLD);
}

static void op_pageout(struct sequence *seq)
{
	advise(seq, MADV_PAGEOUT);
}

static void op_collapse(struct sequence *seq)
{
	struct part part = random_part_of(seq, HUGE);

	do_madvise(seq->now->mm, ALIGN_DOWN(part.start, PMD_SIZE), PMD_SIZE, MADV_COLLAPSE);
}

/* MADV_REMOVE works on shared memory only. */
static void op_remove(struct sequence *seq)
{
	struct part part = random_part_of(seq, SHARED);

	do_madvise(seq->now->mm, part.start, part.size, MADV_REMOVE);
}

static void op_munmap(struct sequence *seq)
{
	struct part part = random_part(seq);

	vm_munmap(part.start, part.size);
	place_map(part.name, part.start, part.size);
}

static void op_mmap_over(struct sequence *seq)
{
	struct part part = random_part(seq);

	place_map(part.name, part.start, part.size);
}

static void protect(struct sequence *seq, unsigned long prot)
{
	struct part part = random_part(seq);
	const unsigned long args[5] = { part.start, part.size, prot };

	secondary_tlbs_mprotect(args);
}

static void op_protect_none(struct sequence *seq)
{
	protect(seq, PROT_NONE);
}

static void op_protect_read(struct sequence *seq)
{
	protect(seq, PROT_READ);
}

static void op_protect_write(struct sequence *seq)
{
	protect(seq, READ_WRITE);
}

/* Move to the same offset in the spare place, so that whole page tables can move. */
static void op_mremap(struct sequence *seq)
{
	struct part part = random_part_of(seq, random_below(seq, SPARE));
	unsigned long target = part.start - place_start(seq->now, part.name) +
			       place_start(seq->now, SPARE);
	const unsigned long args[5] = {
		part.start, part.size, part.size, MREMAP_MAYMOVE | MREMAP_FIXED, target,
	};

	secondary_tlbs_mremap(args);
	place_map(part.name, part.start, part.size);
}

static void op_shrink(struct sequence *seq)
{
	struct part part = random_part(seq);
	unsigned long keep = random_below(seq, part.size >> PAGE_SHIFT) * PAGE_SIZE;
	const unsigned long args[5] = { part.start, part.size, keep };

	/* mremap() fails if keep is 0. */
	secondary_tlbs_mremap(args);
	place_map(part.name, part.start + keep, part.size - keep);
}

/*
 * With one node, NUMA balancing skips all pages unless its mode is set. It also
 * skips pages of the local node if the mm has one user, so take a second
 * reference.
 */
static void op_numa_hint(struct sequence *seq)
{
	struct part part = random_part(seq);
	struct mm_struct *mm = seq->now->mm;
	int mode = sysctl_numa_balancing_mode;
	struct vm_area_struct *vma;

	sysctl_numa_balancing_mode |= NUMA_BALANCING_NORMAL;
	mmget(mm);
	mmap_read_lock(mm);
	vma = find_vma(mm, part.start);
	if (vma && vma->vm_start <= part.start)
		change_prot_numa(vma, part.start, min(vma->vm_end, part.start + part.size));
	mmap_read_unlock(mm);
	mmput(mm);
	sysctl_numa_balancing_mode = mode;
}

static void op_remote_write(struct sequence *seq)
{
	struct part part = random_part(seq);
	u32 word = prandom_u32_state(&seq->rnd);

	access_remote_vm(seq->now->mm, part.start, &word, sizeof(word),
			 FOLL_WRITE | FOLL_FORCE);
}

/*
 * Operations on a page instead of a range. folio_at() finds the page by a walk of
 * the page tables. The mmap_lock and a reference keep the page from being
 * unmapped and freed before the operation.
 */
static struct folio *folio_at(struct sequence *seq, unsigned long va)
{
	struct soft_translation found;
	struct folio *folio;

	if (!soft_tlb_walk(seq->now->mm, va, &found))
		return NULL;
	folio = page_folio(pfn_to_page(found.pfn + ((va - found.va) >> PAGE_SHIFT)));
	/* Skip the zero pages. */
	if (!folio_test_anon(folio) && !folio->mapping)
		return NULL;
	folio_get(folio);
	return folio;
}

static void with_page(struct sequence *seq, enum place_name name,
		      void (*op)(struct sequence *seq, struct folio *folio))
{
	struct mm_struct *mm = seq->now->mm;
	struct folio *folio;

	mmap_read_lock(mm);
	folio = folio_at(seq, in_window(seq, random_part_of(seq, name)).start);
	if (folio) {
		folio_lock(folio);
		op(seq, folio);
		folio_unlock(folio);
		folio_put(folio);
	}
	mmap_read_unlock(mm);
}

static void page_clean(struct sequence *seq, struct folio *folio)
{
	folio_mkclean(folio);
}

static void op_clean(struct sequence *seq)
{
	with_page(seq, SHARED, page_clean);
}

static void page_age(struct sequence *seq, struct folio *folio)
{
	unsigned long vm_flags;

	folio_referenced(folio, 1, NULL, &vm_flags);
}

static void op_age(struct sequence *seq)
{
	with_page(seq, random_below(seq, PLACES), page_age);
}

/* Unmap as migration does, and map the same page again. */
static void page_migrate(struct sequence *seq, struct folio *folio)
{
	bool split = folio_test_pmd_mappable(folio) &&
		     (random_below(seq, 2) || !thp_migration_supported());

	try_to_migrate(folio, split ? TTU_SPLIT_HUGE_PMD : 0);
	soft_devices_work(&seq->devices, 2);
	remove_migration_ptes(folio, folio, 0);
}

static void op_migrate(struct sequence *seq)
{
	with_page(seq, random_below(seq, PLACES), page_migrate);
}

/* Unmap as reclaim does, with or without a deferred flush. */
static void page_reclaim(struct sequence *seq, struct folio *folio)
{
	try_to_unmap(folio, random_below(seq, 2) ? TTU_BATCH_FLUSH : 0);
	try_to_unmap_flush();
}

static void op_reclaim(struct sequence *seq)
{
	with_page(seq, SHARED, page_reclaim);
}

static void page_split(struct sequence *seq, struct folio *folio)
{
	if (folio_test_large(folio) && folio_test_anon(folio))
		split_huge_page(&folio->page);
}

static void op_split(struct sequence *seq)
{
	with_page(seq, HUGE, page_split);
}

/*
 * Address spaces
 */
static struct space *free_space(struct sequence *seq)
{
	struct space *space;

	for (space = seq->space; space < seq->space + SOFT_TLBS; space++)
		if (!space->mm)
			return space;
	return NULL;
}

/* From here on the devices use the address space, and the oracle checks it. */
static void space_open(struct sequence *seq, struct space *space)
{
	KUNIT_EXPECT_EQ(seq->test, soft_tlb_register(space->tlb, space->mm), 0);
}

/*
 * End an address space while devices have it loaded. Nobody else holds a
 * reference to mm_users, so that mmput() calls exit_mmap() at once.
 */
static void space_exit(struct sequence *seq, struct space *space)
{
	mmput(space->mm);
	KUNIT_EXPECT_FALSE(seq->test, soft_tlb_live(space->tlb));
	KUNIT_EXPECT_EQ(seq->test, soft_tlb_cached(space->tlb), 0U);
	soft_tlb_unregister(space->tlb);
	space->mm = NULL;
}

/* The child of op_fork(). It hands over its mm and exits. */
struct heir {
	struct mm_struct *mm;
	struct completion left;
};

static int heir_main(void *data)
{
	struct heir *heir = data;

	mmget(current->mm);
	heir->mm = current->mm;
	complete(&heir->left);
	/* The child is no kthread, and has no user space to return to. */
	do_exit(0);
}

/* Poll, because the child cannot signal after it has dropped its mm. */
static void wait_for_last_user(struct sequence *seq, struct mm_struct *mm)
{
	unsigned long deadline = jiffies + RECORDER_PATIENCE;

	while (atomic_read(&mm->mm_users) > 1 && time_before(jiffies, deadline))
		cond_resched();
	KUNIT_EXPECT_EQ(seq->test, atomic_read(&mm->mm_users), 1);
}

static void op_fork(struct sequence *seq)
{
	struct space *space = free_space(seq);
	struct heir heir = {};
	struct kernel_clone_args args = {
		.fn = heir_main,
		.fn_arg = &heir,
		.exit_signal = SIGCHLD,
	};

	if (!space)
		return;
	init_completion(&heir.left);
	if (kernel_clone(&args) <= 0)
		return;
	wait_for_completion(&heir.left);
	wait_for_last_user(seq, heir.mm);
	space->mm = heir.mm;
	space->base = seq->now->base;
	space_open(seq, space);
}

static void op_exit(struct sequence *seq)
{
	struct space *space = &seq->space[1 + random_below(seq, SOFT_TLBS - 1)];

	if (space->mm && space != seq->now)
		space_exit(seq, space);
}

/* The driver unsubscribes from the mm and subscribes again. */
static void op_resubscribe(struct sequence *seq)
{
	soft_tlb_unregister(seq->now->tlb);
	KUNIT_EXPECT_FALSE(seq->test, soft_tlb_live(seq->now->tlb));
	KUNIT_EXPECT_EQ(seq->test, soft_tlb_cached(seq->now->tlb), 0U);
	space_open(seq, seq->now);
}

/*
 * The table of operations, with their cost in all sequences together
 */
/**
 * struct operation - an operation, and what it has cost so far
 * @name: its name
 * @run: the operation
 * @silent: the operation may never invalidate anything
 * @times: how often it was done
 * @cost: what it has changed and invalidated
 */
struct operation {
	const char *name;
	void (*run)(struct sequence *seq);
	bool silent;
	unsigned long times;
	struct soft_cost cost;
};

#define OPERATION(op)	{ .name = #op, .run = op_##op }
#define SILENT(op)	{ .name = #op, .run = op_##op, .silent = true }
static struct operation operations[] = {
	SILENT(read), OPERATION(write), OPERATION(populate),
	OPERATION(dontneed), OPERATION(free), OPERATION(cold), OPERATION(pageout),
	OPERATION(remove), OPERATION(munmap), OPERATION(mmap_over), OPERATION(mremap),
	OPERATION(shrink), OPERATION(protect_none), OPERATION(protect_read),
	SILENT(protect_write), OPERATION(numa_hint), OPERATION(remote_write),
	OPERATION(collapse), OPERATION(split), OPERATION(migrate), OPERATION(reclaim),
	OPERATION(clean), SILENT(age),
	OPERATION(fork), SILENT(exit), SILENT(resubscribe),
};

/* The first operations map pages again. They are chosen more often. */
#define OPERATIONS_THAT_FILL	3

static struct operation *random_operation(struct sequence *seq)
{
	if (random_below(seq, 3) == 0)
		return &operations[random_below(seq, OPERATIONS_THAT_FILL)];
	return &operations[random_below(seq, ARRAY_SIZE(operations))];
}

static struct space *random_space(struct sequence *seq)
{
	struct space *space;

	do
		space = &seq->space[random_below(seq, SOFT_TLBS)];
	while (!space->mm);
	return space;
}

static void name_step(struct sequence *seq, const char *name)
{
	struct space *space;

	for (space = seq->space; space < seq->space + SOFT_TLBS; space++)
		soft_tlb_begin(space->tlb, name);
}

/* Returns the number of defects so far, in all address spaces. */
static unsigned int check_step(struct sequence *seq)
{
	unsigned int defects = 0;
	struct space *space;

	for (space = seq->space; space < seq->space + SOFT_TLBS; space++) {
		if (space->mm)
			seq->looked += soft_tlb_check(space->tlb);
		defects += soft_tlb_defects(space->tlb);
	}
	return defects;
}

static unsigned int step(struct sequence *seq)
{
	struct operation *op = random_operation(seq);
	unsigned int defects;

	seq->now = random_space(seq);
	recorder_use_mm(seq->rec, seq->now->mm);
	soft_tlb_snapshot(seq->now->tlb, seq->before);
	name_step(seq, op->name);
	soft_devices_ask(&seq->devices, ROUNDS_A_STEP);
	op->run(seq);
	defects = check_step(seq);
	soft_tlb_snapshot(seq->now->tlb, seq->after);
	soft_tlb_cost(seq->now->tlb, seq->before, seq->after, &op->cost);
	recorder_unuse_mm(seq->rec);
	op->times++;
	return defects;
}

/*
 * A sequence
 */
static bool sequence_mmap(struct sequence *seq)
{
	struct space *first = seq->space;
	bool mapped;

	recorder_use_mm(seq->rec, first->mm);
	mapped = places_map(first);
	recorder_unuse_mm(seq->rec);
	return mapped;
}

static void sequence_watch(struct sequence *seq)
{
	enum place_name name;
	unsigned int n;

	for (n = 0; n < SOFT_TLBS; n++) {
		seq->space[n].tlb = &tlbs[n];
		seq->devices.tlb[n] = &tlbs[n];
		soft_tlb_init(&tlbs[n]);
		for (name = 0; name < PLACES; name++)
			soft_tlb_watch(&tlbs[n], window_start(seq->space, name),
				       window_end(seq->space, name));
	}
	seq->devices.tlbs = SOFT_TLBS;
}

static void sequence_begin(struct sequence *seq, struct kunit *test, unsigned long number)
{
	unsigned long size;

	seq->test = test;
	seq->rec = test->priv;
	seq->space[0].mm = recorder_mm_alloc();
	KUNIT_ASSERT_NOT_NULL(test, seq->space[0].mm);
	KUNIT_EXPECT_TRUE(test, sequence_mmap(seq));
	sequence_watch(seq);

	size = array_size(soft_tlb_watched(&tlbs[0]), sizeof(*seq->before));
	seq->before = recorder_zalloc(seq->rec, size);
	seq->after = recorder_zalloc(seq->rec, size);

	seq->seed = recorder_seed(test);
	recorder_random(&seq->rnd, seq->seed, SOFT_DEVICES + number);
	space_open(seq, seq->space);
	KUNIT_EXPECT_TRUE(test, soft_devices_start(seq->rec, &seq->devices, seq->seed));
}

static void sequence_end(struct sequence *seq)
{
	struct space *space;

	for (space = seq->space; space < seq->space + SOFT_TLBS; space++)
		if (space->mm)
			space_exit(seq, space);
	soft_devices_stop(&seq->devices);
	for (space = seq->space; space < seq->space + SOFT_TLBS; space++)
		soft_tlb_report(seq->test, space->tlb, seq->seed);
}

static int random_case_init(struct kunit *test)
{
	memset(&sequence, 0, sizeof(sequence));
	return recorder_case_init(test);
}

/* What a sequence has left that an assertion has ended. */
static void random_case_exit(struct kunit *test)
{
	struct mm_struct *was_put = test->priv ? recorder_end_loan(test->priv) : NULL;
	struct space *space;

	for (space = sequence.space; space < sequence.space + SOFT_TLBS; space++) {
		if (space->tlb)
			soft_tlb_unregister(space->tlb);
		if (space->mm && space->mm != was_put)
			mmput(space->mm);
		space->mm = NULL;
	}
	recorder_case_exit(test);
}

static void random_operations_leave_nothing_stale(struct kunit *test)
{
	unsigned long number = *(const unsigned long *)test->param_value, n;

	sequence_begin(&sequence, test, number);
	for (n = 0; n < min(STEPS_A_SEQUENCE, steps - number * STEPS_A_SEQUENCE); n++)
		if (step(&sequence))
			break;
	sequence_end(&sequence);
	KUNIT_EXPECT_GT(test, sequence.looked, 0UL);
}

/* As many sequences as the steps need. */
static const void *next_sequence(const void *prev, char *desc)
{
	static unsigned long number;

	number = prev ? number + 1 : 0;
	if (number * STEPS_A_SEQUENCE >= steps)
		return NULL;
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "sequence %lu", number);
	return &number;
}

/* The fewest steps after which each operation must have been done. */
#define STEPS_FOR_ALL		2500

static void each_operation_was_done_and_counted(struct kunit *test)
{
	unsigned long times = 0, calls = 0, idle = 0;
	struct operation *op;

	for (op = operations; op < operations + ARRAY_SIZE(operations); op++) {
		times += op->times;
		calls += op->cost.calls;
		idle += op->cost.idle;
		kunit_log(KERN_INFO, test, KUNIT_SUBTEST_INDENT
			  "# counted: random-%s calls=%lu pages=%lu changed=%lu", op->name,
			  op->cost.calls, op->cost.pages, op->cost.changed);
	}
	if (times < STEPS_FOR_ALL)
		kunit_skip(test, "%lu steps are too few to meet every operation", times);

	kunit_info(test, "%lu steps, %lu invalidations, %lu of nothing that changed\n", times,
		   calls, idle);
	for (op = operations; op < operations + ARRAY_SIZE(operations); op++) {
		KUNIT_EXPECT_GT_MSG(test, op->times, 0UL, "%s was never done", op->name);
		KUNIT_EXPECT_TRUE_MSG(test, op->silent || op->cost.calls,
				      "%s never invalidated anything", op->name);
	}
}

static struct kunit_case secondary_tlbs_random_cases[] = {
	KUNIT_CASE_PARAM(random_operations_leave_nothing_stale, next_sequence),
	KUNIT_CASE(each_operation_was_done_and_counted),
	{}
};

static struct kunit_suite secondary_tlbs_random_suite = {
	.name = "secondary_tlbs_random",
	.init = random_case_init,
	.exit = random_case_exit,
	.test_cases = secondary_tlbs_random_cases,
};

kunit_test_suite(secondary_tlbs_random_suite);
