/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a kernel's modules lie, by name. */
#ifndef OI_SYS_KMODS_H
#define OI_SYS_KMODS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "sys/host.h"

#define OI_DKMS_TREE "/var/lib/dkms"

/* Of a stack that adds modules: the one that all the others need. */
#define OI_KMOD_MAIN "mlx5_core"

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

/**
 * oi_kmods_with_needs() - files of modules and of all that they need, by modules.dep
 * @names: as in struct oi_kmod
 * @files: appended, below /lib/modules/RELEASE, each once
 * Return: as oi_kmods_find().
 */
OI_MUST_CHECK
int oi_kmods_with_needs(const struct oi_root *root, const char *kernel,
			const struct oi_strv *names, struct oi_strv *files, struct oi_err *err);

/**
 * oi_kmods_own_folder() - where the kernel's own build of a module lies, beside any other
 * @file: of the other, "updates/dkms/mlx5_core.ko"
 * Return: "kernel/drivers/net/...", owned by the caller; NULL: the kernel has none.
 * Source: kernel's Documentation/kbuild (modules.order)
 */
char *oi_kmods_own_folder(const struct oi_root *root, const char *kernel, const char *file);

/**
 * oi_kmods_own_file() - the kernel's own build of a module, whatever depmod prefers
 * @name: as in struct oi_kmod
 * Return: "kernel/drivers/net/.../mlx5_core.ko.xz", owned by the caller; NULL: the kernel has none.
 */
OI_MUST_CHECK
char *oi_kmods_own_file(const struct oi_root *root, const char *kernel, const char *name);

/**
 * oi_kmod_field() - what modinfo says of a file
 * @file: below /lib/modules/RELEASE of the changed root
 * @field: "srcversion", "signer", "sig_key"
 * @out: its first line, NULL when it has none; owned by the caller
 * Return: 0, or -1 with @err (OI_R_TOOL_MISSING, OI_R_CHILD_*).
 */
OI_MUST_CHECK
int oi_kmod_field(const struct oi_host *host, const char *kernel, const char *file,
		  const char *field, char **out, struct oi_err *err);

/** oi_kmod_file_field() - the same of a module's file that lies anywhere, by its name for children */
OI_MUST_CHECK
int oi_kmod_file_field(const struct oi_host *host, const char *path, const char *field, char **out,
		       struct oi_err *err);

enum oi_kmod_build { OI_KMOD_SAME, OI_KMOD_OTHER, OI_KMOD_UNKNOWN };

/**
 * oi_kmod_compare() - is the loaded module the one that lies on the disk
 * @kmod: loaded, and with a path
 * By build id, else by source version, else by whether it is from the kernel's own tree.
 * Return: with @err saying what differs, or why it cannot be told.
 */
enum oi_kmod_build oi_kmod_compare(const struct oi_host *host, const char *kernel,
				   const struct oi_kmod *kmod, struct oi_err *err);

/**
 * oi_kmod_loaded_build() - what tells the loaded module of that name from another build
 * Return: owned by the caller; never NULL, and the same for as long as nothing is exchanged.
 */
char *oi_kmod_loaded_build(const struct oi_host *host, const char *name);

/** oi_kmod_is_loaded() - is there a module of that name in the kernel that is looked at */
bool oi_kmod_is_loaded(const struct oi_host *host, const struct oi_kmod *kmod);

/** oi_kmod_is_kernels() - is what is loaded by that name known to be the kernel's own build */
bool oi_kmod_is_kernels(const struct oi_host *host, const char *name);

/** oi_kmods_stack_adds() - does a stack bring modules of its own, as doca-ofed does */
bool oi_kmods_stack_adds(const char *stack);

#endif
