/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder that looks like a machine, made and removed by a test. */
#ifndef OI_TESTS_UNIT_TREE_H
#define OI_TESTS_UNIT_TREE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/root.h"

struct tree {
	char top[64];
	struct oi_root root;
};

/* What a test cannot set up, it cannot test. */
static inline void tree_need(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		abort();
	}
}

static inline void tree_make(struct tree *tree)
{
	struct oi_err err;

	snprintf(tree->top, sizeof(tree->top), "/tmp/oi-test-tree.XXXXXX");
	tree_need(mkdtemp(tree->top) != NULL, "mkdtemp");
	tree_need(chmod(tree->top, 0755) == 0, tree->top);
	tree_need(oi_root_open(tree->top, &tree->root, &err) == 0, tree->top);
}

static inline void tree_drop(struct tree *tree)
{
	struct oi_root all;
	struct oi_err err;

	oi_root_close(&tree->root);
	tree_need(oi_root_open("/", &all, &err) == 0, "/");
	tree_need(oi_root_remove(&all, tree->top, &err) == 0, tree->top);
	oi_root_close(&all);
}

/* The name outside of the tree, with the folders above made; owned by the caller. */
static inline char *tree_name(const struct tree *tree, const char *path)
{
	char *name = oi_mem_printf("%s%s", tree->top, path);

	for (char *slash = name + strlen(tree->top) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(name, 0755); /* it may be there already */
		*slash = '/';
	}
	return name;
}

static inline void tree_folder(const struct tree *tree, const char *path)
{
	OI_FREE char *name = tree_name(tree, path);

	tree_need(mkdir(name, 0755) == 0, name);
}

static inline void tree_put_bytes(const struct tree *tree, const char *path, const char *bytes,
				  size_t len)
{
	OI_FREE char *name = tree_name(tree, path);
	FILE *f = fopen(name, "w");

	tree_need(f != NULL, name);
	tree_need(fwrite(bytes, 1, len, f) == len, name);
	tree_need(fclose(f) == 0, name);
	tree_need(chmod(name, 0644) == 0, name);
}

static inline void tree_put(const struct tree *tree, const char *path, const char *text)
{
	tree_put_bytes(tree, path, text, strlen(text));
}

static inline void tree_link(const struct tree *tree, const char *path, const char *target)
{
	OI_FREE char *name = tree_name(tree, path);

	tree_need(symlink(target, name) == 0, name);
}

static inline void tree_remove(const struct tree *tree, const char *path)
{
	struct oi_err err;

	tree_need(oi_root_remove(&tree->root, path, &err) == 0, path);
}

#endif
