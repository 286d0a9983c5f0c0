/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything the mm does that changes a translation, one line each.
 *
 * A path is an operation of the mm on a real address space, entered as user
 * space or the kernel itself enters it. The table says what each path changes,
 * and what a secondary TLB is told by the contract. A path needs no subscriber,
 * and nothing here asserts, so any thread can run the paths in any order:
 *
 *	kthread_use_mm(mm);
 *	if (!path_skip(path)) {
 *		ret = path_begin(scene, path, mm);
 *		if (!ret) {
 *			... [scene->start, scene->end) is populated ...
 *			ret = path_run(scene);
 *		}
 *		path_end(scene);
 *	}
 *
 * A path that ends the mm (PATH_ENDS_MM) has put it for the caller, and unused it.
 * Scenes of different threads do not disturb each other, with two exceptions:
 * KSM's thread scans every mm, and all scenes that reclaim file pages map the same
 * disk. A scene takes 1 KiB, which is too much for the stack.
 */
#ifndef _KUNIT_SECONDARY_TLBS_PATHS_H
#define _KUNIT_SECONDARY_TLBS_PATHS_H

#include <linux/mm_types.h>
#include <linux/sched.h>
#include <linux/types.h>

/* What a secondary TLB is told of the ranges of a scene. */
enum path_tells {
	TELLS_NOTHING,	/* no call */
	TELLS_RANGES,	/* one call for each range of the scene, in order */
	TELLS_PAGES,	/* one call for each page of the ranges, in order */
	TELLS_TWICE,	/* as TELLS_RANGES, and then all of it again */
	TELLS_PARTS,	/* the ranges in any number of parts and in any order, each once */
};

/* What else is particular about a path. */
#define PATH_UNDER_PTL	BIT(0)	/* told under the lock of the page table */
#define PATH_RELEASES	BIT(1)	/* subscribers are released first */
#define PATH_ENDS_MM	BIT(2)	/* the mm is gone afterwards */
#define PATH_EMPTY	BIT(3)	/* there is nothing to change */
#define PATH_SPURIOUS	BIT(4)	/* there are translations, and they do not change */
#define PATH_PUTS_OFF	BIT(5)	/* x86 defers the flush of the CPUs' TLB, or does a deferred one */
#define PATH_TELLS_FREED BIT(6)	/* told again when pages may be free, see the row */
#define PATH_KEEPS	BIT(7)	/* translations that a device holds stay right */
#define PATH_UPGRADES	BIT(8)	/* they stay right, but may be read-only where a write is allowed */
#define PATH_UNREADABLE	BIT(9)	/* there are entries that no device can read */

/* The most ranges that a scene lists in @told. */
#define PATH_RANGES	40

struct path_range {
	unsigned long start;
	unsigned long end;
};

struct mm_path;

/**
 * struct path_scene - a path between path_begin() and path_end()
 * @path: the path
 * @mm: whose translations change; NULL after a path that ended it
 * @start: first address that changes
 * @end: first address behind
 * @told: the ranges that must be told, unless it is [@start, @end) alone
 * @ranges: how many of them
 * @changed: translations that change; 0: as many as the ranges have pages
 * @excess: why more is told than changes, NULL if that is not so
 */
struct path_scene {
	const struct mm_path *path;
	struct mm_struct *mm;
	unsigned long start;
	unsigned long end;
	struct path_range told[PATH_RANGES];
	unsigned int ranges;
	unsigned long changed;
	const char *excess;

	/* private: to the paths; what path_end() has to give back */
	unsigned long map;
	unsigned long map_size;
	unsigned long target;
	unsigned long target_size;
	unsigned long page_size;
	unsigned long around;
	unsigned long argument;
	int accelerators;
	struct path_child *child;
	struct path_guest *guest;
	struct file *file;
	struct file *userfaultfd;
	struct path_uprobe *uprobe;
	struct page *exclusive[PATH_RANGES];
	unsigned int exclusives;
	unsigned long hugetlb;
};

/**
 * struct mm_path - an operation of the mm
 * @name: its name, as in the table
 * @pages: pages it is about, as its functions understand it
 * @needs: why it cannot run here, NULL if it can
 * @prepare: make something to change, and set the scene's range
 * @run: the operation
 * @tells: what a secondary TLB is told
 * @flags: PATH_*
 */
struct mm_path {
	const char *name;
	unsigned long pages;
	const char *(*needs)(void);
	int (*prepare)(struct path_scene *scene);
	int (*run)(struct path_scene *scene);
	enum path_tells tells;
	unsigned int flags;
};

/*
 * The table. A row is
 *
 *	PATH(DO, name, pages, needs, prepare, run, on x86, arm64, powerpc, flags)
 *
 * where "needs" names the function path_needs_NEEDS(), and "prepare" and "run"
 * name path_PREPARE() and path_RUN() in mm/tests/secondary_tlbs/paths/. DO is a
 * macro of whoever uses the table, see SECONDARY_TLBS_PATHS().
 *
 * NEVER means that an architecture has no such path: the row is not compiled.
 * NOTHING means that it has one, which must tell nothing. A fault that adds a
 * permission is told on arm64 only: on x86 and powerpc a device walks the page
 * tables again before it faults, and an SMMU does not.
 *
 * arm64 flushes the TLB of its CPUs, and so tells, TWICE where it needs
 * break-before-make for a huge entry: once for the break, and once at the end of
 * the operation. powerpc does so for a huge entry that it clears or changes,
 * because a fault may put a page table there before the gather is flushed.
 */
#define SECONDARY_TLBS_TABLE(PATH, DO)							\
	/* Unmapping */									\
	PATH(DO, munmap, 16, nothing, map_pages, run_munmap, RANGES, RANGES, RANGES, 0)	\
	PATH(DO, munmap_of_64, 64, nothing, map_pages, run_munmap, RANGES, RANGES, RANGES, 0)\
	PATH(DO, munmap_of_512, 512, nothing, map_pages, run_munmap, RANGES, RANGES, RANGES,\
	     0)										\
	PATH(DO, munmap_of_nothing, 16, nothing, map_only, run_munmap, NOTHING, NOTHING,\
	     NOTHING, PATH_EMPTY)							\
	/* One gather has one range: what was mapped, with the hole in it. */		\
	PATH(DO, munmap_with_hole, 64, nothing, map_with_hole, run_munmap_around, RANGES,\
	     RANGES, RANGES, 0)								\
	PATH(DO, munmap_of_page_table, 0, nothing, map_page_table, run_munmap_page_table,\
	     RANGES, RANGES, RANGES, 0)							\
	/* Another thread gathers too: the CPUs drop all, a device what this one covers. */\
	PATH(DO, munmap_nested, 16, nothing, map_pages, run_munmap_nested, RANGES, RANGES,\
	     RANGES, 0)									\
	PATH(DO, exit, 16, nothing, map_pages, run_exit, NOTHING, NOTHING, NOTHING,	\
	     PATH_RELEASES | PATH_ENDS_MM)						\
	PATH(DO, punch_hole, 16, nothing, map_shared, run_punch_hole, RANGES, RANGES, RANGES,\
	     0)										\
	/* madvise() */									\
	PATH(DO, dontneed, 16, nothing, map_pages, run_dontneed, RANGES, RANGES, RANGES, 0)\
	PATH(DO, free, 16, nothing, map_pages, run_free, RANGES, RANGES, RANGES, 0)	\
	PATH(DO, cold, 16, nothing, map_pages, run_cold, RANGES, RANGES, RANGES, PATH_KEEPS)\
	/* Ages each page, and then unmaps it: two flushes of the CPU's TLB, two calls. */\
	PATH(DO, pageout, 16, nothing, map_to_swap, run_pageout_young, PARTS, PARTS, PARTS,\
	     PATH_TELLS_FREED)								\
	/* Protections */								\
	PATH(DO, mprotect, 16, nothing, map_pages, run_mprotect, RANGES, RANGES, RANGES, 0)\
	PATH(DO, mprotect_of_64, 64, nothing, map_pages, run_mprotect, RANGES, RANGES, RANGES,\
	     0)										\
	PATH(DO, mprotect_with_hole, 64, nothing, map_with_hole, run_mprotect_around, RANGES,\
	     RANGES, RANGES, 0)								\
	PATH(DO, mprotect_to_writable, 16, nothing, map_read_only, run_mprotect_to_writable,\
	     RANGES, RANGES, NOTHING, PATH_UPGRADES)					\
	PATH(DO, numa_hinting, 16, nothing, map_pages, run_numa_hinting, RANGES, RANGES,\
	     RANGES, 0)									\
	PATH(DO, userfaultfd_wp, 16, userfaultfd_wp, map_userfaultfd, run_userfaultfd_wp,\
	     RANGES, RANGES, RANGES, 0)							\
	PATH(DO, soft_dirty, 16, soft_dirty, map_for_soft_dirty, run_soft_dirty, RANGES,\
	     NEVER, RANGES, 0)								\
	/* mremap() */									\
	PATH(DO, mremap, 16, nothing, map_to_move, run_mremap, RANGES, RANGES, RANGES,	\
	     PATH_UNDER_PTL)								\
	/* A page table moves: all that it could translate has changed. */		\
	PATH(DO, mremap_of_page_table, 0, nothing, map_page_table_to_move, run_mremap, RANGES,\
	     RANGES, RANGES, PATH_UNDER_PTL)						\
	PATH(DO, mremap_of_pmd_table, 4, nothing, map_pmd_table_to_move, run_mremap, RANGES,\
	     RANGES, RANGES, PATH_UNDER_PTL)						\
	/* fork() */									\
	PATH(DO, fork, 16, nothing, map_pages, run_fork, RANGES, RANGES, RANGES, 0)	\
	PATH(DO, cow_break, 1, nothing, map_shared_by_fork, run_write, RANGES, RANGES, RANGES,\
	     PATH_UNDER_PTL)								\
	/* A fault that adds a permission */						\
	PATH(DO, write_upgrade, 1, nothing, map_shared_read, run_write, NOTHING, RANGES,\
	     NOTHING, PATH_UNDER_PTL | PATH_UPGRADES)					\
	PATH(DO, write_upgrade_of_clean, 1, nothing, map_clean, run_write, NOTHING, RANGES,\
	     NOTHING, PATH_UNDER_PTL | PATH_UPGRADES)					\
	/* Told already, when the entry became writable. */				\
	PATH(DO, spurious_write, 1, nothing, map_pages, run_write, NOTHING, NOTHING, NOTHING,\
	     PATH_SPURIOUS)								\
	/* The CPU made it writable, in hardware: the fault finds a writable entry. */	\
	PATH(DO, hardware_dirty, 1, hardware_dirty, map_hardware_dirty, run_write, NEVER,\
	     RANGES, NEVER, PATH_UNDER_PTL | PATH_KEEPS)				\
	/* POWER9's accelerators do not walk again: the invalid entry is flushed. */	\
	PATH(DO, write_upgrade_for_accelerator, 1, nothing, map_file_accelerator, run_write,\
	     NEVER, NEVER, RANGES, PATH_UNDER_PTL | PATH_KEEPS)				\
	/* KSM */									\
	PATH(DO, ksm_merge, 2, nothing, map_for_ksm, run_ksm_merge, RANGES, RANGES, RANGES,\
	     PATH_UNDER_PTL)								\
	PATH(DO, ksm_unmerge, 2, nothing, map_ksm_merged, run_ksm_unmerge, PAGES, PAGES,\
	     PAGES, PATH_UNDER_PTL)							\
	/* Writeback */									\
	PATH(DO, mkclean, 16, nothing, map_shared, run_mkclean, PAGES, PAGES, PAGES,	\
	     PATH_UNDER_PTL)								\
	/* For vmwgfx, which powerpc lacks: there 6.1 takes an empty entry for writable. */\
	PATH(DO, wp_shared, 16, nothing, map_shared, run_wp_shared, RANGES, RANGES, NEVER, 0)\
	PATH(DO, clean_shared, 16, nothing, map_shared, run_clean_shared, RANGES, RANGES,\
	     NEVER, 0)									\
	/* Reclaim of pages that are old already: only the unmap tells. */		\
	PATH(DO, reclaim, 16, nothing, map_cold, run_pageout, PARTS, PARTS, PARTS,	\
	     PATH_UNDER_PTL)								\
	PATH(DO, reclaim_put_off, 16, two_cpus, map_cold_on_two, run_pageout, PARTS, PARTS,\
	     PARTS, PATH_UNDER_PTL | PATH_PUTS_OFF)					\
	/* kswapd has no mm, and direct reclaim may run with another mm. */		\
	PATH(DO, reclaim_put_off_by_a_stranger, 16, two_cpus, map_cold_on_two,		\
	     run_pageout_by_a_stranger, PARTS, PARTS, PARTS,				\
	     PATH_UNDER_PTL | PATH_PUTS_OFF)						\
	PATH(DO, reclaim_lazyfree, 16, nothing, map_lazyfree, run_pageout, PARTS, PARTS,\
	     PARTS, PATH_UNDER_PTL)							\
	PATH(DO, reclaim_file, 16, nothing, map_file_cold, run_pageout, PARTS, PARTS, PARTS,\
	     PATH_UNDER_PTL)								\
	PATH(DO, reclaim_file_put_off, 16, two_cpus, map_file_cold_on_two, run_pageout, PARTS,\
	     PARTS, PARTS, PATH_UNDER_PTL | PATH_PUTS_OFF)				\
	/* The flush that reclaim deferred comes first: for the CPUs alone. */		\
	PATH(DO, mprotect_after_put_off, 16, two_cpus, map_put_off, run_mprotect,	\
	     RANGES, NEVER, NEVER, PATH_PUTS_OFF)					\
	/* An old entry harms nobody. */						\
	PATH(DO, age, 16, nothing, map_pages, run_age, NOTHING, NOTHING, NOTHING,	\
	     PATH_KEEPS)								\
	/* Migration */									\
	PATH(DO, migrate, 16, nothing, map_pages, run_migrate, PAGES, PAGES, PAGES,	\
	     PATH_UNDER_PTL)								\
	/* Each page is flushed when it is unmapped, and at the end all of them again. */\
	PATH(DO, device_migrate, 16, nothing, map_pages, run_device_migrate_exclusive, RANGES,\
	     RANGES, RANGES, PATH_UNDER_PTL)						\
	PATH(DO, device_migrate_shared, 16, nothing, map_shared_by_fork, run_device_migrate,\
	     RANGES, RANGES, RANGES, PATH_UNDER_PTL)					\
	PATH(DO, device_migrate_insert, 16, nothing, map_zero_page, run_device_migrate, PAGES,\
	     PAGES, PAGES, PATH_UNDER_PTL)						\
	PATH(DO, device_exclusive, 16, nothing, map_pages, run_device_exclusive, PAGES, PAGES,\
	     PAGES, PATH_UNDER_PTL)							\
	PATH(DO, device_exclusive_end, 1, nothing, map_device_exclusive, run_write, NOTHING,\
	     NOTHING, NOTHING, PATH_UNREADABLE)						\
	/* Uprobes */									\
	PATH(DO, uprobe_set, 1, nothing, map_code, run_uprobe_set, RANGES, RANGES, RANGES,\
	     PATH_UNDER_PTL)								\
	PATH(DO, uprobe_remove, 1, nothing, map_uprobe, run_uprobe_remove, RANGES, RANGES,\
	     RANGES, PATH_UNDER_PTL)							\
	/* Huge pages */								\
	PATH(DO, thp_munmap, 0, huge_pages, map_thp, run_munmap, RANGES, RANGES, TWICE, 0)\
	PATH(DO, thp_dontneed, 0, huge_pages, map_thp, run_dontneed, RANGES, RANGES, TWICE, 0)\
	PATH(DO, thp_mprotect, 0, huge_pages, map_thp, run_mprotect, RANGES, TWICE, TWICE, 0)\
	PATH(DO, thp_numa_hinting, 0, huge_pages, map_thp, run_numa_hinting, RANGES, TWICE,\
	     TWICE, 0)									\
	PATH(DO, thp_mremap, 0, huge_pages, map_thp_to_move, run_mremap, RANGES, RANGES,\
	     RANGES, PATH_UNDER_PTL)							\
	PATH(DO, thp_write_upgrade, 0, huge_pages, map_thp_clean, run_write_once, NOTHING,\
	     RANGES, NOTHING, PATH_UNDER_PTL | PATH_UPGRADES)				\
	PATH(DO, thp_hardware_dirty, 0, hardware_dirty, map_thp_hardware_dirty,		\
	     run_write_once, NEVER, RANGES, NEVER, PATH_UNDER_PTL | PATH_KEEPS)		\
	PATH(DO, thp_age, 0, huge_pages, map_thp, run_age, NOTHING, NOTHING, NOTHING,	\
	     PATH_KEEPS)								\
	PATH(DO, thp_migrate, 0, huge_pages, map_thp, run_migrate, RANGES, RANGES, RANGES,\
	     PATH_UNDER_PTL)								\
	/* Split because the VMA is split */						\
	PATH(DO, thp_split, 0, huge_pages, map_thp, run_dontfork_part, RANGES, RANGES, RANGES,\
	     PATH_UNDER_PTL)								\
	/* Split, then the part changes: two flushes, two calls. */			\
	PATH(DO, thp_munmap_part, 0, huge_pages, map_thp, run_munmap_part, RANGES, RANGES,\
	     RANGES, 0)									\
	PATH(DO, thp_mprotect_part, 0, huge_pages, map_thp, run_mprotect_part, RANGES, RANGES,\
	     RANGES, 0)									\
	PATH(DO, thp_cow_break, 0, huge_pages, map_thp_shared_by_fork, run_write_part, RANGES,\
	     RANGES, RANGES, PATH_UNDER_PTL)						\
	PATH(DO, thp_collapse, 0, huge_pages, map_to_collapse, run_collapse, RANGES, RANGES,\
	     RANGES, PATH_UNDER_PTL)							\
	/* hugetlbfs */									\
	PATH(DO, hugetlb_munmap, 2, hugetlb, map_hugetlb, run_munmap, RANGES, RANGES, RANGES,\
	     0)										\
	PATH(DO, hugetlb_dontneed, 2, hugetlb, map_hugetlb, run_dontneed, RANGES, RANGES,\
	     RANGES, 0)									\
	/* mprotect() gathers, and so does its part for hugetlbfs. */			\
	PATH(DO, hugetlb_mprotect, 2, hugetlb, map_hugetlb, run_mprotect, RANGES, RANGES,\
	     RANGES, 0)									\
	PATH(DO, hugetlb_mremap, 2, hugetlb, map_hugetlb_to_move, run_mremap, RANGES, RANGES,\
	     RANGES, 0)									\
	PATH(DO, hugetlb_fork, 2, hugetlb, map_hugetlb, run_fork, RANGES, RANGES, RANGES, 0)\
	PATH(DO, hugetlb_cow_break, 1, hugetlb, map_hugetlb_shared_by_fork, run_write_once,\
	     RANGES, RANGES, RANGES, PATH_UNDER_PTL)					\
	PATH(DO, hugetlb_write_upgrade, 1, hugetlb, map_hugetlb_read, run_write_once, NOTHING,\
	     RANGES, NOTHING, PATH_UNDER_PTL | PATH_UPGRADES)				\
	PATH(DO, hugetlb_migrate, 1, hugetlb, map_hugetlb, run_migrate_hugetlb, RANGES,	\
	     RANGES, RANGES, PATH_UNDER_PTL)						\
	/* A page table that two mappings share: all that it could translate. */	\
	PATH(DO, hugetlb_unshare, 0, hugetlb, map_hugetlb_table_shared, run_munmap, RANGES,\
	     RANGES, NEVER, 0)								\
	PATH(DO, hugetlb_contiguous_munmap, 2, hugetlb, map_contiguous, run_munmap, NEVER,\
	     RANGES, NEVER, 0)								\
	PATH(DO, hugetlb_contiguous_mprotect, 2, hugetlb, map_contiguous,		\
	     run_mprotect_contiguous, NEVER, RANGES, NEVER, 0)				\
	PATH(DO, hugetlb_contiguous_cow_break, 1, hugetlb, map_contiguous_shared_by_fork,\
	     run_write_once, NEVER, TWICE, NEVER, 0)					\
	PATH(DO, hugetlb_contiguous_write_upgrade, 1, hugetlb, map_contiguous_read,	\
	     run_write_once, NEVER, RANGES, NEVER, PATH_UPGRADES)			\
	PATH(DO, hugetlb_contiguous_hardware_dirty, 1, hardware_dirty,			\
	     map_contiguous_hardware_dirty, run_write_once, NEVER, RANGES, NEVER, PATH_KEEPS)

/* A row on this architecture: DO(name, pages, needs, prepare, run, tells, flags). */
#if defined(CONFIG_X86)
#define PATH_HERE(DO, name, pages, needs, prepare, run, x86, arm64, powerpc, flags)	\
	PATH_IF_##x86(DO, name, pages, needs, prepare, run, TELLS_##x86, flags)
#elif defined(CONFIG_ARM64)
#define PATH_HERE(DO, name, pages, needs, prepare, run, x86, arm64, powerpc, flags)	\
	PATH_IF_##arm64(DO, name, pages, needs, prepare, run, TELLS_##arm64, flags)
#else
#define PATH_HERE(DO, name, pages, needs, prepare, run, x86, arm64, powerpc, flags)	\
	PATH_IF_##powerpc(DO, name, pages, needs, prepare, run, TELLS_##powerpc, flags)
#endif

#define PATH_IF_NEVER(DO, ...)
#define PATH_IF_NOTHING(DO, ...)	DO(__VA_ARGS__)
#define PATH_IF_RANGES(DO, ...)		DO(__VA_ARGS__)
#define PATH_IF_PAGES(DO, ...)		DO(__VA_ARGS__)
#define PATH_IF_TWICE(DO, ...)		DO(__VA_ARGS__)
#define PATH_IF_PARTS(DO, ...)		DO(__VA_ARGS__)

/* The rows that this architecture has. */
#define SECONDARY_TLBS_PATHS(DO)	SECONDARY_TLBS_TABLE(PATH_HERE, DO)

#define PATH_ENUM(name, ...)	PATH_##name,
enum {
	SECONDARY_TLBS_PATHS(PATH_ENUM)
	SECONDARY_TLBS_PATHS_NR
};

extern const struct mm_path secondary_tlbs_paths[SECONDARY_TLBS_PATHS_NR];

const char *path_skip(const struct mm_path *path);
int path_begin(struct path_scene *scene, const struct mm_path *path, struct mm_struct *mm);
int path_run(struct path_scene *scene);
void path_end(struct path_scene *scene);
void path_clean_hugetlb(struct path_scene *scene);

/**
 * struct path_entry - where a walk of the page tables ended
 * @raw: the entry, as it is in memory; 0: none
 * @addr: first address that the entry translates, or would
 * @size: how much it translates, or would
 * @page: what it maps, if it is present and that has a struct page
 * @table: the page table it stands in, if that is a PTE table
 * @ptl: the lock of the page table that it stands in
 */
struct path_entry {
	unsigned long raw;
	unsigned long addr;
	unsigned long size;
	struct page *page;
	struct page *table;
	spinlock_t *ptl;	/* only looked at */
};

void path_walk(struct mm_struct *mm, unsigned long addr, struct path_entry *entry);

#endif /* _KUNIT_SECONDARY_TLBS_PATHS_H */
