/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/stream.h"

#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

#include "fetch/gunzip.h"
#include "model/reasons.h"

/*
 * Measured with 300 MB: smaller rings make the threads wait for each other, larger
 * ones gain nothing. Whatever the archive's size, this is what is held of it.
 */
#define PACKED_BYTES (512 * 1024)
#define PLAIN_BYTES (1024 * 1024)

/* The writer can begin with the first of it while the decoder makes the next. */
#define PIECE_BYTES (128 * 1024)

/* --- the decoder: packed -> plain --- */

/* A ring stops when its other side has failed, which says more; else for want of time. */
static int stopped(struct oi_err *err)
{
	return oi_err_set(err, OI_R_FETCH_TIMEOUT, "out of time while unpacking");
}

static int gunzip_piece(struct oi_stream *s, struct oi_gunzip *gunzip, const char *bytes,
			size_t len, struct oi_err *err)
{
	struct oi_inflate_place place = { .in = (const unsigned char *)bytes, .in_len = len };

	/* Once more when the room is used up: there may be more in the library's hands. */
	do {
		char *at = NULL;
		size_t room = oi_ring_room(&s->plain, &at);
		size_t asked = room < PIECE_BYTES ? room : PIECE_BYTES;
		size_t before = place.in_len;

		if (!room)
			return stopped(err);
		place.out = (unsigned char *)at;
		place.out_len = asked;
		if (oi_gunzip_run(gunzip, &place, err))
			return -1;
		oi_ring_drain(&s->packed, before - place.in_len);
		oi_ring_fill(&s->plain, asked - place.out_len);
	} while (place.in_len || !place.out_len);
	return 0;
}

static int gunzip(struct oi_stream *s, struct oi_err *err)
{
	struct oi_gunzip state;
	int ret = 0;

	oi_gunzip_begin(&state, oi_gunzip_best());
	while (!ret) {
		const char *bytes = NULL;
		size_t len = oi_ring_data(&s->packed, &bytes);

		if (!len) {
			ret = oi_ring_ended(&s->packed) ? oi_gunzip_end(&state, err) : stopped(err);
			break;
		}
		ret = gunzip_piece(s, &state, bytes, len, err);
	}
	oi_gunzip_clear(&state);
	return ret;
}

/* A reader of a ring, as libarchive wants it: pieces are borrowed until the next. */
struct reading {
	struct oi_ring *ring;
	struct oi_ring *packed;
	size_t borrowed;
	bool stopped;
};

static ssize_t read_ring(void *data, const void **bytes)
{
	struct reading *r = data;
	const char *at = NULL;
	size_t len;

	oi_ring_drain(r->ring, r->borrowed);
	len = r->borrowed = oi_ring_data(r->ring, &at);
	*bytes = at;
	r->stopped = !len && !oi_ring_ended(r->ring);
	return r->stopped ? -1 : (ssize_t)len;
}

static int64_t packed_bytes(void *data)
{
	const struct reading *r = data;

	return (int64_t)oi_ring_drained(r->packed);
}

static int pass_bytes(void *data, const void *bytes, size_t len, struct oi_err *err)
{
	struct oi_stream *s = data;
	const char *from = bytes;

	while (len) {
		char *at = NULL;
		size_t room = oi_ring_room(&s->plain, &at);
		size_t n = room < len ? room : len;

		if (!room)
			return stopped(err);
		memcpy(at, from, n);
		oi_ring_fill(&s->plain, n);
		from += n;
		len -= n;
	}
	return 0;
}

static int decode(struct oi_stream *s, struct oi_err *err)
{
	struct reading reading = { .ring = &s->packed, .packed = &s->packed };
	const struct oi_archive_input input = { read_ring, packed_bytes, &reading };
	const char *bytes = NULL;
	size_t len;

	oi_ring_await(&s->packed); /* more than one byte, to know it by */
	len = oi_ring_data(&s->packed, &bytes);
	if (oi_gunzip_is(bytes, len))
		return gunzip(s, err);
	if (!oi_archive_decode(&input, pass_bytes, s, err))
		return 0;
	return reading.stopped ? stopped(err) : -1;
}

static void *decoder(void *data)
{
	struct oi_stream *s = data;

	if (!decode(s, &s->decoder_err)) {
		oi_ring_close(&s->plain);
		return NULL;
	}
	oi_ring_stop(&s->plain);
	oi_ring_stop(&s->packed);
	return NULL;
}

/* --- the writer: plain -> files --- */

/* Behind a tar's end is padding; the decoder is not done before it is through that. */
static int skip_the_rest(struct oi_stream *s, struct reading *reading, struct oi_err *err)
{
	const void *bytes = NULL;
	int64_t skipped = 0;
	ssize_t len;

	while ((len = read_ring(reading, &bytes)) > 0) {
		skipped += len;
		if (skipped > s->limits->files.max_bytes ||
		    oi_archive_is_bomb(packed_bytes(reading), skipped))
			return oi_err_set(err, OI_R_ARCHIVE_TOO_LARGE,
					  "too much data follows the archive");
	}
	return (int)len;
}

static void *writer(void *data)
{
	struct oi_stream *s = data;
	struct reading reading = { .ring = &s->plain, .packed = &s->packed };
	const struct oi_archive_input input = { read_ring, packed_bytes, &reading };

	if (!oi_archive_extract_tar(&input, &s->limits->files, s->tree.fd, &s->bytes,
				    &s->writer_err) &&
	    !skip_the_rest(s, &reading, &s->writer_err))
		return NULL;
	if (reading.stopped)
		(void)stopped(&s->writer_err);
	oi_ring_stop(&s->plain);
	oi_ring_stop(&s->packed);
	return NULL;
}

/* --- the caller --- */

static int start(struct oi_stream *s, struct oi_err *err)
{
	int64_t deadline_ms = s->limits->files.deadline_ms;
	int error;

	oi_archive_init();
	if (oi_tree_begin(&s->tree, s->dir_fd, s->limits->into, err))
		return -1;
	memset(&s->decoder_err, 0, sizeof(s->decoder_err));
	memset(&s->writer_err, 0, sizeof(s->writer_err));
	oi_ring_init(&s->packed, PACKED_BYTES, deadline_ms);
	oi_ring_init(&s->plain, PLAIN_BYTES, deadline_ms);
	error = pthread_create(&s->writer, NULL, writer, s);
	if (!error) {
		error = pthread_create(&s->decoder, NULL, decoder, s);
		if (error) {
			oi_ring_stop(&s->plain);
			pthread_join(s->writer, NULL);
		}
	}
	s->running = !error;
	if (!error)
		return 0;
	oi_ring_clear(&s->packed);
	oi_ring_clear(&s->plain);
	return oi_err_set(err, OI_R_FETCH_FAILED, "a thread: %s", strerror(error));
}

/* Waits for the threads, which are at their end. Return: 0, or -1 with what went wrong first. */
static int join(struct oi_stream *s, struct oi_err *err)
{
	pthread_join(s->decoder, NULL);
	pthread_join(s->writer, NULL);
	oi_ring_clear(&s->packed);
	oi_ring_clear(&s->plain);
	s->running = false;
	if (!s->decoder_err.code && !s->writer_err.code)
		return 0;
	/* One that fails stops the other, whose word says less. */
	*err = s->writer_err.code &&
			       (!s->decoder_err.code || s->decoder_err.code == OI_R_FETCH_TIMEOUT) ?
		       s->writer_err :
		       s->decoder_err;
	return -1;
}

static void stop(struct oi_stream *s)
{
	struct oi_err ignored;

	if (!s->running)
		return;
	oi_ring_stop(&s->packed);
	oi_ring_stop(&s->plain);
	(void)!join(s, &ignored); /* of course it did not come to its end */
}

int oi_stream_begin(struct oi_stream *stream, const struct oi_stream_limits *limits, int dir_fd,
		    struct oi_err *err)
{
	stream->limits = limits;
	stream->dir_fd = dir_fd;
	stream->tree.fd = -1;
	return oi_digest_begin(&stream->digest, err);
}

int oi_stream_room(const struct oi_stream *stream, int64_t total_bytes, struct oi_err *err)
{
	const struct oi_stream_limits *limits = stream->limits;
	struct statvfs fs;
	int64_t free_bytes, need_bytes;

	/* What cannot be known beforehand is found out by writing. */
	if (stream->taken || fstatvfs(stream->dir_fd, &fs))
		return 0;
	free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	need_bytes = limits->room_bytes;
	if (total_bytes > 0 && total_bytes > (INT64_MAX - need_bytes) / limits->room_factor)
		need_bytes = INT64_MAX;
	else if (total_bytes > 0)
		need_bytes += total_bytes * limits->room_factor;
	if (free_bytes >= need_bytes)
		return 0;
	return oi_err_set(err, OI_R_DISK_SPACE,
			  "unpacking needs %" PRId64 " bytes, %" PRId64 " are free", need_bytes,
			  free_bytes);
}

static bool bytes_are_at_fault(const struct oi_err *err)
{
	return err->code == OI_R_ARCHIVE_MALFORMED || err->code == OI_R_ARCHIVE_UNSAFE ||
	       err->code == OI_R_ARCHIVE_TOO_LARGE;
}

/* The pipeline has stopped. */
static int give_up(struct oi_stream *s, struct oi_err *err)
{
	oi_ring_stop(&s->packed);
	oi_ring_stop(&s->plain);
	if (!join(s, err))
		(void)stopped(err);
	oi_tree_clear(&s->tree);
	if (!s->limits->sha256 || !bytes_are_at_fault(err))
		return -1;
	s->spoiled = true;
	s->why = *err;
	return 0;
}

int oi_stream_write(struct oi_stream *stream, const void *bytes, size_t len, struct oi_err *err)
{
	const char *from = bytes;

	if (oi_digest_add(&stream->digest, bytes, len, err))
		return -1;
	stream->taken += (int64_t)len;
	if (stream->spoiled)
		return 0;
	if (!stream->running && start(stream, err))
		return -1;
	while (len) {
		char *at = NULL;
		size_t room = oi_ring_room(&stream->packed, &at);
		size_t n = room < len ? room : len;

		if (!room)
			return give_up(stream, err);
		memcpy(at, from, n);
		oi_ring_fill(&stream->packed, n);
		from += n;
		len -= n;
	}
	return 0;
}

/* Both are over: was the archive good, and was it the right one. */
static int compare(struct oi_stream *s, struct oi_err *err)
{
	if (oi_digest_end(&s->digest, s->sha256, err))
		return -1;
	if (s->limits->sha256 && strcmp(s->sha256, s->limits->sha256))
		return oi_err_set(err, OI_R_DIGEST_MISMATCH, "its SHA-256 is %s, expected %s",
				  s->sha256, s->limits->sha256);
	if (!s->spoiled)
		return oi_tree_commit(&s->tree, err);
	*err = s->why;
	return -1;
}

int oi_stream_finish(struct oi_stream *stream, struct oi_err *err)
{
	if (!stream->running && !stream->spoiled && start(stream, err))
		return -1; /* there was not a single byte */
	if (stream->running) {
		oi_ring_close(&stream->packed);
		if (join(stream, err)) {
			oi_tree_clear(&stream->tree);
			if (!stream->limits->sha256 || !bytes_are_at_fault(err))
				return -1;
			stream->spoiled = true;
			stream->why = *err;
		}
	}
	return compare(stream, err);
}

int oi_stream_restart(struct oi_stream *stream, struct oi_err *err)
{
	stop(stream);
	oi_tree_clear(&stream->tree);
	stream->spoiled = false;
	stream->taken = 0;
	stream->bytes = 0;
	return oi_digest_begin(&stream->digest, err);
}

void oi_stream_clear(struct oi_stream *stream)
{
	stop(stream);
	oi_tree_clear(&stream->tree);
	oi_digest_clear(&stream->digest);
	memset(stream, 0, sizeof(*stream));
	stream->tree.fd = -1;
}
