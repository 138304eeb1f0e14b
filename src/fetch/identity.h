/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VM's managed identity, which opens private blobs. */
#ifndef OI_FETCH_IDENTITY_H
#define OI_FETCH_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "fetch/protocol.h"

/*
 * The version of the storage service's language; bearer tokens need 2017-11-09 or later.
 * Source: learn.microsoft.com, "Authorize with Microsoft Entra ID", Versioning
 */
#define OI_IDENTITY_VERSION_HEADER "x-ms-version: 2019-12-12"

/**
 * oi_identity_is_for() - does a url get a token
 *
 * Only https://, only the hosts of the request, and none whose query has a signature
 * of its own (SAS): the service refuses both together.
 */
bool oi_identity_is_for(const struct oi_fetch_request *request, const char *url);

/**
 * oi_identity_header() - ask the metadata service for a token
 * @header: "Authorization: Bearer ..."; for oi_identity_forget()
 * @requests: counts those made
 * Return: 0, or -1 with OI_R_FETCH_IDENTITY.
 */
OI_MUST_CHECK
int oi_identity_header(const struct oi_fetch_request *request, char **header, int64_t *requests,
		       struct oi_err *err);

/** oi_identity_forget() - wipe and free; NULL is fine */
void oi_identity_forget(char **header);

#endif
