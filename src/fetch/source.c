/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fetch/source_health.h"
#include "fetch/identity.h"
#include "fetch/resume.h"
#include "fetch/retry.h"
#include "fetch/url.h"
#include "model/reasons.h"

/* A try that brings less than this forward has failed like one that brings nothing. */
#define PROGRESS_BYTES_MIN (16 * 1024)

/* With a backoff of a second that grows to half a minute: eight minutes at the most. */
#define UNTOLD_MAX 20

/* All urls of an artefact. */
struct round {
	const struct oi_strv *urls;
	struct oi_attempt *attempts; /* one a url */
	size_t *order; /* in which they are asked */
	size_t left; /* not given up */
	int64_t furthest; /* that the sink has ever had */
	int dir_fd;
};

void oi_source_result_clear(struct oi_source_result *result)
{
	free(result->source);
	memset(result, 0, sizeof(*result));
}

static int digest_of(const char *text, char out[OI_DIGEST_TEXT_BYTES], struct oi_err *err)
{
	OI_CLEANUP(oi_digest_clear) struct oi_digest digest = { 0 };

	if (oi_digest_begin(&digest, err) || oi_digest_add(&digest, text, strlen(text), err))
		return -1;
	return oi_digest_end(&digest, out, err);
}

static int begin_round(struct round *r, const struct oi_resume *p, int dir_fd, struct oi_err *err)
{
	r->urls = &p->request->urls;
	r->left = r->urls->n;
	r->attempts = oi_mem_zalloc(r->urls->n, sizeof(*r->attempts));
	r->order = oi_mem_zalloc(r->urls->n, sizeof(*r->order));
	r->furthest = oi_resume_have(p);
	r->dir_fd = dir_fd;
	for (size_t i = 0; i < r->urls->n; i++) {
		r->attempts[i].asked_ms = -1;
		if (digest_of(r->urls->v[i], r->attempts[i].source, err))
			return -1;
	}
	oi_source_health_order(dir_fd, r->urls, r->order);
	return 0;
}

static void clear_round(struct round *r)
{
	free(r->attempts);
	free(r->order);
}

static struct oi_attempt *attempt_of(const struct round *r, size_t at)
{
	return &r->attempts[r->order[at]];
}

static const char *url_of(const struct round *r, size_t at)
{
	return r->urls->v[r->order[at]];
}

static void blame(const struct round *r, size_t at, int code)
{
	/* The only source is asked first anyhow. */
	if (r->urls->n > 1)
		oi_source_health_failed(r->dir_fd, url_of(r, at), code);
}

static void give_up(struct round *r, size_t at)
{
	attempt_of(r, at)->given_up = true;
	r->left--;
}

/*
 * Is another try of it of any use, some time.
 *
 * Who is busy and says until when is asked again as long as there is time. Who does not
 * say is asked UNTOLD_MAX times if there is no other: a fleet that boots at once is
 * refused many times, and a VM that gives up has no driver.
 */
static bool may_heal(const struct oi_resume *p, const struct oi_attempt *a)
{
	unsigned int tries = (unsigned int)p->request->tries;

	return a->asked_ms <= OI_RETRY_ASKED_MS_MAX && a->failed < tries &&
	       a->untold < (p->request->urls.n > 1 ? tries : UNTOLD_MAX);
}

/* A try has failed in a way that may heal. Return: is it worth to try the same at once. */
static bool note_failure(const struct oi_resume *p, struct round *r, size_t at)
{
	struct oi_attempt *a = attempt_of(r, at);
	bool is_told = a->asked_ms >= 0;

	a->failed_ms = oi_retry_now_ms();
	if (is_told || a->status == 429 || a->status == 503) {
		a->busy++;
		a->untold += !is_told;
	} else {
		a->failed++;
	}
	/* What was reached before and lost again is no progress. */
	if (oi_resume_have(p) >= r->furthest + PROGRESS_BYTES_MIN) {
		r->furthest = oi_resume_have(p);
		a->failed = a->busy = a->untold = 0;
		return true;
	}
	if (!may_heal(p, a))
		give_up(r, at);
	return false;
}

/* The one after @at that is not given up, maybe @at itself. There is one. */
static size_t next_of(const struct round *r, size_t at)
{
	do
		at = (at + 1) % r->urls->n;
	while (attempt_of(r, at)->given_up);
	return at;
}

/* How long to wait before another try; what was asked for counts from the answer on. */
static int64_t wait_of(const struct oi_resume *p, const struct oi_attempt *a)
{
	int64_t asked_ms = a->asked_ms;

	if (!a->failed_ms)
		return 0;
	if (asked_ms > 0)
		asked_ms -= oi_retry_now_ms() - a->failed_ms;
	return oi_retry_wait_ms(p->request->backoff_ms, a->failed + a->busy, asked_ms,
				oi_retry_random());
}

/*
 * Goes on after a failure, @err, and waits where that is due. Return: the next one to
 * try, or r->urls->n when there is none any more.
 */
static size_t go_on(struct oi_resume *p, struct round *r, size_t at, bool stay, struct oi_err *err)
{
	while (r->left) {
		size_t next = stay ? at : next_of(r, at);
		int64_t wait_ms = wait_of(p, attempt_of(r, next));
		bool is_same = next == at;

		if (wait_ms == 0 && !is_same)
			oi_fetch_answer_note("%s; going to the next source", err->text);
		else
			oi_fetch_answer_note("%s; next try%s in %" PRId64 " ms", err->text,
					     is_same ? "" : " of the next source", wait_ms);
		if (wait_ms == 0 || oi_retry_sleep(wait_ms, p->request->deadline_ms))
			return next;
		/* What comes back too late from here may be there at once elsewhere. */
		give_up(r, next);
		stay = false;
		if (!r->left)
			oi_err_prefix(err, "no time left for another try");
	}
	return r->urls->n;
}

static int try_all(struct oi_resume *p, struct round *r, struct oi_err *err)
{
	struct oi_err forged = { 0 };
	bool stay = false;

	for (size_t at = 0; at < r->urls->n; at = go_on(p, r, at, stay, err)) {
		switch (oi_resume_try(p, url_of(r, at), attempt_of(r, at), err)) {
		case OI_TRANSFER_DONE:
			oi_source_health_worked(r->dir_fd, url_of(r, at));
			return 0;
		case OI_TRANSFER_OVER:
			return -1;
		case OI_TRANSFER_HOPELESS:
			give_up(r, at);
			stay = false;
			break;
		case OI_TRANSFER_MAY_HEAL:
			stay = note_failure(p, r, at);
			break;
		}
		if (!stay)
			blame(r, at, err->code);
		if (err->code == OI_R_DIGEST_MISMATCH && !forged.code)
			forged = *err;
	}
	if (forged.code)
		*err = forged;
	if (r->urls->n > 1)
		oi_err_prefix(err, "none of %zu sources gave it", r->urls->n);
	return -1;
}

/* What is here may be all of it: whoever fetched it did not come to its end. */
static int take_what_is_here(struct oi_resume *p, struct oi_err *err)
{
	if (p->mark->total > 0 && oi_resume_have(p) == p->mark->total) {
		p->result->resumed_bytes = oi_resume_have(p);
		if (!p->sink->finish(p->sink->data, err))
			return 0;
		if (!oi_resume_bytes_are_at_fault(err))
			return -1;
	}
	if (p->mark->total >= 0 && oi_resume_have(p) >= p->mark->total && oi_resume_restart(p, err))
		return -1;
	p->result->resumed_bytes = oi_resume_have(p);
	p->spliced = oi_resume_have(p) > 0;
	return 1;
}

int oi_source_get(const struct oi_fetch_request *request, int dir_fd, const struct oi_sink *sink,
		  struct oi_mark *mark, const struct oi_mark *unless,
		  struct oi_source_result *result, struct oi_err *err)
{
	OI_FREE char *no_proxy = request->no_proxy.n ? oi_strv_join(&request->no_proxy, ",") : NULL;
	OI_CLEANUP(clear_round) struct round round = { 0 };
	struct oi_resume p = {
		.request = request,
		.sink = sink,
		.mark = mark,
		.unless = unless,
		.result = result,
		.no_proxy = no_proxy,
	};
	int ret = take_what_is_here(&p, err);

	if (ret <= 0)
		return ret;
	ret = begin_round(&round, &p, dir_fd, err);
	if (!ret)
		ret = try_all(&p, &round, err);
	result->retries = p.tries > 1 ? p.tries - 1 : 0;
	oi_identity_forget(&p.token);
	return ret;
}
