// SPDX-License-Identifier: GPL-2.0-only
/*
 * RAM disks: one to swap to, two whose page cache is mapped. There is no /dev yet, so
 * a node is made for each use.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/major.h>
#include <linux/mman.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/swap.h>

#include <kunit/secondary_tlbs_compat.h>

#include "scene.h"

#define NODE	"/secondary_tlbs_node"

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

/* Started once, it stays on. */
int scene_start_swap(struct path_scene *scene)
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

int scene_map_file(struct path_scene *scene, unsigned int disk, unsigned long prot)
{
	return disk_open(scene, disk) ?:
	       scene_map(scene, scene->file, scene->path->pages * PAGE_SIZE, PAGE_SIZE,
			 ROOM * PAGE_SIZE, prot, MAP_SHARED);
}
