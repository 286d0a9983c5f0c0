// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths on which the kernel takes a page, or has another in its place: reclaim,
 * aging, KSM, migration, and devices that want pages for themselves.
 */
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/mman.h>
#include <linux/mmu_context.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_recorder.h>

#include "../../../internal.h"
#include "scene.h"

const char *path_needs_two_cpus(void)
{
	return num_online_cpus() < 2 ? "there is no second CPU to have the mm loaded" : NULL;
}

/*
 * Reclaim
 */
int path_map_lazyfree(struct path_scene *scene)
{
	return path_map_clean(scene);
}

int path_map_to_swap(struct path_scene *scene)
{
	return scene_start_swap(scene) ?: path_map_pages(scene);
}

int path_map_cold(struct path_scene *scene)
{
	return path_map_to_swap(scene) ?: scene_advise(scene, MADV_COLD);
}

int path_map_cold_on_two(struct path_scene *scene)
{
	return path_map_cold(scene) ?: scene_load_on_two(scene);
}

/* Twice as many pages: the first half is swapped out, and its flush deferred. */
int path_map_put_off(struct path_scene *scene)
{
	unsigned long size;
	int ret = path_map_only(scene);

	if (ret)
		return ret;
	size = scene_size(scene) / 2;
	ret = scene_start_swap(scene) ?: scene_populate(scene) ?: scene_advise(scene, MADV_COLD) ?:
	      scene_load_on_two(scene) ?:
	      do_madvise(scene->mm, scene->start, size, MADV_PAGEOUT);
	scene->start += size;
	return ret;
}

int path_map_file_cold(struct path_scene *scene)
{
	return scene_map_file(scene, CLEAN_DISK, PROT_READ) ?: scene_read(scene) ?:
	       scene_advise(scene, MADV_COLD);
}

int path_map_file_cold_on_two(struct path_scene *scene)
{
	return path_map_file_cold(scene) ?: scene_load_on_two(scene);
}

int path_run_pageout(struct path_scene *scene)
{
	return scene_advise(scene, MADV_PAGEOUT);
}

int path_run_pageout_by_a_stranger(struct path_scene *scene)
{
	int ret;

	kthread_unuse_mm(scene->mm);
	ret = path_run_pageout(scene);
	kthread_use_mm(scene->mm);
	return ret;
}

int path_run_pageout_young(struct path_scene *scene)
{
	scene_tell(scene, scene->start, scene->end);
	scene_tell(scene, scene->start, scene->end);
	return path_run_pageout(scene);
}

static int age(struct folio *folio)
{
	unsigned long flags;
	int referenced = folio_referenced(folio, 0, NULL, &flags);

	folio_put(folio);
	return referenced == 1 ? 0 : -EBUSY;
}

int path_run_age(struct path_scene *scene)
{
	return scene_with_folios(scene, age);
}

int path_map_for_ksm(struct path_scene *scene)
{
	return path_map_pages(scene) ?: scene_advise(scene, MADV_MERGEABLE);
}

/*
 * KSM. Its thread does not signal what it has merged, so this polls.
 */
static bool ksm_has_merged(struct mm_struct *mm, unsigned long pages)
{
	unsigned long deadline = jiffies + RECORDER_PATIENCE;

	while (time_before(jiffies, deadline)) {
		if (READ_ONCE(mm->ksm_merging_pages) == pages)
			return true;
		schedule_timeout_uninterruptible(1);
	}
	return false;
}

/*
 * KSM write-protects both pages to compare them, and replaces one by the other. It
 * finds the second to be like the first, so the second comes first.
 */
int path_run_ksm_merge(struct path_scene *scene)
{
	unsigned long second = scene->start + PAGE_SIZE;
	bool merged;
	int ret;

	scene_tell(scene, second, scene->end);
	scene_tell(scene, scene->start, second);
	scene_tell(scene, scene->start, second);
	ret = path_knob("ksm/run", "1");
	if (ret)
		return ret;
	merged = ksm_has_merged(scene->mm, scene->path->pages);
	return path_knob("ksm/run", "0") ?: merged ? 0 : -ETIMEDOUT;
}

int path_map_ksm_merged(struct path_scene *scene)
{
	int ret = path_map_for_ksm(scene) ?: path_run_ksm_merge(scene);

	scene->ranges = 0;
	return ret;
}

int path_run_ksm_unmerge(struct path_scene *scene)
{
	return scene_advise(scene, MADV_UNMERGEABLE);
}

/*
 * Migration to the same node: another page has the contents afterwards
 */
static int migrate_list(struct list_head *list)
{
	struct migration_target_control target = {
		.nid = numa_node_id(),
		.gfp_mask = GFP_HIGHUSER_MOVABLE,
	};
	int left;

	left = migrate_pages(list, alloc_migration_target, NULL, (unsigned long)&target,
			     MIGRATE_SYNC, MR_SYSCALL, NULL);
	if (left)
		putback_movable_pages(list);
	return left ? -EBUSY : 0;
}

static int migrate(struct folio *folio)
{
	LIST_HEAD(list);

	bool isolated = secondary_tlbs_isolate(folio);

	/* A page with an unexpected reference is not migrated. */
	folio_put(folio);
	if (!isolated)
		return -EBUSY;
	node_stat_mod_folio(folio, NR_ISOLATED_ANON + folio_is_file_lru(folio),
			    folio_nr_pages(folio));
	list_add(&folio->lru, &list);
	return migrate_list(&list);
}

static int migrate_hugetlb(struct folio *folio)
{
	LIST_HEAD(list);

	bool isolated = secondary_tlbs_isolate_hugetlb(folio, &list);

	folio_put(folio);
	return isolated ? migrate_list(&list) : -EBUSY;
}

int path_run_migrate(struct path_scene *scene)
{
	return scene_with_folios(scene, migrate);
}

int path_run_migrate_hugetlb(struct path_scene *scene)
{
	return scene_with_folios(scene, migrate_hugetlb);
}

/*
 * A device takes pages, or exclusive access to them
 */
/* A new page for each one found, with its contents; zeroes where there was none. */
static void device_alloc(struct migrate_vma *args)
{
	struct page *from, *to;
	unsigned long n;

	for (n = 0; n < args->npages; n++) {
		if (!(args->src[n] & MIGRATE_PFN_MIGRATE))
			continue;
		to = alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_ZERO);
		if (!to)
			continue;
		from = migrate_pfn_to_page(args->src[n]);
		if (from)
			copy_highpage(to, from);
		lock_page(to);
		args->dst[n] = migrate_pfn(page_to_pfn(to));
	}
}

/* As a driver does, except that the device's memory is ordinary memory. */
static int device_migrate(struct path_scene *scene, struct migrate_vma *args)
{
	int ret;

	mmap_read_lock(scene->mm);
	args->vma = find_vma(scene->mm, scene->start);
	ret = migrate_vma_setup(args);
	if (!ret) {
		device_alloc(args);
		migrate_vma_pages(args);
		migrate_vma_finalize(args);
	}
	mmap_read_unlock(scene->mm);
	if (ret)
		return ret;
	return args->cpages == scene->path->pages ? 0 : -EBUSY;
}

int path_run_device_migrate(struct path_scene *scene)
{
	unsigned long src[PATH_RANGES] = {}, dst[PATH_RANGES] = {};
	struct migrate_vma args = {
		.src = src, .dst = dst, .start = scene->start, .end = scene->end,
		.flags = MIGRATE_VMA_SELECT_SYSTEM,
	};

	return device_migrate(scene, &args);
}

int path_run_device_migrate_exclusive(struct path_scene *scene)
{
	unsigned long addr;

	for (addr = scene->start; addr < scene->end; addr += PAGE_SIZE)
		scene_tell(scene, addr, addr + PAGE_SIZE);
	scene_tell(scene, scene->start, scene->end);
	scene->changed = scene->path->pages;
	scene->excess = "flushed as they are taken one by one, and together at the end";
	return path_run_device_migrate(scene);
}

int path_run_device_exclusive(struct path_scene *scene)
{
	int got;

	mmap_read_lock(scene->mm);
	got = make_device_exclusive_range(scene->mm, scene->start, scene->end, scene->exclusive,
					  scene);
	mmap_read_unlock(scene->mm);
	if (got < 0)
		return got;
	scene->exclusives = got;
	return got == scene->path->pages ? 0 : -EBUSY;
}

/* The device keeps the pages locked as long as its access is exclusive. */
void scene_share(struct path_scene *scene)
{
	while (scene->exclusives) {
		struct page *page = scene->exclusive[--scene->exclusives];

		if (!page)
			continue;
		unlock_page(page);
		put_page(page);
	}
}

int path_map_device_exclusive(struct path_scene *scene)
{
	int ret = path_map_pages(scene) ?: path_run_device_exclusive(scene);

	scene_share(scene);
	return ret;
}
