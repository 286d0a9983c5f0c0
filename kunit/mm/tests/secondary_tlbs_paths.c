// SPDX-License-Identifier: GPL-2.0-only
/*
 * The operations of the mm behind the table of paths.
 *
 * Each prepare function makes something that can change and populates it as a
 * device's page faults would, so that the CPU's own TLB has no part in it. It
 * leaves room mapped on both sides, unless the path is about page tables being
 * freed: unmapping the range leaves the page table in place then. What it made
 * stands in the scene, and path_end() gives it back, also after an error.
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/falloc.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/kdev_t.h>
#include <linux/kernfs.h>
#include <linux/kobject.h>
#include <linux/kthread.h>
#include <linux/major.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/mman.h>
#include <linux/mmu_context.h>
#include <linux/mount.h>
#include <linux/mutex.h>
#include <linux/pgtable.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/sched/sysctl.h>
#include <linux/sched/task.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/uaccess.h>
#include <linux/uprobes.h>
#include <linux/userfaultfd_k.h>

#include <asm/tlb.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_recorder.h>

#include "../internal.h"
#include "secondary_tlbs_paths.h"

#define READ_WRITE	(PROT_READ | PROT_WRITE)

/* Pages that stay mapped on each side of what changes. */
#define ROOM		16UL

static unsigned long scene_size(const struct path_scene *scene)
{
	return scene->end - scene->start;
}

/*
 * Pass something to a system call, in a page of the mm's own, which stays until
 * the end: no path is about it. Returns its address, 0 without memory.
 */
static unsigned long scene_argument(struct path_scene *scene, const void *data, size_t size)
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

/* Write to a file of /sys/kernel/mm, which is mounted nowhere yet. */
static int mm_knob(const char *path, const char *value)
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
 * What the paths need
 */
static const char *anything(void)
{
	return NULL;
}

static const char *two_cpus(void)
{
	return num_online_cpus() < 2 ? "there is no second CPU to have the mm loaded" : NULL;
}

static const char *huge_pages(void)
{
	return has_transparent_hugepage() ? NULL : "this CPU has no transparent huge pages";
}

static const char *hugetlb(void)
{
	return hugepages_supported() ? NULL : "this CPU has no huge pages";
}

static const char *userfaultfd_wp_here(void)
{
	return IS_ENABLED(CONFIG_HAVE_ARCH_USERFAULTFD_WP) ? NULL :
	       "this architecture's userfaultfd does not write-protect";
}

static const char *soft_dirty_here(void)
{
	return IS_ENABLED(CONFIG_MEM_SOFT_DIRTY) ? NULL : "CONFIG_MEM_SOFT_DIRTY is off";
}

static const char *hardware_dirty_here(void)
{
	return SECONDARY_TLBS_HARDWARE_DIRTY ? NULL :
	       "no CPU that sets the dirty bit by itself: arm64's CPU=max does";
}

/*
 * RAM disks: one to swap to, two whose page cache is mapped. There is no /dev yet.
 */
#define NODE	"/secondary_tlbs_node"

enum {
	SWAP_DISK,
	CLEAN_DISK,	/* whose pages reclaim can drop at once */
	DIRTY_DISK,
};

static int node_make(unsigned long name, unsigned int disk)
{
	const unsigned long args[5] = {
		AT_FDCWD, name, S_IFBLK | 0600, new_encode_dev(MKDEV(RAMDISK_MAJOR, disk)),
	};

	return secondary_tlbs_mknodat(args);
}

static void node_remove(unsigned long name)
{
	const unsigned long args[5] = { AT_FDCWD, name };

	secondary_tlbs_unlinkat(args);
}

static int swap_format(void)
{
	union swap_header *header = kzalloc(PAGE_SIZE, GFP_KERNEL);
	struct file *file;
	loff_t pos = 0;
	ssize_t ret;

	if (!header)
		return -ENOMEM;
	file = filp_open(NODE, O_RDWR, 0);
	if (IS_ERR(file)) {
		kfree(header);
		return PTR_ERR(file);
	}
	header->info.version = 1;
	header->info.last_page = i_size_read(file->f_mapping->host) / PAGE_SIZE - 1;
	memcpy(header->magic.magic, "SWAPSPACE2", 10);
	ret = kernel_write(file, header, PAGE_SIZE, &pos);
	__fput_sync(file);
	kfree(header);
	return ret == PAGE_SIZE ? 0 : -EIO;
}

/* For what there is only one of: the name of the nodes, and all that is set for good. */
static DEFINE_MUTEX(path_lock);

static int swap_start_locked(unsigned long name)
{
	const unsigned long args[5] = { name };
	int ret = node_make(name, SWAP_DISK);

	if (ret)
		return ret;
	ret = swap_format() ?: secondary_tlbs_swapon(args);
	node_remove(name);
	return ret;
}

/* Once, and then it stays. */
static int swap_start(struct path_scene *scene)
{
	unsigned long name = scene_argument(scene, NODE, sizeof(NODE));
	static bool started;
	int ret = 0;

	if (!name)
		return -ENOMEM;
	mutex_lock(&path_lock);
	if (!started) {
		ret = swap_start_locked(name);
		started = !ret;
	}
	mutex_unlock(&path_lock);
	return ret;
}

static int disk_open(struct path_scene *scene, unsigned int disk)
{
	unsigned long name = scene_argument(scene, NODE, sizeof(NODE));
	struct file *file;
	int ret;

	if (!name)
		return -ENOMEM;
	mutex_lock(&path_lock);
	ret = node_make(name, disk);
	file = ret ? ERR_PTR(ret) : filp_open(NODE, O_RDWR, 0);
	node_remove(name);
	mutex_unlock(&path_lock);
	if (IS_ERR(file))
		return PTR_ERR(file);
	scene->file = file;
	return 0;
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

static int scene_load_on_two(struct path_scene *scene)
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

static void scene_load_on_one(struct path_scene *scene)
{
	if (!scene->guest)
		return;
	kthread_stop(scene->guest->task);
	kfree(scene->guest);
}

/*
 * A child with an mm of its own, as only a fork makes one, or with the same mm
 */
struct path_child {
	struct completion let_go;
	struct completion gone;
	pid_t pid;
};

static int child_main(void *data)
{
	struct path_child *child = data;

	wait_for_completion(&child->let_go);
	complete(&child->gone);
	/* Not a kthread: there is no user space to return to. */
	do_exit(0);
}

static int scene_fork(struct path_scene *scene, u64 flags)
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

static void scene_reap(struct path_scene *scene)
{
	if (!scene->child)
		return;
	complete(&scene->child->let_go);
	wait_for_completion(&scene->child->gone);
	kfree(scene->child);
}

/*
 * Making something that can change
 */

/* Map @size bytes from a multiple of @align on, with @room mapped on both sides. */
static int scene_map(struct path_scene *scene, struct file *file, unsigned long size,
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

/* The place for a move: mapped by nobody, and so without page tables. */
static int scene_find_target(struct path_scene *scene, unsigned long align)
{
	unsigned long size = scene_size(scene) + 3 * align, addr;

	addr = vm_mmap(NULL, 0, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, 0);
	if (IS_ERR_VALUE(addr))
		return addr;
	scene->target = ALIGN(addr, align) + align + (scene->start & (align - 1));
	scene->target_size = scene_size(scene);
	return vm_munmap(addr, size);
}

static int scene_advise(struct path_scene *scene, int advice)
{
	return do_madvise(scene->mm, scene->start, scene_size(scene), advice);
}

/* Fault each page in, of whatever size they are. */
static int scene_fault(struct path_scene *scene, unsigned long start, unsigned long end,
		       unsigned int flags)
{
	unsigned long addr;
	int ret = 0;

	for (addr = start; addr < end && !ret; addr += scene->page_size)
		ret = recorder_fault(scene->mm, addr, flags);
	/* What waits to be put on an LRU list is used once more than it seems. */
	lru_add_drain_all();
	return ret;
}

static int scene_populate(struct path_scene *scene)
{
	return scene_fault(scene, scene->start, scene->end, FAULT_FLAG_WRITE);
}

static int scene_read(struct path_scene *scene)
{
	return scene_fault(scene, scene->start, scene->end, 0);
}

/* As user space does, not by a fault that the kernel makes up. */
static int scene_write(struct path_scene *scene)
{
	unsigned long addr;

	for (addr = scene->start; addr < scene->end; addr += PAGE_SIZE)
		if (put_user(1, (int __user *)addr))
			return -EFAULT;
	return 0;
}

/* Small pages in the middle of one page table, if they fit in. */
static int scene_map_small(struct path_scene *scene, unsigned long flags)
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

static int map_only(struct path_scene *scene)
{
	return scene_map_small(scene, MAP_PRIVATE);
}

static int map_pages(struct path_scene *scene)
{
	return map_only(scene) ?: scene_populate(scene);
}

static int map_shared(struct path_scene *scene)
{
	return scene_map_small(scene, MAP_SHARED) ?: scene_populate(scene);
}

static int map_shared_read(struct path_scene *scene)
{
	return scene_map_small(scene, MAP_SHARED) ?: scene_read(scene);
}

static int map_zero_page(struct path_scene *scene)
{
	return map_only(scene) ?: scene_read(scene);
}

/*
 * Two runs of pages with a hole between them. What is mapped around them is part
 * of the operation, and of nothing that changes.
 */
static int map_with_hole(struct path_scene *scene)
{
	unsigned long quarter;
	int ret = map_only(scene);

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

/* All of a page table, so that it goes with what it holds. */
static int map_page_table(struct path_scene *scene)
{
	int ret;

	ret = scene_map(scene, NULL, PMD_SIZE, PMD_SIZE, PMD_SIZE, READ_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS);
	do_madvise(scene->mm, scene->map, scene->map_size, MADV_NOHUGEPAGE);
	return ret ?: scene_populate(scene);
}

/* As one that can be collapsed. */
static int map_to_collapse(struct path_scene *scene)
{
	return map_page_table(scene) ?: do_madvise(scene->mm, scene->map, scene->map_size,
						   MADV_HUGEPAGE);
}

static int map_page_table_to_move(struct path_scene *scene)
{
	return map_page_table(scene) ?: scene_find_target(scene, PMD_SIZE);
}

/* A few pages far from each other, below one page table of page tables. */
static int map_pmd_table_to_move(struct path_scene *scene)
{
	unsigned long step = PUD_SIZE / scene->path->pages, addr;
	int ret;

	ret = scene_map(scene, NULL, PUD_SIZE, PUD_SIZE, PUD_SIZE, READ_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS);
	for (addr = scene->start; !ret && addr < scene->end; addr += step)
		ret = recorder_fault(scene->mm, addr, FAULT_FLAG_WRITE);
	return ret ?: scene_find_target(scene, PUD_SIZE);
}

static int map_to_move(struct path_scene *scene)
{
	return map_pages(scene) ?: scene_find_target(scene, PMD_SIZE);
}

static int map_shared_by_fork(struct path_scene *scene)
{
	return map_pages(scene) ?: scene_fork(scene, 0);
}

static int scene_protect(struct path_scene *scene, unsigned long start, unsigned long end,
			 unsigned long prot)
{
	const unsigned long args[5] = { start, end - start, prot };

	return secondary_tlbs_mprotect(args);
}

static int map_read_only(struct path_scene *scene)
{
	return map_pages(scene) ?: scene_protect(scene, scene->start, scene->end, PROT_READ);
}

/* Written to, and cleaned: on arm64 that is read-only until it is written to again. */
static int map_clean(struct path_scene *scene)
{
	return map_pages(scene) ?: scene_advise(scene, MADV_FREE);
}

/* ... which the CPU does without a fault, and without a flush. */
static int map_hardware_dirty(struct path_scene *scene)
{
	return map_clean(scene) ?: scene_write(scene);
}

static int map_lazyfree(struct path_scene *scene)
{
	return map_clean(scene);
}

static int map_to_swap(struct path_scene *scene)
{
	return swap_start(scene) ?: map_pages(scene);
}

static int map_cold(struct path_scene *scene)
{
	return map_to_swap(scene) ?: scene_advise(scene, MADV_COLD);
}

static int map_cold_on_two(struct path_scene *scene)
{
	return map_cold(scene) ?: scene_load_on_two(scene);
}

/* Twice as many: the first half is swapped out, and its flush put off and done. */
static int map_put_off(struct path_scene *scene)
{
	unsigned long size;
	int ret = map_only(scene);

	if (ret)
		return ret;
	size = scene_size(scene) / 2;
	ret = swap_start(scene) ?: scene_populate(scene) ?: scene_advise(scene, MADV_COLD) ?:
	      scene_load_on_two(scene) ?:
	      do_madvise(scene->mm, scene->start, size, MADV_PAGEOUT);
	scene->start += size;
	return ret;
}

static int scene_map_file(struct path_scene *scene, unsigned int disk, unsigned long prot)
{
	return disk_open(scene, disk) ?:
	       scene_map(scene, scene->file, scene->path->pages * PAGE_SIZE, PAGE_SIZE,
			 ROOM * PAGE_SIZE, prot, MAP_SHARED);
}

/* A file is told when a page becomes dirty: so the entry is read-only before. */
static int map_file_accelerator(struct path_scene *scene)
{
	scene->accelerators = 1;
	secondary_tlbs_accelerator(scene->mm, 1);
	return scene_map_file(scene, DIRTY_DISK, READ_WRITE) ?: scene_read(scene);
}

static int map_file_cold(struct path_scene *scene)
{
	return scene_map_file(scene, CLEAN_DISK, PROT_READ) ?: scene_read(scene) ?:
	       scene_advise(scene, MADV_COLD);
}

static int map_file_cold_on_two(struct path_scene *scene)
{
	return map_file_cold(scene) ?: scene_load_on_two(scene);
}

static int map_for_ksm(struct path_scene *scene)
{
	return map_pages(scene) ?: scene_advise(scene, MADV_MERGEABLE);
}

/*
 * The operations
 */
static void scene_tell(struct path_scene *scene, unsigned long start, unsigned long end)
{
	scene->told[scene->ranges++] = (struct path_range){ start, end };
}

/* ... for a whole mm: what is told says less than what has changed. */
static void scene_tell_whole(struct path_scene *scene, const char *why)
{
	scene->excess = why;
	if (!scene->changed)
		scene->changed = scene_size(scene) / PAGE_SIZE;
	scene_tell(scene, 0, ULONG_MAX);
}

static int run_munmap(struct path_scene *scene)
{
	return vm_munmap(scene->start, scene_size(scene));
}

static int run_munmap_around(struct path_scene *scene)
{
	return vm_munmap(scene->start - scene->around / 2, scene_size(scene) + scene->around);
}

/* Not everywhere may what is left of a gather be flushed with the next VMA. */
static void scene_tell_vma(struct path_scene *scene)
{
	if (!IS_ENABLED(CONFIG_MMU_GATHER_MERGE_VMAS))
		scene_tell(scene, scene->start, scene->end);
}

/* Page tables go after the last VMA. */
static int run_munmap_page_table(struct path_scene *scene)
{
	scene_tell_vma(scene);
	scene_tell(scene, scene->start, scene->end);
	return run_munmap(scene);
}

static int run_munmap_nested(struct path_scene *scene)
{
	struct mmu_gather outer;
	int ret;

	scene_tell_vma(scene);
	scene_tell_whole(scene, "what another gather holds has no range: the mm is flushed");
	tlb_gather_mmu(&outer, scene->mm);
	ret = run_munmap(scene);
	tlb_finish_mmu(&outer);
	return ret;
}

static int run_exit(struct path_scene *scene)
{
	struct mm_struct *mm = scene->mm;

	scene->mm = NULL;
	kthread_unuse_mm(mm);
	mmput(mm);
	return 0;
}

static int run_punch_hole(struct path_scene *scene)
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

static int run_dontneed(struct path_scene *scene)
{
	return scene_advise(scene, MADV_DONTNEED);
}

static int run_free(struct path_scene *scene)
{
	return scene_advise(scene, MADV_FREE);
}

static int run_cold(struct path_scene *scene)
{
	return scene_advise(scene, MADV_COLD);
}

static int run_pageout(struct path_scene *scene)
{
	return scene_advise(scene, MADV_PAGEOUT);
}

static int run_pageout_by_a_stranger(struct path_scene *scene)
{
	int ret;

	kthread_unuse_mm(scene->mm);
	ret = run_pageout(scene);
	kthread_use_mm(scene->mm);
	return ret;
}

static int run_pageout_young(struct path_scene *scene)
{
	scene_tell(scene, scene->start, scene->end);
	scene_tell(scene, scene->start, scene->end);
	return run_pageout(scene);
}

static int run_dontfork_part(struct path_scene *scene)
{
	unsigned long quarter = scene_size(scene) / 4;

	return do_madvise(scene->mm, scene->start + quarter, quarter, MADV_DONTFORK);
}

static int run_collapse(struct path_scene *scene)
{
	return scene_advise(scene, MADV_COLLAPSE);
}

static int run_mprotect(struct path_scene *scene)
{
	return scene_protect(scene, scene->start, scene->end, PROT_READ);
}

/* One gather inside of another: see tlb_finish_mmu(). */
static int run_mprotect_hugetlb(struct path_scene *scene)
{
	scene_tell(scene, scene->start, scene->end);
	scene_tell_whole(scene, "one gather inside of another: the mm is flushed");
	return run_mprotect(scene);
}

/* Each page is broken before it is made again. */
static int run_mprotect_contiguous(struct path_scene *scene)
{
	unsigned long addr;

	for (addr = scene->start; addr < scene->end; addr += scene->page_size)
		scene_tell(scene, addr, addr + scene->page_size);
	return run_mprotect_hugetlb(scene);
}

static int run_mprotect_around(struct path_scene *scene)
{
	return scene_protect(scene, scene->start - scene->around / 2,
			     scene->end + scene->around / 2, PROT_READ);
}

static int run_mprotect_to_writable(struct path_scene *scene)
{
	return scene_protect(scene, scene->start, scene->end, READ_WRITE);
}

static int run_mprotect_put_off(struct path_scene *scene)
{
	unsigned long pages = scene_size(scene) / PAGE_SIZE;

	scene_tell_whole(scene, "what was put off has no range: the mm is flushed");
	scene_tell(scene, scene->start, scene->end);
	scene->changed = pages;
	return run_mprotect(scene);
}

static void scene_tell_part(struct path_scene *scene)
{
	unsigned long quarter = scene_size(scene) / 4;

	scene_tell(scene, scene->start, scene->end);
	scene_tell(scene, scene->start + quarter, scene->start + 2 * quarter);
}

static int run_munmap_part(struct path_scene *scene)
{
	scene_tell_part(scene);
	return vm_munmap(scene->told[1].start, scene->told[1].end - scene->told[1].start);
}

static int run_mprotect_part(struct path_scene *scene)
{
	scene_tell_part(scene);
	return scene_protect(scene, scene->told[1].start, scene->told[1].end, PROT_READ);
}

static int run_mremap(struct path_scene *scene)
{
	const unsigned long args[5] = {
		scene->start, scene_size(scene), scene_size(scene),
		MREMAP_MAYMOVE | MREMAP_FIXED, scene->target,
	};
	long ret = secondary_tlbs_mremap(args);

	return ret == (long)scene->target ? 0 : ret;
}

static int run_fork(struct path_scene *scene)
{
	scene_tell_whole(scene, "all of the mm is write-protected, and flushed");
	return scene_fork(scene, 0);
}

static int run_write(struct path_scene *scene)
{
	return scene_fault(scene, scene->start, scene->end, FAULT_FLAG_WRITE);
}

static int run_write_once(struct path_scene *scene)
{
	return recorder_fault(scene->mm, scene->start, FAULT_FLAG_WRITE);
}

/* A huge page is split and one of its pages copied. */
static int run_write_part(struct path_scene *scene)
{
	scene_tell(scene, scene->start, scene->end);
	scene_tell(scene, scene->start, scene->start + PAGE_SIZE);
	return run_write_once(scene);
}

/*
 * As for a task that NUMA balancing follows, though that is not on. The pages of
 * an mm's only user are left alone when they are where he runs.
 */
static int run_numa_hinting(struct path_scene *scene)
{
	int mode;

	mutex_lock(&path_lock);
	mode = sysctl_numa_balancing_mode;
	sysctl_numa_balancing_mode |= NUMA_BALANCING_NORMAL;
	mmget(scene->mm);
	mmap_read_lock(scene->mm);
	change_prot_numa(find_vma(scene->mm, scene->start), scene->start, scene->end);
	mmap_read_unlock(scene->mm);
	mmput(scene->mm);
	sysctl_numa_balancing_mode = mode;
	mutex_unlock(&path_lock);
	return 0;
}

/*
 * userfaultfd
 */
static long userfaultfd_call(struct path_scene *scene, unsigned int command, const void *argument,
			     size_t size)
{
	unsigned long addr = scene_argument(scene, argument, size);

	if (!addr)
		return -ENOMEM;
	return scene->userfaultfd->f_op->unlocked_ioctl(scene->userfaultfd, command, addr);
}

static int userfaultfd_open(struct path_scene *scene)
{
	const unsigned long args[5] = { O_CLOEXEC };
	long fd = secondary_tlbs_userfaultfd(args);

	if (fd < 0)
		return fd;
	scene->userfaultfd = fget(fd);
	close_fd(fd);
	return scene->userfaultfd ? 0 : -EBADF;
}

static int map_userfaultfd(struct path_scene *scene)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_WP };
	int ret = map_pages(scene) ?: userfaultfd_open(scene);

	if (ret)
		return ret;
	range.range.start = scene->start;
	range.range.len = scene_size(scene);
	return userfaultfd_call(scene, UFFDIO_API, &api, sizeof(api)) ?:
	       userfaultfd_call(scene, UFFDIO_REGISTER, &range, sizeof(range));
}

static int run_userfaultfd_wp(struct path_scene *scene)
{
	const struct uffdio_writeprotect protect = {
		.range = { .start = scene->start, .len = scene_size(scene) },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	return userfaultfd_call(scene, UFFDIO_WRITEPROTECT, &protect, sizeof(protect));
}

/*
 * /proc/PID/clear_refs. The process is a child with the same mm: a kthread has
 * none to show.
 */
static int map_for_soft_dirty(struct path_scene *scene)
{
	if (!scene_argument(scene, "4", 2))
		return -ENOMEM;
	return map_pages(scene) ?: scene_fork(scene, CLONE_VM);
}

static int clear_refs_write(struct path_scene *scene, struct vfsmount *proc)
{
	struct file *file;
	loff_t pos = 0;
	char name[32];
	ssize_t ret;

	snprintf(name, sizeof(name), "%d/clear_refs", scene->child->pid);
	file = file_open_root_mnt(proc, name, O_WRONLY, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = vfs_write(file, (const char __user *)scene->argument, 1, &pos);
	__fput_sync(file);
	return ret == 1 ? 0 : -EIO;
}

static int run_soft_dirty(struct path_scene *scene)
{
	struct file_system_type *type = get_fs_type("proc");
	struct vfsmount *proc;
	int ret;

	if (!type)
		return -ENODEV;
	proc = kern_mount(type);
	put_filesystem(type);
	if (IS_ERR(proc))
		return PTR_ERR(proc);
	scene_tell_whole(scene, "all of the mm is write-protected, and flushed");
	ret = clear_refs_write(scene, proc);
	kern_unmount(proc);
	return ret;
}

/*
 * KSM, whose thread tells nobody what it has done
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
 * Both pages are write-protected, to be compared, and one is replaced by the
 * other. The second is found to be like the first, so it is taken first.
 */
static int run_ksm_merge(struct path_scene *scene)
{
	unsigned long second = scene->start + PAGE_SIZE;
	bool merged;
	int ret;

	scene_tell(scene, second, scene->end);
	scene_tell(scene, scene->start, second);
	scene_tell(scene, scene->start, second);
	ret = mm_knob("ksm/run", "1");
	if (ret)
		return ret;
	merged = ksm_has_merged(scene->mm, scene->path->pages);
	return mm_knob("ksm/run", "0") ?: merged ? 0 : -ETIMEDOUT;
}

static int map_ksm_merged(struct path_scene *scene)
{
	int ret = map_for_ksm(scene) ?: run_ksm_merge(scene);

	scene->ranges = 0;
	return ret;
}

static int run_ksm_unmerge(struct path_scene *scene)
{
	return scene_advise(scene, MADV_UNMERGEABLE);
}

/*
 * What the kernel does with a page, on all its mappings
 */

/* Do it for each page that is mapped; @function gives back the reference it gets. */
static int scene_with_folios(struct path_scene *scene, int (*function)(struct folio *folio))
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

static int mkclean(struct folio *folio)
{
	int cleaned;

	folio_lock(folio);
	cleaned = folio_mkclean(folio);
	folio_unlock(folio);
	folio_put(folio);
	return cleaned == 1 ? 0 : -EBUSY;
}

static int run_mkclean(struct path_scene *scene)
{
	return scene_with_folios(scene, mkclean);
}

static int age(struct folio *folio)
{
	unsigned long flags;
	int referenced = folio_referenced(folio, 0, NULL, &flags);

	folio_put(folio);
	return referenced == 1 ? 0 : -EBUSY;
}

static int run_age(struct path_scene *scene)
{
	return scene_with_folios(scene, age);
}

static struct address_space *scene_mapping(struct path_scene *scene)
{
	struct address_space *mapping;

	mmap_read_lock(scene->mm);
	mapping = find_vma(scene->mm, scene->start)->vm_file->f_mapping;
	mmap_read_unlock(scene->mm);
	return mapping;
}

/* Over all that is mapped: what there is to change is in the middle of it. */
static int run_wp_shared(struct path_scene *scene)
{
	unsigned long done = wp_shared_mapping_range(scene_mapping(scene), 0,
						     scene->map_size / PAGE_SIZE);

	return done == scene->path->pages ? 0 : -EBUSY;
}

static int run_clean_shared(struct path_scene *scene)
{
	unsigned long pages = scene->map_size / PAGE_SIZE, *bitmap, done;
	pgoff_t start = 0, end = 0;

	bitmap = bitmap_zalloc(pages, GFP_KERNEL);
	if (!bitmap)
		return -ENOMEM;
	done = clean_record_shared_mapping_range(scene_mapping(scene), 0, pages, 0, bitmap,
						 &start, &end);
	bitmap_free(bitmap);
	return done == scene->path->pages ? 0 : -EBUSY;
}

/*
 * Migration, to where the page is: it is another page afterwards
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

	/* One reference more than expected, and it would not move. */
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

static int run_migrate(struct path_scene *scene)
{
	return scene_with_folios(scene, migrate);
}

static int run_migrate_hugetlb(struct path_scene *scene)
{
	return scene_with_folios(scene, migrate_hugetlb);
}

/*
 * A device takes pages, or their use
 */

/* A page for each that was found, with its contents; none there is zeroes. */
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

/* As a driver does it, only that the device's memory is ordinary memory. */
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

static int run_device_migrate(struct path_scene *scene)
{
	unsigned long src[PATH_RANGES] = {}, dst[PATH_RANGES] = {};
	struct migrate_vma args = {
		.src = src, .dst = dst, .start = scene->start, .end = scene->end,
		.flags = MIGRATE_VMA_SELECT_SYSTEM,
	};

	return device_migrate(scene, &args);
}

static int run_device_migrate_exclusive(struct path_scene *scene)
{
	unsigned long addr;

	for (addr = scene->start; addr < scene->end; addr += PAGE_SIZE)
		scene_tell(scene, addr, addr + PAGE_SIZE);
	scene_tell(scene, scene->start, scene->end);
	scene->changed = scene->path->pages;
	scene->excess = "flushed as they are taken one by one, and together at the end";
	return run_device_migrate(scene);
}

static int run_device_exclusive(struct path_scene *scene)
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

/* The device keeps the pages locked as long as it wants nobody else to have them. */
static void scene_share(struct path_scene *scene)
{
	while (scene->exclusives) {
		struct page *page = scene->exclusive[--scene->exclusives];

		if (!page)
			continue;
		unlock_page(page);
		put_page(page);
	}
}

static int map_device_exclusive(struct path_scene *scene)
{
	int ret = map_pages(scene) ?: run_device_exclusive(scene);

	scene_share(scene);
	return ret;
}

/*
 * Uprobes
 */
struct path_uprobe {
	struct uprobe_consumer consumer;
	struct uprobe *uprobe;
	struct inode *inode;
	loff_t offset;
};

static int uprobe_ignore(struct uprobe_consumer *consumer, struct pt_regs *regs)
{
	return 0;
}

static int code_write(struct file *file, loff_t pos)
{
	const u32 nop = SECONDARY_TLBS_NOP;

	return kernel_write(file, &nop, sizeof(nop), &pos) == sizeof(nop) ? 0 : -EIO;
}

static int map_code(struct path_scene *scene)
{
	unsigned long room = ROOM * PAGE_SIZE;
	struct file *file;
	int ret;

	file = shmem_file_setup("path_code", 3 * room, VM_NORESERVE);
	if (IS_ERR(file))
		return PTR_ERR(file);
	scene->file = file;
	ret = scene_map(scene, file, PAGE_SIZE, PAGE_SIZE, room, PROT_READ | PROT_EXEC,
			MAP_PRIVATE);
	return ret ?: code_write(file, scene->start - scene->map) ?: scene_read(scene);
}

static int run_uprobe_set(struct path_scene *scene)
{
	struct path_uprobe *probe = kzalloc(sizeof(*probe), GFP_KERNEL);
	struct uprobe *uprobe;

	if (!probe)
		return -ENOMEM;
	probe->consumer.handler = uprobe_ignore;
	probe->inode = file_inode(scene->file);
	probe->offset = scene->start - scene->map;
	uprobe = secondary_tlbs_uprobe(probe->inode, probe->offset, &probe->consumer);
	if (IS_ERR(uprobe)) {
		kfree(probe);
		return PTR_ERR(uprobe);
	}
	probe->uprobe = uprobe;
	scene->uprobe = probe;
	return 0;
}

static int run_uprobe_remove(struct path_scene *scene)
{
	struct path_uprobe *probe = scene->uprobe;

	if (!probe)
		return 0;
	secondary_tlbs_uprobe_remove(probe->uprobe, probe->inode, probe->offset,
				     &probe->consumer);
	kfree(probe);
	scene->uprobe = NULL;
	return 0;
}

static int map_uprobe(struct path_scene *scene)
{
	return map_code(scene) ?: run_uprobe_set(scene);
}

/*
 * Huge pages
 */
static int map_thp(struct path_scene *scene)
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

static int map_thp_to_move(struct path_scene *scene)
{
	return map_thp(scene) ?: scene_find_target(scene, PMD_SIZE);
}

static int map_thp_clean(struct path_scene *scene)
{
	return map_thp(scene) ?: scene_advise(scene, MADV_FREE);
}

static int map_thp_hardware_dirty(struct path_scene *scene)
{
	return map_thp_clean(scene) ?: scene_write(scene);
}

static int map_thp_shared_by_fork(struct path_scene *scene)
{
	return map_thp(scene) ?: scene_fork(scene, 0);
}

/*
 * hugetlbfs
 */

/* Some for everybody; they stay. */
static int hugetlb_reserve(unsigned long size)
{
	char knob[64];
	int ret;

	snprintf(knob, sizeof(knob), "hugepages/hugepages-%lukB/nr_hugepages", size / SZ_1K);
	mutex_lock(&path_lock);
	ret = mm_knob(knob, "16");
	mutex_unlock(&path_lock);
	return ret;
}

/*
 * Pages of @size. What is mapped on both sides is not hugetlbfs: 6.1.192 warns
 * of a lock that is not held whenever a mapping of hugetlbfs is split.
 */
static int scene_map_hugetlb(struct path_scene *scene, unsigned long size)
{
	const unsigned long flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	unsigned long addr;
	int ret;

	ret = hugetlb_reserve(size) ?:
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

static int map_hugetlb(struct path_scene *scene)
{
	return scene_map_hugetlb(scene, PMD_SIZE) ?: scene_populate(scene);
}

static int map_hugetlb_read(struct path_scene *scene)
{
	return scene_map_hugetlb(scene, PMD_SIZE) ?: scene_read(scene);
}

static int map_hugetlb_to_move(struct path_scene *scene)
{
	return map_hugetlb(scene) ?: scene_find_target(scene, PMD_SIZE);
}

static int map_hugetlb_shared_by_fork(struct path_scene *scene)
{
	return map_hugetlb(scene) ?: scene_fork(scene, 0);
}

static int map_contiguous(struct path_scene *scene)
{
	return scene_map_hugetlb(scene, SECONDARY_TLBS_CONTIGUOUS) ?: scene_populate(scene);
}

static int map_contiguous_read(struct path_scene *scene)
{
	return scene_map_hugetlb(scene, SECONDARY_TLBS_CONTIGUOUS) ?: scene_read(scene);
}

/**
 * path_clean_hugetlb - make a page of hugetlbfs clean, as it is before it was written to
 * @scene: a path of hugetlbfs, begun
 *
 * Today's mm makes no clean entry of hugetlbfs that is writable.
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

static int map_contiguous_hardware_dirty(struct path_scene *scene)
{
	int ret = map_contiguous(scene);

	if (ret)
		return ret;
	path_clean_hugetlb(scene);
	return scene_write(scene);
}

static int map_contiguous_shared_by_fork(struct path_scene *scene)
{
	return map_contiguous(scene) ?: scene_fork(scene, 0);
}

/*
 * Two mappings of one file, each of all that a page table of huge pages
 * translates, share that page table.
 */
static int map_hugetlb_table_shared(struct path_scene *scene)
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
	ret = hugetlb_reserve(PMD_SIZE) ?:
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

/*
 * The table
 */
#define PATH_ROW(name_, pages_, needs_, prepare_, run_, x86_, arm64_, powerpc_, flags_)	\
	[PATH_##name_] = {								\
		.name = #name_,								\
		.pages = pages_,							\
		.needs = needs_,							\
		.prepare = prepare_,							\
		.run = run_,								\
		.tells = IS_ENABLED(CONFIG_X86) ? TELLS_##x86_ :			\
			 IS_ENABLED(CONFIG_ARM64) ? TELLS_##arm64_ : TELLS_##powerpc_,	\
		.flags = flags_,							\
	},

const struct mm_path secondary_tlbs_paths[] = {
	SECONDARY_TLBS_PATHS(PATH_ROW)
};

/**
 * path_skip - whether a path can run here
 * @path: which
 *
 * Returns the reason why not, or NULL.
 */
const char *path_skip(const struct mm_path *path)
{
	if (path->tells == TELLS_NEVER)
		return "this architecture has no such path";
	return path->needs();
}

/**
 * path_skip_harmless - whether a path can run here, and do harm to who is not told
 * @path: which
 *
 * For suites that look for translations that became stale: what cannot leave any has
 * nothing to show there.
 *
 * Returns the reason why not, or NULL.
 */
const char *path_skip_harmless(const struct mm_path *path)
{
	const bool silent = path->tells == TELLS_NOTHING && !(path->flags & PATH_RELEASES);
	const char *reason = path_skip(path);

	if (reason)
		return reason;
	if (silent || (path->flags & PATH_KEEPS))
		return "what a device has found before is right still";
	if ((path->flags & PATH_UPGRADES) && !IS_ENABLED(CONFIG_ARM64))
		return "here a device walks again before it faults";
	return NULL;
}

/**
 * path_begin - prepare a path
 * @scene: filled in, whatever it was
 * @path: which
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
 * path_run - the operation of a path, once
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
 */
void path_end(struct path_scene *scene)
{
	scene_reap(scene);
	scene_load_on_one(scene);
	scene_share(scene);
	run_uprobe_remove(scene);
	if (scene->mm)
		scene_unmap(scene);
	if (scene->userfaultfd)
		__fput_sync(scene->userfaultfd);
	if (scene->file)
		__fput_sync(scene->file);
}

/**
 * path_walk - what a device that walks the page tables finds
 * @mm: whose
 * @addr: where
 * @entry: filled in
 *
 * Page tables must not be freed meanwhile.
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
	/* A huge entry that is being split is huge, though not a present leaf. */
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
