/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has to be known of a URL without asking libcurl; libcurl parses it for itself. */
#ifndef OI_FETCH_URL_H
#define OI_FETCH_URL_H

#include "base/attr.h"
#include "base/err.h"

enum oi_url_scheme { OI_URL_OTHER, OI_URL_HTTPS, OI_URL_HTTP, OI_URL_FILE };

/** oi_url_scheme() - by what it starts with, in any case of letters */
enum oi_url_scheme oi_url_scheme(const char *url);

/**
 * oi_url_check() - can it be handed to libcurl, or to oi_url_file_path()
 *
 * Only printable ASCII, a host, and not too long: whatever two parsers may
 * read differently is refused. file:// is read by us alone, and people write
 * paths of all kinds behind it: only control characters are refused there.
 * Return: 0, or -1 with OI_R_FETCH_FAILED (which never quotes more than
 *         oi_url_redact() leaves).
 */
OI_MUST_CHECK
int oi_url_check(const char *url, struct oi_err *err);

/**
 * oi_url_redact() - a URL that can be shown: no user part, no query, no fragment
 *
 * The query of a blob's URL is its signature; the user part is a password.
 * Control characters become '?'.
 * Return: owned by the caller.
 */
char *oi_url_redact(const char *url);

/** oi_url_host() - the host alone, without user and port, "" when there is none; owned by the caller */
char *oi_url_host(const char *url);

/** oi_url_origin() - scheme, host and port, in small letters; owned by the caller */
char *oi_url_origin(const char *url);

/**
 * oi_url_scrub() - @text with every secret of @url replaced by "***"
 * @url: NULL: nothing to hide
 *
 * For texts that a library wrote and that may quote a part of the URL.
 * Return: owned by the caller.
 */
char *oi_url_scrub(const char *text, const char *url);

/**
 * oi_url_file_path() - the path that a file:// URL names
 * @path: owned by the caller
 * Return: 0, or -1 with OI_R_FETCH_FILE: another host than this one, a query, or
 *         a NUL or half an escape in the path.
 */
OI_MUST_CHECK
int oi_url_file_path(const char *url, char **path, struct oi_err *err);

#endif
