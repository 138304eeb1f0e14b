/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A download: an artefact into the staging folder, under its name when the digest is right. */
#ifndef OI_FETCH_DOWNLOAD_H
#define OI_FETCH_DOWNLOAD_H

#include "base/attr.h"
#include "base/err.h"
#include "fetch/protocol.h"

/**
 * oi_download_get() - bring an artefact into the staging folder and answer "done"
 * @dir_fd: the folder
 *
 * A file that is there with the right digest is taken as it is. One that came without a
 * digest is taken when a server says that it has not changed. Else oi_source_get() brings
 * it, from where an earlier run has come to.
 * Return: 0, or -1 as oi_source_get(); then NAME.part is left when a later run may go on
 *         with it, and nothing under the name, but for a file that came without a digest
 *         before.
 */
OI_MUST_CHECK
int oi_download_get(const struct oi_fetch_request *request, int dir_fd, struct oi_err *err);

#endif
