/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door to libcurl: one try to get one URL, or to put something there. */
#ifndef OI_FETCH_TRANSFER_H
#define OI_FETCH_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "fetch/headers.h"

enum oi_transfer_end {
	OI_TRANSFER_DONE,
	OI_TRANSFER_MAY_HEAL, /* another try of the same URL may succeed */
	OI_TRANSFER_HOPELESS, /* this URL will give the same answer again */
	OI_TRANSFER_OVER, /* out of time, or something is wrong on our side */
};

struct oi_transfer {
	const char *url; /* https:// or http://, as oi_url_check() passed it */
	const char *const *headers; /* "Name: value", NULL behind the last; NULL: none */
	const char *proxy; /* NULL: none; the environment never has a say */
	const char *no_proxy; /* hosts reached without it, with commas; NULL: none */
	const char *ca_bundle; /* NULL: the system's */
	int redirects_max; /* 0: a redirect is a failure */
	int64_t deadline_ms; /* monotonic, absolute: the end of everything */
	int64_t connect_ms; /* for name, connection and TLS */
	int64_t try_ms; /* for the whole try; 0: as long as it goes on */
	int stall_seconds; /* as long below OI_FETCH_STALL_BYTES a second is a failure; 0: never */
	int64_t offset; /* ask for what comes from there on, and take a 206 too; 0: for all */
	bool conditional; /* a 304 is an answer too, without a body */
	bool put; /* send @body_bytes of the file @body_fd there instead, from its beginning */
	bool post; /* that, by POST */
	int body_fd;
	int64_t body_bytes;
	int64_t max_bytes; /* of the whole artefact, those before @offset included; or of the answer */
	/*
	 * The first bytes of the body are there. @status is 200, or 206 when @offset was
	 * asked for, and also 201 or 204 after a put, 202 after a post; @length of this body, -1: unknown. An error ends it all.
	 */
	int (*begin)(void *data, long status, const struct oi_headers *headers, int64_t length,
		     struct oi_err *err);
	/* The next bytes of the body; an error ends it all. */
	int (*write)(void *data, const void *bytes, size_t len, struct oi_err *err);
	/* Now and then, of the whole artefact, or of what is put; @total -1: unknown; may be NULL. */
	void (*progress)(void *data, int64_t bytes, int64_t total);
	void *data;
};

struct oi_transfer_result {
	long status; /* HTTP status of the last answer; 0: there was none */
	int64_t asked_ms; /* Retry-After; -1: it had none */
	char error_code[OI_HEADERS_VALUE_BYTES]; /* "": it had none */
	int64_t requests; /* sent, redirects included */
	int64_t bytes; /* of the body, in this try */
	char *source; /* where the bytes came from, after redirects, redacted; NULL: unknown */
};

/** oi_transfer_init() - once, before the first; OI_R_FETCH_FAILED */
OI_MUST_CHECK
int oi_transfer_init(struct oi_err *err);

/**
 * oi_transfer_run() - one try
 * @result: zeroed; cleared by oi_transfer_result_clear()
 * @err: set for every end but OI_TRANSFER_DONE; names the redacted URL
 *
 * TLS 1.2 or newer; from https:// only to https://, from http:// to both.
 * Errors: OI_R_FETCH_NETWORK, _TIMEOUT, _TLS, _STATUS, _TOO_LARGE, _FAILED, and
 *         those of @begin and @write.
 */
OI_MUST_CHECK
enum oi_transfer_end oi_transfer_run(const struct oi_transfer *transfer,
				     struct oi_transfer_result *result, struct oi_err *err);

void oi_transfer_result_clear(struct oi_transfer_result *result);

#endif
