/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instance document of Azure's metadata service. */
#ifndef OI_FETCH_METADATA_H
#define OI_FETCH_METADATA_H

#include "base/attr.h"
#include "base/err.h"
#include "fetch/protocol.h"

/**
 * oi_metadata_get() - ask for the instance document and answer it
 *
 * The document goes on as it was parsed here and written anew, without what the
 * user had put into it (compute.userData, compute.customData): nobody needs it,
 * and it may hold passwords.
 * Return: 0 after "document" and "done", or -1 with OI_R_METADATA_UNAVAILABLE.
 */
OI_MUST_CHECK
int oi_metadata_get(const struct oi_fetch_request *request, struct oi_err *err);

#endif
