// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of paths, how a path is prepared, run and ended, and the walk of the page
 * tables.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pgtable.h>
#include <linux/sched.h>

#include <kunit/secondary_tlbs_compat.h>

#include "scene.h"

#define PATH_ROW(name_, pages_, needs_, prepare_, run_, tells_, flags_)	\
	[PATH_##name_] = {						\
		.name = #name_,						\
		.pages = pages_,					\
		.needs = path_needs_##needs_,				\
		.prepare = path_##prepare_,				\
		.run = path_##run_,					\
		.tells = tells_,					\
		.flags = flags_,					\
	},

const struct mm_path secondary_tlbs_paths[] = {
	SECONDARY_TLBS_PATHS(PATH_ROW)
};

/**
 * path_skip - tell why a path cannot run here
 * @path: the path
 *
 * Returns the reason, or NULL if the path can run.
 */
const char *path_skip(const struct mm_path *path)
{
	return path->needs();
}

/**
 * path_begin - prepare a path
 * @scene: filled in
 * @path: the path
 * @mm: an address space that current uses through kthread_use_mm()
 *
 * path_end() must follow, also after an error.
 */
int path_begin(struct path_scene *scene, const struct mm_path *path, struct mm_struct *mm)
{
	memset(scene, 0, sizeof(*scene));
	scene->path = path;
	scene->mm = mm;
	return path->prepare(scene);
}

/**
 * path_run - do the operation of a path, once
 * @scene: from path_begin()
 */
int path_run(struct path_scene *scene)
{
	return scene->path->run(scene);
}

static void scene_unmap(struct path_scene *scene)
{
	if (scene->accelerators)
		secondary_tlbs_accelerator(scene->mm, -scene->accelerators);
	if (scene->map_size)
		vm_munmap(scene->map, scene->map_size);
	if (scene->target_size)
		vm_munmap(scene->target, scene->target_size);
	if (scene->argument)
		vm_munmap(scene->argument, PAGE_SIZE);
}

/**
 * path_end - give back what a path made
 * @scene: from path_begin(), even if that failed
 *
 * Unmaps nothing if current no longer uses the mm: the end of the thread that used it
 * has put the mm.
 */
void path_end(struct path_scene *scene)
{
	scene_reap(scene);
	scene_load_on_one(scene);
	scene_share(scene);
	path_run_uprobe_remove(scene);
	if (scene->mm && scene->mm == current->mm)
		scene_unmap(scene);
	if (scene->userfaultfd)
		__fput_sync(scene->userfaultfd);
	if (scene->file)
		__fput_sync(scene->file);
	scene_give_back_hugetlb(scene);
}

/**
 * path_walk - walk the page tables as a device does
 * @mm: whose
 * @addr: where
 * @entry: filled in
 *
 * The caller must keep the page tables from being freed.
 */
void path_walk(struct mm_struct *mm, unsigned long addr, struct path_entry *entry)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;
	pte_t pte;

	*entry = (struct path_entry){
		.addr = addr & PUD_MASK, .size = PUD_SIZE, .ptl = &mm->page_table_lock,
	};
	if (pgd_none_or_clear_bad(pgd))
		return;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none_or_clear_bad(p4d))
		return;
	pud = pud_offset(p4d, addr);
	entry->raw = pud_val(*pud);
	if (pud_none(*pud) || pud_leaf(*pud) || !pud_present(*pud))
		return;

	pmd = pmd_offset(pud, addr);
	entry->raw = pmd_val(*pmd);
	entry->addr = addr & PMD_MASK;
	entry->size = PMD_SIZE;
	entry->ptl = pmd_lockptr(mm, pmd);
	/* While a huge page is split, its entry is huge and no present leaf. */
	if (pmd_none(*pmd) || !pmd_present(*pmd))
		return;
	if (pmd_leaf(*pmd) || pmd_trans_huge(*pmd)) {
		entry->page = pfn_to_online_page(pmd_pfn(*pmd));
		return;
	}

	pte = ptep_get(pte_offset_kernel(pmd, addr));
	entry->raw = pte_val(pte);
	entry->addr = addr & PAGE_MASK;
	entry->size = PAGE_SIZE;
	entry->table = pmd_page(*pmd);
	entry->ptl = pte_lockptr(mm, pmd);
	if (pte_present(pte))
		entry->page = pfn_to_online_page(pte_pfn(pte));
}
