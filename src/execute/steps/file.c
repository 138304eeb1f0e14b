/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps file-write and file-set. */
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
#include "sys/keyfile.h"

#define MODE 0644
#define FILE_BYTES (1u << 20) /* a settings file; openib.conf has 5 kB */

/* Drop-ins and units: systemd has to be told. */
#define UNITS "/etc/systemd/system/"

/*
 * All of ours begin with this, also those of an image's builder; and a file that uninstall would bring
 * back was somebody else's. What is neither ours nor noted stays: whoever wrote it meant it.
 */
static bool is_somebodys(const struct oi_root *root, const char *path)
{
	static const char mark[] = "# Written by ofed-init";
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_err ignored;

	return !oi_root_read(root, path, FILE_BYTES, &text, &ignored) &&
	       strncmp(oi_buf_str(&text), mark, strlen(mark)) != 0;
}

int oi_step_file_write(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	if (is_somebodys(&run->ctx.host->change, step->file.path)) {
		oi_log_warn(&run->ctx.host->log,
			    "%s: not written: the file that is there is not ofed-init's, and stays", step->file.path);
		return 0;
	}
	if (!strncmp(step->file.path, UNITS, strlen(UNITS)))
		run->units_changed = true;
	if (oi_record_note_file(&run->ctx.host->change, step->file.path, step->file.content, err))
		return -1;
	if (oi_root_write(&run->ctx.host->change, step->file.path, MODE, step->file.content,
			  strlen(step->file.content), err))
		return -1;
	oi_selinux_restore(run->ctx.host, step->file.path, false);
	return 0;
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

/* What no line sets yet. */
static void set_defaults(const struct oi_host *host, const struct oi_step *step, struct oi_buf *text)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv added = { 0 };
	OI_FREE char *names = NULL;

	for (size_t i = 0; i < step->setting.defaults.n; i++) {
		const char *line = step->setting.defaults.v[i];
		OI_FREE char *key = oi_mem_ndup(line, strcspn(line, "="));
		OI_FREE char *value = oi_keyfile_get(oi_buf_str(text), key, NULL);
		OI_CLEANUP(oi_buf_clear) struct oi_buf with = { 0 };

		if (value)
			continue;
		oi_keyfile_set(oi_buf_str(text), key, line + strlen(key) + 1, &with);
		oi_buf_reset(text);
		oi_buf_add(text, with.data, with.len);
		oi_strv_add(&added, line);
	}
	if (!added.n)
		return;
	names = oi_strv_join(&added, " ");
	oi_log_info(&host->log, "%s: added %s", step->setting.path, names);
}

int oi_step_file_set(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	const struct oi_root *root = &run->ctx.host->change;
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	int got = oi_root_read(root, step->setting.path, FILE_BYTES, &text, err);

	if (got < 0)
		return -1;
	if (got) {
		oi_log_info(&run->ctx.host->log, "%s is not there: nothing is set in it", step->setting.path);
		return 0;
	}
	if (step->setting.key)
		oi_keyfile_set(oi_buf_str(&text), step->setting.key, step->setting.value, &out);
	else
		oi_buf_adds(&out, oi_buf_str(&text));
	set_defaults(run->ctx.host, step, &out);
	if (!strcmp(oi_buf_str(&out), oi_buf_str(&text)))
		return 0;
	if (oi_record_note_file(root, step->setting.path, oi_buf_str(&out), err))
		return -1;
	if (oi_root_write(root, step->setting.path, mode_of(root, step->setting.path), oi_buf_str(&out), out.len,
			  err))
		return -1;
	oi_selinux_restore(run->ctx.host, step->setting.path, false);
	return 0;
}
