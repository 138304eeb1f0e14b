/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/download.h"

#include <string.h>

#include "base/mem.h"
#include "fetch/source.h"
#include "fetch/staged.h"
#include "model/reasons.h"

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

static int begin(void *data, const struct oi_mark *mark, struct oi_err *err)
{
	const struct download *d = data;

	return oi_staged_room(&d->staged, mark->total - d->staged.bytes, err);
}

static int add(void *data, const void *bytes, size_t len, struct oi_err *err)
{
	struct download *d = data;

	return oi_staged_write(&d->staged, bytes, len, err);
}

static int finish(void *data, struct oi_err *err)
{
	struct download *d = data;

	return oi_staged_commit(&d->staged, d->request->sha256, d->sha256, err);
}

static int fetch(struct download *d, int dir_fd, struct oi_err *err)
{
	const struct oi_sink sink = { have, restart, begin, add, finish, d };
	OI_CLEANUP(oi_source_result_clear) struct oi_source_result result = { 0 };
	struct oi_mark mark = { .total = -1 };

	if (oi_staged_begin(&d->staged, dir_fd, d->request->name, err) ||
	    oi_source_get(d->request, dir_fd, &sink, &mark, NULL, &result, err))
		return -1;
	oi_fetch_answer_done(&(struct oi_fetch_done){
		.source = result.source ? result.source : d->request->urls.v[0],
		.bytes = d->staged.bytes,
		.sha256 = d->sha256,
		.has_counts = true,
		.requests = result.requests,
		.retries = result.retries,
		.received_bytes = result.received_bytes,
		.resumed_bytes = result.resumed_bytes,
	});
	return 0;
}

int oi_download_get(const struct oi_fetch_request *request, int dir_fd, struct oi_err *err)
{
	struct download d = { .request = request, .staged = { .fd = -1 } };
	int64_t bytes = 0;
	int there = oi_staged_find(dir_fd, request->name, request->sha256, &bytes, err);
	int ret;

	if (there < 0)
		return -1;
	if (there) {
		oi_fetch_answer_done(&(struct oi_fetch_done){ .source = request->urls.v[0],
							      .bytes = bytes,
							      .sha256 = request->sha256,
							      .cached = true,
							      .has_counts = true });
		return 0;
	}
	ret = fetch(&d, dir_fd, err);
	oi_staged_clear(&d.staged);
	return ret;
}
