/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the families of paths share. None of it asserts; what returns an int
 * returns 0 or an error, which is the path's.
 */
#ifndef _MM_TESTS_SECONDARY_TLBS_SCENE_H
#define _MM_TESTS_SECONDARY_TLBS_SCENE_H

#include <linux/completion.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>

#include <kunit/secondary_tlbs_paths.h>

struct file;
struct folio;

#define READ_WRITE	(PROT_READ | PROT_WRITE)

/* Pages on each side of the range that stay mapped. */
#define ROOM		16UL

/* A child that fork made, with a copy of the mm or with the same mm. */
struct path_child {
	struct completion let_go;
	struct completion gone;
	pid_t pid;
};

/* The RAM disks. */
enum {
	SWAP_DISK,
	CLEAN_DISK,	/* whose pages reclaim can drop at once */
	DIRTY_DISK,
};

/* Protects what there is only one of: the name of the nodes, and global settings. */
extern struct mutex path_lock;

static inline unsigned long scene_size(const struct path_scene *scene)
{
	return scene->end - scene->start;
}

/* Arguments of system calls; files of /sys/kernel/mm. */
unsigned long scene_argument(struct path_scene *scene, const void *data, size_t size);
int path_knob(const char *path, const char *value);

/* Other users of the mm. */
int scene_load_on_two(struct path_scene *scene);
void scene_load_on_one(struct path_scene *scene);
int scene_fork(struct path_scene *scene, u64 flags);
void scene_reap(struct path_scene *scene);

/* Mappings, and what is in them. */
int scene_map(struct path_scene *scene, struct file *file, unsigned long size,
	      unsigned long align, unsigned long room, unsigned long prot,
	      unsigned long flags);
int scene_map_small(struct path_scene *scene, unsigned long flags);
int scene_map_file(struct path_scene *scene, unsigned int disk, unsigned long prot);
int scene_find_target(struct path_scene *scene, unsigned long align);
int scene_advise(struct path_scene *scene, int advice);
int scene_protect(struct path_scene *scene, unsigned long start, unsigned long end,
		  unsigned long prot);
int scene_fault(struct path_scene *scene, unsigned long start, unsigned long end,
		unsigned int flags);
int scene_populate(struct path_scene *scene);
int scene_read(struct path_scene *scene);
int scene_write(struct path_scene *scene);
int scene_with_folios(struct path_scene *scene, int (*function)(struct folio *folio));

/* The ranges that must be told, if not the scene's own. */
void scene_tell(struct path_scene *scene, unsigned long start, unsigned long end);
void scene_tell_whole(struct path_scene *scene, const char *why);

/* Swap, which stays on; and what path_end() gives back. */
int scene_start_swap(struct path_scene *scene);
void scene_share(struct path_scene *scene);
void scene_give_back_hugetlb(struct path_scene *scene);

/* The functions of all rows, also of rows that this architecture lacks. */
#define PATH_DECLARE(name, pages, needs, prepare, run, ...)	\
	const char *path_needs_##needs(void);			\
	int path_##prepare(struct path_scene *scene);		\
	int path_##run(struct path_scene *scene);
#define PATH_ANYWHERE(DO, ...)	DO(__VA_ARGS__)
SECONDARY_TLBS_TABLE(PATH_ANYWHERE, PATH_DECLARE)

#endif /* _MM_TESTS_SECONDARY_TLBS_SCENE_H */
