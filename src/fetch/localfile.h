/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OI_FETCH_LOCALFILE_H
#define OI_FETCH_LOCALFILE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "fetch/staged.h"

/**
 * oi_localfile_copy() - copy what a file:// URL names
 * @url: file://
 * @max_bytes: more than that is refused
 * @staged: begun
 * Return: 0, or -1 with OI_R_FETCH_FILE (missing, unreadable, no regular file),
 *         OI_R_FETCH_TOO_LARGE, or what oi_staged_write() says.
 */
OI_MUST_CHECK
int oi_localfile_copy(const char *url, int64_t max_bytes, struct oi_staged *staged,
		      struct oi_err *err);

#endif
