/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/localfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "fetch/url.h"
#include "model/reasons.h"

#define READ_BYTES (256 * 1024)

static int unreadable(struct oi_err *err, const char *path)
{
	/* Root's privileges are gone: see sandbox.h. */
	return oi_err_set(err, OI_R_FETCH_FILE, "%s: %s%s", path, strerror(errno),
			  errno == EACCES ? " (it and its folders have to be readable by all, or belong to root)" :
					    "");
}

static int copy(int fd, const char *path, int64_t max_bytes, struct oi_staged *staged,
		struct oi_err *err)
{
	OI_FREE char *chunk = oi_mem_zalloc(READ_BYTES, 1);

	for (;;) {
		ssize_t n = read(fd, chunk, READ_BYTES);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return unreadable(err, path);
		if (n == 0)
			return 0;
		/* It may have grown since it was looked at. */
		if (n > max_bytes - staged->bytes)
			return oi_err_set(err, OI_R_FETCH_TOO_LARGE,
					  "%s: larger than %" PRId64 " bytes", path, max_bytes);
		if (oi_staged_write(staged, chunk, (size_t)n, err))
			return -1;
	}
}

int oi_localfile_copy(const char *url, int64_t max_bytes, struct oi_staged *staged,
		      struct oi_err *err)
{
	OI_FREE char *path = NULL;
	struct stat st;
	int ret = -1;
	int fd;

	if (oi_url_file_path(url, &path, err))
		return -1;
	/* O_NONBLOCK: opening a pipe that nobody writes to would wait for ever. */
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return unreadable(err, path);
	if (fstat(fd, &st))
		unreadable(err, path);
	else if (!S_ISREG(st.st_mode))
		oi_err_set(err, OI_R_FETCH_FILE, "%s: not a regular file", path);
	else if (st.st_size > max_bytes)
		oi_err_set(err, OI_R_FETCH_TOO_LARGE, "%s: larger than %" PRId64 " bytes", path,
			   max_bytes);
	else if (!oi_staged_room(staged, st.st_size, err))
		ret = copy(fd, path, max_bytes, staged, err);
	close(fd);
	return ret;
}
