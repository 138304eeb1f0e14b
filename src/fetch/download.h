/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OI_FETCH_DOWNLOAD_H
#define OI_FETCH_DOWNLOAD_H

#include "base/attr.h"
#include "base/err.h"
#include "fetch/protocol.h"

/**
 * oi_download_get() - bring an artefact into the staging folder and answer "done"
 * @dir_fd: the folder
 *
 * A file that is there with the right digest is taken as it is. Else the urls
 * are tried in order; the digest makes them interchangeable, so whatever is
 * wrong with one is no reason not to ask the next. What ends it at once: no
 * time left, no space, no way to write.
 * Return: 0, or -1 with the last url's error (but OI_R_DIGEST_MISMATCH is never
 *         hidden by a later one) and nothing left behind.
 */
OI_MUST_CHECK
int oi_download_get(const struct oi_fetch_request *request, int dir_fd, struct oi_err *err);

#endif
