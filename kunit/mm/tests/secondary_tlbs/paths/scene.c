// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the paths of all families use: populated mappings of several kinds; another
 * CPU or another process that uses the mm; and the ranges that must be told.
 */
#include <linux/completion.h>
#include <linux/kernfs.h>
#include <linux/kobject.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmu_context.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/uaccess.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_recorder.h>

#include "../../../internal.h"
#include "scene.h"

/* Protects what there is only one of: the name of the nodes, and global settings. */
DEFINE_MUTEX(path_lock);

const char *path_needs_nothing(void)
{
	return NULL;
}

/*
 * Pass an argument to a system call in a page of the mm that no path changes. The page
 * stays until path_end(). Returns its address, or 0 without memory.
 */
unsigned long scene_argument(struct path_scene *scene, const void *data, size_t size)
{
	if (!scene->argument) {
		unsigned long addr = vm_mmap(NULL, 0, PAGE_SIZE, READ_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS, 0);

		scene->argument = IS_ERR_VALUE(addr) ? 0 : addr;
	}
	if (!scene->argument || copy_to_user((void __user *)scene->argument, data, size))
		return 0;
	return scene->argument;
}

/* Write to a file of /sys/kernel/mm. sysfs is not mounted yet. */
int path_knob(const char *path, const char *value)
{
	struct kernfs_node *file, *folder;
	struct kobj_attribute *attribute;
	struct kobject *kobj;
	ssize_t ret;

	file = kernfs_walk_and_get(mm_kobj->sd, path);
	if (!file)
		return -ENOENT;
	folder = kernfs_get_parent(file);
	kobj = folder->priv;
	attribute = container_of((struct attribute *)file->priv, struct kobj_attribute, attr);
	ret = attribute->store(kobj, attribute, value, strlen(value));
	kernfs_put(folder);
	kernfs_put(file);
	return ret < 0 ? ret : 0;
}

/*
 * Another CPU that has the mm loaded
 */
struct path_guest {
	struct task_struct *task;
	struct mm_struct *mm;
	struct completion loaded;
};

static int guest_main(void *data)
{
	struct path_guest *guest = data;

	kthread_use_mm(guest->mm);
	complete(&guest->loaded);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	kthread_unuse_mm(guest->mm);
	return 0;
}

int scene_load_on_two(struct path_scene *scene)
{
	struct path_guest *guest = kzalloc(sizeof(*guest), GFP_KERNEL);
	struct task_struct *task;

	if (!guest)
		return -ENOMEM;
	guest->mm = scene->mm;
	init_completion(&guest->loaded);
	task = kthread_create(guest_main, guest, "path_guest");
	if (IS_ERR(task)) {
		kfree(guest);
		return PTR_ERR(task);
	}
	kthread_bind(task, cpumask_any_but(cpu_online_mask, raw_smp_processor_id()));
	guest->task = task;
	scene->guest = guest;
	wake_up_process(task);
	wait_for_completion(&guest->loaded);
	return 0;
}

void scene_load_on_one(struct path_scene *scene)
{
	if (!scene->guest)
		return;
	kthread_stop(scene->guest->task);
	kfree(scene->guest);
}

static int child_main(void *data)
{
	struct path_child *child = data;

	wait_for_completion(&child->let_go);
	complete(&child->gone);
	/* Not a kthread: there is no user space to return to. */
	do_exit(0);
}

int scene_fork(struct path_scene *scene, u64 flags)
{
	struct path_child *child = kzalloc(sizeof(*child), GFP_KERNEL);
	struct kernel_clone_args args = {
		.flags = flags,
		.fn = child_main,
		.fn_arg = child,
		.exit_signal = SIGCHLD,
	};

	if (!child)
		return -ENOMEM;
	init_completion(&child->let_go);
	init_completion(&child->gone);
	child->pid = kernel_clone(&args);
	if (child->pid < 0) {
		int ret = child->pid;

		kfree(child);
		return ret;
	}
	scene->child = child;
	return 0;
}

void scene_reap(struct path_scene *scene)
{
	if (!scene->child)
		return;
	complete(&scene->child->let_go);
	wait_for_completion(&scene->child->gone);
	kfree(scene->child);
}

/*
 * Mappings
 */
/* Map @size bytes from a multiple of @align on, with @room mapped on both sides. */
int scene_map(struct path_scene *scene, struct file *file, unsigned long size,
	      unsigned long align, unsigned long room, unsigned long prot,
	      unsigned long flags)
{
	unsigned long map_size = size + align + 2 * room, addr;

	addr = vm_mmap(file, 0, map_size, prot, flags | MAP_NORESERVE, 0);
	if (IS_ERR_VALUE(addr))
		return addr;
	scene->map = addr;
	scene->map_size = map_size;
	scene->start = ALIGN(addr + room, align);
	scene->end = scene->start + size;
	scene->page_size = PAGE_SIZE;
	return 0;
}

/* Find room for a move, where nothing is mapped: there are no page tables yet. */
int scene_find_target(struct path_scene *scene, unsigned long align)
{
	unsigned long size = scene_size(scene) + 3 * align, addr;

	addr = vm_mmap(NULL, 0, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, 0);
	if (IS_ERR_VALUE(addr))
		return addr;
	scene->target = ALIGN(addr, align) + align + (scene->start & (align - 1));
	scene->target_size = scene_size(scene);
	return vm_munmap(addr, size);
}

int scene_advise(struct path_scene *scene, int advice)
{
	return do_madvise(scene->mm, scene->start, scene_size(scene), advice);
}

int scene_protect(struct path_scene *scene, unsigned long start, unsigned long end,
		  unsigned long prot)
{
	const unsigned long args[5] = { start, end - start, prot };

	return secondary_tlbs_mprotect(args);
}

/* Fault each page in, whatever its size is. */
int scene_fault(struct path_scene *scene, unsigned long start, unsigned long end,
		unsigned int flags)
{
	unsigned long addr;
	int ret = 0;

	for (addr = start; addr < end && !ret; addr += scene->page_size)
		ret = recorder_fault(scene->mm, addr, flags);
	/* A page in a per-CPU batch for the LRU lists has one more reference. */
	lru_add_drain_all();
	return ret;
}

int scene_populate(struct path_scene *scene)
{
	return scene_fault(scene, scene->start, scene->end, FAULT_FLAG_WRITE);
}

int scene_read(struct path_scene *scene)
{
	return scene_fault(scene, scene->start, scene->end, 0);
}

/* Write as user space does, instead of calling the fault handler. */
int scene_write(struct path_scene *scene)
{
	unsigned long addr;

	for (addr = scene->start; addr < scene->end; addr += PAGE_SIZE)
		if (put_user(1, (int __user *)addr))
			return -EFAULT;
	return 0;
}

/* Small pages in the middle of one page table, if they fit. */
int scene_map_small(struct path_scene *scene, unsigned long flags)
{
	unsigned long room = ROOM * PAGE_SIZE;
	int ret;

	ret = scene_map(scene, NULL, scene->path->pages * PAGE_SIZE + room, PMD_SIZE, room,
			READ_WRITE, flags | MAP_ANONYMOUS);
	if (ret)
		return ret;
	scene->start += room;
	/* Fails where there are no huge pages to advise against. */
	do_madvise(scene->mm, scene->map, scene->map_size, MADV_NOHUGEPAGE);
	return 0;
}

int path_map_only(struct path_scene *scene)
{
	return scene_map_small(scene, MAP_PRIVATE);
}

int path_map_pages(struct path_scene *scene)
{
	return path_map_only(scene) ?: scene_populate(scene);
}

int path_map_shared(struct path_scene *scene)
{
	return scene_map_small(scene, MAP_SHARED) ?: scene_populate(scene);
}

int path_map_shared_read(struct path_scene *scene)
{
	return scene_map_small(scene, MAP_SHARED) ?: scene_read(scene);
}

int path_map_zero_page(struct path_scene *scene)
{
	return path_map_only(scene) ?: scene_read(scene);
}

/*
 * Two runs of pages with a hole between them. The operation covers more than that,
 * where nothing is populated and so nothing changes.
 */
int path_map_with_hole(struct path_scene *scene)
{
	unsigned long quarter;
	int ret = path_map_only(scene);

	if (ret)
		return ret;
	quarter = scene_size(scene) / 4;
	ret = scene_fault(scene, scene->start + quarter / 2, scene->start + quarter,
			  FAULT_FLAG_WRITE) ?:
	      scene_fault(scene, scene->start + 2 * quarter, scene->start + 3 * quarter,
			  FAULT_FLAG_WRITE);
	scene->around = quarter;
	scene->changed = (quarter + quarter / 2) / PAGE_SIZE;
	scene->excess = "a gather has one range, with the hole in it";
	scene->start += quarter / 2;
	scene->end -= quarter;
	return ret;
}

/* All of one page table, so that it is freed with its pages. */
int path_map_page_table(struct path_scene *scene)
{
	int ret;

	ret = scene_map(scene, NULL, PMD_SIZE, PMD_SIZE, PMD_SIZE, READ_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS);
	do_madvise(scene->mm, scene->map, scene->map_size, MADV_NOHUGEPAGE);
	return ret ?: scene_populate(scene);
}

int path_map_shared_by_fork(struct path_scene *scene)
{
	return path_map_pages(scene) ?: scene_fork(scene, 0);
}

/*
 * What is told
 */
void scene_tell(struct path_scene *scene, unsigned long start, unsigned long end)
{
	scene->told[scene->ranges++] = (struct path_range){ start, end };
}

/* The whole mm is told: @changed must say how much has changed. */
void scene_tell_whole(struct path_scene *scene, const char *why)
{
	scene->excess = why;
	if (!scene->changed)
		scene->changed = scene_size(scene) / PAGE_SIZE;
	scene_tell(scene, 0, ULONG_MAX);
}

/*
 * Faults, and pages one by one
 */
int path_run_write(struct path_scene *scene)
{
	return scene_fault(scene, scene->start, scene->end, FAULT_FLAG_WRITE);
}

int path_run_write_once(struct path_scene *scene)
{
	return recorder_fault(scene->mm, scene->start, FAULT_FLAG_WRITE);
}

/* Call @function for each mapped folio, with a reference that it puts. */
int scene_with_folios(struct path_scene *scene, int (*function)(struct folio *folio))
{
	struct path_entry entry;
	unsigned long addr;
	int ret = 0;

	for (addr = scene->start; addr < scene->end && !ret; addr = entry.addr + entry.size) {
		path_walk(scene->mm, addr, &entry);
		if (!entry.page)
			return -ENOENT;
		get_page(entry.page);
		ret = function(page_folio(entry.page));
	}
	return ret;
}
