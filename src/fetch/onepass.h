/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An archive's content in one pass: digested, decoded and written while it comes. */
#ifndef OI_FETCH_ONEPASS_H
#define OI_FETCH_ONEPASS_H

#include "base/attr.h"
#include "base/err.h"
#include "fetch/protocol.h"

/**
 * oi_onepass_get() - an archive's content into a folder, in one pass, and answer "done"
 * @request: OI_FETCH_STREAM
 * @dir_fd: borrowed, ours alone; gets the folder INTO, which must not be there
 *
 * tar, plain or packed by gzip, bzip2, xz or zstd; see oi_source_get() for where it
 * comes from and oi_stream_begin() for where it goes.
 * Return: 0, or -1 with the errors of both and nothing left behind.
 */
OI_MUST_CHECK
int oi_onepass_get(const struct oi_fetch_request *request, int dir_fd, struct oi_err *err);

#endif
