/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The door to files: every path is below a root, "/" or a tree that looks like
 * a machine. Symbolic links are followed as if the root were "/" (openat2's
 * RESOLVE_IN_ROOT; plain openat on kernels before 5.6, where the root is "/").
 * Paths may start with '/'.
 */
#ifndef OI_SYS_ROOT_H
#define OI_SYS_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"

struct oi_root {
	int fd; /* O_PATH directory */
	char *path; /* for messages and for children; "/" or an absolute path without last '/' */
};

/** oi_root_open() - open a tree; errors: OI_R_USAGE when it is no directory */
OI_MUST_CHECK
int oi_root_open(const char *path, struct oi_root *root, struct oi_err *err);
/** oi_root_close() - fine on one that failed to open; for OI_CLEANUP */
void oi_root_close(struct oi_root *root);
/** oi_root_is_real() - is it "/" */
bool oi_root_is_real(const struct oi_root *root);

/** oi_root_name() - a path below the root as messages and children name it: "DIR/etc/x", "/etc/x" when the root is "/"; owned by the caller */
char *oi_root_name(const struct oi_root *root, const char *path);

/**
 * oi_root_openat() - open(2) below the root, O_CLOEXEC
 *
 * To write, no link is followed that others than root could have put there: ELOOP. So it is
 * with everything below that writes, for the folders too, down the whole path by descriptors.
 * Return: descriptor, or -1 with errno
 */
OI_MUST_CHECK
int oi_root_openat(const struct oi_root *root, const char *path, int flags, mode_t mode);

/**
 * oi_root_doubt() - why others than root could change what @path leads to
 *
 * Looks at the file and at each folder on the way to it, also at those that links lead through.
 * Return: "PLACE: why", owned by the caller; NULL: they could not, or there is none.
 */
char *oi_root_doubt(const struct oi_root *root, const char *path);

/**
 * oi_root_read() - a whole file
 * @limit_bytes: more than that is an error
 * @out: appended to
 * Return: 0 read, 1 there is none, -1 error (with @err, OI_R_READ_FAILED).
 */
OI_MUST_CHECK
int oi_root_read(const struct oi_root *root, const char *path, size_t limit_bytes,
		 struct oi_buf *out, struct oi_err *err);

/**
 * oi_root_read_guarded() - as oi_root_read(), but root does not read what others may write
 *
 * Refuses, when we are root, a file that another user owns or that its group or
 * others may write: a link in a folder of root's may lead to one.
 */
OI_MUST_CHECK
int oi_root_read_guarded(const struct oi_root *root, const char *path, size_t limit_bytes,
			 struct oi_buf *out, struct oi_err *err);

/**
 * oi_root_read_named() - a whole file that the user named: seen from the working
 * folder, and it may be a pipe. Below no root.
 * Return: 0, or -1 with OI_R_READ_FAILED (also when there is none).
 */
OI_MUST_CHECK
int oi_root_read_named(const char *path, size_t limit_bytes, struct oi_buf *out,
		       struct oi_err *err);

/**
 * oi_root_read_line() - the first line of a small file, without blanks at its ends
 * @out: owned by the caller when 0 is returned
 * Return: as oi_root_read().
 */
OI_MUST_CHECK
int oi_root_read_line(const struct oi_root *root, const char *path, char **out,
		      struct oi_err *err);

/** oi_root_list() - names in a folder, sorted, without "." and ".."; returns as oi_root_read() */
OI_MUST_CHECK
int oi_root_list(const struct oi_root *root, const char *path, struct oi_strv *names,
		 struct oi_err *err);

/** oi_root_target() - a link's whole target; owned by the caller, or NULL with errno */
OI_MUST_CHECK
char *oi_root_target(const struct oi_root *root, const char *path);
/** oi_root_link() - last part of a link's target ("mlx5_core" of .../driver); returns as oi_root_read() */
OI_MUST_CHECK
int oi_root_link(const struct oi_root *root, const char *path, char **out, struct oi_err *err);

/** oi_root_exists() - is there anything at @path (following links) */
bool oi_root_exists(const struct oi_root *root, const char *path);
/** oi_root_is_program() - is there a file at @path that somebody may execute */
bool oi_root_is_program(const struct oi_root *root, const char *path);

/** oi_root_mkdirs() - a folder and those above it, 0755; OI_R_WRITE_FAILED */
OI_MUST_CHECK
int oi_root_mkdirs(const struct oi_root *root, const char *path, mode_t mode, struct oi_err *err);

/**
 * oi_root_write() - put a file in place: written beside, synced, renamed
 * @mode: of the file
 * Makes the folders above. A file that already has the bytes and mode is left alone.
 * What a writer of the same file has left beside it when it was killed goes. One
 * process at a time may write a file: ours hold a lock.
 * Return: 0 or -1 with OI_R_WRITE_FAILED and no half-written file under the name.
 */
OI_MUST_CHECK
int oi_root_write(const struct oi_root *root, const char *path, mode_t mode,
		  const char *bytes, size_t len, struct oi_err *err);

/**
 * oi_root_name_again() - give a file that is in place a second name, a hard link
 * @path: of the file; @other: the second name, whose folders are made; what had it goes
 * Nothing is synced: after a power cut @other may be what it was before. It costs no
 * write, and since oi_root_write() replaces files, the two names part again with the
 * next one.
 * Return: false when the file system has none, or anything else is in the way
 */
OI_MUST_CHECK
bool oi_root_name_again(const struct oi_root *root, const char *path, const char *other);

/**
 * oi_root_new_name() - @prefix and 16 hex digits that nobody can have guessed
 * Return: owned by the caller; or NULL with errno set.
 */
OI_MUST_CHECK
char *oi_root_new_name(const char *prefix);

/** oi_root_remove() - a file, or a folder with all in it; none there is fine; OI_R_WRITE_FAILED */
OI_MUST_CHECK
int oi_root_remove(const struct oi_root *root, const char *path, struct oi_err *err);

/** oi_root_free_bytes() - free space for root's children at @path or the nearest folder above it */
OI_MUST_CHECK
int oi_root_free_bytes(const struct oi_root *root, const char *path, int64_t *bytes,
		       struct oi_err *err);

#endif
