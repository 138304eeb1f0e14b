/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fetch/localfile.h"
#include "fetch/retry.h"
#include "fetch/transfer.h"
#include "fetch/url.h"
#include "model/reasons.h"

/* Vendor to content network to region and one to spare; more is a loop. */
#define REDIRECTS_MAX 5

/* A try that brings less than this forward has failed like one that brings nothing. */
#define PROGRESS_BYTES_MIN (16 * 1024)

/* With a backoff of a second that grows to half a minute: eight minutes at the most. */
#define UNTOLD_MAX 20

/* An artefact on its way. */
struct pull {
	const struct oi_fetch_request *request;
	const struct oi_sink *sink;
	struct oi_mark *mark;
	const struct oi_mark *unless;
	struct oi_source_result *result;
	char *no_proxy;
	bool spliced; /* what the sink has came by more than one answer */
	/* of the url that is tried */
	const char *url;
	char source[OI_DIGEST_TEXT_BYTES];
	bool whole; /* its ranges are not to be trusted */
	bool refused; /* the answer did not bring the rest that was asked for */
	int64_t offset;
};

void oi_source_result_clear(struct oi_source_result *result)
{
	free(result->source);
	memset(result, 0, sizeof(*result));
}

static int64_t have(const struct pull *p)
{
	return p->sink->have(p->sink->data);
}

static int restart(struct pull *p, struct oi_err *err)
{
	memset(p->mark, 0, sizeof(*p->mark));
	p->mark->total = -1;
	p->spliced = false;
	p->result->resumed_bytes = 0;
	return p->sink->restart(p->sink->data, err);
}

/* The bytes, not the sink or the way to them. */
static bool bytes_are_at_fault(const struct oi_err *err)
{
	switch (err->code) {
	case OI_R_DIGEST_MISMATCH:
	case OI_R_ARCHIVE_MALFORMED:
	case OI_R_ARCHIVE_UNSAFE:
	case OI_R_ARCHIVE_TOO_LARGE:
		return true;
	default:
		return false;
	}
}

/* What proves that a url still has the artefact that @mark is of; NULL: nothing does. */
static const char *validator(const struct pull *p, const struct oi_mark *mark)
{
	if (!mark || strcmp(mark->source, p->source))
		return NULL;
	if (mark->etag[0])
		return mark->etag;
	return mark->modified[0] ? mark->modified : NULL;
}

static bool may_go_on(const struct pull *p)
{
	return !p->whole && (p->request->sha256 || validator(p, p->mark));
}

/* Is a 206 the rest of what is here? A server may regard neither Range nor If-Range. */
static int check_rest(struct pull *p, const struct oi_headers *headers, int64_t *total,
		      struct oi_err *err)
{
	int64_t first = 0;
	int64_t last = 0;

	if (!oi_headers_range(headers->content_range, &first, &last, total) ||
	    first != p->offset)
		return oi_err_set(err, OI_R_FETCH_STATUS,
				  "asked for the bytes from %" PRId64 ", it brings \"%s\"",
				  p->offset, headers->content_range);
	if (p->mark->total >= 0 && *total >= 0 && *total != p->mark->total)
		return oi_err_set(err, OI_R_FETCH_STATUS,
				  "it has %" PRId64 " bytes, not %" PRId64, *total, p->mark->total);
	if (strcmp(p->mark->source, p->source))
		return 0;
	if ((p->mark->etag[0] && headers->etag[0] && strcmp(p->mark->etag, headers->etag)) ||
	    (!p->mark->etag[0] && p->mark->modified[0] &&
	     strcmp(p->mark->modified, headers->modified)))
		return oi_err_set(err, OI_R_FETCH_STATUS, "it has another artefact now");
	return 0;
}

static void set_mark(struct pull *p, const struct oi_headers *headers, int64_t total)
{
	struct oi_mark *mark = p->mark;

	memset(mark, 0, sizeof(*mark));
	memcpy(mark->source, p->source, sizeof(mark->source));
	if (oi_headers_etag_is_strong(headers->etag))
		memcpy(mark->etag, headers->etag, sizeof(mark->etag));
	if (oi_headers_modified_is_strong(headers))
		memcpy(mark->modified, headers->modified, sizeof(mark->modified));
	mark->total = total;
}

static int begin(void *data, long status, const struct oi_headers *headers, int64_t length,
		 struct oi_err *err)
{
	struct pull *p = data;
	int64_t total = length;

	if (status == 206) {
		if (check_rest(p, headers, &total, err)) {
			p->refused = true;
			return -1;
		}
		if (total < 0)
			total = p->mark->total;
		p->spliced = true;
	} else if (p->offset > 0) {
		oi_fetch_answer_note("it starts anew: the artefact is another one, or the server does not know ranges");
		if (restart(p, err))
			return -1;
	}
	set_mark(p, headers, total);
	return p->sink->begin(p->sink->data, p->mark, err);
}

static int add(void *data, const void *bytes, size_t len, struct oi_err *err)
{
	const struct pull *p = data;

	return p->sink->write(p->sink->data, bytes, len, err);
}

static void tell_progress(void *data, int64_t bytes, int64_t total)
{
	const struct pull *p = data;

	(void)total; /* of this answer */
	oi_fetch_answer_progress(bytes, p->mark->total);
}

static enum oi_transfer_end from_network(struct pull *p, struct oi_transfer_result *result,
					 struct oi_err *err)
{
	const struct oi_fetch_request *request = p->request;
	OI_FREE char *if_range = NULL;
	OI_FREE char *if_none_match = NULL;
	const char *headers[4] = { NULL };
	size_t n = 0;
	struct oi_transfer transfer = {
		.url = p->url,
		.headers = headers,
		.proxy = request->proxy,
		.no_proxy = p->no_proxy,
		.ca_bundle = request->ca_bundle,
		.redirects_max = REDIRECTS_MAX,
		.deadline_ms = request->deadline_ms,
		.connect_ms = request->connect_ms,
		.stall_seconds = request->stall_seconds,
		.offset = p->offset,
		.max_bytes = request->max_bytes,
		.begin = begin,
		.write = add,
		.progress = tell_progress,
		.data = p,
	};
	enum oi_transfer_end end;

	if (p->offset > 0 && validator(p, p->mark)) {
		if_range = oi_mem_printf("If-Range: %s", validator(p, p->mark));
		headers[n++] = if_range;
	} else if (p->offset == 0 && validator(p, p->unless)) {
		if_none_match = oi_mem_printf("%s: %s",
					      p->unless->etag[0] ? "If-None-Match" :
								   "If-Modified-Since",
					      validator(p, p->unless));
		headers[n++] = if_none_match;
		transfer.conditional = true;
	}
	end = oi_transfer_run(&transfer, result, err);
	p->result->requests += result->requests;
	p->result->received_bytes += result->bytes;
	if (result->source)
		oi_mem_set(&p->result->source, result->source);
	return end;
}

/* A local file costs nothing: always all of it. */
static enum oi_transfer_end from_file(struct pull *p, struct oi_err *err)
{
	OI_FREE char *shown = oi_url_redact(p->url);
	struct oi_localfile file = { .fd = -1 };
	int ret;

	if (oi_localfile_open(p->url, p->request->max_bytes, &file, err))
		return OI_TRANSFER_HOPELESS;
	oi_mem_set(&p->result->source, shown);
	ret = have(p) > 0 && restart(p, err) ? -1 : 0;
	p->mark->total = file.bytes;
	if (!ret)
		ret = p->sink->begin(p->sink->data, p->mark, err);
	if (!ret)
		ret = oi_localfile_copy(&file, p->request->max_bytes, p->sink->write,
					p->sink->data, err);
	oi_localfile_clear(&file);
	if (!ret)
		return OI_TRANSFER_DONE;
	return err->code == OI_R_FETCH_FILE || err->code == OI_R_FETCH_TOO_LARGE ?
		       OI_TRANSFER_HOPELESS :
		       OI_TRANSFER_OVER;
}

/* The url has brought all that it will in this try. */
static enum oi_transfer_end finish(struct pull *p, struct oi_err *err)
{
	OI_FREE char *shown = oi_url_redact(p->url);

	/* Ends of bodies without a length cannot be told from cuts, unless we know better. */
	if (p->mark->total >= 0 && have(p) < p->mark->total) {
		oi_err_set(err, OI_R_FETCH_NETWORK,
			   "%s: it ended after %" PRId64 " of %" PRId64 " bytes", shown, have(p),
			   p->mark->total);
		return OI_TRANSFER_MAY_HEAL;
	}
	if (!p->sink->finish(p->sink->data, err))
		return OI_TRANSFER_DONE;
	if (bytes_are_at_fault(err))
		oi_err_prefix(err, "%s", shown);
	return OI_TRANSFER_OVER;
}

/* One try of a url. @again: something has been put right, and the try is not to count. */
static enum oi_transfer_end try_once(struct pull *p, struct oi_transfer_result *result,
				     bool *again, struct oi_err *err)
{
	enum oi_transfer_end end;

	if (have(p) > 0 && !may_go_on(p) && restart(p, err))
		return OI_TRANSFER_OVER;
	p->offset = have(p);
	p->refused = false;
	end = oi_url_scheme(p->url) == OI_URL_FILE ? from_file(p, err) :
						     from_network(p, result, err);
	if (end == OI_TRANSFER_DONE && result->status == 304) {
		p->result->unchanged = true;
		return end;
	}
	if (end == OI_TRANSFER_DONE)
		end = finish(p, err);
	/* 416: it has become shorter than what we have. */
	if (p->refused || (p->offset > 0 && result->status == 416)) {
		*again = true;
		p->whole = true;
		oi_fetch_answer_note("%s; it starts anew", err->text);
		return restart(p, err) ? OI_TRANSFER_OVER : OI_TRANSFER_MAY_HEAL;
	}
	return end == OI_TRANSFER_OVER && bytes_are_at_fault(err) ? OI_TRANSFER_HOPELESS : end;
}

/*
 * The bytes were wrong. Of several answers one may have been of another artefact, so all
 * of it is asked for once, before the url is given up. Return: is it worth that.
 */
static bool is_worth_all_of_it(struct pull *p, bool *asked_for_all, const struct oi_err *why)
{
	if (!p->spliced || *asked_for_all)
		return false;
	*asked_for_all = true;
	oi_fetch_answer_note("%s; it was put together from parts, so all of it is fetched anew",
			     why->text);
	return true;
}

/* Tries of a url since it last went forward. */
struct tries {
	unsigned int failed;
	unsigned int busy; /* it is there, and had no time for us */
	unsigned int untold; /* of those: it did not say until when */
};

/*
 * Counts a try that failed. Return: is another one of any use.
 *
 * The only source there is, when it is busy, is asked again as long as there is time if it
 * says when, and UNTOLD_MAX times if not: a fleet that boots at once is refused many times,
 * and a VM that gives up has no driver. Where there are more, another one is better.
 */
static bool may_try_again(const struct pull *p, const struct oi_transfer_result *result,
			  struct tries *tries)
{
	bool is_told = result->asked_ms >= 0;
	bool is_busy = is_told || result->status == 429 || result->status == 503;

	if (result->asked_ms > OI_RETRY_ASKED_MS_MAX)
		return false;
	if (!is_busy || p->request->urls.n > 1)
		return ++tries->failed < (unsigned int)p->request->tries;
	tries->busy++;
	return is_told || ++tries->untold < UNTOLD_MAX;
}

/* Waits before another try. Return: false when there is no time for it; @err says more then. */
static bool wait_for_next(struct pull *p, const struct tries *tries, int64_t asked_ms,
			  struct oi_err *err)
{
	int64_t wait_ms = oi_retry_wait_ms(p->request->backoff_ms, tries->failed + tries->busy,
					   asked_ms, oi_retry_random());

	oi_fetch_answer_note("%s; next try in %" PRId64 " ms", err->text, wait_ms);
	/* What comes back too late from here may be there at once elsewhere. */
	if (oi_retry_sleep(wait_ms, p->request->deadline_ms))
		return true;
	oi_err_prefix(err, "no time left for another try");
	return false;
}

/* Tries of one url until it is there, or will not be. */
static enum oi_transfer_end try_url(struct pull *p, struct oi_err *err)
{
	int64_t furthest = have(p);
	struct tries tries = { 0 };
	bool asked_for_all = false;

	for (;; p->result->retries++) {
		OI_CLEANUP(oi_transfer_result_clear) struct oi_transfer_result result = {
			.asked_ms = -1
		};
		bool again = false;
		enum oi_transfer_end end = try_once(p, &result, &again, err);

		if (again && end == OI_TRANSFER_MAY_HEAL)
			continue;
		if (end == OI_TRANSFER_HOPELESS && bytes_are_at_fault(err)) {
			struct oi_err why = *err;
			bool is_worth_it = is_worth_all_of_it(p, &asked_for_all, &why);

			if (restart(p, err))
				return OI_TRANSFER_OVER;
			if (is_worth_it)
				continue;
			*err = why;
		}
		if (end != OI_TRANSFER_MAY_HEAL)
			return end;
		/* What was reached before and lost again is no progress. */
		if (have(p) >= furthest + PROGRESS_BYTES_MIN) {
			furthest = have(p);
			memset(&tries, 0, sizeof(tries));
		}
		if (!may_try_again(p, &result, &tries) ||
		    !wait_for_next(p, &tries, result.asked_ms, err))
			return OI_TRANSFER_HOPELESS;
	}
}

static int aim(struct pull *p, const char *url, struct oi_err *err)
{
	OI_CLEANUP(oi_digest_clear) struct oi_digest digest = { 0 };

	p->url = url;
	p->whole = false;
	if (oi_digest_begin(&digest, err) || oi_digest_add(&digest, url, strlen(url), err))
		return -1;
	return oi_digest_end(&digest, p->source, err);
}

static int try_all(struct pull *p, struct oi_err *err)
{
	const struct oi_strv *urls = &p->request->urls;
	struct oi_err forged = { 0 };

	for (size_t i = 0; i < urls->n; i++) {
		enum oi_transfer_end end;

		if (aim(p, urls->v[i], err))
			return -1;
		end = try_url(p, err);
		if (end == OI_TRANSFER_DONE)
			return 0;
		if (err->code == OI_R_DIGEST_MISMATCH && !forged.code)
			forged = *err;
		if (end == OI_TRANSFER_OVER)
			return -1;
		if (i + 1 < urls->n) {
			oi_fetch_answer_note("%s; going to the next source", err->text);
			p->result->retries++;
		}
	}
	if (forged.code)
		*err = forged;
	if (urls->n > 1)
		oi_err_prefix(err, "none of %zu sources gave it", urls->n);
	return -1;
}

/* What is here may be all of it: whoever fetched it did not come to its end. */
static int take_what_is_here(struct pull *p, struct oi_err *err)
{
	if (p->mark->total > 0 && have(p) == p->mark->total) {
		p->result->resumed_bytes = have(p);
		if (!p->sink->finish(p->sink->data, err))
			return 0;
		if (!bytes_are_at_fault(err))
			return -1;
	}
	if (p->mark->total >= 0 && have(p) >= p->mark->total && restart(p, err))
		return -1;
	p->result->resumed_bytes = have(p);
	p->spliced = have(p) > 0;
	return 1;
}

int oi_source_get(const struct oi_fetch_request *request, int dir_fd, const struct oi_sink *sink,
		  struct oi_mark *mark, const struct oi_mark *unless,
		  struct oi_source_result *result, struct oi_err *err)
{
	OI_FREE char *no_proxy = request->no_proxy.n ? oi_strv_join(&request->no_proxy, ",") : NULL;
	struct pull p = {
		.request = request,
		.sink = sink,
		.mark = mark,
		.unless = unless,
		.result = result,
		.no_proxy = no_proxy,
	};
	int ret = take_what_is_here(&p, err);

	(void)dir_fd;
	return ret <= 0 ? ret : try_all(&p, err);
}
