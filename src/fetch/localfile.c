/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/localfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
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

int oi_localfile_copy(struct oi_localfile *file, int64_t max_bytes,
		      int (*write)(void *data, const void *bytes, size_t len, struct oi_err *err),
		      void *data, struct oi_err *err)
{
	OI_FREE char *chunk = oi_mem_zalloc(READ_BYTES, 1);
	int64_t copied = 0;

	for (;;) {
		ssize_t n = read(file->fd, chunk, READ_BYTES);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return unreadable(err, file->path);
		if (n == 0)
			return 0;
		/* It may have grown since it was looked at. */
		if (n > max_bytes - copied)
			return oi_err_set(err, OI_R_FETCH_TOO_LARGE,
					  "%s: larger than %" PRId64 " bytes", file->path,
					  max_bytes);
		if (write(data, chunk, (size_t)n, err))
			return -1;
		copied += n;
	}
}

int oi_localfile_open(const char *url, int64_t max_bytes, struct oi_localfile *file,
		      struct oi_err *err)
{
	struct stat st;

	if (oi_url_file_path(url, &file->path, err))
		return -1;
	/* O_NONBLOCK: opening a pipe that nobody writes to would wait for ever. */
	file->fd = open(file->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file->fd < 0 || fstat(file->fd, &st)) {
		unreadable(err, file->path);
	} else if (!S_ISREG(st.st_mode)) {
		oi_err_set(err, OI_R_FETCH_FILE, "%s: not a regular file", file->path);
	} else if (st.st_size > max_bytes) {
		oi_err_set(err, OI_R_FETCH_TOO_LARGE, "%s: larger than %" PRId64 " bytes",
			   file->path, max_bytes);
	} else {
		file->bytes = st.st_size;
		return 0;
	}
	oi_localfile_clear(file);
	return -1;
}

void oi_localfile_clear(struct oi_localfile *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	free(file->path);
	file->path = NULL;
}
