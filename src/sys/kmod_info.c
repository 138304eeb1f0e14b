/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one module's file says of itself. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/kmods.h"
#include "sys/run.h"

/* Reading one ELF section; a slow disk at boot may take its time. */
#define MODINFO_MS 10000
#define MODINFO_LIMIT_BYTES 4096

bool oi_kmod_is_loaded(const struct oi_host *host, const struct oi_kmod *kmod)
{
	OI_FREE char *path = oi_mem_printf("/sys/module/%s", kmod->name);

	return kmod->builtin || oi_root_exists(&host->look, path);
}

int oi_kmod_file_field(const struct oi_host *host, const char *path, const char *field, char **out,
		       struct oi_err *err)
{
	const char *tool = host->tools.path[OI_TOOL_MODINFO];
	OI_CLEANUP(oi_strv_clear) struct oi_strv argv = { 0 };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_run_options options = {
		.deadline_ms = oi_clock_ms() + MODINFO_MS,
		.quiet_stdout = true,
		.stdout_text = &text,
		.stdout_limit_bytes = MODINFO_LIMIT_BYTES,
	};

	*out = NULL;
	if (!tool)
		return oi_err_set(err, OI_R_TOOL_MISSING, "modinfo is not installed");
	if (options.deadline_ms > host->deadline_ms)
		options.deadline_ms = host->deadline_ms;
	oi_strv_add(&argv, tool);
	oi_strv_add(&argv, "-F");
	oi_strv_add(&argv, field);
	oi_strv_add(&argv, path);
	if (oi_run(argv.v, &options, &result, err))
		return -1;
	text.len = strcspn(oi_buf_str(&text), "\n");
	if (text.len)
		*out = oi_mem_ndup(text.data, text.len);
	return 0;
}

int oi_kmod_field(const struct oi_host *host, const char *kernel, const char *file,
		  const char *field, char **out, struct oi_err *err)
{
	OI_FREE char *path = oi_mem_printf("%s/lib/modules/%s/%s",
					   oi_root_is_real(&host->change) ? "" : host->change.path,
					   kernel, file);

	return oi_kmod_file_field(host, path, field, out, err);
}
