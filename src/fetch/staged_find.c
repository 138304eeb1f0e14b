/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/staged_find.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "fetch/sidecar.h"
#include "model/reasons.h"

static char *note_of(const char *name)
{
	return oi_mem_printf("%s.kept.json", name);
}

/* "" when it is no file that can be read: that is as good as wrong. */
static void digest_of(int fd, int64_t *bytes, char out[OI_DIGEST_TEXT_BYTES])
{
	OI_CLEANUP(oi_digest_clear) struct oi_digest digest = { 0 };
	struct oi_err ignored;
	struct stat st;

	out[0] = '\0';
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return;
	*bytes = st.st_size;
	if (oi_digest_begin(&digest, &ignored) ||
	    oi_digest_add_file(&digest, fd, st.st_size, &ignored) ||
	    oi_digest_end(&digest, out, &ignored))
		out[0] = '\0';
}

/* As digest_of(). Return: 0, or -1 with errno when it cannot be opened. */
static int digest_at(int dir_fd, const char *name, int64_t *bytes, char out[OI_DIGEST_TEXT_BYTES])
{
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	out[0] = '\0';
	if (fd < 0)
		return -1;
	digest_of(fd, bytes, out);
	close(fd);
	return 0;
}

int oi_staged_find_find(int dir_fd, const char *name, const char *sha256, enum oi_staged_find *there,
		  struct oi_fetch_record *record, int64_t *bytes, struct oi_err *err)
{
	OI_FREE char *note = note_of(name);
	char actual[OI_DIGEST_TEXT_BYTES] = "";
	bool same_boot = false;

	*there = OI_THERE_NOT;
	if (digest_at(dir_fd, name, bytes, actual) && errno == ENOENT) {
		oi_sidecar_remove(dir_fd, note);
		return 0;
	}
	if (sha256 && !strcmp(actual, sha256)) {
		*there = OI_THERE;
		return 0;
	}
	if (!sha256 && actual[0] && oi_fetch_record_read(dir_fd, note, record, &same_boot) &&
	    !strcmp(actual, record->sha256) && record->mark.source[0]) {
		*there = OI_THERE_IF_UNCHANGED;
		return 0;
	}
	oi_sidecar_remove(dir_fd, note);
	if (unlinkat(dir_fd, name, 0)) {
		int code = errno == ENOSPC || errno == EDQUOT ? OI_R_DISK_SPACE : OI_R_WRITE_FAILED;

		return oi_err_set(err, code, "staging folder: remove %s: %s", name,
				  strerror(errno));
	}
	return 0;
}

int oi_staged_find_check(const struct oi_fetch_request *request, int dir_fd, struct oi_err *err)
{
	char actual[OI_DIGEST_TEXT_BYTES];
	int64_t bytes = 0;

	if (digest_at(dir_fd, request->name, &bytes, actual))
		return oi_err_set(err, OI_R_DIGEST_MISMATCH, "it cannot be read: %s", strerror(errno));
	if (strcmp(actual, request->sha256))
		return oi_err_set(err, OI_R_DIGEST_MISMATCH, "its SHA-256 is %s, expected %s",
				  actual[0] ? actual : "that of no file", request->sha256);
	oi_fetch_answer_done(&(struct oi_fetch_done){
		.source = request->name, .bytes = bytes, .sha256 = actual, .cached = true });
	return 0;
}

void oi_staged_find_keep(int dir_fd, const char *name, const struct oi_mark *mark, const char *sha256)
{
	OI_FREE char *note = note_of(name);
	struct oi_fetch_record record = { .mark = *mark };
	struct oi_err ignored;

	/* Without a validator there is nothing to ask by. */
	if (!mark->etag[0] && !mark->modified[0])
		return;
	memcpy(record.sha256, sha256, strlen(sha256) + 1);
	if (oi_fetch_record_write(dir_fd, note, &record, &ignored))
		oi_sidecar_remove(dir_fd, note);
}
