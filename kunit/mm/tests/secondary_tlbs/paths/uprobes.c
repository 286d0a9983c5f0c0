// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths of uprobes: a page of code is replaced by a copy that has a breakpoint,
 * and by the original again.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/uprobes.h>

#include <kunit/secondary_tlbs_compat.h>

#include "scene.h"

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

int path_map_code(struct path_scene *scene)
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

int path_run_uprobe_set(struct path_scene *scene)
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

int path_run_uprobe_remove(struct path_scene *scene)
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

int path_map_uprobe(struct path_scene *scene)
{
	return path_map_code(scene) ?: path_run_uprobe_set(scene);
}
