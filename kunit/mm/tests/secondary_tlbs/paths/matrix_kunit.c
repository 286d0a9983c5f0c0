// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a secondary TLB is told on each path on which the mm changes a
 * translation: how often, with which range, and when.
 *
 * Each row of the table in kunit/secondary_tlbs_paths.h is a case. The subscriber
 * looks at the page tables from inside each callback. The entries in the range must
 * have changed already, and no page or page table that was reachable through them
 * may be free yet.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_paths.h>
#include <kunit/secondary_tlbs_recorder.h>

/* Entries that are watched: the pages of the largest row. */
#define WATCHED		512
/* Calls that are expected one by one. */
#define WANTED		64

/**
 * struct matrix - a row, and what its subscriber saw in the callbacks
 * @test: the case
 * @scene: the path
 * @undo: ends the path
 * @mm: the mm of @scene, also after the path has ended it
 * @rec: the log
 * @sub: the subscriber
 * @before: the entries as they were before the operation
 * @entries: how many there are
 * @unchanged: entries that had not changed when they were told
 * @freed: pages that were free when their entry was told
 * @freed_tables: page tables that were free when an entry of theirs was told
 * @unlocked: entries whose page-table lock was free when they were told
 * @released_late: entries that had changed when the subscriber was released
 * @left: entries that the operation did not change
 * @put_off: flushes of the CPUs' TLB that were deferred
 * @want: the log as it should be
 * @wants: how many calls
 */
struct matrix {
	struct kunit *test;
	struct path_scene scene;
	struct recorder_undo undo;
	struct mm_struct *mm;
	struct recorder *rec;
	struct recorder_subscriber *sub;
	struct path_entry before[WATCHED];
	unsigned int entries;
	unsigned int unchanged;
	unsigned int freed;
	unsigned int freed_tables;
	unsigned int unlocked;
	unsigned int released_late;
	unsigned int left;
	int put_off;
	struct recorded_call want[WANTED];
	unsigned int wants;
};

static void watch_begin(struct matrix *m)
{
	unsigned long addr = m->scene.start;

	while (addr < m->scene.end && m->entries < WATCHED) {
		struct path_entry *entry = &m->before[m->entries];

		path_walk(m->mm, addr, entry);
		addr = entry->addr + entry->size;
		if (entry->raw)
			m->entries++;
	}
}

/* Reclaim drops the last reference some time before it frees a page and clears its flags. */
static bool page_is_free(struct page *page)
{
	return !page_count(page) && !PageUptodate(page);
}

static void watch_entry(struct matrix *m, const struct path_entry *before)
{
	struct path_entry now;

	path_walk(m->mm, before->addr, &now);
	if (now.raw == before->raw)
		m->unchanged++;
	if (before->page && page_is_free(before->page))
		m->freed++;
	if (before->table && !page_count(before->table))
		m->freed_tables++;
	if (spin_trylock(now.ptl)) {
		spin_unlock(now.ptl);
		m->unlocked++;
	}
}

/* After the operation: which entries are unchanged? */
static void watch_end(struct matrix *m)
{
	struct path_entry now;
	unsigned int n;

	for (n = 0; m->scene.mm && n < m->entries; n++) {
		path_walk(m->mm, m->before[n].addr, &now);
		m->left += now.raw == m->before[n].raw;
	}
}

static void watch_release(struct matrix *m)
{
	struct path_entry now;
	unsigned int n;

	for (n = 0; n < m->entries; n++) {
		path_walk(m->mm, m->before[n].addr, &now);
		m->released_late += now.raw != m->before[n].raw;
	}
}

/* Called in the callback. */
static void watch(struct recorder_subscriber *sub, enum recorded_op op)
{
	struct matrix *m = sub->data;
	const struct recorded_call *call;
	unsigned int n;

	if (op == RECORDER_OP_RELEASE)
		watch_release(m);
	if (op != RECORDER_OP_SECONDARY)
		return;
	call = recorder_call(m->rec, recorder_length(m->rec) - 1);
	for (n = 0; call && n < m->entries; n++)
		if (m->before[n].addr < call->end &&
		    m->before[n].addr + m->before[n].size > call->start)
			watch_entry(m, &m->before[n]);
}

/*
 * What the log should be
 */
static void want(struct matrix *m, struct recorded_call call)
{
	if (m->wants < WANTED)
		m->want[m->wants] = call;
	m->wants++;
}

static void want_range(struct matrix *m, unsigned long start, unsigned long end)
{
	want(m, RECORDED_SECONDARY(m->sub, start, end));
}

static void want_pages(struct matrix *m, const struct path_range *range)
{
	unsigned long addr;

	for (addr = range->start; addr < range->end; addr += PAGE_SIZE)
		want_range(m, addr, addr + PAGE_SIZE);
}

static unsigned long told_pages(const struct path_scene *scene)
{
	unsigned long pages = 0;
	unsigned int n;

	for (n = 0; n < scene->ranges; n++)
		pages += (scene->told[n].end - scene->told[n].start) >> PAGE_SHIFT;
	return pages;
}

static void want_all(struct matrix *m)
{
	const struct path_scene *scene = &m->scene;
	unsigned int n;

	for (n = 0; n < scene->ranges; n++)
		if (scene->path->tells == TELLS_PAGES)
			want_pages(m, &scene->told[n]);
		else
			want_range(m, scene->told[n].start, scene->told[n].end);
}

static void expect_calls(struct matrix *m)
{
	const struct path_scene *scene = &m->scene;

	if (scene->path->tells != TELLS_NOTHING)
		want_all(m);
	if (scene->path->tells == TELLS_TWICE)
		want_all(m);
	if (scene->path->flags & PATH_RELEASES)
		want(m, RECORDED_RELEASE(m->sub));

	KUNIT_EXPECT_LE(m->test, m->wants, 0U + WANTED);
	recorder_expect(m->rec, __LINE__, m->want, min_t(unsigned int, m->wants, WANTED));
}

/* The right number of pages, none outside, each one told: so none is told too often. */
static void expect_parts(struct matrix *m)
{
	const struct path_scene *scene = &m->scene;
	unsigned int id = m->sub->id, n;

	KUNIT_EXPECT_EQ(m->test, recorder_pages(m->rec, id), told_pages(scene));
	KUNIT_EXPECT_TRUE(m->test, recorder_within(m->rec, id, scene->start, scene->end));
	for (n = 0; n < scene->ranges; n++)
		KUNIT_EXPECT_TRUE(m->test, recorder_covers(m->rec, id, scene->told[n].start,
							   scene->told[n].end));
}

static void expect_order(struct matrix *m)
{
	const unsigned int flags = m->scene.path->flags;

	KUNIT_EXPECT_EQ_MSG(m->test, m->unchanged, 0U, "told before the page table had changed");
	if (flags & PATH_UNDER_PTL)
		KUNIT_EXPECT_EQ_MSG(m->test, m->unlocked, 0U,
				    "told after the page table was unlocked");
	if (!(flags & PATH_TELLS_FREED))
		KUNIT_EXPECT_EQ_MSG(m->test, m->freed, 0U, "a page was freed before it was told");
	KUNIT_EXPECT_EQ_MSG(m->test, m->freed_tables, 0U,
			    "a page table was freed before it was told");
	KUNIT_EXPECT_EQ_MSG(m->test, m->released_late, 0U,
			    "released after the page table had changed");
}

/* The operation did what the row is about. */
static void expect_operation(struct matrix *m)
{
	const unsigned int flags = m->scene.path->flags;

	KUNIT_EXPECT_EQ(m->test, !m->entries, !!(flags & PATH_EMPTY));
	if (!(flags & PATH_SPURIOUS))
		KUNIT_EXPECT_EQ_MSG(m->test, m->left, 0U, "translations did not change");
	if (IS_ENABLED(CONFIG_X86))
		KUNIT_EXPECT_EQ(m->test, !!m->put_off, !!(flags & PATH_PUTS_OFF));
}

static unsigned long changed_pages(const struct path_scene *scene)
{
	if (scene->path->flags & (PATH_EMPTY | PATH_SPURIOUS))
		return 0;
	return scene->changed ?: told_pages(scene);
}

/* More may be told than changes only where the row says why. */
static void expect_no_excess(struct matrix *m)
{
	const struct path_scene *scene = &m->scene;
	unsigned long told = told_pages(scene);
	const char *why = scene->excess;

	if (scene->path->tells == TELLS_NOTHING)
		return;
	if (scene->path->tells == TELLS_TWICE) {
		told *= 2;
		why = "the CPUs are flushed twice for a huge entry, see the table of paths";
	}
	if (told <= changed_pages(scene))
		return;
	KUNIT_EXPECT_TRUE_MSG(m->test, why, "more is told than changes, and the row has no reason");
	kunit_info(m->test, "more: %s\n", why ?: "?");
}

static void matrix_expect(struct matrix *m)
{
	struct path_scene *scene = &m->scene;

	if (!scene->ranges) {
		scene->told[0] = (struct path_range){ scene->start, scene->end };
		scene->ranges = 1;
	}
	recorder_counted(m->rec, scene->path->name, m->sub->id,
			 changed_pages(scene));
	if (scene->path->tells == TELLS_PARTS)
		expect_parts(m);
	else
		expect_calls(m);
	expect_no_excess(m);
	expect_order(m);
	expect_operation(m);
}

/*
 * One row
 */
static void matrix_run(struct matrix *m)
{
	int error, put_off;

	error = recorder_register(m->sub, m->mm);
	KUNIT_EXPECT_EQ(m->test, error, 0);
	if (error)
		return;
	watch_begin(m);
	m->sub->data = m;
	/* Pairs with the load-acquire in record_callback(). */
	smp_store_release(&m->sub->hook, watch);
	put_off = secondary_tlbs_put_off(m->scene.mm);
	KUNIT_EXPECT_EQ(m->test, path_run(&m->scene), 0);
	WRITE_ONCE(m->sub->hook, NULL);
	if (m->scene.mm)
		m->put_off = secondary_tlbs_put_off(m->scene.mm) - put_off;
	watch_end(m);
	matrix_expect(m);
	recorder_unregister(m->sub);
}

static void matrix_end(struct recorder_undo *undo)
{
	path_end(&container_of(undo, struct matrix, undo)->scene);
}

static struct matrix *matrix_create(struct recorder *rec)
{
	struct matrix *m = recorder_zalloc(rec, sizeof(*m));

	m->test = rec->test;
	m->rec = rec;
	m->sub = recorder_subscriber_create(rec, &recorder_secondary_ops);
	KUNIT_ASSERT_NOT_NULL(m->test, m->sub);
	m->mm = recorder_mm_create(rec);
	return m;
}

static void matrix_row(struct kunit *test, const struct mm_path *path)
{
	const char *reason = path_skip(path);
	struct matrix *m;
	int error;

	if (reason)
		kunit_skip(test, "%s", reason);

	m = matrix_create(test->priv);
	/* Each CPU that has loaded the mm would be flushed. */
	set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id()));
	recorder_use_mm(m->rec, m->mm);
	recorder_undo_later(m->rec, &m->undo, matrix_end);

	error = path_begin(&m->scene, path, m->mm);
	KUNIT_EXPECT_EQ_MSG(test, error, 0, "nothing to change");
	if (!error)
		matrix_run(m);
	recorder_undo_now(m->rec, &m->undo);
	if (m->scene.mm)
		recorder_unuse_mm(m->rec);
	else
		recorder_path_ended_mm(m->rec);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

#define MATRIX_CASE(name, ...)							\
	static void name##_is_exact(struct kunit *test)				\
	{									\
		matrix_row(test, &secondary_tlbs_paths[PATH_##name]);		\
	}
SECONDARY_TLBS_PATHS(MATRIX_CASE)

#define MATRIX_KUNIT_CASE(name, ...)	KUNIT_CASE(name##_is_exact),
static struct kunit_case secondary_tlbs_matrix_cases[] = {
	SECONDARY_TLBS_PATHS(MATRIX_KUNIT_CASE)
	{}
};

static struct kunit_suite secondary_tlbs_matrix_suite = {
	.name = "secondary_tlbs_matrix",
	.init = recorder_case_init,
	.exit = recorder_case_exit,
	.test_cases = secondary_tlbs_matrix_cases,
};

kunit_test_suite(secondary_tlbs_matrix_suite);
