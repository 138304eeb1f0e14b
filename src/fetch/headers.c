/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/headers.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/mem.h"

/* Older than this, a Last-Modified is as good as a strong tag. */
#define MODIFIED_SECONDS_MIN 60

static const struct {
	const char *name; /* with the colon */
	size_t offset;
} fields[] = {
	{ "ETag:", offsetof(struct oi_headers, etag) },
	{ "Last-Modified:", offsetof(struct oi_headers, modified) },
	{ "Date:", offsetof(struct oi_headers, date) },
	{ "Retry-After:", offsetof(struct oi_headers, retry_after) },
	{ "Content-Range:", offsetof(struct oi_headers, content_range) },
	{ "x-ms-error-code:", offsetof(struct oi_headers, error_code) },
};

static void copy_value(char *value, const char *text, size_t len)
{
	while (len && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	value[0] = '\0';
	if (len >= OI_HEADERS_VALUE_BYTES)
		return;
	/* It may be sent back, kept and shown: nothing but printable ASCII. */
	for (size_t i = 0; i < len; i++)
		if (!isprint((unsigned char)text[i]))
			return;
	memcpy(value, text, len);
	value[len] = '\0';
}

void oi_headers_take(struct oi_headers *headers, const char *line, size_t len)
{
	if (len >= 5 && !strncasecmp(line, "HTTP/", 5))
		memset(headers, 0, sizeof(*headers));
	for (size_t i = 0; i < OI_ARRAY_SIZE(fields); i++) {
		size_t n = strlen(fields[i].name);

		if (len >= n && !strncasecmp(line, fields[i].name, n))
			copy_value((char *)headers + fields[i].offset, line + n, len - n);
	}
}

bool oi_headers_etag_is_strong(const char *etag)
{
	size_t len = strlen(etag);

	return len > 2 && etag[0] == '"' && strchr(etag + 1, '"') == etag + len - 1;
}

bool oi_headers_modified_is_strong(const struct oi_headers *headers)
{
	int64_t modified = oi_headers_date(headers->modified);
	int64_t date = oi_headers_date(headers->date);

	return modified >= 0 && date >= 0 && date - modified >= MODIFIED_SECONDS_MIN;
}

/* A number at *@at, which moves behind it; -1: there is none, or it is too large. */
static int64_t number(const char **at)
{
	char *end = NULL;
	long long value;

	if (!isdigit((unsigned char)**at))
		return -1;
	errno = 0;
	value = strtoll(*at, &end, 10);
	*at = end;
	return errno ? -1 : value;
}

bool oi_headers_range(const char *value, int64_t *first, int64_t *last, int64_t *total)
{
	if (strncasecmp(value, "bytes ", 6))
		return false;
	value += 6;
	*first = number(&value);
	if (*value++ != '-')
		return false;
	*last = number(&value);
	if (*value++ != '/')
		return false;
	*total = -1;
	if (!strcmp(value, "*"))
		return *first >= 0 && *last >= *first;
	*total = number(&value);
	return !*value && *first >= 0 && *last >= *first && *total > *last;
}

int64_t oi_headers_date(const char *value)
{
	static const char *const forms[] = {
		"%a, %d %b %Y %H:%M:%S GMT", /* of today */
		"%A, %d-%b-%y %H:%M:%S GMT", /* RFC 850 */
		"%a %b %d %H:%M:%S %Y", /* asctime() */
	};

	/* The program never leaves the C locale for times. */
	for (size_t i = 0; i < OI_ARRAY_SIZE(forms); i++) {
		struct tm tm = { 0 };
		const char *end = strptime(value, forms[i], &tm);

		if (end && !*end)
			return (int64_t)timegm(&tm);
	}
	return -1;
}

int64_t oi_headers_retry_after_ms(const char *value, int64_t now)
{
	size_t digits = strspn(value, "0123456789");
	int64_t when;

	if (digits && !value[digits]) /* so long that it would not fit is longer than we wait */
		return digits > 9 ? INT64_C(1000000000000) : strtoll(value, NULL, 10) * 1000;
	when = oi_headers_date(value);
	if (when < 0)
		return -1;
	return when > now ? (when - now) * 1000 : 0;
}
