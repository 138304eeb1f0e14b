/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/staged.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "fetch/sidecar.h"
#include "fetch/staged_find.h"
#include "model/reasons.h"

/*
 * So much is lost at most when the machine crashes, a fraction of a second on any
 * network; syncing more often would make the transfer wait for the disk.
 */
#define SYNC_BYTES (INT64_C(32) << 20)

static int write_failed(struct oi_err *err, const char *what, const char *name)
{
	int code = errno == ENOSPC || errno == EDQUOT ? OI_R_DISK_SPACE : OI_R_WRITE_FAILED;

	return oi_err_set(err, code, "staging folder: %s %s: %s", what, name, strerror(errno));
}

/* Opens or makes NAME.part and locks it. Return: 0, 1 when it is locked, -1. */
static int open_part(struct oi_staged *staged, struct oi_err *err)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	struct stat opened;
	struct stat named;

	staged->fd = openat(staged->dir_fd, staged->part, flags, 0600);
	if (staged->fd < 0 || fstat(staged->fd, &opened) || !S_ISREG(opened.st_mode)) {
		/* A link or worse: not ours, so it goes. */
		if (unlinkat(staged->dir_fd, staged->part, 0) && errno != ENOENT)
			return write_failed(err, "remove", staged->part);
		if (staged->fd >= 0)
			close(staged->fd);
		staged->fd = openat(staged->dir_fd, staged->part, flags | O_EXCL, 0600);
		if (staged->fd < 0 || fstat(staged->fd, &opened))
			return write_failed(err, "create", staged->part);
	}
	if (flock(staged->fd, LOCK_EX | LOCK_NB)) {
		if (errno == EWOULDBLOCK)
			return 1;
		return write_failed(err, "lock", staged->part);
	}
	/* Whoever had it may have given it its name, or removed it. */
	if (fstatat(staged->dir_fd, staged->part, &named, AT_SYMLINK_NOFOLLOW) ||
	    named.st_ino != opened.st_ino || named.st_dev != opened.st_dev)
		return 1;
	if (fchmod(staged->fd, 0600)) /* umask and all */
		return write_failed(err, "chmod", staged->part);
	return 0;
}

/* How much of what is there can be gone on with. */
static int64_t usable_bytes(struct oi_staged *staged, const char *sha256)
{
	struct oi_fetch_record *record = &staged->record;
	bool same_boot = false;
	struct stat st;
	int64_t bytes;

	if (!oi_fetch_record_read(staged->dir_fd, staged->note, record, &same_boot) ||
	    strcmp(record->sha256, sha256) || fstat(staged->fd, &st) ||
	    st.st_size < record->synced)
		return 0;
	bytes = same_boot ? st.st_size : record->synced;
	return record->mark.total >= 0 && bytes > record->mark.total ? 0 : bytes;
}

/* What is there stays, as far as it is good for anything. */
static int take_up(struct oi_staged *staged, const char *sha256, struct oi_err *err)
{
	int64_t bytes = usable_bytes(staged, sha256);

	if (ftruncate(staged->fd, bytes))
		return write_failed(err, "cut", staged->part);
	if (oi_digest_begin(&staged->digest, err))
		return -1;
	staged->bytes = bytes;
	if (bytes > 0 && !oi_digest_add_file(&staged->digest, staged->fd, bytes, err))
		return 0;
	/* Unreadable is as good as not there. */
	memset(&staged->record, 0, sizeof(staged->record));
	memcpy(staged->record.sha256, sha256, strlen(sha256) + 1);
	return oi_staged_restart(staged, err);
}

int oi_staged_open(struct oi_staged *staged, int dir_fd, const char *name, const char *sha256,
		   struct oi_err *err)
{
	int ret;

	staged->dir_fd = dir_fd;
	staged->name = oi_mem_dup(name);
	staged->part = oi_mem_printf("%s.part", name);
	staged->note = oi_mem_printf("%s.part.json", name);
	ret = open_part(staged, err);
	if (!ret && !take_up(staged, sha256 ? sha256 : "", err))
		return 0;
	/* It is not ours to remove. */
	if (ret == 1)
		oi_mem_set(&staged->part, NULL);
	return ret ? ret : -1;
}

int oi_staged_restart(struct oi_staged *staged, struct oi_err *err)
{
	memset(&staged->record.mark, 0, sizeof(staged->record.mark));
	staged->record.mark.total = -1;
	staged->record.synced = 0;
	staged->bytes = 0;
	if (ftruncate(staged->fd, 0) || lseek(staged->fd, 0, SEEK_SET))
		return write_failed(err, "empty", staged->part);
	return oi_digest_begin(&staged->digest, err);
}

static int check_room(const struct oi_staged *staged, int64_t bytes, struct oi_err *err)
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

int oi_staged_mark(struct oi_staged *staged, const struct oi_mark *mark, struct oi_err *err)
{
	if (check_room(staged, mark->total - staged->bytes, err))
		return -1;
	staged->record.mark = *mark;
	return oi_fetch_record_write(staged->dir_fd, staged->note, &staged->record, err);
}

/* First the bytes, then the word that they are there. */
static int sync_part(struct oi_staged *staged, struct oi_err *err)
{
	if (fdatasync(staged->fd))
		return write_failed(err, "sync", staged->part);
	staged->record.synced = staged->bytes;
	return oi_fetch_record_write(staged->dir_fd, staged->note, &staged->record, err);
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
	if (oi_digest_add(&staged->digest, bytes, len, err))
		return -1;
	return staged->bytes - staged->record.synced >= SYNC_BYTES ? sync_part(staged, err) : 0;
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

int oi_staged_commit(struct oi_staged *staged, char actual[OI_DIGEST_TEXT_BYTES],
		     struct oi_err *err)
{
	const char *expected = staged->record.sha256;
	int ret;

	if (oi_digest_end(&staged->digest, actual, err))
		return -1;
	if (expected[0] && strcmp(actual, expected))
		return oi_err_set(err, OI_R_DIGEST_MISMATCH, "its SHA-256 is %s, expected %s",
				  actual, expected);
	if (fsync(staged->fd))
		return write_failed(err, "sync", staged->part);
	/* First what is noted of it, which no other file of that name can match. */
	if (!expected[0])
		oi_staged_find_keep(staged->dir_fd, staged->name, &staged->record.mark, actual);
	/* The lock is held until it has its name: whoever waits for it looks there next. */
	ret = put_in_place(staged, err);
	oi_sidecar_remove(staged->dir_fd, staged->note);
	return ret;
}

static void close_part(struct oi_staged *staged)
{
	if (staged->fd >= 0)
		close(staged->fd);
	staged->fd = -1;
}

void oi_staged_keep(struct oi_staged *staged)
{
	struct oi_err ignored;

	if (!staged->part || staged->bytes == 0)
		return;
	/* Without it a later run still has what was synced before. */
	if (staged->bytes > staged->record.synced && sync_part(staged, &ignored))
		staged->record.synced = 0;
	close_part(staged);
	oi_mem_set(&staged->part, NULL);
}

void oi_staged_clear(struct oi_staged *staged)
{
	if (staged->part && staged->fd >= 0) {
		unlinkat(staged->dir_fd, staged->part, 0); /* the next run tries again */
		oi_sidecar_remove(staged->dir_fd, staged->note);
	}
	close_part(staged);
	free(staged->part);
	free(staged->note);
	free(staged->name);
	oi_digest_clear(&staged->digest);
	memset(staged, 0, sizeof(*staged));
	staged->fd = -1;
}
