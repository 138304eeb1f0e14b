/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/onepass.h"

#include "fetch/gunzip.h"
#include "fetch/source.h"
#include "fetch/stream.h"

/* The sink that a stream is. */
static int64_t have(void *data)
{
	const struct oi_stream *stream = data;

	return stream->taken;
}

static int restart(void *data, struct oi_err *err)
{
	return oi_stream_restart(data, err);
}

static int open_stream(void *data, const struct oi_mark *mark, struct oi_err *err)
{
	return oi_stream_room(data, mark->total, err);
}

static int decode_bytes(void *data, const void *bytes, size_t len, struct oi_err *err)
{
	return oi_stream_write(data, bytes, len, err);
}

static int finish(void *data, struct oi_err *err)
{
	return oi_stream_finish(data, err);
}

static void done(const struct oi_fetch_request *request, const struct oi_stream *stream,
		 const struct oi_source_result *result)
{
	oi_fetch_answer_done(&(struct oi_fetch_done){
		.source = result->source ? result->source : request->urls.v[0],
		.bytes = stream->taken,
		.sha256 = stream->sha256,
		.has_counts = true,
		.requests = result->requests,
		.retries = result->retries,
		.received_bytes = result->received_bytes,
		.resumed_bytes = result->resumed_bytes,
	});
}

int oi_onepass_get(const struct oi_fetch_request *request, int dir_fd, struct oi_err *err)
{
	const struct oi_stream_limits limits = {
		.into = request->into,
		.sha256 = request->sha256,
		.files = { .deadline_ms = request->deadline_ms,
			   .max_entries = request->max_entries,
			   .max_bytes = request->max_unpacked_bytes },
		.room_factor = request->room_factor,
		.room_bytes = request->room_bytes,
	};
	OI_CLEANUP(oi_stream_clear) struct oi_stream stream = { .tree = { .fd = -1 } };
	OI_CLEANUP(oi_source_result_clear) struct oi_source_result result = { 0 };
	const struct oi_sink sink = { have, restart, open_stream, decode_bytes, finish, &stream };
	struct oi_mark mark = { .total = -1 };

	oi_fetch_answer_debug("gzip is unpacked by %s", oi_gunzip_best()->name);
	if (oi_stream_begin(&stream, &limits, dir_fd, err) ||
	    oi_source_get(request, dir_fd, &sink, &mark, NULL, &result, err))
		return -1;
	done(request, &stream, &result);
	return 0;
}
