// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of KVM's mmu_invalidate_in_progress (the count) and mmu_invalidate_seq
 * (the sequence): how range_start() and range_end() change them, and for which
 * values a look-up has to be retried.
 */
#include <linux/kcsan-checks.h>

#include "test_vm.h"

#define LOW	(16 * PAGE_SIZE)
#define HIGH	(32 * PAGE_SIZE)

/* The steps of the protocol, under the mmu_lock that they need. */
static void begin(struct kvm *kvm, unsigned long start, unsigned long end)
{
	write_lock(&kvm->mmu_lock);
	kvm_mmu_invalidate_begin(kvm, start, end);
	write_unlock(&kvm->mmu_lock);
}

static void end(struct kvm *kvm)
{
	write_lock(&kvm->mmu_lock);
	kvm_mmu_invalidate_end(kvm, 0, 0);
	write_unlock(&kvm->mmu_lock);
}

static int retry(struct kvm *kvm, unsigned long seq)
{
	int r;

	read_lock(&kvm->mmu_lock);
	r = mmu_invalidate_retry(kvm, seq);
	read_unlock(&kvm->mmu_lock);
	return r;
}

static int retry_hva(struct kvm *kvm, unsigned long seq, unsigned long hva)
{
	int r;

	read_lock(&kvm->mmu_lock);
	r = mmu_invalidate_retry_hva(kvm, seq, hva);
	read_unlock(&kvm->mmu_lock);
	return r;
}

static void begin_and_end_nest(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	unsigned long seq = mmu_invalidate_sample(vm->kvm);

	begin(vm->kvm, LOW, HIGH);
	begin(vm->kvm, LOW, HIGH);
	KUNIT_EXPECT_EQ(test, vm->kvm->mmu_invalidate_in_progress, 2L);
	KUNIT_EXPECT_EQ(test, mmu_invalidate_sample(vm->kvm), seq);
	KUNIT_EXPECT_TRUE(test, retry(vm->kvm, seq));

	end(vm->kvm);
	KUNIT_EXPECT_EQ(test, vm->kvm->mmu_invalidate_in_progress, 1L);
	KUNIT_EXPECT_EQ(test, mmu_invalidate_sample(vm->kvm), seq + 1);
	/* A sample from between the two ends is still a conflict. */
	KUNIT_EXPECT_TRUE(test, retry(vm->kvm, seq + 1));

	end(vm->kvm);
	KUNIT_EXPECT_EQ(test, vm->kvm->mmu_invalidate_in_progress, 0L);
	KUNIT_EXPECT_TRUE(test, retry(vm->kvm, seq));
	KUNIT_EXPECT_TRUE(test, retry(vm->kvm, seq + 1));
	KUNIT_EXPECT_FALSE(test, retry(vm->kvm, seq + 2));
	test_vm_destroy(vm);
}

static void only_the_range_is_retried_while_it_changes(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	unsigned long seq = mmu_invalidate_sample(vm->kvm);

	KUNIT_EXPECT_FALSE(test, retry_hva(vm->kvm, seq, LOW));
	begin(vm->kvm, LOW, HIGH);
	KUNIT_EXPECT_FALSE(test, retry_hva(vm->kvm, seq, LOW - 1));
	KUNIT_EXPECT_TRUE(test, retry_hva(vm->kvm, seq, LOW));
	KUNIT_EXPECT_TRUE(test, retry_hva(vm->kvm, seq, LOW + PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, retry_hva(vm->kvm, seq, HIGH - 1));
	KUNIT_EXPECT_FALSE(test, retry_hva(vm->kvm, seq, HIGH));

	/* The sequence has no range: a conflict for every address. */
	end(vm->kvm);
	KUNIT_EXPECT_TRUE(test, retry_hva(vm->kvm, seq, HIGH));
	KUNIT_EXPECT_FALSE(test, retry_hva(vm->kvm, seq + 1, LOW));
	test_vm_destroy(vm);
}

static void the_unlocked_look_says_the_same(struct kunit *test)
{
	static const unsigned long hvas[] = { LOW - 1, LOW, HIGH - 1, HIGH };
	struct test_vm *vm = test_vm_create(test);
	unsigned long seq = mmu_invalidate_sample(vm->kvm);
	unsigned int i, in_progress;

	for (in_progress = 0; in_progress < 2; in_progress++) {
		for (i = 0; i < ARRAY_SIZE(hvas); i++) {
			KUNIT_EXPECT_EQ(test, retry_hva(vm->kvm, seq, hvas[i]),
					(int)mmu_invalidate_conflict(vm->kvm, seq, hvas[i]));
			KUNIT_EXPECT_TRUE(test, mmu_invalidate_conflict(vm->kvm, seq - 1,
									hvas[i]));
		}
		begin(vm->kvm, LOW, HIGH);
	}
	end(vm->kvm);
	end(vm->kvm);
	test_vm_destroy(vm);
}

static void ranges_merge_until_all_have_ended(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	unsigned long seq = mmu_invalidate_sample(vm->kvm);

	begin(vm->kvm, LOW, LOW + PAGE_SIZE);
	KUNIT_EXPECT_FALSE(test, retry_hva(vm->kvm, seq, LOW + 4 * PAGE_SIZE));
	begin(vm->kvm, HIGH, HIGH + PAGE_SIZE);
	/* Addresses between the two ranges conflict as well. */
	KUNIT_EXPECT_TRUE(test, retry_hva(vm->kvm, seq, LOW + 4 * PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, retry_hva(vm->kvm, seq, HIGH + PAGE_SIZE - 1));
	KUNIT_EXPECT_FALSE(test, retry_hva(vm->kvm, seq, HIGH + PAGE_SIZE));

	/* The count does not tell which range has ended, so both still conflict. */
	end(vm->kvm);
	KUNIT_EXPECT_TRUE(test, retry_hva(vm->kvm, seq + 1, LOW));
	KUNIT_EXPECT_TRUE(test, retry_hva(vm->kvm, seq + 1, HIGH));

	/* Once the count is 0, the next range replaces the merged one. */
	end(vm->kvm);
	begin(vm->kvm, HIGH, HIGH + PAGE_SIZE);
	KUNIT_EXPECT_FALSE(test, retry_hva(vm->kvm, seq + 2, LOW));
	KUNIT_EXPECT_TRUE(test, retry_hva(vm->kvm, seq + 2, HIGH));
	end(vm->kvm);
	test_vm_destroy(vm);
}

static void a_smaller_range_does_not_narrow(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	unsigned long seq = mmu_invalidate_sample(vm->kvm);

	begin(vm->kvm, LOW, HIGH);
	begin(vm->kvm, LOW + PAGE_SIZE, LOW + 2 * PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, retry_hva(vm->kvm, seq, LOW));
	KUNIT_EXPECT_TRUE(test, retry_hva(vm->kvm, seq, HIGH - 1));
	end(vm->kvm);
	end(vm->kvm);
	test_vm_destroy(vm);
}

#define BALANCE_ROUNDS	1000

static void count_balances(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	unsigned long seq = mmu_invalidate_sample(vm->kvm);
	u64 seed = recorder_seed(test);
	unsigned int i, wrong = 0;
	struct rnd_state rnd;
	long depth = 0;

	recorder_random(&rnd, seed, 0);
	for (i = 0; i < BALANCE_ROUNDS; i++) {
		if (!depth || prandom_u32_state(&rnd) % 2) {
			begin(vm->kvm, LOW, HIGH);
			depth++;
		} else {
			end(vm->kvm);
			depth--;
			seq++;
		}
		wrong += vm->kvm->mmu_invalidate_in_progress != depth;
		wrong += retry(vm->kvm, seq) != !!depth;
	}
	for (; depth; depth--, seq++)
		end(vm->kvm);
	KUNIT_EXPECT_EQ(test, wrong, 0U);
	KUNIT_EXPECT_EQ(test, vm->kvm->mmu_invalidate_in_progress, 0L);
	KUNIT_EXPECT_EQ(test, mmu_invalidate_sample(vm->kvm), seq);
	test_vm_destroy(vm);
}

static void sequence_may_wrap(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);

	write_lock(&vm->kvm->mmu_lock);
	vm->kvm->mmu_invalidate_seq = ULONG_MAX;
	write_unlock(&vm->kvm->mmu_lock);
	KUNIT_EXPECT_FALSE(test, retry_hva(vm->kvm, ULONG_MAX, LOW));
	begin(vm->kvm, LOW, HIGH);
	end(vm->kvm);
	KUNIT_EXPECT_EQ(test, mmu_invalidate_sample(vm->kvm), 0UL);
	KUNIT_EXPECT_TRUE(test, retry_hva(vm->kvm, ULONG_MAX, LOW));
	KUNIT_EXPECT_FALSE(test, retry_hva(vm->kvm, 0, LOW));
	test_vm_destroy(vm);
}

/*
 * Through the mm
 */
static void notifier_counts_what_meets_a_memslot(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	unsigned long seq = mmu_invalidate_sample(vm->kvm);
	struct mmu_notifier_range range;

	test_range_start(vm, &range, vm->hva, vm->hva + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, vm->kvm->mmu_invalidate_in_progress, 1L);
	KUNIT_EXPECT_TRUE(test, retry_hva(vm->kvm, seq, vm->hva));
	test_range_end(&range);
	KUNIT_EXPECT_EQ(test, vm->kvm->mmu_invalidate_in_progress, 0L);
	/* Once, even if the memslot is in both address spaces of an x86 VM. */
	KUNIT_EXPECT_EQ(test, mmu_invalidate_sample(vm->kvm), seq + 1);

	/* A range without a memslot delays changes of memslots, and nothing else. */
	test_range_start(vm, &range, vm->other, vm->other + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, vm->kvm->mmu_invalidate_in_progress, 0L);
	KUNIT_EXPECT_EQ(test, vm->kvm->mn_active_invalidate_count, 1UL);
	test_range_end(&range);
	KUNIT_EXPECT_EQ(test, mmu_invalidate_sample(vm->kvm), seq + 1);
	KUNIT_EXPECT_EQ(test, vm->kvm->mn_active_invalidate_count, 0UL);
	test_vm_destroy(vm);
}

static void add_other_slot(struct recorder_worker *worker)
{
	struct test_vm *vm = worker->data;

	kthread_use_mm(vm->mm);
	if (test_vm_add_other_slot(vm))
		worker->errors++;
	kthread_unuse_mm(vm->mm);
}

/* Wait until the changer sleeps, and sleeps for the end of the invalidation. */
static bool waits_for_the_end(struct test_vm *vm, struct recorder_worker *changer)
{
	unsigned long deadline = jiffies + RECORDER_PATIENCE;

	while (time_before(jiffies, deadline) && !completion_done(&changer->finished)) {
		if (recorder_worker_blocked(changer) &&
		    rcuwait_active(&vm->kvm->mn_memslots_update_rcuwait))
			return true;
		cond_resched();
	}
	return false;
}

/*
 * If a memslot were installed between range_start() and range_end(), range_end()
 * would decrement a count that range_start() did not increment.
 */
static void memslot_change_waits_for_the_end(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	struct recorder_worker changer = { .function = add_other_slot, .data = vm };
	struct mmu_notifier_range range;
	bool waits = false;

	test_range_start(vm, &range, vm->other, vm->other + PAGE_SIZE);
	if (recorder_worker_start(vm->rec, &changer))
		waits = waits_for_the_end(vm, &changer);
	KUNIT_EXPECT_TRUE(test, waits);
	KUNIT_EXPECT_EQ(test, vm->kvm->mmu_invalidate_in_progress, 0L);
	/* If the changer did not wait, range_end() would BUG(). So leave it out. */
	if (waits)
		test_range_end(&range);
	recorder_worker_join(&changer);
	KUNIT_EXPECT_EQ(test, changer.errors, 0U);
	KUNIT_EXPECT_EQ(test, vm->kvm->mmu_invalidate_in_progress, 0L);

	/* From now on the range has a memslot, and counts. */
	test_range_start(vm, &range, vm->other, vm->other + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, vm->kvm->mmu_invalidate_in_progress, 1L);
	test_range_end(&range);
	test_vm_destroy(vm);
}

/* The mm outlives the VM, and the invalidation ends after the VM. */
static void vm_can_end_during_an_invalidation(struct kunit *test)
{
	struct recorder_subscriber *sub;
	struct mmu_notifier_range range;
	struct test_vm *vm;
	int users;

	/* After a migration, the old CPU's idle task would hold a lazy mm reference. */
	set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id()));
	vm = test_vm_create(test);
	sub = recorder_range(vm->rec, vm->mm);
	users = atomic_read(&vm->mm->mm_count);
	test_range_start(vm, &range, vm->hva, vm->hva + PAGE_SIZE);
	test_vm_close(vm);
	/* The VM has dropped both references: its own, and its subscription's. */
	KUNIT_EXPECT_EQ(test, atomic_read(&vm->mm->mm_count), users - 2);
	test_range_end(&range);

	/* The other subscriber has seen the end. */
	KUNIT_EXPECT_EQ(test, recorder_count(vm->rec, RECORDER_OP_END, sub->id),
			recorder_count(vm->rec, RECORDER_OP_START, sub->id));
	recorder_unregister(sub);
	test_vm_destroy(vm);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

/*
 * Barriers. A CPU that TCG emulates does not reorder these accesses, so a missing
 * barrier has no effect there. KCSAN's model of weak memory tracks which access
 * may still be delayed, and a barrier ends the delay.
 */
#ifdef CONFIG_KCSAN_WEAK_MEMORY
/* Tell KCSAN that an access has begun and may be delayed. */
static void access_begin(int type)
{
	current->kcsan_ctx.reorder_access.type = type | KCSAN_ACCESS_SCOPED;
	current->kcsan_ctx.reorder_access.size = 1;
}

/* Whether a barrier has completed the access. Ends it if not. */
static bool access_complete(void)
{
	bool complete = !current->kcsan_ctx.reorder_access.size;

	current->kcsan_ctx.reorder_access.size = 0;
	return complete;
}

static void sample_is_ordered_before_the_look_up(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	bool without, with;

	kcsan_nestable_atomic_begin();
	access_begin(0);
	without = access_complete();
	access_begin(0);
	mmu_invalidate_sample(vm->kvm);
	with = access_complete();
	kcsan_nestable_atomic_end();

	KUNIT_EXPECT_FALSE(test, without);
	KUNIT_EXPECT_TRUE(test, with);
	test_vm_destroy(vm);
}

static void sequence_is_ordered_before_the_count(struct kunit *test)
{
	struct test_vm *vm = test_vm_create(test);
	bool complete;

	begin(vm->kvm, LOW, HIGH);
	write_lock(&vm->kvm->mmu_lock);
	kcsan_nestable_atomic_begin();
	access_begin(KCSAN_ACCESS_WRITE);
	kvm_mmu_invalidate_end(vm->kvm, LOW, HIGH);
	complete = access_complete();
	kcsan_nestable_atomic_end();
	write_unlock(&vm->kvm->mmu_lock);

	KUNIT_EXPECT_TRUE(test, complete);
	test_vm_destroy(vm);
}
#else
static void sample_is_ordered_before_the_look_up(struct kunit *test)
{
	kunit_skip(test, "only KCSAN's model of weak memory sees a barrier");
}

static void sequence_is_ordered_before_the_count(struct kunit *test)
{
	kunit_skip(test, "only KCSAN's model of weak memory sees a barrier");
}
#endif

static struct kunit_case kvm_mmu_seq_cases[] = {
	KUNIT_CASE(begin_and_end_nest),
	KUNIT_CASE(only_the_range_is_retried_while_it_changes),
	KUNIT_CASE(the_unlocked_look_says_the_same),
	KUNIT_CASE(ranges_merge_until_all_have_ended),
	KUNIT_CASE(a_smaller_range_does_not_narrow),
	KUNIT_CASE(count_balances),
	KUNIT_CASE(sequence_may_wrap),
	KUNIT_CASE(notifier_counts_what_meets_a_memslot),
	KUNIT_CASE(memslot_change_waits_for_the_end),
	KUNIT_CASE(vm_can_end_during_an_invalidation),
	KUNIT_CASE(sample_is_ordered_before_the_look_up),
	KUNIT_CASE(sequence_is_ordered_before_the_count),
	{}
};

static struct kunit_suite kvm_mmu_seq_suite = {
	.name = "kvm_mmu_seq",
	.init = test_vm_case_init,
	.exit = test_vm_case_exit,
	.test_cases = kvm_mmu_seq_cases,
};

kunit_test_suite(kvm_mmu_seq_suite);
