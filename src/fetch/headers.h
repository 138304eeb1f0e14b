/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the head of an HTTP answer says that matters to a download. */
#ifndef OI_FETCH_HEADERS_H
#define OI_FETCH_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer than any date and than the tags of all known servers; what is longer is left out. */
#define OI_HEADERS_VALUE_BYTES 128

struct oi_headers {
	char etag[OI_HEADERS_VALUE_BYTES]; /* as it was sent; "": none */
	char modified[OI_HEADERS_VALUE_BYTES]; /* Last-Modified */
	char date[OI_HEADERS_VALUE_BYTES];
	char retry_after[OI_HEADERS_VALUE_BYTES];
	char content_range[OI_HEADERS_VALUE_BYTES];
	char error_code[OI_HEADERS_VALUE_BYTES]; /* Azure's name for an error: x-ms-error-code */
};

/** oi_headers_take() - a line of it, with or without its end; a status line begins anew */
void oi_headers_take(struct oi_headers *headers, const char *line, size_t len);

/**
 * oi_headers_etag_is_strong() - do equal tags mean equal bytes
 * Source: RFC 9110, 8.8.3
 */
bool oi_headers_etag_is_strong(const char *etag);

/**
 * oi_headers_modified_is_strong() - does an equal Last-Modified mean equal bytes
 *
 * Its resolution is a second, so it does when it was at least a minute old: whoever
 * writes twice in a second has ended by then.
 * Source: RFC 9110, 8.8.2.2
 */
bool oi_headers_modified_is_strong(const struct oi_headers *headers);

/**
 * oi_headers_range() - which part a 206 brings, by its Content-Range
 * @total: -1 when it does not say
 * Return: false when there is none or it makes no sense.
 * Source: RFC 9110, 14.4
 */
bool oi_headers_range(const char *value, int64_t *first, int64_t *last, int64_t *total);

/** oi_headers_date() - seconds since 1970 of one of the three forms of an HTTP date, or -1 */
int64_t oi_headers_date(const char *value);

/**
 * oi_headers_retry_after_ms() - what a Retry-After field asks for
 * @value: seconds, or an HTTP date
 * @now: seconds since 1970
 * Return: milliseconds, 0 for a date that has passed, -1 when it makes no sense.
 * Source: RFC 9110, 10.2.3
 */
int64_t oi_headers_retry_after_ms(const char *value, int64_t now);

#endif
