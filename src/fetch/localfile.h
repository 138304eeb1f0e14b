/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Artefacts that are files of this machine: file:// URLs. */
#ifndef OI_FETCH_LOCALFILE_H
#define OI_FETCH_LOCALFILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct oi_localfile {
	int fd; /* -1: not open */
	char *path;
	int64_t bytes; /* as it was opened */
};

/**
 * oi_localfile_open() - what a file:// URL names
 * @url: file://
 * @max_bytes: more than that is refused
 * @file: { .fd = -1 }; cleared by the caller
 * Return: 0, or -1 with OI_R_FETCH_FILE (missing, unreadable, not a regular file) or
 *         OI_R_FETCH_TOO_LARGE.
 */
OI_MUST_CHECK
int oi_localfile_open(const char *url, int64_t max_bytes, struct oi_localfile *file,
		      struct oi_err *err);

/**
 * oi_localfile_copy() - all bytes of it
 * @write: takes the next ones
 * Return: 0, or -1 as oi_localfile_open() or with what @write says.
 */
OI_MUST_CHECK
int oi_localfile_copy(struct oi_localfile *file, int64_t max_bytes,
		      int (*write)(void *data, const void *bytes, size_t len, struct oi_err *err),
		      void *data, struct oi_err *err);

/** oi_localfile_clear() - close and free */
void oi_localfile_clear(struct oi_localfile *file);

#endif
