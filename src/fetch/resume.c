/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/resume.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "fetch/identity.h"
#include "fetch/localfile.h"
#include "fetch/retry.h"
#include "fetch/url.h"
#include "model/reasons.h"

/* Vendor to content network to region and one to spare; more is a loop. */
#define REDIRECTS_MAX 5

int64_t oi_resume_have(const struct oi_resume *p)
{
	return p->sink->have(p->sink->data);
}

int oi_resume_restart(struct oi_resume *p, struct oi_err *err)
{
	memset(p->mark, 0, sizeof(*p->mark));
	p->mark->total = -1;
	p->spliced = false;
	p->result->resumed_bytes = 0;
	return p->sink->restart(p->sink->data, err);
}

bool oi_resume_bytes_are_at_fault(const struct oi_err *err)
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
static const char *validator(const struct oi_resume *p, const struct oi_mark *mark)
{
	if (!mark || strcmp(mark->source, p->attempt->source))
		return NULL;
	if (mark->etag[0])
		return mark->etag;
	return mark->modified[0] ? mark->modified : NULL;
}

static bool may_go_on(const struct oi_resume *p)
{
	return !p->attempt->whole && (p->request->sha256 || validator(p, p->mark));
}

/* Is a 206 the rest of what is here? A server may regard neither Range nor If-Range. */
static int check_rest(struct oi_resume *p, const struct oi_headers *headers, int64_t *total,
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
	if (strcmp(p->mark->source, p->attempt->source))
		return 0;
	if ((p->mark->etag[0] && headers->etag[0] && strcmp(p->mark->etag, headers->etag)) ||
	    (!p->mark->etag[0] && p->mark->modified[0] &&
	     strcmp(p->mark->modified, headers->modified)))
		return oi_err_set(err, OI_R_FETCH_STATUS, "it has another artefact now");
	return 0;
}

static void set_mark(struct oi_resume *p, const struct oi_headers *headers, int64_t total)
{
	struct oi_mark *mark = p->mark;

	memset(mark, 0, sizeof(*mark));
	memcpy(mark->source, p->attempt->source, sizeof(mark->source));
	if (oi_headers_etag_is_strong(headers->etag))
		memcpy(mark->etag, headers->etag, sizeof(mark->etag));
	if (oi_headers_modified_is_strong(headers))
		memcpy(mark->modified, headers->modified, sizeof(mark->modified));
	mark->total = total;
}

static int take_headers(void *data, long status, const struct oi_headers *headers, int64_t length,
		 struct oi_err *err)
{
	struct oi_resume *p = data;
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
		oi_fetch_answer_note("starting again from its first byte: the artefact has changed, or the server does not support ranges");
		if (oi_resume_restart(p, err))
			return -1;
	}
	set_mark(p, headers, total);
	return p->sink->begin(p->sink->data, p->mark, err);
}

static int write_bytes(void *data, const void *bytes, size_t len, struct oi_err *err)
{
	const struct oi_resume *p = data;

	return p->sink->write(p->sink->data, bytes, len, err);
}

static void tell_progress(void *data, int64_t bytes, int64_t total)
{
	const struct oi_resume *p = data;

	(void)total; /* of this answer */
	oi_fetch_answer_progress(bytes, p->mark->total);
}

/* A fleet that boots in one moment is not to ask in one moment. */
static void spread(struct oi_resume *p)
{
	/* Never most of the time that is left. */
	int64_t most_ms = (p->request->deadline_ms - oi_retry_now_ms()) / 2;
	int64_t wait_ms = p->request->spread_ms < most_ms ? p->request->spread_ms : most_ms;

	if (p->is_spread || wait_ms <= 0)
		return;
	oi_fetch_answer_debug("waiting %" PRId64 " ms, so that not all VMs ask at once", wait_ms);
	p->is_spread = oi_retry_sleep(wait_ms, p->request->deadline_ms); /* there is time */
}

static enum oi_transfer_end from_network(struct oi_resume *p, struct oi_transfer_result *result,
					 struct oi_err *err)
{
	const struct oi_fetch_request *request = p->request;
	OI_FREE char *if_range = NULL;
	OI_FREE char *if_none_match = NULL;
	const char *headers[4] = { NULL }; /* a condition, two of an identity */
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
		.begin = take_headers,
		.write = write_bytes,
		.progress = tell_progress,
		.data = p,
	};
	enum oi_transfer_end end;

	spread(p);
	if (oi_identity_is_for(request, p->url)) {
		if (!p->token &&
		    oi_identity_header(request, &p->token, &p->result->requests, err))
			return OI_TRANSFER_HOPELESS;
		headers[n++] = p->token;
		headers[n++] = OI_IDENTITY_VERSION_HEADER;
		/* A token is for one host: a redirect is not followed with it. */
		transfer.redirects_max = 0;
	}
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
static enum oi_transfer_end from_file(struct oi_resume *p, struct oi_err *err)
{
	OI_FREE char *shown = oi_url_redact(p->url);
	struct oi_localfile file = { .fd = -1 };
	int ret;

	if (oi_localfile_open(p->url, p->request->max_bytes, &file, err))
		return OI_TRANSFER_HOPELESS;
	oi_mem_set(&p->result->source, shown);
	ret = oi_resume_have(p) > 0 && oi_resume_restart(p, err) ? -1 : 0;
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
static enum oi_transfer_end finish_try(struct oi_resume *p, struct oi_err *err)
{
	OI_FREE char *shown = oi_url_redact(p->url);

	/* Ends of bodies without a length cannot be told from cuts, unless we know better. */
	if (p->mark->total >= 0 && oi_resume_have(p) < p->mark->total) {
		oi_err_set(err, OI_R_FETCH_NETWORK,
			   "%s: it ended after %" PRId64 " of %" PRId64 " bytes", shown, oi_resume_have(p),
			   p->mark->total);
		return OI_TRANSFER_MAY_HEAL;
	}
	if (!p->sink->finish(p->sink->data, err))
		return OI_TRANSFER_DONE;
	if (oi_resume_bytes_are_at_fault(err))
		oi_err_prefix(err, "%s", shown);
	return OI_TRANSFER_OVER;
}

/*
 * The bytes were wrong. Of several answers one may have been of another artefact, so all
 * of it is asked for once, before the url is given up. @end: HOPELESS unless that is so.
 */
static enum oi_transfer_end throw_away(struct oi_resume *p, struct oi_err *err)
{
	struct oi_err why = *err;
	bool is_worth_all = p->spliced && !p->attempt->asked_for_all;

	if (oi_resume_restart(p, err))
		return OI_TRANSFER_OVER;
	*err = why;
	if (!is_worth_all)
		return OI_TRANSFER_HOPELESS;
	p->attempt->asked_for_all = true;
	p->again = true;
	oi_fetch_answer_note("%s; it was put together from parts, so all of it is fetched again",
			     err->text);
	return OI_TRANSFER_MAY_HEAL;
}

/* One try, which does not count when something was put right and p->again is set. */
static enum oi_transfer_end try_once(struct oi_resume *p, struct oi_transfer_result *result,
				     struct oi_err *err)
{
	enum oi_transfer_end end;

	if (oi_resume_have(p) > 0 && !may_go_on(p) && oi_resume_restart(p, err))
		return OI_TRANSFER_OVER;
	p->offset = oi_resume_have(p);
	p->refused = false;
	end = oi_url_scheme(p->url) == OI_URL_FILE ? from_file(p, err) :
						     from_network(p, result, err);
	if (end == OI_TRANSFER_DONE && result->status == 304) {
		p->result->unchanged = true;
		return end;
	}
	if (end == OI_TRANSFER_DONE)
		end = finish_try(p, err);
	/* 416: it has become shorter than what we have. */
	if (p->refused || (p->offset > 0 && result->status == 416)) {
		p->again = true;
		p->attempt->whole = true;
		oi_fetch_answer_note("%s; starting again from its first byte", err->text);
		return oi_resume_restart(p, err) ? OI_TRANSFER_OVER : OI_TRANSFER_MAY_HEAL;
	}
	return end == OI_TRANSFER_OVER && oi_resume_bytes_are_at_fault(err) ? throw_away(p, err) : end;
}

enum oi_transfer_end oi_resume_try(struct oi_resume *p, const char *url, struct oi_attempt *attempt,
				 struct oi_err *err)
{
	enum oi_transfer_end end = OI_TRANSFER_OVER;

	p->url = url;
	p->attempt = attempt;
	do {
		OI_CLEANUP(oi_transfer_result_clear) struct oi_transfer_result result = {
			.asked_ms = -1
		};

		p->again = false;
		p->tries++;
		end = try_once(p, &result, err);
		attempt->asked_ms = result.asked_ms;
		attempt->status = result.status;
	} while (end == OI_TRANSFER_MAY_HEAL && p->again);
	return end;
}
