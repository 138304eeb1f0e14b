/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the settings of the vendor's service say of a module. */
#ifndef OI_SYS_OPENIB_H
#define OI_SYS_OPENIB_H

#include "base/attr.h"
#include "sys/root.h"

#define OI_OPENIB_CONF "/etc/infiniband/openib.conf"

/**
 * oi_openib_keeps_away() - why openibd does not load a module, by its settings
 * Return: "MLX5_LOAD=no in FILE, line 7", owned by the caller; NULL: it loads it, or there are none.
 * Source: the vendor's openibd: each key counts only as "yes", ONBOOT is for all
 */
OI_MUST_CHECK
char *oi_openib_keeps_away(const struct oi_root *root, const char *module);

#endif
