/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which modules dkms leaves alone: it reads a file of settings for each, and one of the user's stays. */
#include <string.h>

#include "base/mem.h"
#include "execute/state/record.h"
#include "execute/tools/selinux.h"
#include "execute/steps/steps.h"

#define SETTINGS_BYTES (1u << 20)

/* Return: 0 there is none; 1 it is ours; 2 somebody else's; -1 error. */
static int whose(const struct oi_root *root, const struct oi_step *step, const char *path,
		 struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	int rc = oi_root_read(root, path, SETTINGS_BYTES, &text, err);

	if (rc)
		return rc < 0 ? -1 : 0;
	return strcmp(oi_buf_str(&text), step->choice.settings) ? 2 : 1;
}

static int leave_out(struct oi_execution *run, const struct oi_step *step, const char *name,
		     struct oi_err *err)
{
	const struct oi_root *root = &run->ctx.host->change;
	OI_FREE char *path = oi_mem_printf("%s/%s.conf", step->choice.folder, name);
	int rc = whose(root, step, path, err);

	if (rc == 2)
		oi_log_info(&run->ctx.host->log, "dkms: %s is not from ofed-init: it stays", path);
	if (rc)
		return rc < 0 ? -1 : 0;
	if (oi_record_note_file(root, path, step->choice.settings, err) ||
	    oi_root_write(root, path, 0644, step->choice.settings, strlen(step->choice.settings), err))
		return -1;
	oi_selinux_restore(run->ctx.host, path, false);
	return 0;
}

static int let_again(struct oi_execution *run, const struct oi_step *step, const char *name,
		     struct oi_err *err)
{
	const struct oi_root *root = &run->ctx.host->change;
	OI_FREE char *path = oi_mem_printf("%s/%s.conf", step->choice.folder, name);
	int rc = whose(root, step, path, err);

	return rc == 1 ? oi_root_remove(root, path, err) : rc < 0 ? -1 : 0;
}

int oi_step_modules_choose(struct oi_execution *run, const struct oi_step *step,
			   struct oi_err *err)
{
	if (run->modset.file) /* nothing is compiled at all, and dkms need not be there */
		return 0;
	for (size_t i = 0; i < step->choice.left_out.n; i++)
		if (leave_out(run, step, step->choice.left_out.v[i], err))
			return -1;
	for (size_t i = 0; i < step->choice.allowed.n; i++)
		if (let_again(run, step, step->choice.allowed.v[i], err))
			return -1;
	return 0;
}
