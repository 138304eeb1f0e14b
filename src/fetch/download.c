/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/download.h"

#include <inttypes.h>
#include <stdbool.h>

#include "base/mem.h"
#include "fetch/localfile.h"
#include "fetch/retry.h"
#include "fetch/staged.h"
#include "fetch/transfer.h"
#include "fetch/url.h"
#include "model/reasons.h"

/* Vendor to content network to region and one to spare; more is a loop. */
#define REDIRECTS_MAX 5

static int begin(void *data, int64_t length, struct oi_err *err)
{
	return oi_staged_room(data, length, err);
}

static int add(void *data, const void *bytes, size_t len, struct oi_err *err)
{
	return oi_staged_write(data, bytes, len, err);
}

static void tell_progress(void *data, int64_t bytes, int64_t total)
{
	(void)data;
	oi_fetch_answer_progress(bytes, total);
}

/* One try of one URL into a fresh file. @result is zeroed. */
static enum oi_transfer_end try_once(const struct oi_fetch_request *request, int dir_fd,
				     const char *url, struct oi_transfer_result *result,
				     struct oi_err *err)
{
	OI_CLEANUP(oi_staged_clear) struct oi_staged staged = { .fd = -1 };
	const struct oi_transfer transfer = {
		.url = url,
		.proxy = request->proxy,
		.ca_bundle = request->ca_bundle,
		.redirects_max = REDIRECTS_MAX,
		.deadline_ms = request->deadline_ms,
		.connect_ms = request->connect_ms,
		.stall_seconds = request->stall_seconds,
		.max_bytes = request->max_bytes,
		.begin = begin,
		.write = add,
		.progress = tell_progress,
		.data = &staged,
	};
	OI_FREE char *shown = oi_url_redact(url);
	char sha256[OI_DIGEST_TEXT_BYTES] = "";
	enum oi_transfer_end end = OI_TRANSFER_DONE;

	if (oi_staged_begin(&staged, dir_fd, request->name, err))
		return OI_TRANSFER_OVER;
	if (oi_url_scheme(url) != OI_URL_FILE)
		end = oi_transfer_run(&transfer, result, err);
	else if (oi_localfile_copy(url, request->max_bytes, &staged, err))
		end = err->code == OI_R_FETCH_FILE || err->code == OI_R_FETCH_TOO_LARGE ?
			      OI_TRANSFER_HOPELESS :
			      OI_TRANSFER_OVER;
	if (end != OI_TRANSFER_DONE)
		return end;
	if (oi_staged_commit(&staged, request->sha256, sha256, err)) {
		if (err->code != OI_R_DIGEST_MISMATCH)
			return OI_TRANSFER_OVER;
		oi_err_prefix(err, "%s", shown);
		return OI_TRANSFER_HOPELESS;
	}
	oi_fetch_answer_done(result->source ? result->source : url, staged.bytes, sha256, false);
	return OI_TRANSFER_DONE;
}

/* Tries of one URL until it is there, or will not be. */
static enum oi_transfer_end try_url(const struct oi_fetch_request *request, int dir_fd,
				    const char *url, struct oi_err *err)
{
	for (int failed = 1;; failed++) {
		OI_CLEANUP(oi_transfer_result_clear) struct oi_transfer_result result = { 0 };
		enum oi_transfer_end end = try_once(request, dir_fd, url, &result, err);
		int64_t wait_ms;

		if (end != OI_TRANSFER_MAY_HEAL)
			return end;
		if (failed >= request->tries || result.asked_ms > OI_RETRY_ASKED_MS_MAX)
			return OI_TRANSFER_HOPELESS;
		wait_ms = oi_retry_wait_ms(request->backoff_ms, (unsigned int)failed,
					   result.asked_ms, oi_retry_random());
		oi_fetch_answer_note("%s; next try in %" PRId64 " ms", err->text, wait_ms);
		/* What comes back too late from here may be there at once elsewhere. */
		if (!oi_retry_sleep(wait_ms, request->deadline_ms)) {
			oi_err_prefix(err, "no time left for another try");
			return OI_TRANSFER_HOPELESS;
		}
	}
}

int oi_download_get(const struct oi_fetch_request *request, int dir_fd, struct oi_err *err)
{
	struct oi_err forged = { 0 };
	int64_t bytes = 0;
	int there = oi_staged_find(dir_fd, request->name, request->sha256, &bytes, err);

	if (there < 0)
		return -1;
	if (there) {
		oi_fetch_answer_done(request->urls.v[0], bytes, request->sha256, true);
		return 0;
	}
	for (size_t i = 0; i < request->urls.n; i++) {
		enum oi_transfer_end end = try_url(request, dir_fd, request->urls.v[i], err);

		if (end == OI_TRANSFER_DONE)
			return 0;
		if (err->code == OI_R_DIGEST_MISMATCH && !forged.code)
			forged = *err;
		if (end == OI_TRANSFER_OVER)
			return -1;
		if (i + 1 < request->urls.n)
			oi_fetch_answer_note("%s; going to the next source", err->text);
	}
	if (forged.code)
		*err = forged;
	if (request->urls.n > 1)
		oi_err_prefix(err, "none of %zu sources gave it", request->urls.n);
	return -1;
}
