/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/download.h"

#include <stdbool.h>

#include "fetch/retry.h"
#include "fetch/source.h"
#include "fetch/staged.h"
#include "fetch/staged_find.h"
#include "model/reasons.h"

/* How often to look whether another process is done with the same file. */
#define BUSY_MS 100

/* The sink that a file is. */
struct download {
	const struct oi_fetch_request *request;
	struct oi_staged staged;
	char sha256[OI_DIGEST_TEXT_BYTES];
};

static int64_t have(void *data)
{
	const struct download *d = data;

	return d->staged.bytes;
}

static int restart(void *data, struct oi_err *err)
{
	struct download *d = data;

	return oi_staged_restart(&d->staged, err);
}

static int begin_part(void *data, const struct oi_mark *mark, struct oi_err *err)
{
	struct download *d = data;

	return oi_staged_mark(&d->staged, mark, err);
}

static int add_bytes(void *data, const void *bytes, size_t len, struct oi_err *err)
{
	struct download *d = data;

	return oi_staged_write(&d->staged, bytes, len, err);
}

static int finish(void *data, struct oi_err *err)
{
	struct download *d = data;

	return oi_staged_commit(&d->staged, d->sha256, err);
}

/* A later try may bring the rest. What is wrong, or in the way of it, is not worth keeping. */
static bool may_heal(int code)
{
	return code == OI_R_FETCH_NETWORK || code == OI_R_FETCH_TIMEOUT ||
	       code == OI_R_FETCH_STATUS || code == OI_R_FETCH_TLS || code == OI_R_FETCH_FILE;
}

static void answer(const struct download *d, const char *source, int64_t bytes,
		   const char *sha256, bool cached, const struct oi_source_result *result)
{
	oi_fetch_answer_done(&(struct oi_fetch_done){
		.source = source ? source : d->request->urls.v[0],
		.bytes = bytes,
		.sha256 = sha256,
		.cached = cached,
		.has_counts = true,
		.requests = result->requests,
		.retries = result->retries,
		.received_bytes = result->received_bytes,
		.resumed_bytes = result->resumed_bytes,
	});
}

/* NAME.part is ours. */
static int get(struct download *d, int dir_fd, struct oi_err *err)
{
	const struct oi_sink sink = { have, restart, begin_part, add_bytes, finish, d };
	OI_CLEANUP(oi_source_result_clear) struct oi_source_result result = { 0 };
	struct oi_mark mark = d->staged.record.mark;
	struct oi_fetch_record kept = { 0 };
	enum oi_staged_find there;
	int64_t bytes = 0;

	if (oi_staged_find_find(dir_fd, d->request->name, d->request->sha256, &there, &kept, &bytes,
			  err))
		return -1;
	if (there == OI_THERE) {
		answer(d, NULL, bytes, d->request->sha256, true, &result);
		return 0;
	}
	if (oi_source_get(d->request, dir_fd, &sink, &mark,
			  there == OI_THERE_IF_UNCHANGED ? &kept.mark : NULL, &result, err)) {
		if (may_heal(err->code))
			oi_staged_keep(&d->staged);
		return -1;
	}
	if (result.unchanged)
		answer(d, result.source, bytes, kept.sha256, true, &result);
	else
		answer(d, result.source, d->staged.bytes, d->sha256, false, &result);
	return 0;
}

/* Until it is ours: whoever else fetches the same brings it for us too. */
static int open_part(struct download *d, int dir_fd, struct oi_err *err)
{
	bool told = false;

	for (;;) {
		int ret = oi_staged_open(&d->staged, dir_fd, d->request->name,
					 d->request->sha256, err);

		if (ret <= 0)
			return ret;
		oi_staged_clear(&d->staged);
		if (!told)
			oi_fetch_answer_note("another process fetches it; waiting for that");
		told = true;
		if (!oi_retry_sleep(BUSY_MS, d->request->deadline_ms))
			return oi_err_set(err, OI_R_FETCH_TIMEOUT,
					  "no time is left, and another process still fetches it");
	}
}

int oi_download_get(const struct oi_fetch_request *request, int dir_fd, struct oi_err *err)
{
	struct download d = { .request = request, .staged = { .fd = -1 } };
	int ret = open_part(&d, dir_fd, err) ? -1 : get(&d, dir_fd, err);

	oi_staged_clear(&d.staged);
	return ret;
}
