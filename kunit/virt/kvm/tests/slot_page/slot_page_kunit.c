// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of kvm_slot_page_reload() against an mm that takes the page away.
 *
 * The first cases force one order of the steps of both sides each, by calling the
 * steps in that order. The last case lets threads race, to find an order that no
 * case forces. The claim is always the same: a vCPU in the guest uses the page
 * that the mm maps, or its reload is pending.
 */
#include <linux/delay.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>

#include "../test_vm.h"

/* The vCPU that a case uses. */
#define ID	0

static void start(struct test_vm *vm, struct mmu_notifier_range *range)
{
	test_range_start(vm, range, vm->hva, vm->hva + PAGE_SIZE);
}

static int lookup_in(struct test_vm *vm, int slot, gfn_t gfn, struct kvm_slot_page *page)
{
	int idx = srcu_read_lock(&vm->kvm->srcu), r;

	/* If the look-up fails, kvm_slot_page_put() of this pfn does nothing. */
	page->pfn = KVM_PFN_ERR_FAULT;
	r = kvm_slot_page_lookup(vm->kvm, slot, gfn, page);
	srcu_read_unlock(&vm->kvm->srcu, idx);
	return r;
}

static int lookup(struct test_vm *vm, struct kvm_slot_page *page)
{
	return lookup_in(vm, TEST_SLOT, TEST_GFN, page);
}

/* Whether nobody holds mmu_lock, for reading or for writing. */
static bool lock_is_free(struct test_vm *vm)
{
	if (!write_trylock(&vm->kvm->mmu_lock))
		return false;
	write_unlock(&vm->kvm->mmu_lock);
	return true;
}

/* The result of the check. mmu_lock is not held on return. */
static bool is_current(struct test_vm *vm, const struct kvm_slot_page *page)
{
	bool current_page = kvm_slot_page_lock(vm->kvm, page);

	if (current_page)
		kvm_slot_page_unlock(vm->kvm);
	return current_page;
}

static void expect_runs_after_one_reload(struct test_vm *vm)
{
	KUNIT_EXPECT_TRUE(vm->test, test_vcpu_pending(vm, ID));
	KUNIT_EXPECT_EQ(vm->test, test_vcpu_enter(vm, ID), TEST_NOT_ENTERED);
	KUNIT_EXPECT_EQ(vm->test, test_vcpu_serve(vm, ID), 0);
	KUNIT_EXPECT_EQ(vm->test, test_vcpu_enter(vm, ID), TEST_RAN);
}

/*
 * Forced orders
 *
 *   vCPU                                mm
 *   reload                              range_start
 *                                       move
 *                                       range_end
 */
static void reload_before_start_is_asked_for_again(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	struct mmu_notifier_range range;

	KUNIT_EXPECT_EQ(test, test_vcpu_reload(vm, ID), 0);
	KUNIT_EXPECT_EQ(test, test_vcpu_enter(vm, ID), TEST_RAN);
	start(vm, &range);
	KUNIT_EXPECT_EQ(test, test_vcpu_enter(vm, ID), TEST_NOT_ENTERED);
	test_vm_move(vm);
	test_range_end(&range);
	expect_runs_after_one_reload(vm);
	test_vm_destroy(vm);
}

/*
 *                                       range_start
 *   reload                              [Required: not used, pending again]
 *                                       move
 *   reload                              [Required: the same]
 *                                       range_end
 *   reload
 */
static void reload_between_start_and_end_waits(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	struct mmu_notifier_range range;

	KUNIT_EXPECT_EQ(test, test_vcpu_reload(vm, ID), 0);
	start(vm, &range);
	KUNIT_EXPECT_EQ(test, test_vcpu_serve(vm, ID), -EAGAIN);
	KUNIT_EXPECT_EQ(test, test_vcpu_enter(vm, ID), TEST_NOT_ENTERED);
	test_vm_move(vm);
	KUNIT_EXPECT_EQ(test, test_vcpu_serve(vm, ID), -EAGAIN);
	KUNIT_EXPECT_EQ(test, test_vcpu_enter(vm, ID), TEST_NOT_ENTERED);
	test_range_end(&range);
	expect_runs_after_one_reload(vm);
	test_vm_destroy(vm);
}

/*
 *   look up
 *                                       range_start
 *   check                               [Required: a conflict]
 *                                       move
 *   check                               [Required: a conflict]
 *                                       range_end
 *   check                               [Required: a conflict]
 */
static void check_after_start_fails(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	struct mmu_notifier_range range;
	struct kvm_slot_page page;

	KUNIT_EXPECT_EQ(test, lookup(vm, &page), 0);
	start(vm, &range);
	KUNIT_EXPECT_FALSE(test, is_current(vm, &page));
	KUNIT_EXPECT_TRUE(test, lock_is_free(vm));
	test_vm_move(vm);
	KUNIT_EXPECT_FALSE(test, is_current(vm, &page));
	KUNIT_EXPECT_TRUE(test, lock_is_free(vm));
	test_range_end(&range);
	KUNIT_EXPECT_FALSE(test, is_current(vm, &page));
	KUNIT_EXPECT_TRUE(test, lock_is_free(vm));
	kvm_slot_page_put(&page);
	test_vm_destroy(vm);
}

static void a_page_that_stayed_can_be_used(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	struct kvm_slot_page page;

	KUNIT_EXPECT_EQ(test, lookup(vm, &page), 0);
	KUNIT_EXPECT_TRUE(test, is_current(vm, &page));
	KUNIT_EXPECT_EQ(test, page.pfn, test_vm_pfn(vm));
	KUNIT_EXPECT_EQ(test, page.hva, vm->hva);
	KUNIT_EXPECT_TRUE(test, lock_is_free(vm));
	kvm_slot_page_put(&page);
	test_vm_destroy(vm);
}

/* Between check and use the lock is held, so range_start() waits. */
static void look_at_lock(struct test_vm *vm)
{
	KUNIT_EXPECT_FALSE(vm->test, lock_is_free(vm));
	KUNIT_EXPECT_EQ(vm->test, vm->kvm->mmu_invalidate_in_progress, 0L);
}

static void start_waits_while_the_page_is_used(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);

	vm->on_use = look_at_lock;
	KUNIT_EXPECT_EQ(test, test_vcpu_reload(vm, ID), 0);
	KUNIT_EXPECT_TRUE(test, lock_is_free(vm));
	test_vm_destroy(vm);
}

/*
 * An invalidation during the look-up, which faults the page in:
 *
 *   sample
 *   fault                               range_start, range_end
 *   check                               [Required: a conflict]
 */
static vm_fault_t invalidate_in_fault(struct test_vm *vm)
{
	struct mmu_notifier_range range;

	start(vm, &range);
	test_range_end(&range);
	return 0;
}

static void invalidation_during_the_look_up_is_seen(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);

	vm->on_fault = invalidate_in_fault;
	KUNIT_EXPECT_EQ(test, test_vcpu_reload(vm, ID), -EAGAIN);
	vm->on_fault = NULL;
	expect_runs_after_one_reload(vm);
	test_vm_destroy(vm);
}

/*
 *   look up (sample)
 *   look up (fault)                     range_start
 *                                       range_end
 *   check                               [Required: a conflict, by the sequence]
 */
static struct mmu_notifier_range begun_in_fault;

static vm_fault_t begin_in_fault(struct test_vm *vm)
{
	start(vm, &begun_in_fault);
	return 0;
}

static void look_up_that_spans_a_start_is_stale(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	struct kvm_slot_page page;

	begun_in_fault.mm = NULL;
	vm->on_fault = begin_in_fault;
	KUNIT_EXPECT_EQ(test, lookup(vm, &page), 0);
	test_vm_move(vm);
	if (begun_in_fault.mm)
		test_range_end(&begun_in_fault);
	KUNIT_EXPECT_NE(test, page.pfn, test_vm_pfn(vm));
	KUNIT_EXPECT_FALSE(test, is_current(vm, &page));
	kvm_slot_page_put(&page);
	test_vm_destroy(vm);
}

/*
 *                                       range_start a
 *                                       range_start b
 *                                       range_end a
 *   reload                              [Required: waits for b]
 *                                       range_end b
 *   reload
 */
static void nested_invalidations_all_have_to_end(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	struct mmu_notifier_range a, b;

	KUNIT_EXPECT_EQ(test, test_vcpu_reload(vm, ID), 0);
	start(vm, &a);
	start(vm, &b);
	test_vm_move(vm);
	test_range_end(&a);
	KUNIT_EXPECT_EQ(test, test_vcpu_serve(vm, ID), -EAGAIN);
	KUNIT_EXPECT_EQ(test, test_vcpu_enter(vm, ID), TEST_NOT_ENTERED);
	test_vm_move(vm);
	test_range_end(&b);
	expect_runs_after_one_reload(vm);
	test_vm_destroy(vm);
}

/* A look-up before the first of two invalidations, checked during the second. */
static void look_up_before_two_invalidations_stays_stale(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	struct mmu_notifier_range range;
	struct kvm_slot_page page;

	KUNIT_EXPECT_EQ(test, lookup(vm, &page), 0);
	start(vm, &range);
	test_vm_move(vm);
	test_range_end(&range);
	start(vm, &range);
	KUNIT_EXPECT_FALSE(test, is_current(vm, &page));
	/* The same page is mapped again, but the look-up is still stale. */
	test_vm_move(vm);
	test_range_end(&range);
	KUNIT_EXPECT_EQ(test, page.pfn, test_vm_pfn(vm));
	KUNIT_EXPECT_FALSE(test, is_current(vm, &page));
	kvm_slot_page_put(&page);
	test_vm_destroy(vm);
}

static void another_range_does_not_hold_the_reload_up(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	struct mmu_notifier_range range;

	KUNIT_EXPECT_EQ(test, test_vm_add_other_slot(vm), 0);
	test_range_start(vm, &range, vm->other, vm->other + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, vm->kvm->mmu_invalidate_in_progress, 1L);
	/* The invalidation requests no reload either. */
	KUNIT_EXPECT_FALSE(test, test_vcpu_pending(vm, ID));
	KUNIT_EXPECT_EQ(test, test_vcpu_reload(vm, ID), 0);
	KUNIT_EXPECT_EQ(test, test_vcpu_enter(vm, ID), TEST_RAN);
	test_range_end(&range);
	KUNIT_EXPECT_EQ(test, test_vcpu_enter(vm, ID), TEST_RAN);
	test_vm_destroy(vm);
}

static void every_vcpu_is_asked(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	struct mmu_notifier_range range;
	unsigned int i;

	start(vm, &range);
	for (i = 0; i < TEST_VCPUS; i++)
		KUNIT_EXPECT_TRUE(test, test_vcpu_pending(vm, i));
	test_range_end(&range);
	test_vm_destroy(vm);
}

static void vendor_without_the_page_is_not_asked(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	struct mmu_notifier_range range;

	if (IS_ENABLED(CONFIG_X86)) {
		test_vendor_reloads(false);
		start(vm, &range);
		KUNIT_EXPECT_FALSE(test, test_vcpu_pending(vm, ID));
		test_range_end(&range);
	}
	test_vm_destroy(vm);
	if (!IS_ENABLED(CONFIG_X86))
		kunit_skip(test, "only x86 has an APIC-access page to ask for");
}

/*
 * mmu_lock, if an unlocked read already shows a conflict
 */
struct contender {
	struct test_vm *vm;
	struct kvm_slot_page page;
	bool locked;
	int reloaded;
	bool checked;
};

static void contend(struct recorder_worker *worker)
{
	struct contender *contender = worker->data;

	kthread_use_mm(contender->vm->mm);
	while (!READ_ONCE(contender->locked))
		cond_resched();
	contender->reloaded = test_vcpu_reload(contender->vm, ID);
	contender->checked = is_current(contender->vm, &contender->page);
	kthread_unuse_mm(contender->vm->mm);
}

/* Hold mmu_lock, as a slow range_start() does, until the worker has finished. */
static bool finished_under_lock(struct contender *contender,
				struct recorder_worker *worker)
{
	rwlock_t *mmu_lock = &contender->vm->kvm->mmu_lock;
	unsigned long deadline = jiffies + 5 * HZ;
	bool finished;

	write_lock(mmu_lock);
	WRITE_ONCE(contender->locked, true);
	do {
		finished = completion_done(&worker->finished);
		cpu_relax();
	} while (!finished && time_before(jiffies, deadline));
	write_unlock(mmu_lock);
	return finished;
}

static void a_conflict_in_sight_does_not_take_the_lock(struct kunit *test)
{
	struct test_vm *vm;
	struct contender contender = {};
	struct recorder_worker worker = { .function = contend, .data = &contender };
	struct mmu_notifier_range range;

	if (num_online_cpus() < 2)
		kunit_skip(test, "one CPU can't hold a lock and look at it");
	vm = test_vm_create(test);
	contender.vm = vm;
	KUNIT_EXPECT_EQ(test, lookup(vm, &contender.page), 0);
	start(vm, &range);
	if (recorder_worker_start(vm->rec, &worker))
		KUNIT_EXPECT_TRUE(test, finished_under_lock(&contender, &worker));
	recorder_worker_join(&worker);
	KUNIT_EXPECT_EQ(test, contender.reloaded, -EAGAIN);
	KUNIT_EXPECT_FALSE(test, contender.checked);
	test_range_end(&range);
	kvm_slot_page_put(&contender.page);
	test_vm_destroy(vm);
}

/*
 * References to the page
 */
static int references(struct test_vm *vm)
{
	return page_count(vm->pages[0]) + page_count(vm->pages[1]);
}

static void no_path_keeps_a_reference(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	struct mmu_notifier_range range;
	struct kvm_slot_page page;
	int before;

	/* One reference for each of the two pages, and one for the mapping. */
	KUNIT_EXPECT_EQ(test, test_vcpu_reload(vm, ID), 0);
	before = references(vm);
	KUNIT_EXPECT_EQ(test, before, 3);

	KUNIT_EXPECT_EQ(test, test_vcpu_reload(vm, ID), 0);
	KUNIT_EXPECT_EQ(test, references(vm), before);
	KUNIT_EXPECT_EQ(test, lookup(vm, &page), 0);
	KUNIT_EXPECT_EQ(test, references(vm), before + 1);
	kvm_slot_page_put(&page);

	start(vm, &range);
	KUNIT_EXPECT_EQ(test, test_vcpu_reload(vm, ID), -EAGAIN);
	KUNIT_EXPECT_EQ(test, references(vm), before);
	test_vm_unmap(vm);
	test_range_end(&range);

	/* A conflict while the page is faulted in. */
	vm->on_fault = invalidate_in_fault;
	KUNIT_EXPECT_EQ(test, test_vcpu_reload(vm, ID), -EAGAIN);
	KUNIT_EXPECT_EQ(test, references(vm), before);
	test_vm_destroy(vm);
}

/*
 * Look-ups that find no page
 */
static int lookup_of(struct test_vm *vm, int slot, gfn_t gfn)
{
	struct kvm_slot_page page;
	int r = lookup_in(vm, slot, gfn, &page);

	kvm_slot_page_put(&page);
	return r;
}

static void a_memslot_that_lacks_the_frame_has_no_page(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);

	KUNIT_EXPECT_EQ(test, lookup_of(vm, TEST_OTHER_SLOT, TEST_OTHER_GFN), -ENOENT);
	KUNIT_EXPECT_EQ(test, test_vm_add_other_slot(vm), 0);
	KUNIT_EXPECT_EQ(test, lookup_of(vm, TEST_OTHER_SLOT, TEST_OTHER_GFN), 0);
	KUNIT_EXPECT_EQ(test, lookup_of(vm, TEST_OTHER_SLOT, TEST_OTHER_GFN - 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, lookup_of(vm, TEST_OTHER_SLOT, TEST_OTHER_GFN + 1), -ENOENT);
	/* TEST_GFN belongs to TEST_SLOT. */
	KUNIT_EXPECT_EQ(test, lookup_of(vm, TEST_OTHER_SLOT, TEST_GFN), -ENOENT);
	test_vm_destroy(vm);
}

static void a_memslot_that_is_going_has_no_page(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	struct kvm_memory_slot *slot;

	mutex_lock(&vm->kvm->slots_lock);
	slot = id_to_memslot(kvm_memslots(vm->kvm), TEST_SLOT);
	slot->flags |= KVM_MEMSLOT_INVALID;
	KUNIT_EXPECT_EQ(test, test_vcpu_reload(vm, ID), -ENOENT);
	slot->flags &= ~KVM_MEMSLOT_INVALID;
	KUNIT_EXPECT_EQ(test, test_vcpu_reload(vm, ID), 0);
	mutex_unlock(&vm->kvm->slots_lock);
	test_vm_destroy(vm);
}

static vm_fault_t fail_fault(struct test_vm *vm)
{
	return VM_FAULT_SIGBUS;
}

static vm_fault_t fail_in_invalidation(struct test_vm *vm)
{
	invalidate_in_fault(vm);
	return VM_FAULT_SIGBUS;
}

static void an_error_counts_unless_it_is_out_of_date(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);

	vm->on_fault = fail_fault;
	KUNIT_EXPECT_EQ(test, test_vcpu_reload(vm, ID), -EFAULT);
	KUNIT_EXPECT_FALSE(test, test_vcpu_pending(vm, ID));
	vm->on_fault = fail_in_invalidation;
	KUNIT_EXPECT_EQ(test, test_vcpu_reload(vm, ID), -EAGAIN);
	vm->on_fault = NULL;
	expect_runs_after_one_reload(vm);
	test_vm_destroy(vm);
}

/* A guest can read a read-only page, so the hardware must have its address. */
static void a_read_only_page_is_a_page(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);

	KUNIT_EXPECT_EQ(test, vm_munmap(vm->hva, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, test_vcpu_reload(vm, ID), -EFAULT);
	KUNIT_EXPECT_EQ(test, vm_mmap(NULL, vm->hva, PAGE_SIZE, PROT_READ,
				      MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, 0), vm->hva);
	KUNIT_EXPECT_EQ(test, test_vcpu_reload(vm, ID), 0);
	KUNIT_EXPECT_EQ(test, vm_mmap(NULL, vm->hva, PAGE_SIZE, PROT_NONE,
				      MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, 0), vm->hva);
	KUNIT_EXPECT_EQ(test, test_vcpu_reload(vm, ID), -EFAULT);
	test_vm_destroy(vm);
}

/*
 * Racing threads: MOVERS threads move the page, TEST_VCPUS threads are vCPUs
 */
#define MOVERS		4
#define ROUNDS		100

struct storm {
	struct test_vm *vm;
	atomic_t moving;
	atomic_t moves;
	unsigned int ran[TEST_VCPUS];
	unsigned int retried[TEST_VCPUS];
};

static void pause(struct rnd_state *rnd)
{
	udelay(prandom_u32_state(rnd) % 20);
}

static void storm_move(struct recorder_worker *worker)
{
	struct storm *storm = worker->data;
	struct mmu_notifier_range range;
	struct rnd_state rnd;
	unsigned int i;

	recorder_random(&rnd, worker->seed, worker->id);
	for (i = 0; i < ROUNDS; i++) {
		start(storm->vm, &range);
		pause(&rnd);
		test_vm_move(storm->vm);
		pause(&rnd);
		test_range_end(&range);
		atomic_inc(&storm->moves);
		/* Leave some time in which a guest can run. */
		pause(&rnd);
		cond_resched();
	}
	atomic_dec(&storm->moving);
}

static void storm_enter(struct recorder_worker *worker, struct storm *storm)
{
	unsigned int id = worker->id;

	if (test_vcpu_serve(storm->vm, id) == -EAGAIN)
		storm->retried[id]++;
	switch (test_vcpu_enter(storm->vm, id)) {
	case TEST_RAN:
		storm->ran[id]++;
		break;
	case TEST_RAN_STALE:
		worker->errors++;
		break;
	default:
		break;
	}
}

static void storm_vcpu(struct recorder_worker *worker)
{
	struct storm *storm = worker->data;
	struct rnd_state rnd;

	recorder_random(&rnd, worker->seed, worker->id);
	kthread_use_mm(storm->vm->mm);
	while (atomic_read(&storm->moving)) {
		storm_enter(worker, storm);
		pause(&rnd);
		cond_resched();
	}
	/* All moves are done, so one reload must succeed. */
	if (test_vcpu_serve(storm->vm, worker->id) ||
	    test_vcpu_enter(storm->vm, worker->id) != TEST_RAN)
		worker->errors++;
	kthread_unuse_mm(storm->vm->mm);
}

static void storm_run(struct storm *storm, u64 seed)
{
	struct recorder_worker worker[TEST_VCPUS + MOVERS] = {};
	struct kunit *test = storm->vm->test;
	unsigned int i;

	atomic_set(&storm->moving, MOVERS);
	for (i = 0; i < ARRAY_SIZE(worker); i++) {
		worker[i].function = i < TEST_VCPUS ? storm_vcpu : storm_move;
		worker[i].data = storm;
		worker[i].id = i;
		worker[i].seed = seed;
		if (!recorder_worker_start(storm->vm->rec, &worker[i]) && i >= TEST_VCPUS)
			atomic_dec(&storm->moving);
	}
	for (i = 0; i < ARRAY_SIZE(worker); i++) {
		recorder_worker_join(&worker[i]);
		KUNIT_EXPECT_EQ(test, worker[i].errors, 0U);
	}
}

static void guests_never_use_a_page_that_is_gone(struct kunit *test)
{
	struct storm storm = { .vm = test_vm_create(test) };
	unsigned int i;

	for (i = 0; i < TEST_VCPUS; i++)
		KUNIT_EXPECT_EQ(test, test_vcpu_reload(storm.vm, i), 0);
	storm_run(&storm, recorder_seed(test));

	KUNIT_EXPECT_EQ(test, atomic_read(&storm.moves), MOVERS * ROUNDS);
	KUNIT_EXPECT_EQ(test, storm.vm->kvm->mmu_invalidate_in_progress, 0L);
	for (i = 0; i < TEST_VCPUS; i++) {
		kunit_info(test, "vCPU %u ran %u times, retried %u times\n", i,
			   storm.ran[i], storm.retried[i]);
		/* The movers do not starve a vCPU. */
		KUNIT_EXPECT_GT(test, storm.ran[i], 0U);
	}
	test_vm_destroy(storm.vm);
}

static struct kunit_case kvm_slot_page_cases[] = {
	KUNIT_CASE(reload_before_start_is_asked_for_again),
	KUNIT_CASE(reload_between_start_and_end_waits),
	KUNIT_CASE(check_after_start_fails),
	KUNIT_CASE(a_page_that_stayed_can_be_used),
	KUNIT_CASE(start_waits_while_the_page_is_used),
	KUNIT_CASE(invalidation_during_the_look_up_is_seen),
	KUNIT_CASE(look_up_that_spans_a_start_is_stale),
	KUNIT_CASE(nested_invalidations_all_have_to_end),
	KUNIT_CASE(look_up_before_two_invalidations_stays_stale),
	KUNIT_CASE(another_range_does_not_hold_the_reload_up),
	KUNIT_CASE(every_vcpu_is_asked),
	KUNIT_CASE(vendor_without_the_page_is_not_asked),
	KUNIT_CASE(a_conflict_in_sight_does_not_take_the_lock),
	KUNIT_CASE(no_path_keeps_a_reference),
	KUNIT_CASE(a_memslot_that_lacks_the_frame_has_no_page),
	KUNIT_CASE(a_memslot_that_is_going_has_no_page),
	KUNIT_CASE(an_error_counts_unless_it_is_out_of_date),
	KUNIT_CASE(a_read_only_page_is_a_page),
	KUNIT_CASE(guests_never_use_a_page_that_is_gone),
	{}
};

static struct kunit_suite kvm_slot_page_suite = {
	.name = "kvm_slot_page",
	.init = test_vm_case_init,
	.exit = test_vm_case_exit,
	.test_cases = kvm_slot_page_cases,
};

kunit_test_suite(kvm_slot_page_suite);
