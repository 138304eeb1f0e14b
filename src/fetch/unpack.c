/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fetch/archive.h"
#include "fetch/tree.h"
#include "model/reasons.h"

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

int oi_unpack(const struct oi_fetch_request *request, int dir_fd, struct oi_err *err)
{
	OI_CLEANUP(oi_tree_clear) struct oi_tree tree = { .fd = -1 };
	const struct oi_archive_limits limits = { .deadline_ms = request->deadline_ms,
						  .max_entries = request->max_entries,
						  .max_bytes = request->max_bytes,
						  .progress = true };
	int fd = open_archive(request, dir_fd, err);
	int64_t bytes = 0;
	int ret;

	if (fd < 0)
		return -1;
	oi_archive_init();
	ret = oi_tree_begin(&tree, dir_fd, request->into, err) ||
			      oi_archive_extract(fd, &limits, tree.fd, &bytes, err) ||
			      oi_tree_commit(&tree, err) ?
		      -1 :
		      0;
	close(fd);
	if (!ret)
		oi_fetch_answer_done(
			&(struct oi_fetch_done){ .source = request->name, .bytes = bytes });
	return ret;
}
