/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/rpm/heal.h"

#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/tools/child.h"
#include "execute/packages/packages.h"
#include "execute/rpm/call.h"
#include "model/reasons.h"

/* Seconds that the clock may have been set back meanwhile, as a new VM's first sync does. */
#define CLOCK_SLACK_S 5

static int rpm(const struct oi_host *host, const char *const *args, const struct oi_strv *names,
	       struct oi_buf *out, struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_RPM };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };

	child.level = out ? OI_LOG_DEBUG : OI_LOG_INFO;
	child.out = out;
	for (; *args; args++)
		oi_strv_add(&child.args, *args);
	if (names)
		oi_strv_add_all(&child.args, names);
	return oi_child_run(host, &child, &result, err);
}

/* --- packages --- */

/* "name ..." */
static bool is_named(const struct oi_strv *entries, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < entries->n; i++)
		if (strcspn(entries->v[i], " ") == len && !strncmp(entries->v[i], name, len))
			return true;
	return false;
}

struct installed {
	int64_t at_s;
	const char *name;
	const char *full; /* "NAME-VERSION-RELEASE.ARCH" */
};

/* Splits @line, "SECONDS NAME FULL", in place. */
static bool understand(char *line, struct installed *package)
{
	char *name = strchr(line, ' ');
	char *full = name ? strchr(name + 1, ' ') : NULL;

	if (!full)
		return false;
	*name = *full = '\0';
	package->at_s = strtoll(line, NULL, 10);
	package->name = name + 1;
	package->full = full + 1;
	return true;
}

/*
 * All that is installed, the oldest first.
 * @lines: what the names point into
 * Return: how many; below 0: it could not be asked
 */
static ssize_t list_installed(const struct oi_host *host, struct oi_strv *lines,
			      struct installed **out, struct oi_err *err)
{
	static const char *const args[] = {
		"-qa", "--queryformat",
		"%{INSTALLTIME} %{NAME} %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\\n", NULL,
	};
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	size_t n = 0;

	if (rpm(host, args, NULL, &text, err))
		return -1;
	oi_strv_split(lines, oi_buf_str(&text), "\n");
	oi_strv_sort(lines); /* all times have ten digits, until the year 2286 */
	*out = oi_mem_zalloc(lines->n + 1, sizeof(**out));
	for (size_t i = 0; i < lines->n; i++)
		if (understand(lines->v[i], &(*out)[n]))
			n++;
	return (ssize_t)n;
}

/* For two architectures a package is there twice by right. */
static bool is_same(const struct installed *a, const struct installed *b)
{
	const char *arch_a = strrchr(a->full, '.'), *arch_b = strrchr(b->full, '.');

	return !strcmp(a->name, b->name) && arch_a && arch_b && !strcmp(arch_a, arch_b);
}

/* What of ours has come since then, and the older ones of what is there twice. */
static void choose(const struct installed *packages, size_t n, const struct oi_record *record,
		   int64_t since_s, struct oi_strv *half, struct oi_strv *older)
{
	for (size_t i = 0; i < n; i++) {
		const struct installed *p = &packages[i];

		if (is_named(&record->replaced, p->name)) {
			for (size_t j = i + 1; j < n; j++) {
				if (!is_same(p, &packages[j]))
					continue;
				oi_strv_add(older, p->full);
				break;
			}
		} else if (since_s && p->at_s >= since_s &&
			   (is_named(&record->packages, p->name) ||
			    is_named(&record->repository, p->name))) {
			oi_strv_add(half, p->full);
		}
	}
}

/* Without regard to what needs them: the plan brings them back. */
static int erase(const struct oi_host *host, const struct oi_strv *names, const char *why,
		 struct oi_err *err)
{
	static const char *const with[] = { "--erase", "--nodeps", NULL };
	static const char *const without[] = { "--erase", "--nodeps", "--noscripts", NULL };
	OI_FREE char *text = oi_strv_join(names, ", ");

	if (!names->n)
		return 0;
	oi_log_warn(&host->log, "packages: %s: %s", why, text);
	if (!rpm(host, with, names, NULL, err))
		return 0;
	if (err->code != OI_R_CHILD_FAILED)
		return -1;
	/* The way back of a script that never went there. */
	return rpm(host, without, names, NULL, err);
}

/* --- files --- */

/* "mlx5_core.ko;67409f3a" */
static bool is_working_name(const char *name, int64_t since_s, int64_t now_s)
{
	const char *semicolon = strrchr(name, ';');
	const char *hex = semicolon ? semicolon + 1 : "";
	int64_t at_s = strtoll(hex, NULL, 16);

	return strlen(hex) == 8 && strspn(hex, "0123456789abcdef") == 8 && at_s >= since_s &&
	       at_s <= now_s;
}

static void drop_working_names(const struct oi_host *host, int64_t since_s)
{
	static const char *const places[] = { "/boot", "/etc", "/lib", "/opt", "/usr" };
	char *paths[OI_ARRAY_SIZE(places) + 1] = { NULL };
	int64_t now_s = (int64_t)time(NULL) + CLOCK_SLACK_S;
	size_t skip = oi_root_is_real(&host->change) ? 0 : strlen(host->change.path);
	FTSENT *entry;
	FTS *walk;
	struct oi_err err;

	for (size_t i = 0; i < OI_ARRAY_SIZE(places); i++)
		paths[i] = oi_root_name(&host->change, places[i]);
	walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT | FTS_XDEV, NULL);
	while (walk && (entry = fts_read(walk))) {
		if (entry->fts_info == FTS_D || entry->fts_info == FTS_DP ||
		    !is_working_name(entry->fts_name, since_s, now_s))
			continue;
		if (oi_root_remove(&host->change, entry->fts_path + skip, &err))
			oi_log_warn(&host->log, "packages: could not clean up: %s", err.text);
		else
			oi_log_info(&host->log, "packages: %s was interrupted while it was written: removed",
				    entry->fts_path + skip);
	}
	if (walk)
		fts_close(walk);
	for (size_t i = 0; i < OI_ARRAY_SIZE(places); i++)
		free(paths[i]);
}

int oi_rpm_heal(struct oi_packages *p, const struct oi_record *record,
		const struct oi_journal *journal, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv half = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv older = { 0 };
	OI_FREE struct installed *packages = NULL;
	ssize_t n = -1;
	pid_t named = 0;
	int64_t since_s;

	since_s = journal->began_s > CLOCK_SLACK_S ? journal->began_s - CLOCK_SLACK_S : 0;
	/* Before that it would be somebody's work that is under way. */
	if (!oi_packages_wait(p->ops->locks, p->ctx->host, &named, err))
		n = list_installed(p->ctx->host, &lines, &packages, err);
	if (n < 0)
		return -1;
	choose(packages, (size_t)n, record, since_s, &half, &older);
	if (erase(p->ctx->host, &older, "installed twice, so the older goes", err) ||
	    erase(p->ctx->host, &half, "installed while the run was interrupted, so again", err))
		return -1;
	if (since_s)
		drop_working_names(p->ctx->host, since_s);
	return 0;
}
