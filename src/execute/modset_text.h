/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and texts of module sets; values in, values out, but for oi_modinfo_read(). */
#ifndef OI_EXECUTE_MODSET_TEXT_H
#define OI_EXECUTE_MODSET_TEXT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "sys/host.h"

/* In the package's control file: what it is for. */
#define OI_MODSET_KEY_FIELD "Ofed-Init-Modules"

/* The list of what is in the package, with digests and source versions. */
#define OI_MODSET_MANIFEST_DIR "/usr/share/ofed-init/modules"

/** oi_modset_file_name() - "KEY-0123456789abcdef.deb"; owned by the caller */
char *oi_modset_file_name(const char *key, const char *sha256);

/** oi_modset_package_name() - "ofed-init-modules-6.1.0-50-amd64"; owned by the caller */
char *oi_modset_package_name(const char *kernel);

/** oi_modset_staged_path() - a staged file as a child sees it; owned by the caller */
char *oi_modset_staged_path(const struct oi_host *host, const char *file);

/** oi_modset_parse_provides() - names of "a (= 1), b (= 2)" */
void oi_modset_parse_provides(const char *text, struct oi_strv *names);

/**
 * oi_modset_parse_contents() - modules in the output of dpkg-deb --contents
 * @modules: appended to, below /lib/modules/KERNEL
 * Return: the first path that has no place in such a package, owned by the caller;
 *         NULL: there is none.
 */
char *oi_modset_parse_contents(const char *text, const char *kernel, struct oi_strv *modules);

/** oi_modset_dep_has() - has modules.dep a line of this file */
bool oi_modset_dep_has(const char *dep, const char *module);

/**
 * oi_modset_dep_find() - the file of modules.dep that is named @base
 * One that was added comes before the kernel's own.
 * Return: its path below /lib/modules/KERNEL, owned by the caller; NULL: none.
 */
char *oi_modset_dep_find(const char *dep, const char *base);

/* What a module says of itself; NULL: nothing. */
struct oi_modinfo {
	char *vermagic, *srcversion, *signer;
};

void oi_modinfo_clear(struct oi_modinfo *info);
/** oi_modinfo_parse() - the output of modinfo */
void oi_modinfo_parse(const char *text, struct oi_modinfo *info);
/** oi_modinfo_is_for() - is its vermagic that of @kernel */
bool oi_modinfo_is_for(const struct oi_modinfo *info, const char *kernel);
/** oi_modinfo_read() - ask modinfo about a file; OI_R_TOOL_MISSING, OI_R_CHILD_FAILED */
OI_MUST_CHECK
int oi_modinfo_read(const struct oi_host *host, const char *path, struct oi_modinfo *info,
		    struct oi_err *err);

#endif
