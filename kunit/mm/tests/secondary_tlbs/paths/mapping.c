// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths that remove, move or copy mappings: munmap(), mremap(), fork(), exit, and
 * punching a hole into a file.
 */
#include <linux/err.h>
#include <linux/falloc.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmu_context.h>
#include <linux/kthread.h>
#include <linux/sched/mm.h>

#include <asm/tlb.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_recorder.h>

#include "../../../internal.h"
#include "scene.h"

/*
 * munmap() and the like
 */
int path_run_munmap(struct path_scene *scene)
{
	return vm_munmap(scene->start, scene_size(scene));
}

int path_run_munmap_around(struct path_scene *scene)
{
	return vm_munmap(scene->start - scene->around / 2, scene_size(scene) + scene->around);
}

/* Some architectures flush a gather before it goes on to the next VMA. */
static void scene_tell_vma(struct path_scene *scene)
{
	if (!IS_ENABLED(CONFIG_MMU_GATHER_MERGE_VMAS))
		scene_tell(scene, scene->start, scene->end);
}

/* Page tables are freed after the last VMA. */
int path_run_munmap_page_table(struct path_scene *scene)
{
	scene_tell_vma(scene);
	scene_tell(scene, scene->start, scene->end);
	return path_run_munmap(scene);
}

int path_run_munmap_nested(struct path_scene *scene)
{
	struct mmu_gather outer;
	int ret;

	scene_tell_vma(scene);
	scene_tell(scene, scene->start, scene->end);
	scene->changed = scene_size(scene) / PAGE_SIZE;
	scene->excess = "told once more, for what the other gather may have cleared there";
	tlb_gather_mmu(&outer, scene->mm);
	ret = path_run_munmap(scene);
	tlb_finish_mmu(&outer);
	return ret;
}

int path_run_exit(struct path_scene *scene)
{
	struct mm_struct *mm = scene->mm;

	scene->mm = NULL;
	kthread_unuse_mm(mm);
	mmput(mm);
	return 0;
}

int path_run_punch_hole(struct path_scene *scene)
{
	struct file *file;
	int ret;

	mmap_read_lock(scene->mm);
	file = get_file(find_vma(scene->mm, scene->start)->vm_file);
	mmap_read_unlock(scene->mm);
	ret = vfs_fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			    scene->start - scene->map, scene_size(scene));
	__fput_sync(file);
	return ret;
}

/*
 * mremap()
 */
int path_map_page_table_to_move(struct path_scene *scene)
{
	return path_map_page_table(scene) ?: scene_find_target(scene, PMD_SIZE);
}

/* A few pages far apart, below one PMD table. */
int path_map_pmd_table_to_move(struct path_scene *scene)
{
	unsigned long step = PUD_SIZE / scene->path->pages, addr;
	int ret;

	ret = scene_map(scene, NULL, PUD_SIZE, PUD_SIZE, PUD_SIZE, READ_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS);
	for (addr = scene->start; !ret && addr < scene->end; addr += step)
		ret = recorder_fault(scene->mm, addr, FAULT_FLAG_WRITE);
	return ret ?: scene_find_target(scene, PUD_SIZE);
}

int path_map_to_move(struct path_scene *scene)
{
	return path_map_pages(scene) ?: scene_find_target(scene, PMD_SIZE);
}

int path_run_mremap(struct path_scene *scene)
{
	const unsigned long args[5] = {
		scene->start, scene_size(scene), scene_size(scene),
		MREMAP_MAYMOVE | MREMAP_FIXED, scene->target,
	};
	long ret = secondary_tlbs_mremap(args);

	return ret == (long)scene->target ? 0 : ret;
}

/*
 * fork()
 */
int path_run_fork(struct path_scene *scene)
{
	scene_tell_whole(scene, "all of the mm is write-protected, and flushed");
	return scene_fork(scene, 0);
}
