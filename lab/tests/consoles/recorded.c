// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest behind the recorded consoles: two suites that pass, and one whose
 * single case does what the boot parameter lab_plant_test.what= names.
 */

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/debug_locks.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *what = "nothing";
module_param(what, charp, 0444);

static void adds_up(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 1 + 1, 2);
}

static void counts_notifications(struct kunit *test)
{
	kunit_info(test, "seed: 0x5eed1234\n");
	kunit_info(test, "counted: munmap calls=2 pages=1024 changed=512\n");
	kunit_info(test, "counted: mprotect calls=1 pages=3 changed=3\n");
}

static void needs_a_device(struct kunit *test)
{
	kunit_skip(test, "no edu device on this machine");
}

static const int sizes[] = { 1, 2, 512 };

static void size_name(const int *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%d pages", *size);
}

KUNIT_ARRAY_PARAM(size, sizes, size_name);

static void covers_each_size(struct kunit *test)
{
	const int *size = test->param_value;

	if (*size == 512)
		kunit_skip(test, "no huge pages");
	KUNIT_EXPECT_GT(test, *size, 0);
}

static struct kunit_case first_cases[] = {
	KUNIT_CASE(adds_up),
	KUNIT_CASE(counts_notifications),
	KUNIT_CASE(needs_a_device),
	KUNIT_CASE_PARAM(covers_each_size, size_gen_params),
	{}
};

static struct kunit_suite first_suite = {
	.name = "lab_first",
	.test_cases = first_cases,
};

static DEFINE_MUTEX(lock_a);
static DEFINE_MUTEX(lock_b);

static void plant_inversion(void)
{
	mutex_lock(&lock_a);
	mutex_lock(&lock_b);
	mutex_unlock(&lock_b);
	mutex_unlock(&lock_a);
	mutex_lock(&lock_b);
	mutex_lock(&lock_a);
	mutex_unlock(&lock_a);
	mutex_unlock(&lock_b);
}

static void plant_sleep(void)
{
	preempt_disable();
	might_sleep();
	preempt_enable();
}

/* More nested locks than lockdep can hold: it gives up and says so. */
static void plant_depth(void)
{
	static struct lock_class_key keys[60];
	static struct mutex locks[60];
	int i;

	for (i = 0; i < 60; i++) {
		__mutex_init(&locks[i], "depth", &keys[i]);
		mutex_lock(&locks[i]);
	}
	while (i--)
		mutex_unlock(&locks[i]);
}

static int warn_in_worker(void *done)
{
	WARN(1, "planted in a worker\n");
	complete(done);
	return 0;
}

static void plant_warn(void)
{
	DECLARE_COMPLETION_ONSTACK(done);

	kthread_run(warn_in_worker, &done, "lab_worker");
	wait_for_completion(&done);
}

static void plant_uaf(void)
{
	volatile char *p = kmalloc(32, GFP_KERNEL);

	kfree((void *)p);
	p[3] = 1;
}

static long shared;

static int racer(void *done)
{
	unsigned long end = jiffies + 3 * HZ;

	while (time_before(jiffies, end)) {
		shared++;
		barrier();
		cond_resched();
	}
	complete(done);
	return 0;
}

static void plant_race(void)
{
	DECLARE_COMPLETION_ONSTACK(one);
	DECLARE_COMPLETION_ONSTACK(two);

	kthread_run(racer, &one, "lab_racer1");
	kthread_run(racer, &two, "lab_racer2");
	wait_for_completion(&one);
	wait_for_completion(&two);
}

static void plant_hang(void)
{
	DECLARE_COMPLETION_ONSTACK(never);

	wait_for_completion(&never);
}

static const struct {
	const char *name;
	void (*plant)(void);
} plants[] = {
	{ "inversion", plant_inversion },
	{ "sleep", plant_sleep },
	{ "depth", plant_depth },
	{ "warn", plant_warn },
	{ "uaf", plant_uaf },
	{ "race", plant_race },
	{ "hang", plant_hang },
};

static void does_as_told(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(plants); i++)
		if (!strcmp(what, plants[i].name))
			plants[i].plant();
	if (!strcmp(what, "panic"))
		panic("planted panic");
	if (!strcmp(what, "fail"))
		KUNIT_EXPECT_EQ(test, 1 + 1, 3);
	if (!strcmp(what, "null"))
		WRITE_ONCE(*(int *)8, 1);
}

static void is_after_the_plant(struct kunit *test)
{
	KUNIT_EXPECT_NOT_NULL(test, what);
	if (!strcmp(what, "inversion"))
		KUNIT_EXPECT_TRUE(test, debug_locks);
}

static struct kunit_case plant_cases[] = {
	KUNIT_CASE(adds_up),
	KUNIT_CASE(does_as_told),
	KUNIT_CASE(is_after_the_plant),
	{}
};

static struct kunit_suite plant_suite = {
	.name = "lab_plant",
	.test_cases = plant_cases,
};

static struct kunit_case last_cases[] = {
	KUNIT_CASE(adds_up),
	{}
};

static struct kunit_suite last_suite = {
	.name = "lab_last",
	.test_cases = last_cases,
};

kunit_test_suites(&first_suite, &plant_suite, &last_suite);

MODULE_LICENSE("GPL");
