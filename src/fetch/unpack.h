/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An archive that lies there as a file becomes a folder. */
#ifndef OI_FETCH_UNPACK_H
#define OI_FETCH_UNPACK_H

#include "base/attr.h"
#include "base/err.h"
#include "fetch/protocol.h"

/**
 * oi_unpack() - an archive becomes a folder, complete or not at all
 * @request: OI_FETCH_UNPACK
 * @dir_fd: borrowed; gets the folder; neither INTO nor INTO.part-dir may be there
 *
 * tar, cpio and ISO 9660, plain or packed by gzip, bzip2, xz or zstd, and rpm.
 * Entries become ours: no owner, no set-uid, nothing that others may write, no
 * special files; none lies outside of the folder or is reached through a link.
 * Links are made as they are: who reads the folder must stay below it.
 * Changes the working folder of the process.
 * Return: 0 after "done", or -1 with OI_R_ARCHIVE_MALFORMED, OI_R_ARCHIVE_UNSAFE,
 *         OI_R_ARCHIVE_TOO_LARGE, OI_R_DISK_SPACE, OI_R_FETCH_TIMEOUT,
 *         OI_R_WRITE_FAILED; INTO.part-dir may be left, for the caller to remove.
 */
OI_MUST_CHECK
int oi_unpack(const struct oi_fetch_request *request, int dir_fd, struct oi_err *err);

#endif
