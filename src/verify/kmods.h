/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a kernel's modules lie, by name. */
#ifndef OI_VERIFY_KMODS_H
#define OI_VERIFY_KMODS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "sys/root.h"

struct oi_kmod {
	const char *name; /* as lsmod shows it: '_', never '-' */
	char *path; /* below /lib/modules/RELEASE, "kernel/..." or "updates/..."; NULL: no file */
	bool builtin;
};

/**
 * oi_kmods_find() - look @n modules up in modules.dep and modules.builtin
 * @kmods: names given, the rest zeroed; paths owned by the caller (oi_kmods_clear)
 *
 * Only what is really there: a file that depmod knew and that is gone has no path.
 * Return: 0 looked, 1 there is no modules.dep for @kernel, -1 error (OI_R_READ_FAILED).
 * Source: modules.dep(5), kernel's Documentation/kbuild (modules.builtin)
 */
OI_MUST_CHECK
int oi_kmods_find(const struct oi_root *root, const char *kernel, struct oi_kmod *kmods,
		  size_t n, struct oi_err *err);

/** oi_kmods_clear() - free the paths; fine on zeroed ones */
void oi_kmods_clear(struct oi_kmod *kmods, size_t n);

/** oi_kmod_is_added() - is it a file that was added to the kernel's own modules */
bool oi_kmod_is_added(const struct oi_kmod *kmod);

/** oi_kmods_stack_adds() - does a stack bring modules of its own, as doca-ofed does */
bool oi_kmods_stack_adds(const char *stack);

#endif
