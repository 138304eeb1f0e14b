/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files ofed-fetch may touch: the half of the sandbox that is Landlock's. */
#ifndef OI_FETCH_LANDLOCK_H
#define OI_FETCH_LANDLOCK_H

#include "base/attr.h"
#include "base/strv.h"

/**
 * oi_landlock_limit() - from here on no file is written but beneath one folder
 * @dir_fd: that folder; -1: none
 * @readable: absolute paths of files to read besides what every program of the
 *            network needs (certificates, resolver, libraries); missing ones are skipped
 * @links: names are moved and linked from one folder beneath @dir_fd to another, which
 *         the first Landlock (Linux 5.13 to 5.18) cannot allow
 *
 * Needs no_new_privs. Holds for this thread and all that it starts. Where the kernel
 * knows how, signals and abstract sockets of other processes are out of reach too.
 * Return: NULL, or why this kernel does not do it; then nothing is limited.
 * Source: landlock(7); kernel, Documentation/userspace-api/landlock.rst
 */
OI_MUST_CHECK
const char *oi_landlock_limit(int dir_fd, const struct oi_strv *readable, bool links);

#endif
