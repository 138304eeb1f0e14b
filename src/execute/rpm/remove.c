/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * By rpm itself and not by dnf, yum, tdnf or zypper: exactly these packages are to
 * go, and no repository has to be asked for that.
 */
#include "execute/rpm/remove.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/tools/child.h"
#include "execute/rpm/call.h"
#include "model/reasons.h"

static int run_rpm(const struct oi_host *host, const char *const *args, const struct oi_strv *names,
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
	if (run_rpm(host, args, &names, true, &out, &result, err))
		return result.end == OI_RUN_EXITED ? 0 : -1;
	for (const char *c = oi_buf_str(&out); (c = strchr(c, '+')); c++)
		n++;
	return n;
}

int oi_rpm_present(const struct oi_host *host, const struct oi_strv *entries,
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
			oi_log_warn(&host->log, "packages: %s is installed in %d versions, none of them from ofed-init: left",
				    name, n);
		else if (n)
			oi_strv_add(present, name);
	}
	return 0;
}

/* Is "libibverbs-2510-1.x86_64" one of "name before after", which goes back before the removal. */
static bool goes_back(const struct oi_strv *entries, const char *package)
{
	for (size_t i = 0; i < entries->n; i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv fields = { 0 };
		const char *colon;
		size_t len;

		oi_strv_split(&fields, entries->v[i], " ");
		if (fields.n != 3)
			continue;
		colon = strchr(fields.v[2], ':');
		len = strlen(fields.v[0]);
		if (!strncmp(package, fields.v[0], len) && package[len] == '-' &&
		    strstr(package + len, colon ? colon + 1 : fields.v[2]))
			return true;
	}
	return false;
}

/* "\tlibibverbs is needed by (installed) openmpi-4.1-1.x86_64"; Source: rpm's lib/rpmproblem.c */
static void find_needed_by(const char *words, const struct oi_strv *entries,
			   struct oi_strv *others, struct oi_strv *foreign)
{
	static const char sign[] = " is needed by ";
	static const char installed[] = "(installed) ";
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };

	oi_strv_split(&lines, words, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *by = strstr(lines.v[i], sign);
		struct oi_strv *list;

		if (!by)
			continue;
		by += strlen(sign);
		if (!strncmp(by, installed, strlen(installed)))
			by += strlen(installed);
		list = goes_back(entries, by) ? others : foreign;
		if (!oi_strv_has(list, by))
			oi_strv_add(list, by);
	}
}

static int failed(const struct oi_run_result *result, enum oi_reason reason, struct oi_err *err)
{
	OI_FREE char *cause = oi_mem_dup(err->text);

	if (result->end != OI_RUN_EXITED)
		return -1;
	return oi_err_set(err, reason, "%.600s", result->tail.len ? oi_buf_str(&result->tail) : cause);
}

int oi_rpm_try_remove(const struct oi_host *host, const struct oi_strv *present,
		      const struct oi_strv *entries, struct oi_err *err)
{
	static const char *const args[] = { "--erase", "--test", NULL };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv foreign = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv others = { 0 };
	OI_FREE char *text = NULL;

	if (!run_rpm(host, args, present, true, NULL, &result, err))
		return 0;
	find_needed_by(oi_buf_str(&result.tail), entries, &others, &foreign);
	if (!foreign.n && others.n)
		return 0;
	if (!foreign.n)
		return failed(&result, OI_R_PACKAGES_UNAVAILABLE, err);
	text = oi_strv_join(&foreign, ", ");
	return oi_err_set(err, OI_R_REMOVAL_FOREIGN, "%s", text);
}

int oi_rpm_remove(const struct oi_host *host, const struct oi_strv *present, struct oi_err *err)
{
	static const char *const args[] = { "--erase", NULL };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };

	if (!run_rpm(host, args, present, false, NULL, &result, err))
		return 0;
	return failed(&result, OI_R_PACKAGES_FAILED, err);
}

/* --- what was changed --- */

int oi_rpm_version(const struct oi_host *host, const char *name, char **version,
		   struct oi_err *err)
{
	/* an epoch is written when there is one, as dnf and zypper do */
	static const char *const args[] = {
		"-q", "--queryformat", "%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n", NULL,
	};
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };

	*version = NULL;
	oi_strv_add(&names, name);
	if (run_rpm(host, args, &names, true, &out, &result, err))
		return result.end == OI_RUN_EXITED ? 0 : -1;
	oi_strv_split(&lines, oi_buf_str(&out), "\n");
	if (lines.n == 1) /* of several there is none to go back to */
		oi_mem_set(version, lines.v[0]);
	return 0;
}

static bool has_name(const struct oi_strv *entries, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < entries->n; i++)
		if (strcspn(entries->v[i], " ") == len && !strncmp(entries->v[i], name, len))
			return true;
	return false;
}

/* What must not happen on the way back, or NULL; borrowed. */
static const char *find_foreign_change(const struct oi_rpm_words *words,
				       const struct oi_strv *replaced,
				       const struct oi_strv *entries)
{
	for (size_t i = 0; i < words->n_changes; i++) {
		const struct oi_rpm_change *change = &words->changes[i];
		bool goes = change->effect == OI_RPM_REMOVED;

		if (!has_name(goes ? entries : replaced, change->name))
			return change->name;
	}
	return NULL;
}

int oi_rpm_restore(const struct oi_host *host, const struct oi_packages_ops *ops,
		   const struct oi_strv *replaced, const struct oi_strv *entries,
		   struct oi_err *err)
{
	const struct oi_rpm_manager *m = oi_rpm_manager_find(ops->method);
	OI_CLEANUP(oi_strv_clear) struct oi_strv wanted = { 0 };
	OI_RPM_CALL_AUTO call = { 0 };
	const char *foreign;
	OI_FREE char *text = NULL;

	if (oi_packages_wanted(ops, host, replaced, &wanted, err))
		return -1;
	if (!wanted.n)
		return 0;
	if (!m->restore[0])
		return oi_err_set(err, OI_R_METHOD_UNAVAILABLE, "%s cannot bring them back", ops->method);
	for (size_t i = 0; i < wanted.n; i++) {
		char *blank = strchr(wanted.v[i], ' ');

		if (blank)
			*blank = m->exact;
	}
	oi_rpm_call_plain(&call, host, m, m->try_restore, &wanted);
	if (oi_rpm_call_locked(&call, err) && !call.words.aborted) {
		text = oi_rpm_call_why(&call, err);
		return err->code == OI_R_PACKAGES_LOCK || !oi_rpm_call_ended(&call) ? -1 :
			oi_err_set(err, OI_R_PACKAGES_UNAVAILABLE, "%s", text);
	}
	if (!call.words.n_changes || !oi_rpm_words_whole(&call.words))
		return oi_err_set(err, OI_R_PACKAGES_UNAVAILABLE, "%s has no way back to them",
				  ops->method);
	foreign = find_foreign_change(&call.words, replaced, entries);
	if (foreign)
		return oi_err_set(err, OI_R_REMOVAL_FOREIGN, "%s", foreign);
	oi_rpm_call_plain(&call, host, m, m->restore, &wanted);
	call.child.level = OI_LOG_INFO;
	if (!oi_rpm_call_locked(&call, err))
		return 0;
	text = oi_rpm_call_why(&call, err);
	return err->code == OI_R_PACKAGES_LOCK || !oi_rpm_call_ended(&call) ? -1 :
		oi_err_set(err, OI_R_PACKAGES_FAILED, "%s", text);
}
