/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/apt/heal.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/apt/call.h"
#include "execute/apt/install.h"
#include "execute/apt/lost.h"
#include "execute/apt/session.h"
#include "execute/tools/child.h"
#include "execute/packages/packages.h"

static bool is_named(const struct oi_strv *entries, const char *name)
{
	size_t len = strcspn(name, ":");

	for (size_t i = 0; i < entries->n; i++)
		if (strcspn(entries->v[i], ": ") == len && !strncmp(entries->v[i], name, len))
			return true;
	return false;
}

/* All that dpkg knows of, one "STATE FLAG NAME" each. */
static int list_states(const struct oi_host *host, struct oi_strv *states, struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_DPKG_QUERY };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };

	child.out = &out;
	oi_strv_add(&child.args, "--show");
	oi_strv_add(&child.args, "--showformat=${db:Status-Status} ${db:Status-Eflag} ${binary:Package}\\n");
	if (oi_child_run(host, &child, &result, err))
		return -1;
	oi_strv_split(states, oi_buf_str(&out), "\n");
	return 0;
}

/* Those that dpkg has not finished. */
static void choose_open(const struct oi_strv *states, struct oi_strv *open)
{
	static const char *const closed[] = { "installed ", "config-files ", "not-installed " };

	for (size_t i = 0; i < states->n; i++) {
		bool is_closed = false;

		for (size_t c = 0; c < OI_ARRAY_SIZE(closed); c++)
			is_closed |= !strncmp(states->v[i], closed[c], strlen(closed[c]));
		if (!is_closed)
			oi_strv_add(open, states->v[i]);
	}
}

/* Ours of those that have to be installed again, by dpkg's word. */
static int list_broken(const struct oi_host *host, const struct oi_record *record,
		       struct oi_strv *names, struct oi_err *err)
{
	static const char broken[] = " reinstreq ";
	OI_CLEANUP(oi_strv_clear) struct oi_strv states = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv open = { 0 };

	if (list_states(host, &states, err))
		return -1;
	choose_open(&states, &open);
	for (size_t i = 0; i < open.n; i++) {
		const char *flag = strstr(open.v[i], broken);
		const char *name = flag ? flag + strlen(broken) : NULL;

		if (!name)
			continue;
		if (is_named(&record->packages, name) || is_named(&record->repository, name))
			oi_strv_add(names, name);
		else
			oi_log_warn(&host->log, "packages: %s must be reinstalled, and ofed-init may not remove it",
				    name);
	}
	return 0;
}

/* @how: "--remove", or "--purge": with their settings */
static int force_out(const struct oi_host *host, const char *how, const struct oi_strv *names,
		     struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_DPKG };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };

	child.level = OI_LOG_INFO;
	oi_strv_add(&child.args, "--force-remove-reinstreq");
	oi_strv_add(&child.args, "--force-depends");
	oi_strv_add(&child.args, how);
	oi_strv_add_all(&child.args, names);
	return oi_child_run(host, &child, &result, err);
}

/* Nothing but this tells the run of files that are not there: apt takes them for installed. */
static int drop_damaged(const struct oi_host *host, const struct oi_journal *journal,
			const struct oi_strv *states, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv damaged = { 0 };
	OI_FREE char *text = NULL;

	if (!journal->hurried.n || !oi_journal_lost(&host->change, journal))
		return 0;
	oi_log_info(&host->log, "packages: the machine went down before %zu of them were synced; verifying them",
		    journal->hurried.n);
	if (oi_apt_lost(host, &journal->hurried, states, &damaged, err))
		return -1;
	if (!damaged.n)
		return 0;
	text = oi_strv_join(&damaged, ", ");
	oi_log_warn(&host->log, "packages: damaged, to be reinstalled: %s", text);
	if (!force_out(host, "--purge", &damaged, err))
		return 0;
	if (err->code == OI_R_CHILD_FAILED)
		oi_err_set(err, OI_R_PACKAGES_DAMAGED, "%s", text);
	return -1;
}

/* Of those that dpkg has not finished, what is ours: of another's no run knows. */
static int defer(struct oi_packages *p, const struct oi_record *record, const struct oi_strv *open,
		 struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	for (size_t i = 0; i < open->n; i++) {
		const char *space = strrchr(open->v[i], ' ');

		if (space && is_named(&record->packages, space + 1))
			oi_strv_add(&names, space + 1);
	}
	return oi_apt_defer(p, &names, err);
}

int oi_apt_defer_open(struct oi_packages *p, struct oi_err *err)
{
	OI_CLEANUP(oi_record_clear) struct oi_record record = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv states = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv open = { 0 };

	if (oi_record_read(&p->ctx->host->change, &record, err) < 0 || list_states(p->ctx->host, &states, err))
		return -1;
	choose_open(&states, &open);
	return defer(p, &record, &open, err);
}

int oi_apt_heal(struct oi_packages *p, const struct oi_record *record,
		const struct oi_journal *journal, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv states = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv open = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_FREE char *text = NULL;
	pid_t named = 0;

	/* Before that it would be somebody's work that is under way. */
	if (oi_packages_wait(p->ops->locks, p->ctx->host, &named, err) ||
	    list_states(p->ctx->host, &states, err) ||
	    drop_damaged(p->ctx->host, journal, &states, err))
		return -1;
	choose_open(&states, &open);
	if (!open.n && !oi_apt_was_interrupted(p->ctx->host))
		return 0;
	if (defer(p, record, &open, err) || oi_apt_finish(p, err) ||
	    list_broken(p->ctx->host, record, &names, err))
		return -1;
	if (!names.n)
		return 0;
	text = oi_strv_join(&names, ", ");
	oi_log_warn(&p->ctx->host->log, "packages: force-removing what was interrupted while it was unpacked: %s",
		    text);
	return force_out(p->ctx->host, "--remove", &names, err);
}

/* Of what is new, what dpkg has not finished. */
static int choose_new(const struct oi_host *host, const struct oi_record *record, struct oi_strv *names,
		      struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv states = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv open = { 0 };

	oi_strv_clear(names);
	if (list_states(host, &states, err))
		return -1;
	choose_open(&states, &open);
	for (size_t i = 0; i < open.n; i++) {
		const char *space = strrchr(open.v[i], ' ');

		if (space && is_named(&record->packages, space + 1))
			oi_strv_add(names, space + 1);
	}
	return 0;
}

int oi_apt_settle(struct oi_packages *p, struct oi_err *err)
{
	OI_CLEANUP(oi_record_clear) struct oi_record record = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	const struct oi_host *host = p->ctx->host;
	OI_FREE char *text = NULL;

	if (oi_record_read(&host->change, &record, err) < 0 || choose_new(host, &record, &names, err))
		return -1;
	if (!names.n && !oi_apt_was_interrupted(host))
		return 0;
	if (oi_apt_heal(p, &record, p->journal, err) || choose_new(host, &record, &names, err))
		return -1;
	if (!names.n)
		return 0;
	text = oi_strv_join(&names, ", ");
	oi_log_warn(&host->log, "packages: removing what could not be finished, so that apt serves others: %s", text);
	return force_out(host, "--remove", &names, err);
}
