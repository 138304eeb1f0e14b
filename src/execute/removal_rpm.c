/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * By rpm itself and not by dnf, yum, tdnf or zypper: exactly these packages are to
 * go, and no repository has to be asked for that.
 */
#include "execute/removal.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/child.h"
#include "model/reasons.h"

static int run(const struct oi_host *host, const char *const *args, const struct oi_strv *names,
	       bool quiet, struct oi_buf *out, struct oi_run_result *result, struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_RPM };

	child.level = quiet ? OI_LOG_DEBUG : OI_LOG_INFO;
	child.out = out;
	for (; *args; args++)
		oi_strv_add(&child.args, *args);
	oi_strv_add_all(&child.args, names);
	return oi_child_run(host, &child, result, err);
}

/* How many packages have that name; below 0: it could not be asked. */
static int count(const struct oi_host *host, const char *name, struct oi_err *err)
{
	static const char *const args[] = { "-q", "--queryformat", "+\\n", NULL };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	int n = 0;

	oi_strv_add(&names, name);
	if (run(host, args, &names, true, &out, &result, err))
		return result.end == OI_RUN_EXITED ? 0 : -1;
	for (const char *c = oi_buf_str(&out); (c = strchr(c, '+')); c++)
		n++;
	return n;
}

static int present_ones(const struct oi_host *host, const struct oi_strv *entries,
			struct oi_strv *present, struct oi_err *err)
{
	for (size_t i = 0; i < entries->n; i++) {
		size_t len = strcspn(entries->v[i], " ");
		const char *version = entries->v[i][len] ? entries->v[i] + len + 1 : "";
		const char *epoch = strchr(version, ':');
		OI_FREE char *name = oi_mem_ndup(entries->v[i], len);
		OI_FREE char *exact = oi_mem_printf("%s-%s", name, epoch ? epoch + 1 : version);
		int n = *version ? count(host, exact, err) : 0;

		if (n < 0)
			return -1;
		if (n) {
			oi_strv_add(present, exact);
			continue;
		}
		n = count(host, name, err); /* another version by now */
		if (n < 0)
			return -1;
		if (n > 1)
			oi_log_warn(&host->log, "packages: %s is there in %d versions, none of them ours: left",
				    name, n);
		else if (n)
			oi_strv_add(present, name);
	}
	return 0;
}

/* "\tlibibverbs is needed by (installed) openmpi-4.1-1.x86_64"; Source: rpm's lib/rpmproblem.c */
static void find_needed_by(const char *words, struct oi_strv *foreign)
{
	static const char sign[] = " is needed by ";
	static const char installed[] = "(installed) ";
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };

	oi_strv_split(&lines, words, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *by = strstr(lines.v[i], sign);

		if (!by)
			continue;
		by += strlen(sign);
		if (!strncmp(by, installed, strlen(installed)))
			by += strlen(installed);
		if (!oi_strv_has(foreign, by))
			oi_strv_add(foreign, by);
	}
}

static int failed(const struct oi_run_result *result, enum oi_reason reason, struct oi_err *err)
{
	OI_FREE char *cause = oi_mem_dup(err->text);

	if (result->end != OI_RUN_EXITED)
		return -1;
	return oi_err_set(err, reason, "%.600s", result->tail.len ? oi_buf_str(&result->tail) : cause);
}

static int simulate(const struct oi_host *host, const struct oi_strv *present,
		    const struct oi_strv *entries, struct oi_err *err)
{
	static const char *const args[] = { "--erase", "--test", NULL };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv foreign = { 0 };
	OI_FREE char *text = NULL;

	(void)entries; /* rpm never takes more than it is told to */
	if (!run(host, args, present, true, NULL, &result, err))
		return 0;
	find_needed_by(oi_buf_str(&result.tail), &foreign);
	if (!foreign.n)
		return failed(&result, OI_R_PACKAGES_UNAVAILABLE, err);
	text = oi_strv_join(&foreign, ", ");
	return oi_err_set(err, OI_R_REMOVAL_FOREIGN, "%s", text);
}

static int remove_packages(const struct oi_host *host, const struct oi_strv *present,
			   struct oi_err *err)
{
	static const char *const args[] = { "--erase", NULL };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };

	if (!run(host, args, present, false, NULL, &result, err))
		return 0;
	return failed(&result, OI_R_PACKAGES_FAILED, err);
}

const struct oi_removal oi_removal_rpm = {
	.present = present_ones, .simulate = simulate, .remove = remove_packages,
};
