/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/url.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "fetch/protocol.h"
#include "model/reasons.h"

/* Shorter parts of a URL are no secrets, and replacing them would spoil every text. */
#define SECRET_BYTES_MIN 3

static const struct {
	const char *start;
	enum oi_url_scheme scheme;
} schemes[] = {
	{ "https://", OI_URL_HTTPS },
	{ "http://", OI_URL_HTTP },
	{ "file://", OI_URL_FILE },
};

enum oi_url_scheme oi_url_scheme(const char *url)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(schemes); i++)
		if (!strncasecmp(url, schemes[i].start, strlen(schemes[i].start)))
			return schemes[i].scheme;
	return OI_URL_OTHER;
}

/* The parts of scheme://user@host/path?query#fragment, as places in the text. */
struct parts {
	const char *user; /* behind "://" */
	const char *host; /* behind the last '@' before the path; user when there is none */
	const char *path; /* where the host ends */
	const char *query; /* '?' or '#' or the end */
	const char *end;
};

/* Is what follows the host's ':' something else than a port */
static bool port_is_odd(const char *host, const char *end)
{
	const char *colon;

	if (*host == '[') {
		const char *close = memchr(host, ']', (size_t)(end - host));

		host = close ? close : host;
	}
	colon = memchr(host, ':', (size_t)(end - host));
	return colon && colon + 1 + strspn(colon + 1, "0123456789") < end;
}

static struct parts split(const char *url)
{
	struct parts p;
	const char *colon = strstr(url, "://");
	const char *at;

	p.end = url + strlen(url);
	p.user = colon ? colon + 3 : url;
	p.host = p.user;
	p.path = p.user + strcspn(p.user, "/?#");
	at = memrchr(p.user, '@', (size_t)(p.path - p.user));
	/* "user:pass/word@host" is malformed, but no less a secret. */
	if (!at && port_is_odd(p.user, p.path))
		at = strrchr(p.user, '@');
	if (at) {
		p.host = at + 1;
		p.path = p.host + strcspn(p.host, "/?#");
	}
	p.query = p.path + strcspn(p.path, "?#");
	return p;
}

int oi_url_check(const char *url, struct oi_err *err)
{
	OI_FREE char *shown = oi_url_redact(url);
	struct parts p = split(url);
	bool is_file = oi_url_scheme(url) == OI_URL_FILE;

	if (strlen(url) > OI_FETCH_URL_BYTES)
		return oi_err_set(err, OI_R_FETCH_FAILED, "a URL longer than %d bytes",
				  OI_FETCH_URL_BYTES);
	for (const char *c = url; *c; c++)
		if (is_file ? iscntrl((unsigned char)*c) != 0 :
			      !isgraph((unsigned char)*c) || strchr("\"<>\\^`{|}", *c))
			return oi_err_set(err, OI_R_FETCH_FAILED,
					  "%s: a character that must be written as %%XX", shown);
	if (is_file)
		return 0; /* oi_url_file_path() says the rest */
	if (memchr(p.user, '/', (size_t)(p.host - p.user)) || port_is_odd(p.host, p.path))
		return oi_err_set(err, OI_R_FETCH_FAILED,
				  "%s: malformed; a '/' in a password must be written as %%2F",
				  shown);
	if (p.host == p.path)
		return oi_err_set(err, OI_R_FETCH_FAILED, "%s: it has no host", shown);
	return 0;
}

static void add_printable(struct oi_buf *buf, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		oi_buf_add(buf, isprint(c) ? (const char *)&bytes[i] : "?", 1);
	}
}

char *oi_url_redact(const char *url)
{
	struct oi_buf out = { 0 };
	struct parts p = split(url);

	add_printable(&out, url, (size_t)(p.user - url));
	if (p.host > p.user)
		oi_buf_adds(&out, "***@");
	add_printable(&out, p.host, (size_t)(p.query - p.host));
	if (p.query < p.end)
		oi_buf_addf(&out, "%c***", *p.query);
	return oi_buf_take(&out);
}

char *oi_url_host(const char *url)
{
	struct parts p = split(url);
	const char *colon = memrchr(p.host, ':', (size_t)(p.path - p.host));
	const char *bracket = memrchr(p.host, ']', (size_t)(p.path - p.host));

	return oi_mem_ndup(p.host, (size_t)((colon && (!bracket || colon > bracket) ? colon : p.path) - p.host));
}

char *oi_url_origin(const char *url)
{
	struct parts p = split(url);
	char *origin = oi_mem_printf("%.*s%.*s", (int)(p.user - url), url, (int)(p.path - p.host),
				     p.host);

	for (char *c = origin; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return origin;
}

/* Replaces all places of @secret in @text. */
static void hide(struct oi_buf *text, const char *secret, size_t len)
{
	struct oi_buf out = { 0 };
	const char *at = oi_buf_str(text);
	const char *found;

	if (len < SECRET_BYTES_MIN)
		return;
	while ((found = memmem(at, strlen(at), secret, len))) {
		oi_buf_add(&out, at, (size_t)(found - at));
		oi_buf_adds(&out, "***");
		at = found + len;
	}
	oi_buf_adds(&out, at);
	oi_buf_clear(text);
	*text = out;
}

char *oi_url_scrub(const char *text, const char *url)
{
	struct oi_buf out = { 0 };

	oi_buf_adds(&out, text);
	if (url) {
		struct parts p = split(url);
		const char *colon = memchr(p.user, ':', (size_t)(p.host - p.user));

		if (p.host > p.user) {
			hide(&out, p.user, (size_t)(p.host - p.user) - 1);
			if (colon)
				hide(&out, colon + 1, (size_t)(p.host - colon) - 2);
		}
		if (p.query < p.end)
			hide(&out, p.query + 1, (size_t)(p.end - p.query) - 1);
	}
	return oi_buf_take(&out);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int oi_url_file_path(const char *url, char **path, struct oi_err *err)
{
	OI_FREE char *shown = oi_url_redact(url);
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	const char *at = url + strlen("file://");

	if (!strncasecmp(at, "localhost/", strlen("localhost/")))
		at += strlen("localhost");
	if (*at != '/')
		return oi_err_set(err, OI_R_FETCH_FILE,
				  "%s: not an absolute path on this machine (file:///path)", shown);
	for (; *at; at++) {
		char c = *at;

		if (c == '?' || c == '#')
			return oi_err_set(err, OI_R_FETCH_FILE,
					  "%s: a '%c' in a path must be written as %%%02X", shown,
					  c, (unsigned int)c);
		if (c == '%') {
			int high = hex_value(at[1]);
			int low = high < 0 ? -1 : hex_value(at[2]);

			if (low < 0 || (high == 0 && low == 0))
				return oi_err_set(err, OI_R_FETCH_FILE,
						  "%s: a malformed %% escape", shown);
			c = (char)(high * 16 + low);
			at += 2;
		}
		oi_buf_add(&out, &c, 1);
	}
	*path = oi_buf_take(&out);
	return 0;
}
