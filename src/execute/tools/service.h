/* SPDX-License-Identifier: GPL-2.0-or-later */
/* systemd's units, by systemctl. */
#ifndef OI_EXECUTE_TOOLS_SERVICE_H
#define OI_EXECUTE_TOOLS_SERVICE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "sys/host.h"
#include "sys/run.h"

/** oi_service_is_enabled() - is it in any target's .wants or .requires, as systemctl enable has it */
bool oi_service_is_enabled(const struct oi_root *root, const char *unit);

/**
 * oi_service_call() - one call of systemctl; without systemd it changes links only
 * @unit: NULL for a verb of the manager's own, as "daemon-reload"
 * @result: how it ended and its last words; cleared by the caller
 * Return: as oi_child_run().
 */
OI_MUST_CHECK
int oi_service_call(const struct oi_host *host, const char *verb, const char *unit,
		    struct oi_run_result *result, struct oi_err *err);

/** oi_service_reload() - systemd reads its unit files again; OI_R_TOOL_MISSING, OI_R_TOOL_FAILED and kin */
OI_MUST_CHECK
int oi_service_reload(const struct oi_host *host, struct oi_err *err);

/**
 * oi_service_each() - one verb for each unit, in order
 * @verb: "enable", "restart", "stop", ...
 * One that is enabled already is not enabled again.
 * A unit that there is not is passed over with a warning; without systemd all are.
 * Return: 0, or -1 with OI_R_SERVICE_FAILED and systemctl's words, or OI_R_TOOL_MISSING.
 */
OI_MUST_CHECK
int oi_service_each(const struct oi_host *host, const struct oi_strv *units, const char *verb,
		    struct oi_err *err);

#endif
