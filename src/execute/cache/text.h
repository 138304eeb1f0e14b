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

/** oi_modset_module_name() - "ib_core" of ".../ib-core.ko.xz", as lsmod shows it; owned by the caller */
char *oi_modset_module_name(const char *file);

/** oi_modset_is_for() - is a module's vermagic (NULL: it has none) that of @kernel */
bool oi_modset_is_for(const char *vermagic, const char *kernel);

#endif
