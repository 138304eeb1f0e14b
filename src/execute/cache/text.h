/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and texts of module sets; values in, values out. */
#ifndef OI_EXECUTE_CACHE_TEXT_H
#define OI_EXECUTE_CACHE_TEXT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/strv.h"
#include "sys/host.h"

/* In the package's control file: what it is for. */
#define OI_MODSET_KEY_FIELD "Ofed-Init-Modules"

/* What a compilation leaves for others to build against: headers, configuration, symbol versions. */
#define OI_MODSET_HEADERS_DIR "/usr/src/ofa_kernel"

/* The list of what is in the package, with digests and source versions. */
#define OI_MODSET_MANIFEST_DIR "/usr/share/ofed-init/modules"

/** oi_modset_file_name() - "KEY-0123456789abcdef.deb"; owned by the caller */
char *oi_modset_file_name(const char *key, const char *sha256);

/** oi_modset_package_name() - "ofed-init-modules-6.1.0-50-amd64"; owned by the caller */
char *oi_modset_package_name(const char *kernel);

/** oi_modset_staged_path() - a staged file as a child sees it; owned by the caller */
char *oi_modset_staged_path(const struct oi_host *host, const char *file);

/**
 * oi_modset_parse_control() - understand a set's control file
 * @key: what it has to be for
 * @provides: appended to: names of the packages that it stands in for
 * Return: what is wrong with it, owned by the caller; NULL: nothing. A set has the fields that
 *         oi_modset_create() writes and no others: a Conflicts or Replaces would reach into
 *         packages of others, and it stands in for sources of modules only.
 */
char *oi_modset_parse_control(const char *text, const char *kernel, const char *key,
			      struct oi_strv *provides);

/**
 * oi_modset_parse_contents() - what a set brings, by the output of dpkg-deb --contents
 * @modules: appended to, below /lib/modules/KERNEL
 * @headers: NULL, or filled with the folder that other modules are built against,
 *           "/usr/src/ofa_kernel/ARCH/KERNEL"; owned by the caller; untouched when there is none
 * Return: the first path that has no place in such a package, and why, owned by the caller;
 *         NULL: there is none.
 */
char *oi_modset_parse_contents(const char *text, const char *kernel, struct oi_strv *modules,
			       char **headers);

/**
 * oi_modset_script() - a maintainer script of a set
 * @name: "postinst", "prerm", "postrm"
 * @headers: of oi_modset_parse_contents(), or NULL
 * Return: its whole text, owned by the caller; NULL: such a set has none of this name.
 */
char *oi_modset_script(const char *name, const char *kernel, const char *headers);

/** oi_modset_module_name() - "ib_core" of ".../ib-core.ko.xz", as lsmod shows it; owned by the caller */
char *oi_modset_module_name(const char *file);

/** oi_modset_is_for() - is a module's vermagic (NULL: it has none) that of @kernel */
bool oi_modset_is_for(const char *vermagic, const char *kernel);

#endif
