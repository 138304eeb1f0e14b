/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door to libarchive: archives become files. */
#ifndef OI_FETCH_ARCHIVE_H
#define OI_FETCH_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

/*
 * What a packed byte may become, on average, from OI_ARCHIVE_FREE_BYTES on. Drivers
 * are packages, packed already: an archive of them hardly shrinks. Source code, of
 * which single packages consist, shrinks to a fifth.
 */
#define OI_ARCHIVE_RATIO_MAX 64
#define OI_ARCHIVE_FREE_BYTES (INT64_C(64) << 20)

/* So much of the file system stays free: the machine has to go on. */
#define OI_ARCHIVE_RESERVE_BYTES (INT64_C(32) << 20)

/* Longer names are nobody's. */
#define OI_ARCHIVE_PATH_BYTES 1024

struct oi_archive_limits {
	int64_t deadline_ms; /* monotonic, absolute */
	int64_t max_entries;
	int64_t max_bytes; /* of all files together */
	bool progress; /* to be told here */
};

/* Bytes from a thread that makes them. */
struct oi_archive_input {
	/* The next ones, borrowed until the next call; 0: that was all; -1: there was a
	 * failure, which is told elsewhere. */
	ssize_t (*read)(void *data, const void **bytes);
	int64_t (*packed_bytes)(void *data); /* taken of the archive itself so far */
	void *data;
};

/** oi_archive_init() - before the first archive, while there is one thread */
void oi_archive_init(void);

/**
 * oi_archive_extract() - the archive in a file becomes files
 * @fd: at its beginning
 * @tree_fd: an empty folder; also the working folder
 * @bytes: of all files together
 *
 * tar, cpio and ISO 9660, plain or packed by gzip, bzip2, xz or zstd, and rpm.
 * Entries become ours: no owner, no set-uid, nothing that others may write, no
 * special files; none lies outside of the folder or is reached through a link.
 * Return: 0, or -1 with OI_R_ARCHIVE_MALFORMED, OI_R_ARCHIVE_UNSAFE,
 *         OI_R_ARCHIVE_TOO_LARGE, OI_R_DISK_SPACE, OI_R_FETCH_TIMEOUT, OI_R_WRITE_FAILED.
 */
OI_MUST_CHECK
int oi_archive_extract(int fd, const struct oi_archive_limits *limits, int tree_fd,
		       int64_t *bytes, struct oi_err *err);

/** oi_archive_extract_tar() - the same of a tar, unpacked already, that comes bit by bit */
OI_MUST_CHECK
int oi_archive_extract_tar(const struct oi_archive_input *input,
			   const struct oi_archive_limits *limits, int tree_fd, int64_t *bytes,
			   struct oi_err *err);

/**
 * oi_archive_decode() - what xz, zstd or bzip2 packed; anything else comes out as it is
 * @write: the next bytes; an error ends it
 * Return: 0, or -1 with OI_R_ARCHIVE_MALFORMED or what @write said.
 */
OI_MUST_CHECK
int oi_archive_decode(const struct oi_archive_input *input,
		      int (*write)(void *data, const void *bytes, size_t len, struct oi_err *err),
		      void *data, struct oi_err *err);

/** oi_archive_is_bomb() - do so many packed bytes become so many, and is that too many */
bool oi_archive_is_bomb(int64_t packed_bytes, int64_t bytes);

#endif
