/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes of an archive become files while they arrive: no archive is on the disk.
 * Three threads, with bounded rings between them:
 *
 *   caller: digest  ->  decoder: gunzip, xz, zstd  ->  writer: tar, files
 *
 * A transfer that was cut goes on where it was, as long as the process lives: what the
 * decoder has in mind is nowhere else. After its death all of it has to come again.
 */
#ifndef OI_FETCH_STREAM_H
#define OI_FETCH_STREAM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "fetch/archive.h"
#include "fetch/digest.h"
#include "fetch/ring.h"
#include "fetch/tree.h"

struct oi_stream_limits {
	const char *into; /* the new folder; grows as INTO.part-dir */
	const char *sha256; /* lower case; NULL: who sends it has proven its identity */
	struct oi_archive_limits files;
	int64_t room_factor; /* so many times the archive's bytes have to be free before, */
	int64_t room_bytes; /* and so many more */
};

struct oi_stream {
	const struct oi_stream_limits *limits;
	int dir_fd; /* borrowed */
	int64_t taken; /* bytes of the archive */
	struct oi_digest digest;
	char sha256[OI_DIGEST_TEXT_BYTES]; /* after the end */
	int64_t bytes; /* of files; after the end */
	struct oi_tree tree;
	/* the pipeline; while @running its threads have the second half of this */
	bool running;
	bool spoiled; /* it has failed for @why, and bytes are only digested */
	struct oi_err why;
	pthread_t decoder;
	pthread_t writer;
	struct oi_ring packed;
	struct oi_ring plain;
	struct oi_err decoder_err;
	struct oi_err writer_err;
};

/**
 * oi_stream_begin() - a stream without bytes yet
 * @stream: zeroed; cleared by oi_stream_clear(), also after a failure
 * @limits: borrowed
 * @dir_fd: borrowed, ours alone
 * Errors: OI_R_FETCH_FAILED
 */
OI_MUST_CHECK
int oi_stream_begin(struct oi_stream *stream, const struct oi_stream_limits *limits, int dir_fd,
		    struct oi_err *err);

/** oi_stream_room() - before the first byte: can an archive of @total_bytes (-1: unknown) be
 *  unpacked here; OI_R_DISK_SPACE */
OI_MUST_CHECK
int oi_stream_room(const struct oi_stream *stream, int64_t total_bytes, struct oi_err *err);

/**
 * oi_stream_write() - the next bytes of the archive
 *
 * An archive that is not in order may be the right one all the same, or a wrong one
 * from a bad mirror: with a digest to compare, the rest is taken to find out.
 * Errors: as oi_archive_extract()
 */
OI_MUST_CHECK
int oi_stream_write(struct oi_stream *stream, const void *bytes, size_t len, struct oi_err *err);

/**
 * oi_stream_finish() - those were all: wait for the files, compare, and give the folder its name
 * Errors: OI_R_DIGEST_MISMATCH, and as oi_archive_extract(); nothing is under the name then.
 */
OI_MUST_CHECK
int oi_stream_finish(struct oi_stream *stream, struct oi_err *err);

/** oi_stream_restart() - forget all of it, files too; the next byte is the first again */
OI_MUST_CHECK
int oi_stream_restart(struct oi_stream *stream, struct oi_err *err);

/** oi_stream_clear() - end the threads, free; an unfinished folder goes away */
void oi_stream_clear(struct oi_stream *stream);

#endif
