/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file to where others will find it: once, and never over what is there. */
#ifndef OI_FETCH_UPLOAD_H
#define OI_FETCH_UPLOAD_H

#include "base/attr.h"
#include "base/err.h"
#include "fetch/protocol.h"

/**
 * oi_upload_put() - send a file by PUT, on the condition that there is none yet
 * @request: OI_FETCH_UPLOAD; borrowed
 * @file_fd: all of this regular file, wherever its offset is
 *
 * Answers with done; "cached" when there was one already, which stays as it is. After a
 * try that ended without an answer this may be our own.
 * Return: 0, or -1 with OI_R_UPLOAD_REFUSED when it will not be taken, OI_R_FETCH_*.
 */
OI_MUST_CHECK
int oi_upload_put(const struct oi_fetch_request *request, int file_fd, struct oi_err *err);

/**
 * oi_upload_post() - send a JSON document by POST
 * @request: OI_FETCH_POST; borrowed
 * @file_fd: all of this regular file
 *
 * Answers with done after any of 200, 201, 202 and 204. A try that ended without an answer
 * may have arrived: who asks for more than one takes it that an event may come twice.
 */
OI_MUST_CHECK
int oi_upload_post(const struct oi_fetch_request *request, int file_fd, struct oi_err *err);

#endif
