/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/depmod.h"

#include "execute/child.h"
#include "sys/kmods.h"

int oi_depmod_renew(const struct oi_host *host, const char *kernel, struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_DEPMOD };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };

	oi_strv_add(&child.args, "-a");
	if (!oi_root_is_real(&host->change)) {
		oi_strv_add(&child.args, "-b");
		oi_strv_add(&child.args, host->change.path);
	}
	oi_strv_add(&child.args, kernel);
	return oi_child_run(host, &child, &result, err);
}

int oi_depmod_check(const struct oi_host *host, const char *kernel, struct oi_err *err)
{
	struct oi_kmod main_one = { .name = OI_KMOD_MAIN };
	int got = oi_kmods_find(&host->change, kernel, &main_one, 1, err);
	bool added = oi_kmod_is_added(&main_one);

	oi_kmods_clear(&main_one, 1);
	/* Without a list it is another kernel's root: whoever boots it makes one. */
	if (got || added)
		return got < 0 ? -1 : 0;
	oi_log_warn(&host->log, "depmod: its list for %s does not know " OI_KMOD_MAIN
		    " as built; renewing it", kernel);
	return oi_depmod_renew(host, kernel, err);
}
