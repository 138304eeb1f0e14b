/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/identity.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "fetch/retry.h"
#include "fetch/transfer.h"
#include "fetch/url.h"
#include "model/reasons.h"

/* Source: learn.microsoft.com, "How to use managed identities ... access token" */
#define TOKEN_PATH "/metadata/identity/oauth2/token?api-version=2018-02-01" \
		   "&resource=https%3A%2F%2Fstorage.azure.com%2F"
#define METADATA_HEADER "Metadata: true"

/* The service is on the same host: it answers soon, or is being updated. */
#define CONNECT_MS 2000
#define TRY_MS 10000

/* Tokens have about two thousand bytes. */
#define ANSWER_BYTES_MAX (64 * 1024)
#define TOKEN_BYTES_MAX (16 * 1024)

bool oi_identity_is_for(const struct oi_fetch_request *request, const char *url)
{
	OI_FREE char *host = oi_url_host(url);
	size_t len = strlen(host);

	if (!request->identity_base || oi_url_scheme(url) != OI_URL_HTTPS ||
	    strstr(url, "?sig=") || strstr(url, "&sig="))
		return false;
	/* Nothing that two parsers may take for different hosts. */
	for (const char *c = host; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '.' && *c != '-')
			return false;
	for (size_t i = 0; i < request->identity_hosts.n; i++) {
		const char *name = request->identity_hosts.v[i];
		size_t tail = strlen(name);

		if (!strcasecmp(host, name))
			return name[0] != '.';
		if (name[0] == '.' && len > tail && !strcasecmp(host + len - tail, name))
			return true;
	}
	return false;
}

static int begin(void *data, long status, const struct oi_headers *headers, int64_t length,
		 struct oi_err *err)
{
	struct oi_buf *body = data;

	(void)status;
	(void)headers;
	(void)length;
	(void)err;
	/* At once, so that no copy of it stays behind where a longer buffer began. */
	if (body->cap < ANSWER_BYTES_MAX + 1) {
		body->data = oi_mem_grow(body->data, ANSWER_BYTES_MAX + 1, 1);
		body->cap = ANSWER_BYTES_MAX + 1;
	}
	oi_buf_reset(body);
	return 0;
}

static int add(void *data, const void *bytes, size_t len, struct oi_err *err)
{
	(void)err;
	oi_buf_add(data, bytes, len);
	return 0;
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
}

void oi_identity_forget(char **header)
{
	wipe(*header);
	free(*header);
	*header = NULL;
}

/* Anything else than the letters of a token would be a forged header. */
static bool is_token(const char *s)
{
	size_t len = strlen(s);

	for (const char *c = s; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-._~+/=", *c))
			return false;
	return len > 0 && len <= TOKEN_BYTES_MAX;
}

static int parse(const struct oi_buf *body, char **header, struct oi_err *err)
{
	OI_DOC_AUTO *doc = NULL;
	OI_DOC_AUTO *token = NULL;
	struct oi_err ignored; /* it may quote the answer */
	int ret = -1;

	if (!oi_doc_from_json(oi_buf_str(body), body->len, "answer", OI_R_FETCH_IDENTITY, &doc,
			      &ignored) &&
	    doc->kind == OI_DOC_MAP)
		token = oi_doc_take(doc, "access_token");
	if (token && token->kind == OI_DOC_STRING && is_token(token->text)) {
		*header = oi_mem_printf("Authorization: Bearer %s", token->text);
		ret = 0;
	}
	if (token)
		wipe(token->text);
	return ret ? oi_err_set(err, OI_R_FETCH_IDENTITY, "the answer holds no token") : 0;
}

static int ask(const struct oi_fetch_request *request, const char *url, struct oi_buf *body,
	       char **header, int64_t *requests, struct oi_err *err)
{
	static const char *const headers[] = { METADATA_HEADER, NULL };
	const struct oi_transfer transfer = {
		.url = url,
		.headers = headers,
		.deadline_ms = request->deadline_ms,
		.connect_ms = CONNECT_MS,
		.try_ms = TRY_MS,
		.max_bytes = ANSWER_BYTES_MAX,
		.begin = begin,
		.write = add,
		.data = body,
	};

	for (unsigned int failed = 1;; failed++) {
		OI_CLEANUP(oi_transfer_result_clear) struct oi_transfer_result result = { 0 };
		enum oi_transfer_end end = oi_transfer_run(&transfer, &result, err);
		int64_t wait_ms;

		*requests += result.requests;
		if (end == OI_TRANSFER_DONE && !parse(body, header, err))
			return 0;
		err->code = OI_R_FETCH_IDENTITY;
		/* 404 and 410 pass: the service is being updated. What is no token may pass too. */
		if (end == OI_TRANSFER_OVER ||
		    (end == OI_TRANSFER_HOPELESS && result.status != 404 && result.status != 410) ||
		    failed >= (unsigned int)request->tries)
			return -1;
		wait_ms = oi_retry_wait_ms(request->backoff_ms, failed, result.asked_ms,
					   oi_retry_random());
		oi_fetch_answer_note("%s; next try in %" PRId64 " ms", err->text, wait_ms);
		if (!oi_retry_sleep(wait_ms, request->deadline_ms))
			return oi_err_prefix(err, "no time left after %u tries", failed);
	}
}

int oi_identity_header(const struct oi_fetch_request *request, char **header, int64_t *requests,
		       struct oi_err *err)
{
	OI_FREE char *url = oi_mem_printf("%s%s%s%s", request->identity_base, TOKEN_PATH,
					  request->identity_client ? "&client_id=" : "",
					  request->identity_client ? request->identity_client : "");
	struct oi_buf body = { 0 };
	int ret = ask(request, url, &body, header, requests, err);

	if (body.data)
		explicit_bzero(body.data, body.cap);
	oi_buf_clear(&body);
	return ret ? oi_err_prefix(err, "managed identity") : 0;
}
