/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of modules into a cache that is a folder: complete, once, and never over another's. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/cache/modset.h"
#include "execute/cache/text.h"
#include "execute/tools/child.h"
#include "model/reasons.h"

#define COPY_BYTES (256 * 1024)
/* Nobody writes a file of some MiB for so long: its writer is gone. */
#define PART_SECONDS 3600
/* A pointer that somebody has begun to write is complete by then, or never. */
#define POINTER_SECONDS 300

static int failed(struct oi_err *err, const char *name)
{
	return oi_err_set(err, OI_R_WRITE_FAILED, "%s: %s", name, strerror(errno));
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno != EINTR)
			return -1;
		bytes += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* All of a file, or when @from is below 0 @text. */
static int fill(int fd, int from, const char *text)
{
	OI_FREE char *buffer = NULL;
	ssize_t n;

	if (from < 0)
		return write_all(fd, text, strlen(text));
	buffer = oi_mem_zalloc(1, COPY_BYTES);
	if (lseek(from, 0, SEEK_SET))
		return -1;
	while ((n = read(from, buffer, COPY_BYTES)) != 0) {
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0 && write_all(fd, buffer, (size_t)n))
			return -1;
	}
	return 0;
}

/* Return: 0; 1 there is one of that name; -1 with errno, and nothing is left. */
static int make(int dir_fd, const char *name, int from, const char *text)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	int error;

	if (fd < 0)
		return errno == EEXIST ? 1 : -1;
	error = fill(fd, from, text) || fsync(fd) ? errno : 0;
	if (close(fd) && !error)
		error = errno;
	if (!error)
		return 0;
	unlinkat(dir_fd, name, 0);
	errno = error;
	return -1;
}

/*
 * A complete file gets its name, unless another has it. Unlike a rename a link never takes the
 * place of what is there, on a network's file system too. Azure Files by SMB and BlobFuse have
 * no links: then a rename that replaces nothing; and where there is not even that, the file once
 * more, made exclusively. Return: as make().
 */
static int give_name(int dir_fd, const char *part, const char *name, int from, const char *text)
{
	if (!linkat(dir_fd, part, dir_fd, name, 0))
		return 0;
	if (errno == EEXIST)
		return 1;
	if (!renameat2(dir_fd, part, dir_fd, name, RENAME_NOREPLACE))
		return 0;
	if (errno == EEXIST)
		return 1;
	return make(dir_fd, name, from, text);
}

/*
 * Written under a name that nobody reads, and synced. Not by the process id: VMs that boot alike
 * have like ones. Return: 0; 1 there is one already; -1.
 */
static int put(int dir_fd, const char *name, int from, const char *text, struct oi_err *err)
{
	OI_FREE char *prefix = oi_mem_printf(".%s.part.", name);
	OI_FREE char *part = oi_root_new_name(prefix);
	int ret = part ? make(dir_fd, part, from, text) : -1;

	if (ret)
		return failed(err, name);
	ret = give_name(dir_fd, part, name, from, text);
	if (ret < 0)
		failed(err, name);
	if (unlinkat(dir_fd, part, 0) && errno != ENOENT && ret >= 0)
		return failed(err, part);
	return ret;
}

/* --- what is there --- */

enum found { NONE, WHOLE, BROKEN, BEING_WRITTEN };

/* By the file's own time: a server's clock may be another. */
static bool is_older(int dir_fd, const char *name, time_t seconds)
{
	struct stat st;

	return !fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) && time(NULL) - st.st_mtime > seconds;
}

/* Of a publisher that was killed; none of ours is older. */
static void sweep(const struct oi_host *host, int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!stream && fd >= 0)
		close(fd);
	while (stream && (entry = readdir(stream))) {
		const char *name = entry->d_name;

		if (name[0] != '.' || !(strstr(name, ".deb.part.") || strstr(name, ".json.part.")) ||
		    !is_older(dir_fd, name, PART_SECONDS))
			continue;
		if (!unlinkat(dir_fd, name, 0))
			oi_log_info(&host->log, "modules: %s: left by a publisher that is gone: removed", name);
	}
	if (stream)
		closedir(stream);
}

/* Is the file of a set complete. It is read: this is asked once, by who would publish. */
static bool is_whole(const struct oi_host *host, int dir_fd, const struct oi_modset *set)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_SHA256SUM };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf sum = { 0 };
	struct oi_err ignored;
	struct stat st;
	int fd = openat(dir_fd, set->file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool right = fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size == set->bytes;

	if (right) {
		child.out = &sum;
		oi_strv_addf(&child.args, "/proc/%ld/fd/%d", (long)getpid(), fd);
		right = !oi_child_run(host, &child, &result, &ignored) &&
			!strncmp(oi_buf_str(&sum), set->sha256, strlen(set->sha256));
	}
	if (fd >= 0)
		close(fd);
	return right;
}

static enum found look(const struct oi_host *host, int dir_fd, const char *key, const char *pointer)
{
	OI_CLEANUP(oi_modset_clear) struct oi_modset set = { 0 };
	char text[OI_MODSET_POINTER_BYTES];
	struct oi_err ignored;
	ssize_t len;
	int fd = openat(dir_fd, pointer, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? NONE : BROKEN;
	len = read(fd, text, sizeof(text));
	close(fd);
	if (len > 0 && !oi_modset_pointer_read(text, (size_t)len, key, &set, &ignored))
		return is_whole(host, dir_fd, &set) ? WHOLE : BROKEN;
	return is_older(dir_fd, pointer, POINTER_SECONDS) ? BROKEN : BEING_WRITTEN;
}

/* --- publishing --- */

static int put_package(const struct oi_host *host, int dir_fd, const struct oi_modset *set,
		       struct oi_err *err)
{
	OI_FREE char *staged = oi_mem_printf(OI_STAGING_DIR "/%s", set->file);
	int from = oi_root_openat(&host->change, staged, O_RDONLY | O_NOFOLLOW, 0);
	int ret;

	if (from < 0)
		return failed(err, staged);
	ret = put(dir_fd, set->file, from, NULL, err);
	/* Of this name there is but one content: what is something else is half of it, or damaged. */
	if (ret == 1 && !is_whole(host, dir_fd, set)) {
		oi_log_info(&host->log, "modules: %s: not what its name says: written again", set->file);
		ret = unlinkat(dir_fd, set->file, 0) && errno != ENOENT ?
			      failed(err, set->file) :
			      put(dir_fd, set->file, from, NULL, err);
	}
	close(from);
	return ret < 0 ? -1 : 0;
}

/* Over what is broken and leads nobody to a set. */
static int put_pointer(const struct oi_host *host, int dir_fd, const char *pointer,
		       const struct oi_modset *set, enum found found, struct oi_err *err)
{
	OI_FREE char *text = oi_modset_pointer_text(set);

	if (found == BROKEN) {
		oi_log_info(&host->log, "modules: %s leads to no complete set: written again", pointer);
		if (unlinkat(dir_fd, pointer, 0) && errno != ENOENT)
			return failed(err, pointer);
	}
	return put(dir_fd, pointer, -1, text, err);
}

static int publish_into(const struct oi_host *host, int dir_fd, const struct oi_modset *set,
			struct oi_err *err)
{
	OI_FREE char *pointer = oi_mem_printf("%s.json", set->key);
	enum found found = look(host, dir_fd, set->key, pointer);
	int ret;

	if (found == WHOLE || found == BEING_WRITTEN)
		return 1;
	if (put_package(host, dir_fd, set, err))
		return -1;
	ret = put_pointer(host, dir_fd, pointer, set, found, err);
	/* Some network file systems know no fsync of a folder, and have it in place by now. */
	if (!ret && fsync(dir_fd) && errno != EINVAL && errno != ENOTSUP && errno != ENOSYS)
		ret = failed(err, pointer);
	return ret;
}

static int open_folder(const struct oi_host *host, const char *folder, struct oi_err *err)
{
	int dir_fd;

	if (oi_root_mkdirs(&host->change, folder, 0755, err))
		return -1;
	dir_fd = oi_root_openat(&host->change, folder, O_RDONLY | O_DIRECTORY, 0);
	return dir_fd < 0 ? failed(err, folder) : dir_fd;
}

int oi_modset_is_published(const struct oi_host *host, const struct oi_config *config,
			   const char *place, const char *key, struct oi_err *err)
{
	OI_FREE char *pointer = oi_mem_printf("%s.json", key);
	enum found found;
	int dir_fd;

	if (*place != '/')
		return oi_modset_is_uploaded(host, config, place, key, err);
	dir_fd = open_folder(host, place, err);
	if (dir_fd < 0)
		return -1;
	sweep(host, dir_fd);
	found = look(host, dir_fd, key, pointer);
	close(dir_fd);
	return found == WHOLE || found == BEING_WRITTEN;
}

int oi_modset_publish(const struct oi_host *host, const struct oi_config *config,
		      const char *place, const struct oi_modset *set, struct oi_err *err)
{
	int dir_fd;
	int ret;

	if (*place != '/')
		return oi_modset_upload(host, config, place, set, err);
	dir_fd = open_folder(host, place, err);
	if (dir_fd < 0)
		return -1;
	sweep(host, dir_fd);
	ret = publish_into(host, dir_fd, set, err);
	close(dir_fd);
	return ret;
}
