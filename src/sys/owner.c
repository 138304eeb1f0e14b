/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/owner.h"

#include <stddef.h>
#include <unistd.h>

const char *oi_owner_doubt(const struct stat *st)
{
	if (geteuid())
		return NULL;
	if (st->st_uid)
		return "not owned by root";
	if (S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX))
		return NULL; /* others may add to it, but not replace what is root's */
	return st->st_mode & 022 ? "writable by its group or by others" : NULL;
}
