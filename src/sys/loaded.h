/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's own list of loaded modules. */
#ifndef OI_SYS_LOADED_H
#define OI_SYS_LOADED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "sys/root.h"

struct oi_loaded {
	char *name;
	long refs; /* of modules and of others; below 0: unknown */
	bool permanent; /* the kernel never unloads it */
	struct oi_strv holders; /* the modules among them */
};

/* The one that was loaded last comes first, as in /proc/modules. */
struct oi_loaded_list {
	struct oi_loaded *v;
	size_t n;
};

/**
 * oi_loaded_read() - from /proc/modules, else from /sys/module (by name, then)
 * @list: zeroed; cleared by oi_loaded_clear()
 * Return: 0, 1 neither is there, -1 error (OI_R_READ_FAILED).
 */
OI_MUST_CHECK
int oi_loaded_read(const struct oi_root *root, struct oi_loaded_list *list, struct oi_err *err);

/** oi_loaded_clear() - free; fine on a zeroed one, and for OI_CLEANUP */
void oi_loaded_clear(struct oi_loaded_list *list);

/** oi_loaded_find() - by name; NULL: not loaded */
const struct oi_loaded *oi_loaded_find(const struct oi_loaded_list *list, const char *name);

/** oi_loaded_own_refs() - by others than modules: mounts, sessions, open files; 0: none, or unknown */
long oi_loaded_own_refs(const struct oi_loaded *module);

/** oi_loaded_users() - all loaded modules that need @of, themselves or through others; appended, each once */
void oi_loaded_users(const struct oi_loaded_list *list, const char *of, struct oi_strv *names);

#endif
