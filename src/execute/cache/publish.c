/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of modules into a cache that is a folder: complete, once, and never over another's. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "execute/cache/modset.h"
#include "execute/cache/text.h"
#include "model/reasons.h"

#define COPY_BYTES (256 * 1024)

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

/* From a file, or when @from is below 0 from @text. */
static int fill(int fd, int from, const char *text)
{
	OI_FREE char *buffer = NULL;
	ssize_t n;

	if (from < 0)
		return write_all(fd, text, strlen(text));
	buffer = oi_mem_zalloc(1, COPY_BYTES);
	while ((n = read(from, buffer, COPY_BYTES)) != 0) {
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0 && write_all(fd, buffer, (size_t)n))
			return -1;
	}
	return 0;
}

/*
 * Written under a name that nobody reads, synced, and linked: unlike a rename, a
 * link never takes the place of what is there, on a network's file system too. Not by
 * the process id: VMs that boot alike have like ones, and a killed one's file stays.
 * Return: 0; 1 there is one already; -1.
 */
static int put(int dir_fd, const char *name, int from, const char *text, struct oi_err *err)
{
	OI_FREE char *prefix = oi_mem_printf(".%s.part.", name);
	OI_FREE char *part = oi_root_new_name(prefix);
	int fd = part ? openat(dir_fd, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			       0644) :
			-1;
	int ret = 0;

	if (fd < 0)
		return failed(err, name);
	if (fill(fd, from, text) || fchmod(fd, 0644) || fsync(fd))
		ret = failed(err, name);
	close(fd);
	if (!ret && linkat(dir_fd, part, dir_fd, name, 0))
		ret = errno == EEXIST ? 1 : failed(err, name);
	if (unlinkat(dir_fd, part, 0) && !ret)
		ret = failed(err, part);
	return ret;
}

static int put_package(const struct oi_host *host, int dir_fd, const struct oi_modset *set,
		       struct oi_err *err)
{
	OI_FREE char *staged = oi_mem_printf(OI_STAGING_DIR "/%s", set->file);
	int from = oi_root_openat(&host->change, staged, O_RDONLY | O_NOFOLLOW, 0);
	int ret;

	if (from < 0)
		return failed(err, staged);
	/* Of this name there is but one content: if it is there, it is the same. */
	ret = put(dir_fd, set->file, from, NULL, err);
	close(from);
	return ret < 0 ? -1 : 0;
}

static int publish_into(const struct oi_host *host, const char *folder,
			const struct oi_modset *set, struct oi_err *err)
{
	OI_FREE char *pointer = oi_mem_printf("%s.json", set->key);
	OI_FREE char *text = oi_modset_pointer_text(set);
	int dir_fd;
	int ret;

	if (oi_root_mkdirs(&host->change, folder, 0755, err))
		return -1;
	dir_fd = oi_root_openat(&host->change, folder, O_RDONLY | O_DIRECTORY, 0);
	if (dir_fd < 0)
		return failed(err, folder);
	if (!faccessat(dir_fd, pointer, F_OK, AT_SYMLINK_NOFOLLOW))
		ret = 1;
	else
		ret = put_package(host, dir_fd, set, err) ? -1 :
							    put(dir_fd, pointer, -1, text, err);
	if (!ret && fsync(dir_fd))
		ret = failed(err, folder);
	close(dir_fd);
	return ret;
}

int oi_modset_publish(const struct oi_host *host, const struct oi_config *config,
		      const char *place, const struct oi_modset *set, struct oi_err *err)
{
	return *place == '/' ? publish_into(host, place, set, err) :
			       oi_modset_upload(host, config, place, set, err);
}
