/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/tools/service.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/tools/child.h"
#include "model/reasons.h"
#include "sys/systemd.h"

/*
 * Loading a driver stack takes seconds; a unit that takes two minutes is waiting
 * for something, perhaps for us: cloud-init's last stage does not start before we end.
 */
#define LIMIT_MS 120000

int oi_service_call(const struct oi_host *host, const char *verb, const char *unit,
		    struct oi_run_result *result, struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_SYSTEMCTL };

	child.level = OI_LOG_INFO;
	child.limit_ms = LIMIT_MS;
	/* In an image there is nobody to ask: the links are made all the same. */
	if (!oi_systemd_is_here(host))
		oi_strv_add(&child.env, "SYSTEMD_OFFLINE=1");
	oi_strv_add(&child.args, verb);
	if (unit)
		oi_strv_add(&child.args, unit);
	return oi_child_run(host, &child, result, err);
}

int oi_service_reload(const struct oi_host *host, struct oi_err *err)
{
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };

	return oi_service_call(host, "daemon-reload", NULL, &result, err);
}

static bool is_missing(const char *words)
{
	/* Source: systemctl 229 to 257 */
	static const char *const signs[] = {
		"does not exist", "not found", "not loaded", "No such file or directory",
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(signs); i++)
		if (strstr(words, signs[i]))
			return true;
	return false;
}

bool oi_service_is_enabled(const struct oi_root *root, const char *unit)
{
	static const char folder[] = "/etc/systemd/system";
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	struct oi_err err;

	if (oi_root_list(root, folder, &names, &err))
		return false;
	for (size_t i = 0; i < names.n; i++) {
		const char *dot = strrchr(names.v[i], '.');
		OI_FREE char *path = oi_mem_printf("%s/%s", folder, names.v[i]);
		OI_CLEANUP(oi_strv_clear) struct oi_strv links = { 0 };

		if (!dot || (strcmp(dot, ".wants") && strcmp(dot, ".requires")))
			continue;
		/* Listed and not opened: the link may lead nowhere. */
		if (!oi_root_list(root, path, &links, &err) && oi_strv_has(&links, unit))
			return true;
	}
	return false;
}

static int do_unit(const struct oi_host *host, const char *unit, const char *verb,
		   struct oi_err *err)
{
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_FREE char *cause = NULL;
	const char *words;

	/* The vendor's package does it by itself. Once more takes half a second of each first boot:
	 * System V's script is asked too, and systemd reads all units anew. */
	if (!strcmp(verb, "enable") && oi_service_is_enabled(&host->change, unit)) {
		oi_log_info(&host->log, "service %s: is enabled already", unit);
		return 0;
	}
	if (!oi_service_call(host, verb, unit, &result, err)) {
		oi_log_info(&host->log, "service %s: %s: done", unit, verb);
		return 0;
	}
	words = oi_buf_str(&result.tail);
	if (result.end == OI_RUN_EXITED && is_missing(words)) {
		oi_log_warn(&host->log, "service %s: it does not exist; continuing without it", unit);
		return 0;
	}
	if (result.end == OI_RUN_NEVER_STARTED)
		return -1;
	cause = oi_mem_dup(err->text);
	return oi_err_set(err, OI_R_SERVICE_FAILED, "systemctl %s %s: %s: %.*s", verb, unit, cause,
			  (int)strcspn(words, "\n"), words);
}

int oi_service_each(const struct oi_host *host, const struct oi_strv *units, const char *verb,
		    struct oi_err *err)
{
	if (!oi_systemd_is_here(host) &&
	    (strcmp(verb, "enable") != 0 || !oi_child_has(host, OI_TOOL_SYSTEMCTL))) {
		oi_log_info(&host->log, "services: systemd is not running here: %s is left out",
			    verb);
		return 0;
	}
	for (size_t i = 0; i < units->n; i++)
		if (do_unit(host, units->v[i], verb, err))
			return -1;
	return 0;
}
