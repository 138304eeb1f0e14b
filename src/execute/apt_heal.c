/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/apt_heal.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/apt.h"
#include "execute/child.h"
#include "execute/packages.h"

static bool is_named(const struct oi_strv *entries, const char *name)
{
	size_t len = strcspn(name, ":");

	for (size_t i = 0; i < entries->n; i++)
		if (strcspn(entries->v[i], ": ") == len && !strncmp(entries->v[i], name, len))
			return true;
	return false;
}

/* What dpkg has not finished, one "STATE FLAG NAME" each. */
static int list_open(const struct oi_host *host, struct oi_strv *open, struct oi_err *err)
{
	static const char *const closed[] = { "installed ", "config-files ", "not-installed " };
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_DPKG_QUERY };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };

	child.out = &out;
	oi_strv_add(&child.args, "--show");
	oi_strv_add(&child.args, "--showformat=${db:Status-Status} ${db:Status-Eflag} ${binary:Package}\\n");
	if (oi_child_run(host, &child, &result, err))
		return -1;
	oi_strv_split(&lines, oi_buf_str(&out), "\n");
	for (size_t i = 0; i < lines.n; i++) {
		bool is_closed = false;

		for (size_t c = 0; c < OI_ARRAY_SIZE(closed); c++)
			is_closed |= !strncmp(lines.v[i], closed[c], strlen(closed[c]));
		if (!is_closed)
			oi_strv_add(open, lines.v[i]);
	}
	return 0;
}

/* Ours of those that have to be installed again, by dpkg's word. */
static int list_broken(const struct oi_host *host, const struct oi_record *record,
		       struct oi_strv *names, struct oi_err *err)
{
	static const char broken[] = " reinstreq ";
	OI_CLEANUP(oi_strv_clear) struct oi_strv open = { 0 };

	if (list_open(host, &open, err))
		return -1;
	for (size_t i = 0; i < open.n; i++) {
		const char *flag = strstr(open.v[i], broken);
		const char *name = flag ? flag + strlen(broken) : NULL;

		if (!name)
			continue;
		if (is_named(&record->packages, name) || is_named(&record->repository, name))
			oi_strv_add(names, name);
		else
			oi_log_warn(&host->log, "packages: %s has to be installed again, and is not ours to remove",
				    name);
	}
	return 0;
}

static int force_out(const struct oi_host *host, const struct oi_strv *names, struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_DPKG };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };

	child.level = OI_LOG_INFO;
	oi_strv_add(&child.args, "--force-remove-reinstreq");
	oi_strv_add(&child.args, "--force-depends");
	oi_strv_add(&child.args, "--remove");
	oi_strv_add_all(&child.args, names);
	return oi_child_run(host, &child, &result, err);
}

int oi_apt_heal(struct oi_execution *run, const struct oi_record *record,
		int64_t since_s OI_UNUSED, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv open = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_FREE char *text = NULL;
	const struct oi_packages_ops *ops = oi_packages_of(run->verdict, err);
	pid_t named = 0;

	/* Before that it would be somebody's work that is under way. */
	if (!ops || oi_packages_wait(ops, run->host, &named, err) ||
	    list_open(run->host, &open, err))
		return -1;
	if (!open.n && !oi_apt_was_interrupted(run->host))
		return 0;
	if (oi_apt_finish(run, err) || list_broken(run->host, record, &names, err))
		return -1;
	if (!names.n)
		return 0;
	text = oi_strv_join(&names, ", ");
	oi_log_warn(&run->host->log, "packages: forcing out what was cut off while it was unpacked: %s",
		    text);
	return force_out(run->host, &names, err);
}
