/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/tools/selinux.h"

#include "execute/tools/child.h"

void oi_selinux_restore(const struct oi_host *host, const char *path, bool below)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_RESTORECON };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	struct oi_err err;

	if (!oi_root_exists(&host->look, "/sys/fs/selinux/enforce") ||
	    !oi_root_is_real(&host->change) || !oi_root_exists(&host->change, path))
		return;
	if (!oi_child_has(host, OI_TOOL_RESTORECON)) {
		oi_log_warn(&host->log, "SELinux is on, and restorecon is not installed: %s has its folder's label",
			    path);
		return;
	}
	if (below)
		oi_strv_add(&child.args, "-R");
	oi_strv_add(&child.args, path);
	if (oi_child_run(host, &child, &result, &err))
		oi_log_warn(&host->log, "label of %s: %s", path, err.text);
}
