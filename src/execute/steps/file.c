/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/state/record.h"
#include "execute/tools/selinux.h"
#include "execute/steps/steps.h"
#include "model/reasons.h"

#define MODE 0644
#define FILE_BYTES (1u << 20) /* a settings file; openib.conf has 5 kB */

/* Drop-ins and units: systemd has to be told. */
#define UNITS "/etc/systemd/system/"

int oi_step_file_write(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	if (!strncmp(step->path, UNITS, strlen(UNITS)))
		run->units_changed = true;
	if (oi_record_note_file(&run->ctx.host->change, step->path, step->content, err))
		return -1;
	if (oi_root_write(&run->ctx.host->change, step->path, MODE, step->content,
			  strlen(step->content), err))
		return -1;
	oi_selinux_restore(run->ctx.host, step->path, false);
	return 0;
}

static bool is_key(const char *line, size_t len, const char *key)
{
	size_t blanks = strspn(line, " \t");
	size_t key_len = strlen(key);

	if (blanks + key_len >= len || strncmp(line + blanks, key, key_len) != 0)
		return false;
	line += blanks + key_len;
	line += strspn(line, " \t");
	return *line == '=';
}

/* The file with KEY=value in the place of every line that sets KEY, else at its end. */
static void set_key(const char *text, const char *key, const char *value, struct oi_buf *out)
{
	bool found = false;

	while (*text) {
		size_t len = strcspn(text, "\n");

		if (is_key(text, len, key)) {
			oi_buf_addf(out, "%s=%s", key, value);
			found = true;
		} else {
			oi_buf_add(out, text, len);
		}
		text += len;
		oi_buf_adds(out, "\n");
		text += *text == '\n';
	}
	if (!found)
		oi_buf_addf(out, "%s=%s\n", key, value);
}

static mode_t mode_of(const struct oi_root *root, const char *path)
{
	struct stat st;
	int fd = oi_root_openat(root, path, O_PATH, 0);
	mode_t mode = MODE;

	if (fd < 0)
		return mode;
	if (!fstat(fd, &st))
		mode = st.st_mode & 07777;
	close(fd);
	return mode;
}

int oi_step_file_set(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	const struct oi_root *root = &run->ctx.host->change;
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	int got = oi_root_read(root, step->path, FILE_BYTES, &text, err);

	if (got < 0)
		return -1;
	if (got) {
		oi_log_info(&run->ctx.host->log, "%s is not there: %s is left out", step->path, step->key);
		return 0;
	}
	set_key(oi_buf_str(&text), step->key, step->content, &out);
	if (oi_record_note_file(root, step->path, oi_buf_str(&out), err))
		return -1;
	if (oi_root_write(root, step->path, mode_of(root, step->path), oi_buf_str(&out), out.len,
			  err))
		return -1;
	oi_selinux_restore(run->ctx.host, step->path, false);
	return 0;
}
