/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the staging folder has already under the name of an artefact. */
#ifndef OI_FETCH_STAGED_FIND_H
#define OI_FETCH_STAGED_FIND_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "fetch/protocol.h"
#include "fetch/record.h"

enum oi_staged_find {
	OI_THERE_NOT, /* what was there and is not the file went away */
	OI_THERE, /* with the right digest */
	OI_THERE_IF_UNCHANGED, /* it came without a digest: good while a server says so */
};

/**
 * oi_staged_find_find() - is the file there already
 * @sha256: what its digest has to be; NULL: not known
 * @record: filled for OI_THERE_IF_UNCHANGED; its digest is that of the file
 * @bytes: its size, unless OI_THERE_NOT
 * Return: 0, or -1 with OI_R_WRITE_FAILED.
 */
OI_MUST_CHECK
int oi_staged_find_find(int dir_fd, const char *name, const char *sha256, enum oi_staged_find *there,
		  struct oi_fetch_record *record, int64_t *bytes, struct oi_err *err);

/**
 * oi_staged_find_check() - answer whether the request's file has its digest; nothing is changed
 * Return: 0 after "done", or -1 with OI_R_DIGEST_MISMATCH (also when it is no regular
 *         file that can be read).
 */
OI_MUST_CHECK
int oi_staged_find_check(const struct oi_fetch_request *request, int dir_fd, struct oi_err *err);

/** oi_staged_find_keep() - note what a file that came without a digest is; without it, it is fetched anew */
void oi_staged_find_keep(int dir_fd, const char *name, const struct oi_mark *mark, const char *sha256);

#endif
