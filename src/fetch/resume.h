/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An artefact on its way from one source into a sink: the rest of it, or all of it. For source.c. */
#ifndef OI_FETCH_RESUME_H
#define OI_FETCH_RESUME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "fetch/digest.h"
#include "fetch/protocol.h"
#include "fetch/source.h"
#include "fetch/transfer.h"

/* What has become of a url so far. */
struct oi_attempt {
	char source[OI_DIGEST_TEXT_BYTES]; /* SHA-256 of the url */
	/* Tries since it last went forward. */
	unsigned int failed;
	unsigned int busy; /* it was there, and had no time for us */
	unsigned int untold; /* of those: it did not say until when */
	long status; /* of the last answer; 0: there was none */
	int64_t asked_ms; /* how long the last answer asked to wait; -1: it did not */
	int64_t failed_ms; /* when that was; monotonic; 0: not tried yet */
	bool given_up;
	bool whole; /* its ranges are not to be trusted */
	bool asked_for_all; /* after parts that did not fit; once is enough */
};

struct oi_resume {
	const struct oi_fetch_request *request;
	const struct oi_sink *sink;
	struct oi_mark *mark;
	const struct oi_mark *unless;
	struct oi_source_result *result;
	const char *no_proxy; /* with commas; NULL: none */
	char *token; /* of the identity, as a header; NULL: not asked for yet */
	bool is_spread; /* the wait before the first request is over */
	bool spliced; /* what the sink has came by more than one answer */
	int64_t tries;
	/* of the url that is tried */
	const char *url;
	struct oi_attempt *attempt;
	bool refused; /* the answer did not bring the rest that was asked for */
	bool again; /* something was put right: the try does not count */
	int64_t offset;
};

/** oi_resume_have() - how much the sink has */
int64_t oi_resume_have(const struct oi_resume *p);

/** oi_resume_restart() - forget all that the sink has; its errors */
OI_MUST_CHECK
int oi_resume_restart(struct oi_resume *p, struct oi_err *err);

/** oi_resume_bytes_are_at_fault() - the bytes, not the sink or the way to them */
bool oi_resume_bytes_are_at_fault(const struct oi_err *err);

/**
 * oi_resume_try() - one try of one url; more only to put right what was wrong with ranges
 * Return: OI_TRANSFER_DONE when all of it is there and right. OI_TRANSFER_HOPELESS also
 *         when its bytes were wrong: the sink is empty then.
 */
OI_MUST_CHECK
enum oi_transfer_end oi_resume_try(struct oi_resume *p, const char *url, struct oi_attempt *attempt,
				 struct oi_err *err);

#endif
