/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/sidecar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/reasons.h"

/* Ours are far smaller; what is larger is not ours. */
#define KEEP_BYTES_MAX (16 * 1024)

static int sidecar_failed(struct oi_err *err, const char *name)
{
	int code = errno == ENOSPC || errno == EDQUOT ? OI_R_DISK_SPACE : OI_R_WRITE_FAILED;

	return oi_err_set(err, code, "staging folder: keep %s: %s", name, strerror(errno));
}

static int write_synced(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		left -= (size_t)n;
	}
	return fsync(fd);
}

int oi_sidecar_write(int dir_fd, const char *name, const struct oi_doc *doc, struct oi_err *err)
{
	OI_FREE char *beside = oi_mem_printf("%s" OI_KEEP_SUFFIX, name);
	OI_FREE char *text = oi_doc_to_json(doc, false);
	int fd;
	int ret;

	unlinkat(dir_fd, beside, 0); /* of a writer that was killed */
	fd = openat(dir_fd, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return sidecar_failed(err, name);
	ret = write_synced(fd, text);
	if (close(fd))
		ret = -1;
	if (ret || renameat(dir_fd, beside, dir_fd, name) || fsync(dir_fd)) {
		sidecar_failed(err, name);
		unlinkat(dir_fd, beside, 0); /* already failing */
		return -1;
	}
	return 0;
}

struct oi_doc *oi_sidecar_read(int dir_fd, const char *name)
{
	OI_FREE char *text = oi_mem_zalloc(KEEP_BYTES_MAX, 1);
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct oi_doc *doc = NULL;
	struct oi_err ignored;
	size_t len = 0;
	ssize_t n = -1;

	if (fd < 0)
		return NULL;
	while (len < KEEP_BYTES_MAX) {
		n = read(fd, text + len, KEEP_BYTES_MAX - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	close(fd);
	if (n != 0 || oi_doc_from_json(text, len, name, OI_R_READ_FAILED, &doc, &ignored))
		return NULL;
	if (doc->kind == OI_DOC_MAP)
		return doc;
	oi_doc_free(doc);
	return NULL;
}

void oi_sidecar_remove(int dir_fd, const char *name)
{
	OI_FREE char *beside = oi_mem_printf("%s" OI_KEEP_SUFFIX, name);

	unlinkat(dir_fd, name, 0); /* one that stays is not believed, or is right */
	unlinkat(dir_fd, beside, 0);
}
