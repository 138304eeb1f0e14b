/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file on its way into the staging folder. It is NAME.part while it grows, hashed as it is
 * written, and becomes NAME only when its digest is right. NAME.part.json says what it is of
 * (record.h), so that a later run can go on with it.
 */
#ifndef OI_FETCH_STAGED_H
#define OI_FETCH_STAGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "fetch/digest.h"
#include "fetch/record.h"

struct oi_staged {
	int dir_fd; /* borrowed */
	int fd; /* -1: not open; locked otherwise */
	char *name;
	char *part; /* NAME.part; NULL: there is none (any more) */
	char *note; /* NAME.part.json */
	struct oi_fetch_record record;
	struct oi_digest digest;
	int64_t bytes; /* in it so far */
};

/**
 * oi_staged_open() - take up NAME.part where an earlier run has left it, or begin
 * @staged: { .fd = -1 }; cleared by the caller
 * @dir_fd: borrowed, has to stay open
 * @sha256: what its digest has to be, lower case; NULL: not known
 *
 * What is left is used when it is of the same digest: all of it, or after a crash of
 * the machine what had been synced. It is read once, to go on with its digest.
 * Return: 0; 1 when another process has it; or -1 with OI_R_WRITE_FAILED,
 *         OI_R_READ_FAILED, OI_R_DISK_SPACE.
 */
OI_MUST_CHECK
int oi_staged_open(struct oi_staged *staged, int dir_fd, const char *name, const char *sha256,
		   struct oi_err *err);

/** oi_staged_restart() - forget what is in it; also after a commit that failed; OI_R_WRITE_FAILED */
OI_MUST_CHECK
int oi_staged_restart(struct oi_staged *staged, struct oi_err *err);

/**
 * oi_staged_mark() - say what the bytes that follow are of
 *
 * Is there room for the rest of it, and is that known to a later run, before any byte is?
 * Errors: OI_R_DISK_SPACE, OI_R_WRITE_FAILED
 */
OI_MUST_CHECK
int oi_staged_mark(struct oi_staged *staged, const struct oi_mark *mark, struct oi_err *err);

/** oi_staged_write() - the next bytes; OI_R_WRITE_FAILED, OI_R_DISK_SPACE */
OI_MUST_CHECK
int oi_staged_write(struct oi_staged *staged, const void *bytes, size_t len, struct oi_err *err);

/**
 * oi_staged_commit() - sync, compare, and give it its name
 * @actual: filled with the digest
 *
 * Without a digest to compare, whoever sent it has proven its identity; then
 * NAME.kept.json is written, for there.h.
 * Return: 0, or -1 with OI_R_DIGEST_MISMATCH or OI_R_WRITE_FAILED: then it has not got
 *         its name.
 */
OI_MUST_CHECK
int oi_staged_commit(struct oi_staged *staged, char actual[OI_DIGEST_TEXT_BYTES],
		     struct oi_err *err);

/** oi_staged_keep() - leave what is in it for a later run, synced; close */
void oi_staged_keep(struct oi_staged *staged);

/** oi_staged_clear() - free; an uncommitted file goes away; for OI_CLEANUP */
void oi_staged_clear(struct oi_staged *staged);

#endif
