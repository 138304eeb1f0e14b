/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which boot this is. */
#ifndef OI_SYS_BOOT_H
#define OI_SYS_BOOT_H

#include "sys/root.h"

/**
 * oi_boot_id() - the kernel's name of this boot, another one after each restart
 * Return: owned by the caller; NULL: unknown, as in a tree.
 * Source: random(4), /proc/sys/kernel/random/boot_id
 */
char *oi_boot_id(const struct oi_root *root);

#endif
