/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file on its way into the staging folder. It is NAME.part while it grows,
 * hashed as it is written, and becomes NAME only when its digest is right.
 */
#ifndef OI_FETCH_STAGED_H
#define OI_FETCH_STAGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "fetch/digest.h"

struct oi_staged {
	int dir_fd; /* borrowed */
	int fd; /* -1: not open */
	char *name;
	char *part; /* NULL: none begun */
	struct oi_digest digest;
	int64_t bytes; /* written so far */
};

/**
 * oi_staged_find() - is the file there already
 * @sha256: what its digest has to be; NULL: nothing is good enough
 *
 * What is there and is not the file goes away, so that nothing unproven stays
 * under the name.
 * Return: 1 it is there, with its size in @bytes; 0 it is not; -1 with
 *         OI_R_WRITE_FAILED or OI_R_READ_FAILED.
 */
OI_MUST_CHECK
int oi_staged_find(int dir_fd, const char *name, const char *sha256, int64_t *bytes,
		   struct oi_err *err);

/**
 * oi_staged_begin() - make an empty NAME.part, in place of any older one
 * @staged: zeroed
 * @dir_fd: borrowed, has to stay open
 * Errors: OI_R_WRITE_FAILED
 */
OI_MUST_CHECK
int oi_staged_begin(struct oi_staged *staged, int dir_fd, const char *name, struct oi_err *err);

/** oi_staged_restart() - forget what was written; also after a commit that failed; OI_R_WRITE_FAILED */
OI_MUST_CHECK
int oi_staged_restart(struct oi_staged *staged, struct oi_err *err);

/** oi_staged_room() - is there space for @bytes; OI_R_DISK_SPACE */
OI_MUST_CHECK
int oi_staged_room(const struct oi_staged *staged, int64_t bytes, struct oi_err *err);

/** oi_staged_write() - the next bytes; OI_R_WRITE_FAILED, OI_R_DISK_SPACE */
OI_MUST_CHECK
int oi_staged_write(struct oi_staged *staged, const void *bytes, size_t len, struct oi_err *err);

/**
 * oi_staged_commit() - sync, compare, and give it its name
 * @sha256: expected digest, lower case; NULL: whoever sent it has proven its identity
 * @actual: filled with the digest
 * Return: 0, or -1 with OI_R_DIGEST_MISMATCH or OI_R_WRITE_FAILED; nothing is
 *         under the name then.
 */
OI_MUST_CHECK
int oi_staged_commit(struct oi_staged *staged, const char *sha256,
		     char actual[OI_DIGEST_TEXT_BYTES], struct oi_err *err);

/** oi_staged_clear() - free; an uncommitted file goes away; fine on a zeroed one, for OI_CLEANUP */
void oi_staged_clear(struct oi_staged *staged);

#endif
