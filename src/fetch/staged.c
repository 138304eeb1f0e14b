/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/staged.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/reasons.h"

#define READ_BYTES (64 * 1024)

static int write_failed(struct oi_err *err, const char *what, const char *name)
{
	int code = errno == ENOSPC || errno == EDQUOT ? OI_R_DISK_SPACE : OI_R_WRITE_FAILED;

	return oi_err_set(err, code, "staging folder: %s %s: %s", what, name, strerror(errno));
}

static int hash_file(int fd, char out[OI_DIGEST_TEXT_BYTES], struct oi_err *err)
{
	OI_CLEANUP(oi_digest_clear) struct oi_digest digest = { 0 };
	OI_FREE char *chunk = oi_mem_zalloc(READ_BYTES, 1);

	if (oi_digest_begin(&digest, err))
		return -1;
	for (;;) {
		ssize_t n = read(fd, chunk, READ_BYTES);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return oi_err_set(err, OI_R_READ_FAILED, "read: %s", strerror(errno));
		if (n == 0)
			return oi_digest_end(&digest, out, err);
		if (oi_digest_add(&digest, chunk, (size_t)n, err))
			return -1;
	}
}

int oi_staged_find(int dir_fd, const char *name, const char *sha256, int64_t *bytes,
		   struct oi_err *err)
{
	char actual[OI_DIGEST_TEXT_BYTES] = "";
	struct stat st = { 0 };
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd >= 0 && sha256 && !fstat(fd, &st) && S_ISREG(st.st_mode)) {
		/* Unreadable is as good as wrong: it is fetched again. */
		if (hash_file(fd, actual, err))
			actual[0] = '\0';
	}
	if (fd >= 0)
		close(fd);
	if (sha256 && !strcmp(actual, sha256)) {
		*bytes = st.st_size;
		return 1;
	}
	if (unlinkat(dir_fd, name, 0))
		return write_failed(err, "remove", name);
	return 0;
}

int oi_staged_begin(struct oi_staged *staged, int dir_fd, const char *name, struct oi_err *err)
{
	staged->dir_fd = dir_fd;
	staged->name = oi_mem_dup(name);
	staged->bytes = 0;
	staged->fd = -1;
	if (oi_digest_begin(&staged->digest, err))
		return -1;
	staged->part = oi_mem_printf("%s.part", name);
	/* One that a killed run has left. */
	if (unlinkat(dir_fd, staged->part, 0) && errno != ENOENT)
		return write_failed(err, "remove", staged->part);
	staged->fd = openat(dir_fd, staged->part,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (staged->fd < 0)
		return write_failed(err, "create", staged->part);
	return 0;
}

int oi_staged_restart(struct oi_staged *staged, struct oi_err *err)
{
	if (ftruncate(staged->fd, 0) || lseek(staged->fd, 0, SEEK_SET))
		return write_failed(err, "empty", staged->part);
	staged->bytes = 0;
	return oi_digest_begin(&staged->digest, err);
}

int oi_staged_room(const struct oi_staged *staged, int64_t bytes, struct oi_err *err)
{
	struct statvfs fs;
	int64_t free_bytes;

	/* What cannot be known beforehand is found out by writing. */
	if (bytes <= 0 || fstatvfs(staged->fd, &fs))
		return 0;
	free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	if (free_bytes >= bytes)
		return 0;
	return oi_err_set(err, OI_R_DISK_SPACE,
			  "staging folder: %s needs %" PRId64 " bytes, %" PRId64 " are free",
			  staged->name, bytes, free_bytes);
}

int oi_staged_write(struct oi_staged *staged, const void *bytes, size_t len, struct oi_err *err)
{
	const char *at = bytes;
	size_t left = len;

	while (left) {
		ssize_t n = write(staged->fd, at, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return write_failed(err, "write", staged->part);
		at += n;
		left -= (size_t)n;
	}
	staged->bytes += (int64_t)len;
	return oi_digest_add(&staged->digest, bytes, len, err);
}

/* The name is only safe on the disk once its folder is. */
static int put_in_place(struct oi_staged *staged, struct oi_err *err)
{
	if (renameat(staged->dir_fd, staged->part, staged->dir_fd, staged->name))
		return write_failed(err, "rename", staged->part);
	oi_mem_set(&staged->part, NULL);
	if (fsync(staged->dir_fd)) {
		write_failed(err, "sync the folder of", staged->name);
		unlinkat(staged->dir_fd, staged->name, 0); /* already failing */
		return -1;
	}
	return 0;
}

int oi_staged_commit(struct oi_staged *staged, const char *sha256,
		     char actual[OI_DIGEST_TEXT_BYTES], struct oi_err *err)
{
	int fd;

	if (oi_digest_end(&staged->digest, actual, err))
		return -1;
	if (sha256 && strcmp(actual, sha256))
		return oi_err_set(err, OI_R_DIGEST_MISMATCH, "its SHA-256 is %s, expected was %s",
				  actual, sha256);
	if (fsync(staged->fd))
		return write_failed(err, "sync", staged->part);
	fd = staged->fd;
	staged->fd = -1;
	if (close(fd)) /* where a network file system tells of a full disk */
		return write_failed(err, "close", staged->part);
	return put_in_place(staged, err);
}

void oi_staged_clear(struct oi_staged *staged)
{
	if (staged->part) {
		if (staged->fd >= 0)
			close(staged->fd);
		unlinkat(staged->dir_fd, staged->part, 0); /* the next run tries again */
	}
	free(staged->part);
	free(staged->name);
	oi_digest_clear(&staged->digest);
	memset(staged, 0, sizeof(*staged));
	staged->fd = -1;
}
