// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths that change the permissions of a page, or its accessed and dirty state:
 * mprotect(), madvise(), NUMA hinting, userfaultfd, soft-dirty bits, faults that
 * add a permission, writeback.
 */
#include <linux/bitmap.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/sched/sysctl.h>
#include <linux/userfaultfd_k.h>

#include <kunit/secondary_tlbs_compat.h>
#include <kunit/secondary_tlbs_recorder.h>

#include "../../../internal.h"
#include "scene.h"

/*
 * What the paths need
 */
const char *path_needs_userfaultfd_wp(void)
{
	return IS_ENABLED(CONFIG_HAVE_ARCH_USERFAULTFD_WP) ? NULL :
	       "this architecture's userfaultfd does not write-protect";
}

const char *path_needs_soft_dirty(void)
{
	return IS_ENABLED(CONFIG_MEM_SOFT_DIRTY) ? NULL : "CONFIG_MEM_SOFT_DIRTY is off";
}

const char *path_needs_hardware_dirty(void)
{
	return SECONDARY_TLBS_HARDWARE_DIRTY ? NULL :
	       "no CPU that sets the dirty bit by itself: arm64's CPU=max does";
}

/*
 * madvise()
 */
int path_run_dontneed(struct path_scene *scene)
{
	return scene_advise(scene, MADV_DONTNEED);
}

int path_run_free(struct path_scene *scene)
{
	return scene_advise(scene, MADV_FREE);
}

int path_run_cold(struct path_scene *scene)
{
	return scene_advise(scene, MADV_COLD);
}

/*
 * mprotect()
 */
int path_map_read_only(struct path_scene *scene)
{
	return path_map_pages(scene) ?: scene_protect(scene, scene->start, scene->end, PROT_READ);
}

int path_run_mprotect(struct path_scene *scene)
{
	return scene_protect(scene, scene->start, scene->end, PROT_READ);
}

int path_run_mprotect_around(struct path_scene *scene)
{
	return scene_protect(scene, scene->start - scene->around / 2,
			     scene->end + scene->around / 2, PROT_READ);
}

int path_run_mprotect_to_writable(struct path_scene *scene)
{
	return scene_protect(scene, scene->start, scene->end, READ_WRITE);
}

/*
 * Faults that add a permission: what they find
 */
/* Written to, then cleaned: on arm64 the entry is read-only until the next write. */
int path_map_clean(struct path_scene *scene)
{
	return path_map_pages(scene) ?: scene_advise(scene, MADV_FREE);
}

/* The CPU writes, and makes the entry dirty without a fault and without a flush. */
int path_map_hardware_dirty(struct path_scene *scene)
{
	return path_map_clean(scene) ?: scene_write(scene);
}

/* A file system is told when a page becomes dirty, so the entry is read-only first. */
int path_map_file_accelerator(struct path_scene *scene)
{
	scene->accelerators = 1;
	secondary_tlbs_accelerator(scene->mm, 1);
	return scene_map_file(scene, DIRTY_DISK, READ_WRITE) ?: scene_read(scene);
}

/*
 * NUMA hinting
 */
/*
 * As for a task that NUMA balancing scans, though that is not on. It leaves the pages
 * of an mm with one user alone, if they are on the user's node.
 */
int path_run_numa_hinting(struct path_scene *scene)
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

int path_map_userfaultfd(struct path_scene *scene)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_WP };
	int ret = path_map_pages(scene) ?: userfaultfd_open(scene);

	if (ret)
		return ret;
	range.range.start = scene->start;
	range.range.len = scene_size(scene);
	return userfaultfd_call(scene, UFFDIO_API, &api, sizeof(api)) ?:
	       userfaultfd_call(scene, UFFDIO_REGISTER, &range, sizeof(range));
}

int path_run_userfaultfd_wp(struct path_scene *scene)
{
	const struct uffdio_writeprotect protect = {
		.range = { .start = scene->start, .len = scene_size(scene) },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	return userfaultfd_call(scene, UFFDIO_WRITEPROTECT, &protect, sizeof(protect));
}

/*
 * /proc/PID/clear_refs. The process is a child with the same mm, because a kthread
 * shows no mm in /proc.
 */
int path_map_for_soft_dirty(struct path_scene *scene)
{
	if (!scene_argument(scene, "4", 2))
		return -ENOMEM;
	return path_map_pages(scene) ?: scene_fork(scene, CLONE_VM);
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

int path_run_soft_dirty(struct path_scene *scene)
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
 * Writeback
 */
static int mkclean(struct folio *folio)
{
	int cleaned;

	folio_lock(folio);
	cleaned = folio_mkclean(folio);
	folio_unlock(folio);
	folio_put(folio);
	return cleaned == 1 ? 0 : -EBUSY;
}

int path_run_mkclean(struct path_scene *scene)
{
	return scene_with_folios(scene, mkclean);
}

static struct address_space *scene_mapping(struct path_scene *scene)
{
	struct address_space *mapping;

	mmap_read_lock(scene->mm);
	mapping = find_vma(scene->mm, scene->start)->vm_file->f_mapping;
	mmap_read_unlock(scene->mm);
	return mapping;
}

/* Over the whole mapping. Only the middle of it is populated. */
int path_run_wp_shared(struct path_scene *scene)
{
	unsigned long done = wp_shared_mapping_range(scene_mapping(scene), 0,
						     scene->map_size / PAGE_SIZE);

	return done == scene->path->pages ? 0 : -EBUSY;
}

int path_run_clean_shared(struct path_scene *scene)
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
