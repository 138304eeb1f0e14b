/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder that grows as INTO.part-dir and becomes INTO when it is complete. */
#ifndef OI_FETCH_TREE_H
#define OI_FETCH_TREE_H

#include "base/attr.h"
#include "base/err.h"

#define OI_TREE_SUFFIX ".part-dir"

struct oi_tree {
	int dir_fd; /* borrowed: the folder that it is in */
	int fd; /* -1: not begun */
	char *into;
	char *part; /* NULL: nothing that has to go away */
};

/**
 * oi_tree_begin() - make an empty INTO.part-dir, in place of any older one
 * @tree: { .fd = -1 }
 * @dir_fd: ours alone; has to stay open
 *
 * Becomes the working folder of the process: libarchive writes where that is.
 * Errors: OI_R_WRITE_FAILED, OI_R_DISK_SPACE
 */
OI_MUST_CHECK
int oi_tree_begin(struct oi_tree *tree, int dir_fd, const char *into, struct oi_err *err);

/**
 * oi_tree_commit() - give it its name, which must not be there
 *
 * Nothing of it is synced: whoever finds such a folder after a crash unpacks again.
 * Errors: OI_R_WRITE_FAILED
 */
OI_MUST_CHECK
int oi_tree_commit(struct oi_tree *tree, struct oi_err *err);

/** oi_tree_clear() - an uncommitted one is removed; fine on a zeroed one, for OI_CLEANUP */
void oi_tree_clear(struct oi_tree *tree);

#endif
