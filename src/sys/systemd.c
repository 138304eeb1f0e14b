/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/systemd.h"

#include "sys/clock.h"
#include "sys/run.h"

#define SHOW_MS 10000
#define SHOW_BYTES 16384

bool oi_systemd_is_here(const struct oi_host *host)
{
	return oi_root_exists(&host->change, "/run/systemd/system");
}

bool oi_systemd_answers(const struct oi_host *host)
{
	return host->tools.path[OI_TOOL_SYSTEMCTL] && oi_root_is_real(&host->change) &&
	       oi_systemd_is_here(host);
}

void oi_systemd_show(const struct oi_host *host, const char *properties,
		     const struct oi_strv *units, struct oi_buf *text)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv argv = { 0 };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	const struct oi_run_options options = {
		.deadline_ms = oi_clock_ms() + SHOW_MS,
		.stdout_text = text,
		.stdout_limit_bytes = SHOW_BYTES,
		.quiet_stdout = true,
	};
	struct oi_err err;

	if (!oi_systemd_answers(host))
		return;
	oi_strv_add(&argv, host->tools.path[OI_TOOL_SYSTEMCTL]);
	oi_strv_add(&argv, "show");
	oi_strv_addf(&argv, "--property=%s", properties);
	oi_strv_add_all(&argv, units);
	if (!oi_run(argv.v, &options, &result, &err))
		return;
	oi_log_debug(&host->log, "systemd does not say what its units are at: %s", err.text);
	oi_buf_clear(text);
}
