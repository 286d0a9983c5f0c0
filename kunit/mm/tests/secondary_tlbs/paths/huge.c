// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths of huge pages: transparent ones, which are split and collapsed, and those
 * of hugetlbfs.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mutex.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>
#include <linux/shmem_fs.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_recorder.h>

#include "../../../internal.h"
#include "scene.h"

/*
 * What the paths need
 */
const char *path_needs_huge_pages(void)
{
	return has_transparent_hugepage() ? NULL : "this CPU has no transparent huge pages";
}

const char *path_needs_hugetlb(void)
{
	return hugepages_supported() ? NULL : "this CPU has no huge pages";
}

/*
 * Transparent huge pages
 */
int path_map_thp(struct path_scene *scene)
{
	struct path_entry entry;
	int ret;

	ret = scene_map(scene, NULL, PMD_SIZE, PMD_SIZE, PMD_SIZE, READ_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS) ?:
	      do_madvise(scene->mm, scene->map, scene->map_size, MADV_HUGEPAGE);
	if (ret)
		return ret;
	scene->page_size = PMD_SIZE;
	ret = scene_populate(scene);
	path_walk(scene->mm, scene->start, &entry);
	return ret ?: entry.page && entry.size == PMD_SIZE ? 0 : -ENOMEM;
}

int path_map_thp_to_move(struct path_scene *scene)
{
	return path_map_thp(scene) ?: scene_find_target(scene, PMD_SIZE);
}

int path_map_thp_clean(struct path_scene *scene)
{
	return path_map_thp(scene) ?: scene_advise(scene, MADV_FREE);
}

int path_map_thp_hardware_dirty(struct path_scene *scene)
{
	return path_map_thp_clean(scene) ?: scene_write(scene);
}

int path_map_thp_shared_by_fork(struct path_scene *scene)
{
	return path_map_thp(scene) ?: scene_fork(scene, 0);
}

/* Populate a range that can be collapsed. */
int path_map_to_collapse(struct path_scene *scene)
{
	return path_map_page_table(scene) ?: do_madvise(scene->mm, scene->map, scene->map_size,
						   MADV_HUGEPAGE);
}

int path_run_collapse(struct path_scene *scene)
{
	return scene_advise(scene, MADV_COLLAPSE);
}

int path_run_dontfork_part(struct path_scene *scene)
{
	unsigned long quarter = scene_size(scene) / 4;

	return do_madvise(scene->mm, scene->start + quarter, quarter, MADV_DONTFORK);
}

static void scene_tell_part(struct path_scene *scene)
{
	unsigned long quarter = scene_size(scene) / 4;

	scene_tell(scene, scene->start, scene->end);
	scene_tell(scene, scene->start + quarter, scene->start + 2 * quarter);
}

int path_run_munmap_part(struct path_scene *scene)
{
	scene_tell_part(scene);
	return vm_munmap(scene->told[1].start, scene->told[1].end - scene->told[1].start);
}

int path_run_mprotect_part(struct path_scene *scene)
{
	scene_tell_part(scene);
	return scene_protect(scene, scene->told[1].start, scene->told[1].end, PROT_READ);
}

/* A huge page is split and one of its pages copied. */
int path_run_write_part(struct path_scene *scene)
{
	scene_tell(scene, scene->start, scene->end);
	scene_tell(scene, scene->start, scene->start + PAGE_SIZE);
	return path_run_write_once(scene);
}

/*
 * hugetlbfs
 */
/*
 * Pools of reserved pages, one for each size. The first scene that needs a pool
 * enlarges it, and the last one restores its size.
 */
struct pool {
	unsigned long size;
	unsigned long before;
	unsigned int users;
};

#define POOL_PAGES	16

static struct pool pools[2];

static struct pool *pool_of(unsigned long size)
{
	struct pool *pool = pools;

	while (pool->size && pool->size != size)
		pool++;
	pool->size = size;
	return pool;
}

static int pool_resize(unsigned long size, unsigned long pages)
{
	char knob[64], value[24];

	snprintf(knob, sizeof(knob), "hugepages/hugepages-%lukB/nr_hugepages", size / SZ_1K);
	snprintf(value, sizeof(value), "%lu", pages);
	return path_knob(knob, value);
}

static int hugetlb_reserve(struct path_scene *scene, unsigned long size)
{
	struct pool *pool;
	int ret = 0;

	mutex_lock(&path_lock);
	pool = pool_of(size);
	if (!pool->users) {
		pool->before = size_to_hstate(size)->nr_huge_pages;
		ret = pool_resize(size, max(pool->before, 0UL + POOL_PAGES));
	}
	if (!ret) {
		pool->users++;
		scene->hugetlb = size;
	}
	mutex_unlock(&path_lock);
	return ret;
}

/* A child that is exiting may still have some of the pages: they are freed later. */
void scene_give_back_hugetlb(struct path_scene *scene)
{
	struct pool *pool;

	if (!scene->hugetlb)
		return;
	mutex_lock(&path_lock);
	pool = pool_of(scene->hugetlb);
	if (!--pool->users)
		pool_resize(pool->size, pool->before);
	mutex_unlock(&path_lock);
	scene->hugetlb = 0;
}

/*
 * Pages of @size. The mappings on both sides are not hugetlbfs: 6.1.192 warns of a
 * lock that is not held whenever a mapping of hugetlbfs is split.
 */
static int scene_map_hugetlb(struct path_scene *scene, unsigned long size)
{
	const unsigned long flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	unsigned long addr;
	int ret;

	ret = hugetlb_reserve(scene, size) ?:
	      scene_map(scene, NULL, scene->path->pages * size, size, size, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS);
	if (ret)
		return ret;
	scene->page_size = size;
	addr = ksys_mmap_pgoff(scene->start, scene_size(scene), READ_WRITE,
			       flags | MAP_FIXED | MAP_HUGETLB | ilog2(size) << MAP_HUGE_SHIFT,
			       -1, 0);
	return addr == scene->start ? 0 : -ENOMEM;
}

int path_map_hugetlb(struct path_scene *scene)
{
	return scene_map_hugetlb(scene, PMD_SIZE) ?: scene_populate(scene);
}

int path_map_hugetlb_read(struct path_scene *scene)
{
	return scene_map_hugetlb(scene, PMD_SIZE) ?: scene_read(scene);
}

int path_map_hugetlb_to_move(struct path_scene *scene)
{
	return path_map_hugetlb(scene) ?: scene_find_target(scene, PMD_SIZE);
}

int path_map_hugetlb_shared_by_fork(struct path_scene *scene)
{
	return path_map_hugetlb(scene) ?: scene_fork(scene, 0);
}

/*
 * hugetlbfs: pages that several entries map
 */
int path_map_contiguous(struct path_scene *scene)
{
	return scene_map_hugetlb(scene, SECONDARY_TLBS_CONTIGUOUS) ?: scene_populate(scene);
}

int path_map_contiguous_read(struct path_scene *scene)
{
	return scene_map_hugetlb(scene, SECONDARY_TLBS_CONTIGUOUS) ?: scene_read(scene);
}

/**
 * path_clean_hugetlb - make an entry of hugetlbfs clean and writable
 * @scene: a path of hugetlbfs, begun
 *
 * The mm of 6.1 and 6.12 makes no such entry itself.
 */
void path_clean_hugetlb(struct path_scene *scene)
{
	struct mm_struct *mm = scene->mm;
	struct vm_area_struct *vma;
	spinlock_t *ptl;	/* of the page table that has the entry */
	pte_t *ptep, pte;

	mmap_read_lock(mm);
	vma = find_vma(mm, scene->start);
	ptep = huge_pte_offset(mm, scene->start, scene->page_size);
	ptl = huge_pte_lock(hstate_vma(vma), mm, ptep);
	pte = huge_ptep_clear_flush(vma, scene->start, ptep);
	secondary_tlbs_set_huge_pte(mm, scene->start, ptep, pte_mkclean(pte), scene->page_size);
	spin_unlock(ptl);
	mmap_read_unlock(mm);
}

int path_map_contiguous_hardware_dirty(struct path_scene *scene)
{
	int ret = path_map_contiguous(scene);

	if (ret)
		return ret;
	path_clean_hugetlb(scene);
	return scene_write(scene);
}

int path_map_contiguous_shared_by_fork(struct path_scene *scene)
{
	return path_map_contiguous(scene) ?: scene_fork(scene, 0);
}

/* Break-before-make for each page: two calls. */
int path_run_mprotect_contiguous(struct path_scene *scene)
{
	unsigned long addr;

	for (addr = scene->start; addr < scene->end; addr += scene->page_size)
		scene_tell(scene, addr, addr + scene->page_size);
	scene_tell(scene, scene->start, scene->end);
	scene->changed = scene_size(scene) / PAGE_SIZE;
	scene->excess = "each page is flushed when its entries are broken, and all at the end";
	return path_run_mprotect(scene);
}

/*
 * hugetlbfs: page tables that mappings share
 */
/*
 * Two mappings of one file share a page table of huge pages, if each maps all that the
 * page table can translate.
 */
int path_map_hugetlb_table_shared(struct path_scene *scene)
{
	const unsigned long flags = MAP_SHARED | MAP_FIXED | MAP_NORESERVE;
	unsigned long first;
	struct file *file;
	int ret;

	file = hugetlb_file_setup("path_shared", PUD_SIZE, VM_NORESERVE, HUGETLB_ANONHUGE_INODE,
				  ilog2(PMD_SIZE));
	if (IS_ERR(file))
		return PTR_ERR(file);
	scene->file = file;
	ret = hugetlb_reserve(scene, PMD_SIZE) ?:
	      scene_map(scene, NULL, PUD_SIZE, PUD_SIZE, PUD_SIZE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS);
	if (ret)
		return ret;
	first = scene->start - PUD_SIZE;
	if (vm_mmap(file, first, PUD_SIZE, READ_WRITE, flags, 0) != first ||
	    vm_mmap(file, scene->start, PUD_SIZE, READ_WRITE, flags, 0) != scene->start)
		return -ENOMEM;
	return recorder_fault(scene->mm, first, FAULT_FLAG_WRITE) ?:
	       recorder_fault(scene->mm, scene->start, FAULT_FLAG_WRITE);
}
