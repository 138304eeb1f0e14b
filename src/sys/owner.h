/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who could have written a file. A user's own powers are only used to look, so nobody but root is refused. */
#ifndef OI_SYS_OWNER_H
#define OI_SYS_OWNER_H

#include <sys/stat.h>

/** oi_owner_doubt() - why others than root could have written it; static; NULL: they could not */
const char *oi_owner_doubt(const struct stat *st);

#endif
