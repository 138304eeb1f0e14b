/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "fetch/retry.h"
#include "model/reasons.h"

#define READ_BYTES (256 * 1024)
#define PROGRESS_BYTES (INT64_C(64) << 20)

struct unpacking {
	const struct oi_fetch_request *request;
	struct archive *in;
	struct archive *out;
	int tree_fd; /* the folder that grows */
	int64_t entries;
	int64_t bytes; /* of files, holes included */
	int64_t looked; /* what bytes was at the last look at clock and disk */
};

static int malformed(struct oi_err *err, struct archive *a)
{
	const char *why = archive_error_string(a);

	return oi_err_set(err, OI_R_ARCHIVE_MALFORMED, "after %" PRId64 " bytes: %s",
			  (int64_t)archive_filter_bytes(a, -1), why ? why : "it is damaged");
}

static int unwritable(struct oi_err *err, struct archive *out, const char *path)
{
	int error = archive_errno(out);
	const char *why = archive_error_string(out);
	int code = error == ENOSPC || error == EDQUOT ? OI_R_DISK_SPACE : OI_R_WRITE_FAILED;

	/* libarchive's own refusals: through a link, or ".." */
	if (error == ELOOP || (why && (strstr(why, "symlink") || strstr(why, "'..'"))))
		code = OI_R_ARCHIVE_UNSAFE;
	return oi_err_set(err, code, "%s: %s", path, why ? why : strerror(error));
}

static int unsafe(struct oi_err *err, const char *path, const char *what)
{
	return oi_err_set(err, OI_R_ARCHIVE_UNSAFE, "%.200s: %s", path, what);
}

static bool climbs(const char *path)
{
	for (const char *part = path; *part; part += strspn(part, "/")) {
		size_t len = strcspn(part, "/");

		if (len == 2 && part[0] == '.' && part[1] == '.')
			return true;
		part += len;
	}
	return false;
}

static int check_path(const char *path, const char *what, struct oi_err *err)
{
	if (!*path)
		return unsafe(err, what, "without a name");
	if (*path == '/')
		return unsafe(err, path, "an absolute path");
	if (climbs(path))
		return unsafe(err, path, "leads out of the folder");
	if (strlen(path) > OI_UNPACK_PATH_BYTES)
		return unsafe(err, path, "longer than any file's");
	return 0;
}

static int check_kind(struct archive_entry *entry, const char *path, struct oi_err *err)
{
	const char *target = archive_entry_hardlink(entry);

	if (target)
		return check_path(target, "a hard link", err);
	switch (archive_entry_filetype(entry)) {
	case AE_IFREG:
	case AE_IFDIR:
		return 0;
	case AE_IFLNK:
		if (archive_entry_symlink(entry))
			return 0;
		return unsafe(err, path, "a link to nowhere");
	default:
		return unsafe(err, path, "a device, pipe or socket");
	}
}

/* Time left, room left, not a bomb. */
static int check_limits(struct unpacking *u, int64_t more, struct oi_err *err)
{
	int64_t packed = (int64_t)archive_filter_bytes(u->in, -1);
	struct statvfs fs;
	int64_t free_bytes;

	if (more < 0 || more > u->request->max_bytes - u->bytes)
		return oi_err_set(err, OI_R_ARCHIVE_TOO_LARGE, "more than %" PRId64 " bytes come out",
				  u->request->max_bytes);
	if (u->bytes + more > OI_UNPACK_FREE_BYTES &&
	    (u->bytes + more) / OI_UNPACK_RATIO_MAX > packed)
		return oi_err_set(err, OI_R_ARCHIVE_TOO_LARGE,
				  "%" PRId64 " bytes become more than %" PRId64
				  ": no driver shrinks like that",
				  packed, u->bytes + more);
	if (oi_retry_now_ms() >= u->request->deadline_ms)
		return oi_err_set(err, OI_R_FETCH_TIMEOUT, "out of time while unpacking");
	/* What cannot be known is found out by writing. */
	if (fstatvfs(u->tree_fd, &fs))
		return 0;
	free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	if (free_bytes - more < OI_UNPACK_RESERVE_BYTES)
		return oi_err_set(err, OI_R_DISK_SPACE,
				  "%" PRId64 " bytes more to unpack, %" PRId64 " are free", more,
				  free_bytes);
	return 0;
}

static int check_entry(struct unpacking *u, struct archive_entry *entry, const char *path,
		       struct oi_err *err)
{
	int64_t size = archive_entry_size_is_set(entry) ? (int64_t)archive_entry_size(entry) : 0;

	if (check_path(path, "an entry", err) || check_kind(entry, path, err))
		return -1;
	if (++u->entries > u->request->max_entries)
		return oi_err_set(err, OI_R_ARCHIVE_TOO_LARGE, "more than %" PRId64 " entries",
				  u->request->max_entries);
	/* What it says of itself may be a lie; what comes is counted again. */
	if (size < 0 || size > u->request->max_bytes - u->bytes)
		return oi_err_set(err, OI_R_ARCHIVE_TOO_LARGE, "%.200s alone has %" PRId64 " bytes",
				  path, size);
	return 0;
}

static int copy_data(struct unpacking *u, const char *path, struct oi_err *err)
{
	int64_t before = u->bytes;

	for (;;) {
		const void *block = NULL;
		size_t len = 0;
		la_int64_t offset = 0;
		int got = archive_read_data_block(u->in, &block, &len, &offset);
		int64_t end;

		if (got == ARCHIVE_EOF)
			return 0;
		if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
			return malformed(err, u->in);
		/* Offsets jump over holes, and holes are bytes to whoever copies the file. */
		if (offset < 0 || offset > INT64_MAX - (int64_t)len - before)
			return oi_err_set(err, OI_R_ARCHIVE_TOO_LARGE, "%.200s has no end", path);
		end = before + (int64_t)offset + (int64_t)len;
		if (end > u->bytes) {
			if (check_limits(u, end - u->bytes, err))
				return -1;
			u->bytes = end;
		}
		if (archive_write_data_block(u->out, block, len, offset) < ARCHIVE_WARN)
			return unwritable(err, u->out, path);
		if (u->bytes - u->looked >= PROGRESS_BYTES) {
			u->looked = u->bytes;
			oi_fetch_answer_progress(u->bytes, -1);
		}
	}
}

/* Ours, and nobody else's to write. */
static void tame(struct archive_entry *entry)
{
	mode_t mode = archive_entry_perm(entry) & 0755;

	mode |= archive_entry_filetype(entry) == AE_IFDIR ? 0700 : 0400;
	archive_entry_set_perm(entry, mode);
	archive_entry_set_uid(entry, (la_int64_t)geteuid());
	archive_entry_set_gid(entry, (la_int64_t)getegid());
}

static const char *name_of(struct archive_entry *entry)
{
	const char *path = archive_entry_pathname(entry);

	/* A name that the locale cannot say: its bytes do as well. */
	if (!path && archive_entry_pathname_utf8(entry)) {
		archive_entry_set_pathname(entry, archive_entry_pathname_utf8(entry));
		path = archive_entry_pathname(entry);
	}
	return path ? path : "";
}

static int one_entry(struct unpacking *u, struct archive_entry *entry, struct oi_err *err)
{
	OI_FREE char *path = oi_mem_dup(name_of(entry));

	if (check_entry(u, entry, path, err) || check_limits(u, 0, err))
		return -1;
	tame(entry);
	if (archive_write_header(u->out, entry) < ARCHIVE_WARN)
		return unwritable(err, u->out, path);
	if (copy_data(u, path, err))
		return -1;
	if (archive_write_finish_entry(u->out) < ARCHIVE_WARN)
		return unwritable(err, u->out, path);
	return 0;
}

static int all_entries(struct unpacking *u, struct oi_err *err)
{
	for (;;) {
		struct archive_entry *entry = NULL;
		int got = archive_read_next_header(u->in, &entry);

		if (got == ARCHIVE_EOF)
			break;
		/* A warning is about names and dates. */
		if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
			return malformed(err, u->in);
		if (one_entry(u, entry, err))
			return -1;
	}
	if (!u->entries)
		return oi_err_set(err, OI_R_ARCHIVE_MALFORMED, "there is nothing in it");
	/* Folders get their modes now. */
	if (archive_write_close(u->out) != ARCHIVE_OK)
		return unwritable(err, u->out, "the folders");
	return 0;
}

static struct archive *new_reader(int fd)
{
	struct archive *in = archive_read_new();

	/* Formats one by one: what is not needed is not to be attacked. */
	if (!in)
		return NULL;
	archive_read_support_filter_gzip(in);
	archive_read_support_filter_bzip2(in);
	archive_read_support_filter_xz(in);
	archive_read_support_filter_lzma(in); /* of old rpms */
	archive_read_support_filter_zstd(in);
	archive_read_support_filter_rpm(in);
	archive_read_support_format_tar(in);
	archive_read_support_format_cpio(in);
	archive_read_support_format_iso9660(in);
	/* Rock Ridge has the real names; Joliet is for elsewhere. */
	archive_read_set_format_option(in, "iso9660", "joliet", NULL);
	/* The first header fails the same way, and then its words are told. */
	(void)archive_read_open_fd(in, fd, READ_BYTES);
	return in;
}

static struct archive *new_writer(void)
{
	struct archive *out = archive_write_disk_new();

	if (out)
		archive_write_disk_set_options(out, ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME |
							    ARCHIVE_EXTRACT_SECURE_SYMLINKS |
							    ARCHIVE_EXTRACT_SECURE_NODOTDOT |
							    ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS);
	return out;
}

static int open_archive(const struct oi_fetch_request *request, int dir_fd, struct oi_err *err)
{
	/* openat() regards no folder when the path is absolute. */
	int fd = openat(dir_fd, request->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		oi_err_set(err, OI_R_READ_FAILED, "%s: %s", request->name, strerror(errno));
		return -1;
	}
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return oi_err_set(err, OI_R_READ_FAILED, "%s: not a regular file", request->name);
}

/* Makes the folder that grows and goes into it: libarchive writes where the process is. */
static int enter_tree(int dir_fd, const char *part, struct oi_err *err)
{
	int fd;

	if (mkdirat(dir_fd, part, 0700)) {
		int code = errno == ENOSPC || errno == EDQUOT ? OI_R_DISK_SPACE : OI_R_WRITE_FAILED;

		return oi_err_set(err, code, "create %s: %s", part, strerror(errno));
	}
	fd = openat(dir_fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && !fchdir(fd))
		return fd;
	oi_err_set(err, OI_R_WRITE_FAILED, "enter %s: %s", part, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int run(struct unpacking *u, int archive_fd, struct oi_err *err)
{
	int ret;

	u->in = new_reader(archive_fd);
	u->out = new_writer();
	ret = u->in && u->out ? all_entries(u, err) :
				oi_err_set(err, OI_R_FETCH_FAILED, "libarchive cannot be used");
	archive_read_free(u->in); /* NULL is fine; nothing was kept that could be lost */
	archive_write_free(u->out);
	return ret;
}

int oi_unpack(const struct oi_fetch_request *request, int dir_fd, struct oi_err *err)
{
	OI_FREE char *part = oi_mem_printf("%s" OI_UNPACK_SUFFIX, request->into);
	struct unpacking u = { .request = request, .tree_fd = -1 };
	int archive_fd = open_archive(request, dir_fd, err);
	int ret = -1;

	if (archive_fd < 0)
		return -1;
	/* Names in archives are UTF-8. Where this locale is not known, bytes have to do. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	u.tree_fd = enter_tree(dir_fd, part, err);
	if (u.tree_fd >= 0)
		ret = run(&u, archive_fd, err);
	/* Not synced: after a crash the next run unpacks again. */
	if (!ret && renameat(dir_fd, part, dir_fd, request->into))
		ret = oi_err_set(err, OI_R_WRITE_FAILED, "rename %s: %s", part, strerror(errno));
	if (u.tree_fd >= 0)
		close(u.tree_fd);
	close(archive_fd);
	if (!ret)
		oi_fetch_answer_done(
			&(struct oi_fetch_done){ .source = request->name, .bytes = u.bytes });
	return ret;
}
