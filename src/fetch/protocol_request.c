/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the request: see protocol.h. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "fetch/digest.h"
#include "fetch/protocol.h"
#include "fetch/url.h"
#include "model/reasons.h"

void oi_fetch_request_clear(struct oi_fetch_request *request)
{
	free(request->base);
	free(request->name);
	free(request->into);
	free(request->certificate);
	free(request->text);
	free(request->public_key);
	free(request->signature);
	oi_strv_clear(&request->urls);
	free(request->sha256);
	free(request->proxy);
	oi_strv_clear(&request->no_proxy);
	free(request->ca_bundle);
	free(request->identity_base);
	free(request->identity_client);
	oi_strv_clear(&request->identity_hosts);
	memset(request, 0, sizeof(*request));
}

static int wrong(struct oi_err *err, const char *key, const char *what)
{
	return oi_err_set(err, OI_R_FETCH_FAILED, "request: %s: %s", key, what);
}

static int get_int(const struct oi_doc *doc, const char *key, int64_t least, int64_t most,
		   int64_t *out, struct oi_err *err)
{
	const struct oi_doc *item = oi_doc_get(doc, key);

	if (!item || item->kind != OI_DOC_INT || item->integer < least || item->integer > most)
		return oi_err_set(err, OI_R_FETCH_FAILED,
				  "request: %s: not a whole number from %" PRId64 " to %" PRId64,
				  key, least, most);
	*out = item->integer;
	return 0;
}

static int get_string(const struct oi_doc *doc, const char *key, bool may_be_null, size_t most,
		      char **out, struct oi_err *err)
{
	const struct oi_doc *item = oi_doc_get(doc, key);
	const char *s = oi_doc_string(item);

	if (may_be_null && item && item->kind == OI_DOC_NULL)
		return 0;
	if (!s || !*s || strlen(s) > most)
		return wrong(err, key, "not a string, or empty, or too long");
	*out = oi_mem_dup(s);
	return 0;
}

/* A plain file name: no way out of the folder, nothing hidden, nothing odd. */
static bool name_is_plain(const char *name)
{
	/* Would be taken for an unfinished one, or for what is noted of one. */
	static const char *const ours[] = { ".part", ".part-dir", ".part.json", ".kept.json", ".new" };
	size_t len = strlen(name);

	if (!isalnum((unsigned char)name[0]) || len > OI_FETCH_NAME_BYTES)
		return false;
	for (size_t i = 0; i < OI_ARRAY_SIZE(ours); i++)
		if (len >= strlen(ours[i]) && !strcmp(name + len - strlen(ours[i]), ours[i]))
			return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._+~%=@,:-", *name))
			return false;
	return true;
}

static int get_urls(const struct oi_doc *doc, struct oi_strv *urls, struct oi_err *err)
{
	const struct oi_doc *list = oi_doc_get(doc, "urls");

	if (!list || list->kind != OI_DOC_LIST || !list->n || list->n > OI_FETCH_URLS_MAX)
		return wrong(err, "urls", "not a list of URLs, or too long");
	for (size_t i = 0; i < list->n; i++) {
		const char *url = oi_doc_string(list->items[i]);

		if (!url)
			return wrong(err, "urls", "not a list of strings");
		if (oi_url_check(url, err))
			return oi_err_prefix(err, "request: urls");
		oi_strv_add(urls, url);
	}
	return 0;
}

/*
 * Every download is authenticated before it is used: by TLS, or by the digest.
 * A local file is no exception: whoever names it knows what has to be in it.
 */
static int check_authentic(const struct oi_fetch_request *request, struct oi_err *err)
{
	for (size_t i = 0; i < request->urls.n; i++) {
		const char *url = request->urls.v[i];
		enum oi_url_scheme scheme = oi_url_scheme(url);
		OI_FREE char *shown = oi_url_redact(url);

		if (scheme == OI_URL_OTHER)
			return oi_err_set(err, OI_R_FETCH_FAILED,
					  "request: urls: %s: not https://, http:// or file://",
					  shown);
		if (scheme != OI_URL_HTTPS && !request->sha256)
			return oi_err_set(err, OI_R_DIGEST_MISSING,
					  "%s: only https:// is taken without a SHA-256 digest",
					  shown);
	}
	return 0;
}

static int check_proxy(const char *proxy, struct oi_err *err)
{
	static const char *const schemes[] = { "http://", "https://", "socks5://", "socks5h://" };

	if (!proxy)
		return 0;
	if (oi_url_check(proxy, err))
		return oi_err_prefix(err, "request: proxy");
	for (size_t i = 0; i < OI_ARRAY_SIZE(schemes); i++)
		if (!strncasecmp(proxy, schemes[i], strlen(schemes[i])))
			return 0;
	return wrong(err, "proxy", "not http://, https://, socks5:// or socks5h://");
}

/* Hosts and networks: nothing that would read as two entries, or as none. */
static int get_names(const struct oi_doc *doc, const char *key, struct oi_strv *names,
		     struct oi_err *err)
{
	const struct oi_doc *list = oi_doc_get(doc, key);

	if (!list || list->kind != OI_DOC_LIST || list->n > OI_FETCH_NAMES_MAX)
		return wrong(err, key, "not a list, or too long");
	for (size_t i = 0; i < list->n; i++) {
		const char *name = oi_doc_string(list->items[i]);

		if (!name || !*name || strlen(name) > OI_FETCH_NAME_BYTES)
			return wrong(err, key, "not a list of names");
		for (const char *c = name; *c; c++)
			if (!isalnum((unsigned char)*c) && !strchr(".-_:*/[]", *c))
				return wrong(err, key, "neither a host nor a network");
		oi_strv_add(names, name);
	}
	return 0;
}

/* Where a metadata service answers: it speaks nothing but plain HTTP. */
static int get_base(const struct oi_doc *doc, char **base, struct oi_err *err)
{
	size_t len;

	if (get_string(doc, "base", false, OI_FETCH_URL_BYTES, base, err))
		return -1;
	if (oi_url_check(*base, err))
		return oi_err_prefix(err, "request: base");
	if (oi_url_scheme(*base) != OI_URL_HTTP || strpbrk(*base, "?#@"))
		return wrong(err, "base", "not a plain http:// URL");
	len = strlen(*base);
	while ((*base)[len - 1] == '/')
		(*base)[--len] = '\0';
	return 0;
}

static int check_keys(const struct oi_doc *doc, const char *const *keys, struct oi_err *err)
{
	for (size_t i = 0; i < doc->n; i++) {
		const char *const *key = keys;

		while (*key && strcmp(*key, doc->keys[i]))
			key++;
		if (!*key)
			return wrong(err, doc->keys[i], "unknown key");
	}
	return 0;
}

static int get_identity(const struct oi_doc *doc, struct oi_fetch_request *request,
			struct oi_err *err)
{
	static const char *const keys[] = { "base", "client_id", "hosts", NULL };
	const struct oi_doc *identity = oi_doc_get(doc, "identity");

	if (identity && identity->kind == OI_DOC_NULL)
		return 0;
	if (!identity || identity->kind != OI_DOC_MAP)
		return wrong(err, "identity", "not an object");
	if (check_keys(identity, keys, err) || get_base(identity, &request->identity_base, err) ||
	    get_string(identity, "client_id", true, OI_FETCH_NAME_BYTES,
		       &request->identity_client, err) ||
	    get_names(identity, "hosts", &request->identity_hosts, err))
		return oi_err_prefix(err, "identity");
	/* Azure's are UUIDs; it becomes a part of a URL. */
	for (const char *c = request->identity_client; c && *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '-')
			return wrong(err, "client_id", "not a client id");
	return 0;
}

/* Of both that speak to a network. */
static int get_patience(const struct oi_doc *doc, struct oi_fetch_request *request,
			struct oi_err *err)
{
	if (get_int(doc, "connect_ms", 1, INT_MAX, &request->connect_ms, err))
		return -1;
	return get_int(doc, "backoff_ms", 0, INT_MAX, &request->backoff_ms, err);
}

static int parse_metadata(const struct oi_doc *doc, struct oi_fetch_request *request,
			  struct oi_err *err)
{
	if (get_patience(doc, request, err) || get_base(doc, &request->base, err) ||
	    get_int(doc, "try_ms", 1, INT_MAX, &request->try_ms, err) ||
	    get_int(doc, "max_bytes", 1, OI_FETCH_METADATA_BYTES_MAX, &request->max_bytes, err))
		return -1;
	return 0;
}

/* The way to a store, there and back. */
static int get_way(const struct oi_doc *doc, struct oi_fetch_request *request, struct oi_err *err)
{
	int64_t stall_seconds = 0;
	int64_t tries = 0;

	if (get_patience(doc, request, err) ||
	    get_string(doc, "proxy", true, OI_FETCH_URL_BYTES, &request->proxy, err) ||
	    get_names(doc, "no_proxy", &request->no_proxy, err) ||
	    get_string(doc, "ca_bundle", true, PATH_MAX, &request->ca_bundle, err) ||
	    get_identity(doc, request, err) ||
	    get_int(doc, "stall_seconds", 1, 3600, &stall_seconds, err) ||
	    get_int(doc, "tries", 1, 100, &tries, err) || check_proxy(request->proxy, err))
		return -1;
	if (request->ca_bundle && request->ca_bundle[0] != '/')
		return wrong(err, "ca_bundle", "not an absolute path");
	request->stall_seconds = (int)stall_seconds;
	request->tries = (int)tries;
	return 0;
}

static int get_sha256(const struct oi_doc *doc, bool may_be_null, char **sha256, struct oi_err *err)
{
	if (get_string(doc, "sha256", may_be_null, OI_DIGEST_TEXT_BYTES, sha256, err))
		return -1;
	if (*sha256 && !oi_digest_is_text(*sha256))
		return wrong(err, "sha256", "not 64 hexadecimal digits");
	for (char *c = *sha256; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return 0;
}

/* Of both that bring an artefact. */
static int parse_artefact(const struct oi_doc *doc, struct oi_fetch_request *request,
			  struct oi_err *err)
{
	if (get_way(doc, request, err) || get_urls(doc, &request->urls, err) ||
	    get_sha256(doc, true, &request->sha256, err) ||
	    get_int(doc, "spread_ms", 0, OI_FETCH_DEADLINE_MS_MAX, &request->spread_ms, err) ||
	    get_int(doc, "max_bytes", 1, OI_FETCH_BYTES_MAX, &request->max_bytes, err))
		return -1;
	return check_authentic(request, err);
}

static int get_name(const struct oi_doc *doc, const char *key, char **name, struct oi_err *err)
{
	if (get_string(doc, key, false, OI_FETCH_NAME_BYTES, name, err))
		return -1;
	return name_is_plain(*name) ? 0 : wrong(err, key, "not a plain file name");
}

static int parse_download(const struct oi_doc *doc, struct oi_fetch_request *request,
			  struct oi_err *err)
{
	return get_name(doc, "name", &request->name, err) ? -1 : parse_artefact(doc, request, err);
}

static int parse_stream(const struct oi_doc *doc, struct oi_fetch_request *request,
			struct oi_err *err)
{
	if (get_name(doc, "into", &request->into, err) ||
	    get_int(doc, "max_entries", 1, OI_FETCH_ENTRIES_MAX, &request->max_entries, err) ||
	    get_int(doc, "max_unpacked_bytes", 1, OI_FETCH_UNPACKED_BYTES_MAX,
		    &request->max_unpacked_bytes, err) ||
	    get_int(doc, "room_factor", 1, 100, &request->room_factor, err) ||
	    get_int(doc, "room_bytes", 0, OI_FETCH_UNPACKED_BYTES_MAX, &request->room_bytes, err))
		return -1;
	return parse_artefact(doc, request, err);
}

static int parse_post(const struct oi_doc *doc, struct oi_fetch_request *request,
		      struct oi_err *err)
{
	OI_FREE char *url = NULL;

	if (get_way(doc, request, err) ||
	    get_string(doc, "url", false, OI_FETCH_URL_BYTES, &url, err))
		return -1;
	if (oi_url_check(url, err))
		return oi_err_prefix(err, "request: url");
	if (oi_url_scheme(url) != OI_URL_HTTPS && oi_url_scheme(url) != OI_URL_HTTP)
		return wrong(err, "url", "neither https:// nor http://");
	oi_strv_add(&request->urls, url);
	return 0;
}

static int parse_upload(const struct oi_doc *doc, struct oi_fetch_request *request,
			struct oi_err *err)
{
	if (parse_post(doc, request, err))
		return -1;
	/* What is sent names the store that gets it, and may carry a token or a signature. */
	if (oi_url_scheme(request->urls.v[0]) != OI_URL_HTTPS)
		return wrong(err, "url", "not https://");
	return 0;
}

static int parse_unpack(const struct oi_doc *doc, struct oi_fetch_request *request,
			struct oi_err *err)
{
	if (get_string(doc, "name", false, PATH_MAX - 1, &request->name, err) ||
	    get_name(doc, "into", &request->into, err) ||
	    get_int(doc, "max_entries", 1, OI_FETCH_ENTRIES_MAX, &request->max_entries, err) ||
	    get_int(doc, "max_bytes", 1, OI_FETCH_UNPACKED_BYTES_MAX, &request->max_bytes, err))
		return -1;
	if (request->name[0] != '/' && !name_is_plain(request->name))
		return wrong(err, "name", "neither a plain file name nor an absolute path");
	return 0;
}

static int parse_check(const struct oi_doc *doc, struct oi_fetch_request *request,
		       struct oi_err *err)
{
	return get_name(doc, "name", &request->name, err) ||
			       get_sha256(doc, false, &request->sha256, err) ?
		       -1 :
		       0;
}

static int get_hex(const struct oi_doc *doc, const char *key, size_t most_bytes,
		   unsigned char **bytes, size_t *n, struct oi_err *err)
{
	OI_FREE char *text = NULL;
	size_t len;

	if (get_string(doc, key, false, 2 * most_bytes, &text, err) || !text)
		return -1;
	len = strlen(text) / 2;
	if (strlen(text) != 2 * len || strspn(text, "0123456789abcdef") != 2 * len)
		return wrong(err, key, "not in hexadecimal");
	*bytes = oi_mem_zalloc(len, 1);
	*n = len;
	for (size_t i = 0; i < len; i++) {
		const char digits[3] = { text[2 * i], text[2 * i + 1], '\0' };

		(*bytes)[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
	return 0;
}

static int parse_key(const struct oi_doc *doc, struct oi_fetch_request *request,
		     struct oi_err *err)
{
	return get_hex(doc, "certificate", OI_FETCH_CERTIFICATE_BYTES_MAX, &request->certificate,
		       &request->certificate_bytes, err);
}

static int parse_sign(const struct oi_doc *doc, struct oi_fetch_request *request,
		      struct oi_err *err)
{
	return get_string(doc, "text", false, OI_FETCH_TEXT_BYTES_MAX, &request->text, err);
}

static int parse_verify(const struct oi_doc *doc, struct oi_fetch_request *request,
			struct oi_err *err)
{
	if (parse_sign(doc, request, err) ||
	    get_hex(doc, "public_key", OI_FETCH_CERTIFICATE_BYTES_MAX, &request->public_key,
		    &request->public_key_bytes, err))
		return -1;
	return get_hex(doc, "signature", OI_FETCH_SIGNATURE_BYTES_MAX, &request->signature,
		       &request->signature_bytes, err);
}

static const struct {
	const char *name;
	enum oi_fetch_wants wants;
	int (*parse)(const struct oi_doc *doc, struct oi_fetch_request *request,
		     struct oi_err *err);
	const char *keys[24]; /* all of them */
} ops[] = {
	[OI_FETCH_METADATA] = { "metadata", OI_FETCH_WANTS_NOTHING, parse_metadata,
				{ "schema", "op", "base", "deadline_ms", "connect_ms", "try_ms",
				  "backoff_ms", "max_bytes" } },
	[OI_FETCH_DOWNLOAD] = { "download", OI_FETCH_WANTS_FOLDER, parse_download,
				{ "schema", "op", "name", "urls", "sha256", "proxy", "no_proxy",
				  "ca_bundle", "identity", "spread_ms", "deadline_ms", "connect_ms", "stall_seconds", "tries",
				  "backoff_ms", "max_bytes" } },
	[OI_FETCH_STREAM] = { "stream", OI_FETCH_WANTS_FOLDER, parse_stream,
			      { "schema", "op", "into", "max_entries", "max_unpacked_bytes",
				"room_factor", "room_bytes", "urls", "sha256", "proxy", "no_proxy",
				"ca_bundle", "identity", "spread_ms", "deadline_ms", "connect_ms",
				"stall_seconds", "tries", "backoff_ms", "max_bytes" } },
	[OI_FETCH_UPLOAD] = { "upload", OI_FETCH_WANTS_FILE, parse_upload,
			      { "schema", "op", "url", "proxy", "no_proxy", "ca_bundle", "identity",
				"deadline_ms", "connect_ms", "stall_seconds", "tries", "backoff_ms" } },
	[OI_FETCH_POST] = { "post", OI_FETCH_WANTS_FILE, parse_post,
			    { "schema", "op", "url", "proxy", "no_proxy", "ca_bundle", "identity",
			      "deadline_ms", "connect_ms", "stall_seconds", "tries", "backoff_ms" } },
	[OI_FETCH_UNPACK] = { "unpack", OI_FETCH_WANTS_FOLDER, parse_unpack,
			      { "schema", "op", "name", "into", "deadline_ms", "max_entries",
				"max_bytes" } },
	[OI_FETCH_CHECK] = { "check", OI_FETCH_WANTS_FOLDER, parse_check,
			     { "schema", "op", "name", "sha256", "deadline_ms" } },
	[OI_FETCH_KEY] = { "key", OI_FETCH_WANTS_FILE, parse_key, { "schema", "op", "certificate", "deadline_ms" } },
	[OI_FETCH_SIGN] = { "sign", OI_FETCH_WANTS_FILE, parse_sign,
			    { "schema", "op", "text", "deadline_ms" } },
	[OI_FETCH_VERIFY] = { "verify", OI_FETCH_WANTS_NOTHING, parse_verify,
			      { "schema", "op", "text", "public_key", "signature", "deadline_ms" } },
};

enum oi_fetch_wants oi_fetch_wants(enum oi_fetch_op op)
{
	return ops[op].wants;
}

int oi_fetch_request_parse(const char *bytes, size_t len, int64_t now_ms,
			   struct oi_fetch_request *request, struct oi_err *err)
{
	OI_DOC_AUTO *doc = NULL;
	const char *op;
	int64_t schema = 0;

	if (oi_doc_from_json(bytes, len, "request", OI_R_FETCH_FAILED, &doc, err))
		return -1;
	if (doc->kind != OI_DOC_MAP)
		return wrong(err, "all of it", "not a JSON object");
	if (get_int(doc, "schema", OI_FETCH_SCHEMA, OI_FETCH_SCHEMA, &schema, err))
		return -1;
	op = oi_doc_string(oi_doc_get(doc, "op"));
	for (size_t i = 0; op && i < OI_ARRAY_SIZE(ops); i++) {
		if (strcmp(op, ops[i].name))
			continue;
		request->op = (enum oi_fetch_op)i;
		if (check_keys(doc, ops[i].keys, err) ||
		    get_int(doc, "deadline_ms", 0, OI_FETCH_DEADLINE_MS_MAX,
			    &request->deadline_ms, err))
			return -1;
		request->deadline_ms += now_ms;
		return ops[i].parse(doc, request, err);
	}
	return wrong(err, "op", "neither metadata, download, stream, upload, post, unpack, check, key, sign nor verify");
}

int oi_fetch_request_read(int fd, char **bytes, size_t *len, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf buf = { 0 };
	char chunk[4096];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wrong(err, "read", strerror(errno));
		if (n == 0)
			break;
		oi_buf_add(&buf, chunk, (size_t)n);
		if (buf.len > OI_FETCH_REQUEST_BYTES)
			return wrong(err, "all of it", "too long");
	}
	*len = buf.len;
	*bytes = oi_buf_take(&buf);
	return 0;
}
