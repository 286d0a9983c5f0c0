// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of devices that do DMA while the mm changes. In dma_paths_kunit.c, nothing
 * changes while a device works.
 */
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_paths.h>
#include <kunit/secondary_tlbs_recorder.h>

#include "../arm-smmu-v3.h"
#include "bench.h"
#include "target.h"

#define MARK_FREED	0xf4eed00000000000

/* One read by each device, @step bytes apart. */
static void spread(struct bench_access *accesses, unsigned long addr, unsigned long step)
{
	unsigned int i;

	for (i = 0; i < BENCH_DEVICES; i++)
		accesses[i] = (struct bench_access){ .device = i, .addr = addr + i * step };
}

static unsigned int faulted(const struct bench_access *accesses)
{
	unsigned int i, n = 0;

	for (i = 0; i < BENCH_DEVICES; i++)
		n += !!accesses[i].event;
	return n;
}

static unsigned int have_read(const struct bench_access *accesses, u64 value)
{
	unsigned int i, n = 0;

	for (i = 0; i < BENCH_DEVICES; i++)
		n += !accesses[i].event && accesses[i].value == value;
	return n;
}

static void read_all(struct bench *bench, struct bench_access *accesses)
{
	bench_do(bench, accesses, BENCH_DEVICES);
	bench_collect(bench, accesses, BENCH_DEVICES);
}

/* Point the entry of @addr to the page of @other, without any invalidation. */
static void entry_swap(struct mm_struct *mm, unsigned long addr, unsigned long other)
{
	struct path_entry one, two;

	path_walk(mm, addr, &one);
	path_walk(mm, other, &two);
	if (one.page && two.page)
		WRITE_ONCE(*((pte_t *)page_address(one.table) + pte_index(addr)), __pte(two.raw));
}

/*
 * A test of the bench: the devices use a stale translation until it is invalidated,
 * and not after that.
 */
static void a_translation_is_used_until_it_is_invalidated(struct kunit *test)
{
	struct bench *bench = bench_create(test, BENCH_DEVICES);
	unsigned long addr = recorder_mmap(2, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	unsigned long other = addr + PAGE_SIZE;
	struct bench_access reads[BENCH_DEVICES];
	struct path_entry entry;
	pte_t *pte;

	KUNIT_EXPECT_NE(test, addr, 0UL);
	if (!addr || bench->errors || recorder_populate(bench->mm, addr, 2))
		goto out;
	*target_of(bench->mm, addr).word = 1;
	*target_of(bench->mm, other).word = 2;
	spread(reads, addr, 0);
	read_all(bench, reads);
	KUNIT_EXPECT_EQ(test, have_read(reads, 1), BENCH_DEVICES + 0U);

	path_walk(bench->mm, addr, &entry);
	pte = (pte_t *)page_address(entry.table) + pte_index(addr);
	entry_swap(bench->mm, addr, other);
	read_all(bench, reads);
	KUNIT_EXPECT_EQ(test, have_read(reads, 1), BENCH_DEVICES + 0U);

	recorder_dispatch(bench->mm, addr, addr + PAGE_SIZE);
	read_all(bench, reads);
	KUNIT_EXPECT_EQ(test, have_read(reads, 2), BENCH_DEVICES + 0U);

	/* Restore the entry. */
	WRITE_ONCE(*pte, __pte(entry.raw));
	recorder_dispatch(bench->mm, addr, addr + PAGE_SIZE);
out:
	bench_destroy(bench);
}

/*
 * More translations than the 256 that QEMU's SMMU caches. It drops all of them when
 * its cache is full.
 */
#define MANY_ROUNDS	40
#define MANY_PAGES	(MANY_ROUNDS * BENCH_DEVICES)

static unsigned int many_read(struct bench *bench, unsigned long addr, u64 value, bool faults)
{
	struct bench_access reads[BENCH_DEVICES];
	unsigned int round, wrong = 0;

	for (round = 0; round < MANY_ROUNDS; round++) {
		spread(reads, addr + round * BENCH_DEVICES * PAGE_SIZE, PAGE_SIZE);
		bench_do(bench, reads, BENCH_DEVICES);
		if (faults) {
			wrong += BENCH_DEVICES - faulted(reads);
			continue;
		}
		bench_collect(bench, reads, BENCH_DEVICES);
		wrong += BENCH_DEVICES - have_read(reads, value);
	}
	return wrong;
}

static void more_pages_than_the_smmu_keeps_are_all_dropped(struct kunit *test)
{
	struct bench *bench = bench_create(test, BENCH_DEVICES);
	unsigned long addr = recorder_mmap(MANY_PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	unsigned int n;

	KUNIT_EXPECT_NE(test, addr, 0UL);
	if (!addr || bench->errors || recorder_populate(bench->mm, addr, MANY_PAGES))
		goto out;
	for (n = 0; n < MANY_PAGES; n++)
		*target_of(bench->mm, addr + n * PAGE_SIZE).word = 3;
	KUNIT_EXPECT_EQ(test, many_read(bench, addr, 3, false), 0U);
	KUNIT_EXPECT_EQ(test, vm_munmap(addr, MANY_PAGES * PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, many_read(bench, addr, 3, true), 0U);
out:
	bench_destroy(bench);
}

/*
 * A range that is too long for one range command: 2^32 pages, of which only the first and
 * the last are mapped. After the unmap, no device may read the last page.
 */
#define LONG_RANGE	(PAGE_SIZE << 32)

static void a_range_of_16_tib_is_gone_to_its_end(struct kunit *test)
{
	struct bench *bench = bench_create(test, BENCH_DEVICES);
	unsigned long addr = vm_mmap(NULL, 0, LONG_RANGE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, 0);
	struct bench_access reads[BENCH_DEVICES];

	if (IS_ERR_VALUE(addr) || bench->errors) {
		KUNIT_FAIL(test, "nothing to unmap");
		goto out;
	}
	KUNIT_EXPECT_EQ(test, recorder_fault(bench->mm, addr, FAULT_FLAG_WRITE), 0);
	KUNIT_EXPECT_EQ(test, recorder_fault(bench->mm, addr + LONG_RANGE - PAGE_SIZE,
					     FAULT_FLAG_WRITE), 0);
	spread(reads, addr + LONG_RANGE - PAGE_SIZE, sizeof(u64));
	read_all(bench, reads);
	KUNIT_EXPECT_EQ(test, faulted(reads), 0U);
	KUNIT_EXPECT_EQ(test, vm_munmap(addr, LONG_RANGE), 0);
	read_all(bench, reads);
	KUNIT_EXPECT_EQ_MSG(test, faulted(reads), BENCH_DEVICES + 0U,
			    "devices still read a page that is gone");
out:
	bench_destroy(bench);
}

/*
 * An mm exits while devices write into it. A write lands before the exit, or never. The
 * case keeps references to the pages, and compares their words.
 */
#define EXITS		8
/* The exit comes at a random moment of the DMA, which takes a tenth of a second. */
#define EXIT_WITHIN	(HZ / 8)

struct exit_page {
	struct page *page;
	u64 *word;
	u64 value;
};

static void exit_take_pages(struct kunit *test, struct bench *bench,
			    const struct bench_access *writes, struct exit_page *pages)
{
	unsigned int i;

	for (i = 0; i < BENCH_DEVICES; i++) {
		const struct target target = target_of(bench->mm, writes[i].addr);

		KUNIT_ASSERT_NOT_NULL(test, target.page);
		get_page(target.page);
		pages[i] = (struct exit_page){ .page = target.page, .word = target.word };
	}
}

/* Returns how many writes have landed before the exit. */
static unsigned int exit_with_writes(struct kunit *test, struct bench *bench,
				     struct rnd_state *rnd)
{
	unsigned long addr = recorder_mmap(BENCH_DEVICES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	struct bench_access writes[BENCH_DEVICES];
	struct exit_page pages[BENCH_DEVICES];
	struct mm_struct *mm = bench->mm;
	unsigned int i, landed = 0;

	KUNIT_ASSERT_NE(test, addr, 0UL);
	KUNIT_ASSERT_EQ(test, recorder_populate(mm, addr, BENCH_DEVICES), 0);
	spread(writes, addr, PAGE_SIZE);
	read_all(bench, writes);
	KUNIT_EXPECT_EQ(test, faulted(writes), 0U);
	for (i = 0; i < BENCH_DEVICES; i++)
		writes[i].write = true;
	exit_take_pages(test, bench, writes, pages);

	bench_begin(bench, writes, BENCH_DEVICES);
	schedule_timeout_uninterruptible(1 + prandom_u32_state(rnd) % EXIT_WITHIN);
	recorder_unuse_mm(bench->rec);
	recorder_mm_put(bench->rec, mm);
	bench->mm = NULL;
	for (i = 0; i < BENCH_DEVICES; i++) {
		pages[i].value = READ_ONCE(*pages[i].word);
		landed += pages[i].value == writes[i].value;
	}

	bench_end(bench, writes, BENCH_DEVICES);
	for (i = 0; i < BENCH_DEVICES; i++) {
		KUNIT_EXPECT_EQ_MSG(test, READ_ONCE(*pages[i].word), pages[i].value,
				    "device %u wrote after the end of the mm", i);
		put_page(pages[i].page);
	}
	bench_next_mm(bench);
	return landed;
}

static void exit_stops_writes_that_were_begun(struct kunit *test)
{
	struct bench *bench = bench_create(test, BENCH_DEVICES);
	u64 seed = recorder_seed(test);
	unsigned int i, landed = 0;
	struct rnd_state rnd;

	recorder_random(&rnd, seed, 0);
	for (i = 0; i < EXITS && !bench->errors; i++)
		landed += exit_with_writes(test, bench, &rnd);
	kunit_info(test, "%u of %u writes landed before the end", landed, EXITS * BENCH_DEVICES);
	bench_destroy(bench);
}

/*
 * Threads change mappings while devices access them. Each of four threads has a place of
 * its own, which one device reads and one device writes all the time.
 *
 * A thread counts its mappings, and writes the count into each page that it maps. A
 * device must not read a smaller count than the one at the start of its access: that
 * page was unmapped before.
 *
 * After an unmap, the thread allocates pages, to get the freed page back, and fills them
 * with a mark. It holds them until two more rounds of accesses have begun, when every
 * access from before the unmap has ended. No device may overwrite the mark.
 */
#define THREADS		4
#define PLACE		(4 * PAGE_SIZE)
#define HELD		16	/* unmaps whose pages a thread watches at a time */
#define CAUGHT		8	/* pages it allocates after an unmap */
#define ROUNDS		48

struct busy;

struct held {
	struct page *pages[CAUGHT];
	unsigned int n;
	unsigned int round;
};

struct busy_thread {
	struct recorder_worker worker;
	struct busy *busy;
	unsigned long place;
	u64 number;		/* the count that is written into its page */
	struct held held[HELD];
	unsigned int operations;
	unsigned int written;	/* words of freed pages that were overwritten */
	unsigned int defied;	/* writes that landed in a read-only page */
};

struct busy {
	struct bench *bench;
	struct busy_thread threads[THREADS];
	unsigned int round;	/* number of the current round of accesses */
	bool stop;
};

/* Offsets in the page of the word that a device reads, and of the one that it writes. */
#define READ_HERE	2048
#define WRITTEN_HERE	1024

static void held_release(struct busy_thread *thread, struct held *held)
{
	unsigned int word;

	while (held->n) {
		struct page *page = held->pages[--held->n];
		const u64 *words = page_address(page);

		for (word = 0; word < PAGE_SIZE / sizeof(u64); word++)
			thread->written += READ_ONCE(words[word]) != MARK_FREED;
		__free_page(page);
	}
}

/* Wait until two rounds have begun, so that all accesses from before the unmap ended. */
static void held_wait(struct busy_thread *thread, struct held *held)
{
	while (held->n && !READ_ONCE(thread->busy->stop) &&
	       READ_ONCE(thread->busy->round) - held->round < 2)
		schedule_timeout_uninterruptible(1);
	if (READ_ONCE(thread->busy->round) - held->round >= 2)
		held_release(thread, held);
}

static void held_take(struct busy_thread *thread, struct held *held)
{
	held->round = READ_ONCE(thread->busy->round);
	while (held->n < CAUGHT) {
		struct page *page = alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_NORETRY);

		if (!page)
			return;
		memset64(page_address(page), MARK_FREED, PAGE_SIZE / sizeof(u64));
		held->pages[held->n++] = page;
	}
}

static int place_map(struct busy_thread *thread)
{
	struct mm_struct *mm = thread->busy->bench->mm;
	unsigned long addr;
	struct target target;

	addr = vm_mmap(NULL, thread->place, PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
	if (addr != thread->place || recorder_fault(mm, addr, FAULT_FLAG_WRITE))
		return -ENOMEM;
	target = target_of(mm, addr + READ_HERE);
	if (!target.word)
		return -EFAULT;
	WRITE_ONCE(*target.word, thread->number);
	return 0;
}

static int place_protect(struct busy_thread *thread, unsigned long prot)
{
	const unsigned long args[5] = { thread->place, PAGE_SIZE, prot };

	return secondary_tlbs_mprotect(args);
}

/* Make the page read-only for a short time, in which no write may land. */
static int place_read_only(struct busy_thread *thread)
{
	struct mm_struct *mm = thread->busy->bench->mm;
	struct target target;
	u64 word;
	int ret = place_protect(thread, PROT_READ);

	if (ret)
		return ret;
	target = target_of(mm, thread->place + WRITTEN_HERE);
	if (!target.word)
		return -EFAULT;
	word = READ_ONCE(*target.word);
	schedule_timeout_uninterruptible(2);
	thread->defied += READ_ONCE(*target.word) != word;
	return place_protect(thread, PROT_READ | PROT_WRITE) ?:
	       recorder_fault(mm, thread->place, FAULT_FLAG_WRITE);
}

static int place_unmap(struct busy_thread *thread, unsigned int how)
{
	const unsigned long aside = thread->place + 2 * PAGE_SIZE;
	const unsigned long args[5] = {
		thread->place, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, aside,
	};

	switch (how) {
	case 0:
		return do_madvise(thread->busy->bench->mm, thread->place, PAGE_SIZE,
				  MADV_DONTNEED);
	case 1:
		return secondary_tlbs_mremap(args) == aside ? vm_munmap(aside, PAGE_SIZE) :
							      -EFAULT;
	default:
		return vm_munmap(thread->place, PAGE_SIZE);
	}
}

static void busy_thread(struct recorder_worker *worker)
{
	struct busy_thread *thread = container_of(worker, struct busy_thread, worker);
	struct mm_struct *mm = thread->busy->bench->mm;
	struct rnd_state rnd;
	unsigned int i;

	recorder_random(&rnd, worker->seed, worker->id);
	kthread_use_mm(mm);
	worker->errors += !!place_map(thread);
	while (!READ_ONCE(thread->busy->stop) && !worker->errors) {
		struct held *held = &thread->held[thread->operations++ % HELD];

		if (!(prandom_u32_state(&rnd) % 4)) {
			worker->errors += !!place_read_only(thread);
			continue;
		}
		held_wait(thread, held);
		if (held->n)
			break;
		worker->errors += !!place_unmap(thread, prandom_u32_state(&rnd) % 3);
		held_take(thread, held);
		/*
		 * Pairs with the load-acquire in busy_begin(): an access that
		 * begins with this number begins after the unmap.
		 */
		smp_store_release(&thread->number, thread->number + 1);
		worker->errors += !!place_map(thread);
	}
	kthread_unuse_mm(mm);
	/* After @stop, no access is in progress and none begins. */
	while (!READ_ONCE(thread->busy->stop))
		schedule_timeout_uninterruptible(1);
	for (i = 0; i < HELD; i++)
		held_release(thread, &thread->held[i]);
}

/* One round: even devices read, odd ones write. */
static void busy_begin(struct busy *busy, struct bench_access *accesses, u64 *numbers)
{
	unsigned int i;

	for (i = 0; i < BENCH_DEVICES; i++) {
		struct busy_thread *thread = &busy->threads[i / 2 % THREADS];

		accesses[i] = (struct bench_access){
			.device = i, .write = i % 2,
			.addr = thread->place + (i % 2 ? WRITTEN_HERE : READ_HERE),
		};
		/* Pairs with the store-release in busy_thread(). The access comes later. */
		numbers[i] = smp_load_acquire(&thread->number);
	}
	bench_begin(busy->bench, accesses, BENCH_DEVICES);
}

/* A new page has 0 before the thread writes its number. */
static unsigned int busy_wrong(struct busy *busy, const struct bench_access *accesses,
			       const u64 *numbers)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < BENCH_DEVICES; i += 2) {
		u64 now = READ_ONCE(busy->threads[i / 2 % THREADS].number);

		if (accesses[i].event || !accesses[i].value)
			continue;
		wrong += accesses[i].value < numbers[i] || accesses[i].value > now;
	}
	return wrong;
}

static unsigned int busy_work(struct busy *busy)
{
	struct bench_access accesses[BENCH_DEVICES];
	u64 numbers[BENCH_DEVICES];
	unsigned int round, wrong = 0;

	for (round = 0; round < ROUNDS; round++) {
		WRITE_ONCE(busy->round, round);
		busy_begin(busy, accesses, numbers);
		bench_end(busy->bench, accesses, BENCH_DEVICES);
		bench_collect(busy->bench, accesses, BENCH_DEVICES);
		wrong += busy_wrong(busy, accesses, numbers);
	}
	return wrong;
}

static void busy_threads_begin(struct busy *busy, unsigned long places, u64 seed)
{
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		struct busy_thread *thread = &busy->threads[i];

		thread->busy = busy;
		thread->place = places + i * PLACE;
		thread->number = 1;
		thread->worker = (struct recorder_worker){
			.function = busy_thread, .id = i, .seed = seed,
		};
		if (!recorder_worker_start(busy->bench->rec, &thread->worker))
			busy->bench->errors++;
	}
}

static void devices_use_no_page_that_a_thread_has_unmapped(struct kunit *test)
{
	struct bench *bench = bench_create(test, BENCH_DEVICES);
	struct busy *busy = kunit_kzalloc(test, sizeof(*busy), GFP_KERNEL);
	u64 seed = recorder_seed(test);
	unsigned int i, operations = 0;
	unsigned long places;

	places = recorder_mmap(THREADS * PLACE / PAGE_SIZE, PROT_NONE, MAP_PRIVATE);
	if (!places || !busy || bench->errors) {
		KUNIT_FAIL(test, "nothing to begin with");
		goto out;
	}
	busy->bench = bench;
	busy_threads_begin(busy, places, seed);
	KUNIT_EXPECT_EQ_MSG(test, busy_work(busy), 0U, "read from a page that was gone");
	WRITE_ONCE(busy->stop, true);
	for (i = 0; i < THREADS; i++) {
		struct busy_thread *thread = &busy->threads[i];

		recorder_worker_join(&thread->worker);
		KUNIT_EXPECT_EQ(test, thread->worker.errors, 0U);
		KUNIT_EXPECT_EQ_MSG(test, thread->written, 0U, "words of freed pages written");
		KUNIT_EXPECT_EQ_MSG(test, thread->defied, 0U, "writes to a read-only page");
		operations += thread->operations;
	}
	kunit_info(test, "%u changes under %u rounds of accesses", operations, ROUNDS);
out:
	bench_destroy(bench);
}

static struct kunit_case device_cases[] = {
	KUNIT_CASE(a_translation_is_used_until_it_is_invalidated),
	KUNIT_CASE(more_pages_than_the_smmu_keeps_are_all_dropped),
	KUNIT_CASE(a_range_of_16_tib_is_gone_to_its_end),
	KUNIT_CASE(exit_stops_writes_that_were_begun),
	KUNIT_CASE(devices_use_no_page_that_a_thread_has_unmapped),
	{}
};

static struct kunit_suite device_suite = {
	.name = "_smmu_devices",
	.suite_init = bench_suite_init,
	.suite_exit = bench_suite_exit,
	.init = bench_case_init,
	.exit = bench_case_exit,
	.test_cases = device_cases,
};

/*
 * A CPU with hardware dirty state management makes a clean page writable without any
 * flush. The SMMU may still have the read-only entry. After a finite number of handled
 * faults, the device's write must land.
 */
#define DIRTY_ATTEMPTS	4

static void dirty_write(struct kunit *test, struct bench *bench, unsigned long addr)
{
	struct bench_access write = { .device = 0, .addr = addr, .write = true };
	unsigned int attempt;

	for (attempt = 0; attempt < DIRTY_ATTEMPTS; attempt++) {
		struct target target;

		bench_do(bench, &write, 1);
		target = target_of(bench->mm, addr);
		if (!write.event && target_has(&target, &write))
			break;
		/* Handle the fault as a page request. */
		KUNIT_EXPECT_EQ(test, recorder_fault(bench->mm, addr, FAULT_FLAG_WRITE), 0);
	}
	KUNIT_EXPECT_LT_MSG(test, attempt, 0U + DIRTY_ATTEMPTS, "%s",
			    bench_event_name(write.event));
	if (attempt < DIRTY_ATTEMPTS)
		kunit_info(test, "landed at attempt %u", attempt + 1);
}

/* Write by the CPU as user space does. Returns false if it took a fault. */
static bool dirty_without_fault(const struct path_scene *scene)
{
	unsigned long addr = scene->start, failed = 0;
	const u64 word = 4;

	pagefault_disable();
	for (; addr < scene->start + scene->page_size; addr += PAGE_SIZE)
		failed += __copy_to_user_inatomic((void __user *)addr, &word, sizeof(word));
	pagefault_enable();
	return !failed;
}

static void dirty_row(struct kunit *test, const struct mm_path *path,
		      void (*clean)(struct path_scene *scene))
{
	const char *reason = path_skip(&secondary_tlbs_paths[PATH_hardware_dirty]);
	struct bench_access reads[BENCH_DEVICES];
	struct path_scene *scene;
	struct bench *bench;

	if (reason)
		kunit_skip(test, "%s", reason);

	bench = bench_create(test, BENCH_DEVICES);
	scene = kunit_kzalloc(test, sizeof(*scene), GFP_KERNEL);
	if (!scene || path_begin(scene, path, bench->mm) || bench->errors) {
		KUNIT_FAIL(test, "nothing to make dirty");
		goto out;
	}
	if (clean)
		clean(scene);
	KUNIT_EXPECT_FALSE(test, target_of(bench->mm, scene->start).writable);
	spread(reads, scene->start, 0);
	read_all(bench, reads);
	KUNIT_EXPECT_EQ(test, faulted(reads), 0U);

	KUNIT_EXPECT_TRUE(test, dirty_without_fault(scene));
	KUNIT_EXPECT_TRUE(test, target_of(bench->mm, scene->start).writable);
	dirty_write(test, bench, scene->start);
out:
	if (scene)
		path_end(scene);
	bench_destroy(bench);
}

static void page_that_the_cpu_made_dirty_can_be_written(struct kunit *test)
{
	dirty_row(test, &secondary_tlbs_paths[PATH_write_upgrade_of_clean], NULL);
}

static void huge_page_that_the_cpu_made_dirty_can_be_written(struct kunit *test)
{
	dirty_row(test, &secondary_tlbs_paths[PATH_thp_write_upgrade], NULL);
}

/* The CPU makes each entry dirty by itself. The fault handler must still flush. */
static void contiguous_page_that_the_cpu_made_dirty_can_be_written(struct kunit *test)
{
	dirty_row(test, &secondary_tlbs_paths[PATH_hugetlb_contiguous_mprotect],
		  path_clean_hugetlb);
}

static struct kunit_case dirty_cases[] = {
	KUNIT_CASE(page_that_the_cpu_made_dirty_can_be_written),
	KUNIT_CASE(huge_page_that_the_cpu_made_dirty_can_be_written),
	KUNIT_CASE(contiguous_page_that_the_cpu_made_dirty_can_be_written),
	{}
};

/* A suite of its own, since it needs a CPU that manages the dirty state. */
static struct kunit_suite dirty_suite = {
	.name = "_dirty_smmu",
	.suite_init = bench_suite_init,
	.suite_exit = bench_suite_exit,
	.init = bench_case_init,
	.exit = bench_case_exit,
	.test_cases = dirty_cases,
};

kunit_test_suites(&device_suite, &dirty_suite);
