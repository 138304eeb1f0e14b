/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/transfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "fetch/protocol.h"
#include "fetch/retry.h"
#include "fetch/url.h"
#include "model/reasons.h"

/* One read from the socket; larger ones gain nothing. */
#define BUFFER_BYTES (256L * 1024)

/* No more often than this: the log shows a line in ten seconds anyhow. */
#define PROGRESS_MS 1000

/* libcurl's clock rounds otherwise than ours, and with less than this there is no try. */
#define SLACK_MS 50

/*
 * Where distributions keep the certificates of the public authorities. libcurl's
 * own idea is the one of the machine that built it.
 */
static const char *const ca_bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu */
	"/etc/pki/tls/certs/ca-bundle.crt", /* EL, Azure Linux */
	"/etc/ssl/ca-bundle.pem", /* SUSE */
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* EL, once more */
};

struct try {
	const struct oi_transfer *transfer;
	struct oi_transfer_result *result;
	CURL *curl;
	struct oi_err *err;
	struct oi_headers headers; /* of the last answer */
	bool begun; /* the body of a 200 or 206 has begun */
	bool unwanted; /* a body came with another status: not read */
	bool too_large;
	bool broken; /* begin or write failed, @err says how */
	int64_t bytes; /* of the artefact, where the body has come to */
	int64_t total; /* of the artefact; -1: unknown */
	int64_t progress_ms; /* when it was told last */
	int64_t sent; /* of a put's body */
};

int oi_transfer_init(struct oi_err *err)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return oi_err_set(err, OI_R_FETCH_FAILED, "libcurl does not start");
	return 0;
}

void oi_transfer_result_clear(struct oi_transfer_result *result)
{
	free(result->source);
	memset(result, 0, sizeof(*result));
}

/* A header line of this or an earlier answer. */
static size_t on_header(char *line, size_t size, size_t n, void *data)
{
	struct try *try = data;

	oi_headers_take(&try->headers, line, size * n);
	return size * n;
}

static bool status_is_wanted(const struct oi_transfer *t, long status)
{
	return status == 200 || (status == 206 && t->offset > 0) ||
	       (t->put && (status == 201 || status == 204 || (t->post && status == 202)));
}

/* Return: 0, or -1 when the body is not to be read. */
static int begin_body(struct try *try)
{
	const struct oi_transfer *t = try->transfer;
	curl_off_t length = -1;
	long status = 0;

	curl_easy_getinfo(try->curl, CURLINFO_RESPONSE_CODE, &status);
	if (!status_is_wanted(t, status)) {
		try->unwanted = true;
		return -1;
	}
	curl_easy_getinfo(try->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	try->bytes = status == 206 ? t->offset : 0;
	try->total = length < 0 ? -1 : try->bytes + length;
	if (try->total > t->max_bytes) {
		try->too_large = true;
		return -1;
	}
	if (t->begin(t->data, status, &try->headers, length, try->err)) {
		try->broken = true;
		return -1;
	}
	try->begun = true;
	return 0;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *data)
{
	struct try *try = data;
	size_t len = size * n;

	if (!try->begun && begin_body(try))
		return 0;
	if ((int64_t)len > try->transfer->max_bytes - try->bytes) {
		try->too_large = true;
		return 0;
	}
	if (try->transfer->write(try->transfer->data, bytes, len, try->err)) {
		try->broken = true;
		return 0;
	}
	try->bytes += (int64_t)len;
	try->result->bytes += (int64_t)len;
	return len;
}

static int on_progress(void *data, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
		       curl_off_t up)
{
	struct try *try = data;
	int64_t now = oi_retry_now_ms();

	(void)down_total;
	(void)down; /* counts those of refusals and redirects too */
	(void)up_total;
	if ((!try->begun && !up) || now - try->progress_ms < PROGRESS_MS)
		return 0;
	try->progress_ms = now;
	if (try->transfer->put)
		try->transfer->progress(try->transfer->data, up, try->transfer->body_bytes);
	else
		try->transfer->progress(try->transfer->data, try->bytes, try->total);
	return 0;
}

static size_t on_send(char *bytes, size_t size, size_t n, void *data)
{
	struct try *try = data;
	ssize_t len;

	do
		len = pread(try->transfer->body_fd, bytes, size * n, try->sent);
	while (len < 0 && errno == EINTR);
	if (len < 0) {
		oi_err_set(try->err, OI_R_READ_FAILED, "what is to be sent: %s", strerror(errno));
		try->broken = true;
		return CURL_READFUNC_ABORT;
	}
	try->sent += len;
	return (size_t)len;
}

/* Some of it was sent in vain, to a connection that was closed or a server that wants less. */
static int on_rewind(void *data, curl_off_t offset, int origin)
{
	struct try *try = data;

	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	try->sent = offset;
	return CURL_SEEKFUNC_OK;
}

static const char *system_ca_bundle(void)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(ca_bundles); i++)
		if (!access(ca_bundles[i], R_OK))
			return ca_bundles[i];
	return NULL;
}

/* The names of protocols became strings in 7.85, and the numbers deprecated. */
static CURLcode allow_protocols(CURL *curl, bool http_too)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	const char *allowed = http_too ? "http,https" : "https";
	CURLcode rc = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, allowed);

	return rc ? rc : curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, allowed);
#else
	long allowed = http_too ? CURLPROTO_HTTP | CURLPROTO_HTTPS : CURLPROTO_HTTPS;
	CURLcode rc = curl_easy_setopt(curl, CURLOPT_PROTOCOLS, allowed);

	return rc ? rc : curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, allowed);
#endif
}

#define SET(option, value)                                     \
	do {                                                   \
		rc = curl_easy_setopt(curl, (option), (value)); \
		if (rc)                                        \
			return rc;                             \
	} while (0)

static CURLcode set_connection(CURL *curl, const struct oi_transfer *t)
{
	const char *ca = t->ca_bundle ? t->ca_bundle : system_ca_bundle();
	CURLcode rc = allow_protocols(curl, oi_url_scheme(t->url) == OI_URL_HTTP);

	if (rc)
		return rc;
	SET(CURLOPT_URL, t->url);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_FOLLOWLOCATION, t->redirects_max > 0 ? 1L : 0L);
	SET(CURLOPT_MAXREDIRS, (long)t->redirects_max);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	if (ca) {
		SET(CURLOPT_CAINFO, ca);
		SET(CURLOPT_PROXY_CAINFO, ca);
		/* Or libcurl would trust the system's folder beside the user's bundle. */
		SET(CURLOPT_CAPATH, NULL);
		SET(CURLOPT_PROXY_CAPATH, NULL);
	}
	/* An empty proxy is none, and an empty exception list no exception; unset, both
	 * would be taken from the environment. */
	SET(CURLOPT_PROXY, t->proxy ? t->proxy : "");
	SET(CURLOPT_NOPROXY, !t->proxy ? "*" : t->no_proxy ? t->no_proxy : "");
	return CURLE_OK;
}

static CURLcode set_limits(CURL *curl, const struct oi_transfer *t)
{
	int64_t left_ms = t->deadline_ms - oi_retry_now_ms();
	int64_t try_ms = t->try_ms && t->try_ms < left_ms ? t->try_ms : left_ms;
	int64_t connect_ms = t->connect_ms < try_ms ? t->connect_ms : try_ms;
	CURLcode rc;

	/* 0 would be "no limit", and a second less is no try. */
	SET(CURLOPT_TIMEOUT_MS, (long)(try_ms > 0 ? try_ms : 1));
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(connect_ms > 0 ? connect_ms : 1));
	SET(CURLOPT_LOW_SPEED_LIMIT, (long)OI_FETCH_STALL_BYTES);
	SET(CURLOPT_LOW_SPEED_TIME, (long)t->stall_seconds);
	/* Refused by its announced length before any of it is read. */
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->max_bytes);
	SET(CURLOPT_BUFFERSIZE, BUFFER_BYTES);
	return CURLE_OK;
}

static CURLcode set_request(CURL *curl, struct try *try, struct curl_slist *headers)
{
	OI_FREE char *range = oi_mem_printf("%" PRId64 "-", try->transfer->offset);
	CURLcode rc;

	/* Not CURLOPT_RESUME_FROM, for which an answer with all of it is an error. */
	if (try->transfer->offset > 0)
		SET(CURLOPT_RANGE, range);
	if (try->transfer->put) {
		SET(CURLOPT_UPLOAD, 1L);
		SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)try->transfer->body_bytes);
		SET(CURLOPT_READFUNCTION, on_send);
		SET(CURLOPT_READDATA, try);
		SET(CURLOPT_SEEKFUNCTION, on_rewind);
		SET(CURLOPT_SEEKDATA, try);
	}
	/* The body still comes from on_send(): an event is small, and the length is known. */
	if (try->transfer->post)
		SET(CURLOPT_CUSTOMREQUEST, "POST");
	SET(CURLOPT_USERAGENT, "ofed-init/" OI_VERSION);
	SET(CURLOPT_HTTPHEADER, headers);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, try);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, try);
	if (try->transfer->progress) {
		SET(CURLOPT_NOPROGRESS, 0L);
		SET(CURLOPT_XFERINFOFUNCTION, on_progress);
		SET(CURLOPT_XFERINFODATA, try);
	}
	return CURLE_OK;
}

/* Transient by meaning; every other answer would be the same again. */
static bool status_may_heal(long status)
{
	return status == 408 || status == 425 || status == 429 || status >= 500;
}

static enum oi_transfer_end end_of_status(const struct try *try, long status, const char *who)
{
	const char *code = try->headers.error_code;

	oi_err_set(try->err, OI_R_FETCH_STATUS, *code ? "%s %ld, %s" : "%s %ld", who, status, code);
	return status_may_heal(status) ? OI_TRANSFER_MAY_HEAL : OI_TRANSFER_HOPELESS;
}

static enum oi_transfer_end end_of_timeout(const struct try *try, const char *text)
{
	double connected = 0;

	if (oi_retry_now_ms() + SLACK_MS >= try->transfer->deadline_ms) {
		oi_err_set(try->err, OI_R_FETCH_TIMEOUT, "no time is left (%s)", text);
		return OI_TRANSFER_OVER;
	}
	curl_easy_getinfo(try->curl, CURLINFO_CONNECT_TIME, &connected);
	oi_err_set(try->err, connected > 0 ? OI_R_FETCH_TIMEOUT : OI_R_FETCH_NETWORK, "%s", text);
	return OI_TRANSFER_MAY_HEAL;
}

/* What libcurl's verdict means for us; @text is its own words, or those for the code. */
static enum oi_transfer_end end_of_failure(const struct try *try, CURLcode rc, const char *text)
{
	long proxy_status = 0;

	if (rc == CURLE_OPERATION_TIMEDOUT)
		return end_of_timeout(try, text);
	curl_easy_getinfo(try->curl, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
	if (try->transfer->proxy && proxy_status >= 300)
		return end_of_status(try, proxy_status, "the proxy answered with status");
	switch (rc) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_WEIRD_SERVER_REPLY:
		oi_err_set(try->err, OI_R_FETCH_NETWORK, "%s", text);
		return OI_TRANSFER_MAY_HEAL;
	case CURLE_SSL_CONNECT_ERROR: /* a cut handshake looks the same as a failed one */
		oi_err_set(try->err, OI_R_FETCH_TLS, "%s", text);
		return OI_TRANSFER_MAY_HEAL;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_USE_SSL_FAILED:
		oi_err_set(try->err, OI_R_FETCH_TLS, "%s", text);
		return OI_TRANSFER_HOPELESS;
	case CURLE_TOO_MANY_REDIRECTS:
		oi_err_set(try->err, OI_R_FETCH_STATUS, "more than %d redirects",
			   try->transfer->redirects_max);
		return OI_TRANSFER_HOPELESS;
	case CURLE_UNSUPPORTED_PROTOCOL:
		if (try->result->status >= 300 && try->result->status < 400)
			text = "it redirects to something that is not https://, which is not followed";
		oi_err_set(try->err, OI_R_FETCH_STATUS, "%s", text);
		return OI_TRANSFER_HOPELESS;
	case CURLE_FILESIZE_EXCEEDED:
		oi_err_set(try->err, OI_R_FETCH_TOO_LARGE, "larger than %" PRId64 " bytes",
			   try->transfer->max_bytes);
		return OI_TRANSFER_HOPELESS;
	case CURLE_OUT_OF_MEMORY:
		abort();
	default:
		oi_err_set(try->err, OI_R_FETCH_FAILED, "libcurl, error %d: %s", (int)rc, text);
		return OI_TRANSFER_HOPELESS;
	}
}

static enum oi_transfer_end end_of(struct try *try, CURLcode rc, const char *text)
{
	long status = try->result->status;

	if (try->broken)
		return OI_TRANSFER_OVER;
	if (try->too_large)
		rc = CURLE_FILESIZE_EXCEEDED;
	else if (!rc && status == 304 && try->transfer->conditional)
		return OI_TRANSFER_DONE;
	else if (try->unwanted || (!rc && !status_is_wanted(try->transfer, status)))
		return end_of_status(try, status, "answered with status");
	if (rc)
		return end_of_failure(try, rc, text);
	/* An empty body never came to on_body(). */
	if (!try->begun && begin_body(try))
		return OI_TRANSFER_OVER;
	return OI_TRANSFER_DONE;
}

/* Prefixes the URL, and hides whatever libcurl quoted of it. */
static void name_source(const struct oi_transfer *t, struct oi_err *err)
{
	OI_FREE char *shown = oi_url_redact(t->url);
	OI_FREE char *once = oi_url_scrub(err->text, t->url);
	OI_FREE char *twice = oi_url_scrub(once, t->proxy);

	oi_err_set(err, err->code, "%s: %s", shown, twice);
}

/* The credentials in them do not outlive the request. */
static void wipe_headers(struct curl_slist *headers)
{
	for (struct curl_slist *at = headers; at; at = at->next)
		explicit_bzero(at->data, strlen(at->data));
	curl_slist_free_all(headers);
}

static struct curl_slist *list_headers(const char *const *from)
{
	struct curl_slist *headers = NULL;

	for (; from && *from; from++) {
		struct curl_slist *longer = curl_slist_append(headers, *from);

		if (!longer)
			abort(); /* out of memory */
		headers = longer;
	}
	return headers;
}

static void tell_result(struct try *try)
{
	struct oi_transfer_result *result = try->result;
	char *effective = NULL;
	long redirects = 0;

	curl_easy_getinfo(try->curl, CURLINFO_RESPONSE_CODE, &result->status);
	curl_easy_getinfo(try->curl, CURLINFO_REDIRECT_COUNT, &redirects);
	curl_easy_getinfo(try->curl, CURLINFO_EFFECTIVE_URL, &effective);
	result->requests = 1 + (int64_t)redirects;
	result->asked_ms = oi_headers_retry_after_ms(try->headers.retry_after, time(NULL));
	memcpy(result->error_code, try->headers.error_code, sizeof(result->error_code));
	if (effective)
		result->source = oi_url_redact(effective);
}

enum oi_transfer_end oi_transfer_run(const struct oi_transfer *transfer,
				     struct oi_transfer_result *result, struct oi_err *err)
{
	char text[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = list_headers(transfer->headers);
	struct try try = { .transfer = transfer, .result = result, .err = err, .total = -1 };
	enum oi_transfer_end end;
	CURLcode rc;

	try.curl = curl_easy_init();
	if (!try.curl)
		abort(); /* out of memory */
	try.progress_ms = oi_retry_now_ms();
	rc = curl_easy_setopt(try.curl, CURLOPT_ERRORBUFFER, text);
	if (!rc)
		rc = set_connection(try.curl, transfer);
	if (!rc)
		rc = set_limits(try.curl, transfer);
	if (!rc)
		rc = set_request(try.curl, &try, headers);
	if (!rc)
		rc = curl_easy_perform(try.curl);
	tell_result(&try);
	end = end_of(&try, rc, text[0] ? text : curl_easy_strerror(rc));
	if (end != OI_TRANSFER_DONE && !try.broken)
		name_source(transfer, err);
	wipe_headers(headers);
	curl_easy_cleanup(try.curl);
	return end;
}
