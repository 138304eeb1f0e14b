/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "fetch/protocol.h"
#include "fetch/retry.h"
#include "model/reasons.h"

#define READ_BYTES (256 * 1024)
#define PROGRESS_BYTES (INT64_C(64) << 20)

struct unpacking {
	const struct oi_archive_input *input; /* NULL: a file */
	const struct oi_archive_limits *limits;
	struct archive *in;
	struct archive *out;
	int tree_fd; /* the folder that grows */
	int64_t entries;
	int64_t bytes; /* of files, holes included */
	int64_t told; /* what bytes was when progress was told last */
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
	if (strlen(path) > OI_ARCHIVE_PATH_BYTES)
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

bool oi_archive_is_bomb(int64_t packed_bytes, int64_t bytes)
{
	return bytes > OI_ARCHIVE_FREE_BYTES && bytes / OI_ARCHIVE_RATIO_MAX > packed_bytes;
}

/* Time left, room left, not a bomb. */
static int check_limits(struct unpacking *u, int64_t more, struct oi_err *err)
{
	int64_t packed = u->input ? u->input->packed_bytes(u->input->data) :
				    (int64_t)archive_filter_bytes(u->in, -1);
	struct statvfs fs;
	int64_t free_bytes;

	if (more < 0 || more > u->limits->max_bytes - u->bytes)
		return oi_err_set(err, OI_R_ARCHIVE_TOO_LARGE, "more than %" PRId64 " bytes come out",
				  u->limits->max_bytes);
	if (oi_archive_is_bomb(packed, u->bytes + more))
		return oi_err_set(err, OI_R_ARCHIVE_TOO_LARGE,
				  "%" PRId64 " bytes become more than %" PRId64
				  ": no driver shrinks like that",
				  packed, u->bytes + more);
	if (oi_retry_now_ms() >= u->limits->deadline_ms)
		return oi_err_set(err, OI_R_FETCH_TIMEOUT, "out of time while unpacking");
	/* What cannot be known is found out by writing. */
	if (fstatvfs(u->tree_fd, &fs))
		return 0;
	free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	if (free_bytes - more < OI_ARCHIVE_RESERVE_BYTES)
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
	if (++u->entries > u->limits->max_entries)
		return oi_err_set(err, OI_R_ARCHIVE_TOO_LARGE, "more than %" PRId64 " entries",
				  u->limits->max_entries);
	/* What it says of itself may be a lie; what comes is counted again. */
	if (size < 0 || size > u->limits->max_bytes - u->bytes)
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
		if (u->limits->progress && u->bytes - u->told >= PROGRESS_BYTES) {
			u->told = u->bytes;
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

static void support_filters(struct archive *in)
{
	archive_read_support_filter_bzip2(in);
	archive_read_support_filter_xz(in);
	archive_read_support_filter_zstd(in);
}

static struct archive *new_reader(int fd)
{
	struct archive *in = archive_read_new();

	/* Formats one by one: what is not needed is not to be attacked. */
	if (!in)
		return NULL;
	support_filters(in);
	archive_read_support_filter_gzip(in);
	archive_read_support_filter_lzma(in); /* of old rpms */
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

static la_ssize_t read_input(struct archive *in, void *data, const void **bytes)
{
	const struct oi_archive_input *input = data;
	ssize_t len = input->read(input->data, bytes);

	if (len < 0)
		archive_set_error(in, ECANCELED, "the bytes end too early");
	return len;
}

/* @support: adds the formats that are wanted. */
static struct archive *new_input_reader(const struct oi_archive_input *input,
					void (*support)(struct archive *in))
{
	struct archive *in = archive_read_new();

	if (!in)
		return NULL;
	support(in);
	/* As above. Not const there, though it is only handed back. */
	(void)archive_read_open(in, (void *)(uintptr_t)input, NULL, read_input, NULL);
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

void oi_archive_init(void)
{
	/* Names in archives are UTF-8. Where this locale is not known, bytes have to do. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
}

static int unusable(struct oi_err *err)
{
	return oi_err_set(err, OI_R_FETCH_FAILED, "libarchive cannot be used");
}

static int extract(struct unpacking *u, int64_t *bytes, struct oi_err *err)
{
	int ret;

	u->out = new_writer();
	ret = u->in && u->out ? all_entries(u, err) : unusable(err);
	archive_read_free(u->in); /* NULL is fine; nothing was kept that could be lost */
	archive_write_free(u->out);
	*bytes = u->bytes;
	return ret;
}

int oi_archive_extract(int fd, const struct oi_archive_limits *limits, int tree_fd,
		       int64_t *bytes, struct oi_err *err)
{
	struct unpacking u = { .limits = limits, .tree_fd = tree_fd, .in = new_reader(fd) };

	return extract(&u, bytes, err);
}

static void support_tar(struct archive *in)
{
	archive_read_support_format_tar(in);
}

int oi_archive_extract_tar(const struct oi_archive_input *input,
			   const struct oi_archive_limits *limits, int tree_fd, int64_t *bytes,
			   struct oi_err *err)
{
	struct unpacking u = { .input = input, .limits = limits, .tree_fd = tree_fd,
			       .in = new_input_reader(input, support_tar) };

	return extract(&u, bytes, err);
}

static void support_raw(struct archive *in)
{
	support_filters(in);
	archive_read_support_format_raw(in);
}

static int decode(struct archive *in,
		  int (*write)(void *data, const void *bytes, size_t len, struct oi_err *err),
		  void *data, struct oi_err *err)
{
	struct archive_entry *entry = NULL;
	int got = archive_read_next_header(in, &entry);

	while (got == ARCHIVE_OK || got == ARCHIVE_WARN) {
		const void *block = NULL;
		size_t len = 0;
		la_int64_t offset = 0;

		got = archive_read_data_block(in, &block, &len, &offset);
		if (got == ARCHIVE_EOF)
			return 0;
		if (got == ARCHIVE_OK && write(data, block, len, err))
			return -1;
	}
	return malformed(err, in);
}

int oi_archive_decode(const struct oi_archive_input *input,
		      int (*write)(void *data, const void *bytes, size_t len, struct oi_err *err),
		      void *data, struct oi_err *err)
{
	struct archive *in = new_input_reader(input, support_raw);
	int ret = in ? decode(in, write, data, err) : unusable(err);

	archive_read_free(in);
	return ret;
}
