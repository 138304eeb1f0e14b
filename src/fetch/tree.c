/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/reasons.h"

/* Folders that nftw() holds open at once; deeper ones are opened anew. */
#define OPEN_FOLDERS 16

static int write_failed(struct oi_err *err, const char *what, const char *name)
{
	int code = errno == ENOSPC || errno == EDQUOT ? OI_R_DISK_SPACE : OI_R_WRITE_FAILED;

	return oi_err_set(err, code, "%s %s: %s", what, name, strerror(errno));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

/*
 * Nobody else may write in there, so names mean the same from one call to the next.
 * Links are removed and not followed. Return: 0, or -1 with errno.
 */
static int remove_tree(int dir_fd, const char *name)
{
	if (fchdir(dir_fd))
		return -1;
	if (!nftw(name, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT))
		return 0;
	return errno == ENOENT ? 0 : -1;
}

int oi_tree_begin(struct oi_tree *tree, int dir_fd, const char *into, struct oi_err *err)
{
	tree->dir_fd = dir_fd;
	tree->into = oi_mem_dup(into);
	tree->part = oi_mem_printf("%s" OI_TREE_SUFFIX, into);
	tree->fd = -1;
	/* One that a killed run has left. */
	if (remove_tree(dir_fd, tree->part))
		return write_failed(err, "remove", tree->part);
	if (mkdirat(dir_fd, tree->part, 0700))
		return write_failed(err, "create", tree->part);
	tree->fd = openat(dir_fd, tree->part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return tree->fd >= 0 && !fchdir(tree->fd) ? 0 : write_failed(err, "enter", tree->part);
}

int oi_tree_commit(struct oi_tree *tree, struct oi_err *err)
{
	if (renameat(tree->dir_fd, tree->part, tree->dir_fd, tree->into))
		return write_failed(err, "rename", tree->part);
	oi_mem_set(&tree->part, NULL);
	return 0;
}

void oi_tree_clear(struct oi_tree *tree)
{
	if (tree->part) {
		if (tree->fd >= 0)
			close(tree->fd);
		(void)remove_tree(tree->dir_fd, tree->part); /* already failing; the next run tries again */
	} else if (tree->into) {
		close(tree->fd);
	}
	free(tree->part);
	free(tree->into);
	memset(tree, 0, sizeof(*tree));
	tree->fd = -1;
}
