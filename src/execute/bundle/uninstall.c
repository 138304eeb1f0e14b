/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bundle is undone by what it has left for that, and looked after by the record. */
#include <string.h>

#include "base/mem.h"
#include "execute/bundle/bundle.h"
#include "execute/tools/child.h"
#include "execute/packages/packages.h"
#include "execute/state/record.h"

/* the package that has it. Source: MLNX_OFED user manual, "Uninstalling MLNX_OFED" */
#define ITS_PACKAGE "ofed-scripts"

static bool is_its_own(const struct oi_record *record)
{
	size_t len = strlen(ITS_PACKAGE);
	bool bundle = oi_strv_has(&record->methods, "bundle");

	for (size_t i = 0; bundle && i < record->packages.n; i++)
		if (!strncmp(record->packages.v[i], ITS_PACKAGE " ", len + 1))
			return true;
	return false;
}

static bool is_recorded(const struct oi_strv *list, const char *entry)
{
	size_t len = strcspn(entry, " ");

	for (size_t i = 0; i < list->n; i++)
		if (!strncmp(list->v[i], entry, len) &&
		    (!list->v[i][len] || list->v[i][len] == ' '))
			return true;
	return false;
}

/* It takes all that has a name of its stack, also what somebody added later. */
static void tell_others(const struct oi_host *host, const struct oi_record *record,
			const struct oi_strv *before, const struct oi_strv *after)
{
	for (size_t i = 0; i < before->n; i++)
		if (!oi_strv_has(after, before->v[i]) &&
		    !is_recorded(&record->packages, before->v[i]) &&
		    !is_recorded(&record->replaced, before->v[i]))
			oi_log_warn(&host->log, "packages: ofed_uninstall.sh has also removed %s",
				    before->v[i]);
}

bool oi_bundle_uninstall(const struct oi_host *host, const char *format,
			 const struct oi_record *record)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_OFED_UNINSTALL };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv before = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv after = { 0 };
	struct oi_err err;

	if (!is_its_own(record) || !oi_child_has(host, OI_TOOL_OFED_UNINSTALL))
		return false;
	if (format && oi_bundle_packages(host, format, &before, &err))
		oi_log_warn(&host->log, "packages: %s", err.text);
	oi_log_info(&host->log, "packages: by the bundle's own ofed_uninstall.sh");
	child.level = OI_LOG_INFO;
	oi_strv_add(&child.args, "--force");
	if (oi_child_run(host, &child, &result, &err))
		oi_log_warn(&host->log, "ofed_uninstall.sh: %s; continuing from the record", err.text);
	if (before.n && oi_bundle_packages(host, format, &after, &err))
		oi_log_warn(&host->log, "packages: %s", err.text);
	else
		tell_others(host, record, &before, &after);
	return true;
}
