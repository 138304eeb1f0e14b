/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system's own lists and settings. */
#include "execute/apt/remove.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/apt/text.h"
#include "execute/tools/child.h"
#include "model/reasons.h"
#include "sys/clock.h"

/* apt gives up this long before our deadline does: its own words say more. */
#define LOCK_MARGIN_MS 10000

struct call {
	struct oi_child child;
	struct oi_run_result result;
	struct oi_apt_words words;
	struct oi_apt_changes changes;
};

static bool hear(void *data, const char *line)
{
	struct call *call = data;

	oi_apt_words_add(&call->words, line);
	oi_apt_changes_add(&call->changes, line);
	return false;
}

static void call_clear(struct call *call)
{
	oi_child_clear(&call->child);
	oi_run_result_clear(&call->result);
	oi_apt_words_clear(&call->words);
	oi_apt_changes_clear(&call->changes);
}

#define CALL_AUTO OI_CLEANUP(call_clear) struct call

int oi_apt_present(const struct oi_host *host, const struct oi_strv *entries,
		   struct oi_strv *present, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	CALL_AUTO call = { 0 };

	if (!entries->n)
		return 0;
	call.child.tool = OI_TOOL_DPKG_QUERY;
	call.child.out = &out;
	oi_strv_add(&call.child.args, "--show");
	oi_strv_add(&call.child.args, "--showformat=${db:Status-Status} ${binary:Package}\\n");
	for (size_t i = 0; i < entries->n; i++)
		oi_strv_addf(&call.child.args, "%.*s", (int)strcspn(entries->v[i], " "),
			     entries->v[i]);
	/* Exit status 1: it does not know some of them, which is an answer too. */
	if (oi_child_run(host, &call.child, &call.result, err) &&
	    (call.result.end != OI_RUN_EXITED || call.result.status != 1))
		return -1;
	oi_strv_split(&lines, oi_buf_str(&out), "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *name = strchr(lines.v[i], ' ');

		if (name && strncmp(lines.v[i], "not-installed ", 14) != 0)
			oi_strv_add(present, name + 1);
	}
	return 0;
}

static void start(struct call *call, const struct oi_host *host, bool simulate,
		  const struct oi_strv *names)
{
	int64_t left_ms = oi_clock_left_ms(host->deadline_ms) - LOCK_MARGIN_MS;
	struct oi_strv *args = &call->child.args;

	call_clear(call);
	memset(call, 0, sizeof(*call));
	call->child.tool = OI_TOOL_APT_GET;
	call->child.on_line = hear;
	call->child.data = call;
	call->child.level = simulate ? OI_LOG_DEBUG : OI_LOG_INFO;
	oi_strv_add(args, "-q");
	oi_strv_add(args, "-y");
	if (simulate) {
		oi_strv_add(args, "--simulate");
	} else {
		oi_strv_add(args, "-o");
		oi_strv_addf(args, "DPkg::Lock::Timeout=%lld",
			     (long long)(left_ms > 1000 ? left_ms / 1000 : 1));
		oi_strv_add(args, "-o");
		oi_strv_add(args, "Dpkg::Use-Pty=0");
	}
	/* What else nobody needs any more is the administrator's to say. */
	oi_strv_add(args, "-o");
	oi_strv_add(args, "APT::Get::AutomaticRemove=false");
	oi_strv_add(args, "--purge");
	oi_strv_add(args, "remove");
	oi_strv_add_all(args, names);
}

/* Its words, as the cause of @reason. */
static int failed(const struct call *call, enum oi_reason reason, struct oi_err *err)
{
	OI_FREE char *text = oi_apt_words_text(&call->words);

	if (call->result.end != OI_RUN_EXITED)
		return -1;
	return oi_err_set(err, (int)(call->words.locked ? OI_R_PACKAGES_LOCK : reason), "%s",
			  *text ? text : "apt-get gave no cause");
}

static int heal(const struct oi_host *host, struct oi_err *err)
{
	CALL_AUTO call = { 0 };

	oi_log_warn(&host->log, "packages: dpkg was interrupted earlier; finishing its work first");
	call.child.tool = OI_TOOL_DPKG;
	call.child.on_line = hear;
	call.child.data = &call;
	call.child.level = OI_LOG_INFO;
	oi_strv_add(&call.child.args, "--force-confdef");
	oi_strv_add(&call.child.args, "--force-confold");
	oi_strv_add(&call.child.args, "--configure");
	oi_strv_add(&call.child.args, "-a");
	if (!oi_child_run(host, &call.child, &call.result, err))
		return 0;
	return failed(&call, OI_R_PACKAGES_FAILED, err);
}

/* "libibverbs1:amd64" is "libibverbs1" on the machine's own architecture. */
static bool is_among(const struct oi_strv *entries, const char *name)
{
	size_t len = strcspn(name, ":");

	for (size_t i = 0; i < entries->n; i++)
		if (strcspn(entries->v[i], ": ") == len && !strncmp(entries->v[i], name, len))
			return true;
	return false;
}

int oi_apt_try_remove(const struct oi_host *host, const struct oi_strv *present,
		      const struct oi_strv *entries, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv foreign = { 0 };
	OI_FREE char *text = NULL;
	CALL_AUTO call = { 0 };

	start(&call, host, true, present);
	if (oi_child_run(host, &call.child, &call.result, err))
		return failed(&call, OI_R_PACKAGES_UNAVAILABLE, err);
	for (size_t i = 0; i < call.changes.n; i++)
		if (call.changes.v[i].after || !is_among(entries, call.changes.v[i].name))
			oi_strv_add(&foreign, call.changes.v[i].name);
	if (!foreign.n)
		return 0;
	text = oi_strv_join(&foreign, ", ");
	return oi_err_set(err, OI_R_REMOVAL_FOREIGN, "%s", text);
}

int oi_apt_remove(const struct oi_host *host, const struct oi_strv *names, struct oi_err *err)
{
	CALL_AUTO call = { 0 };

	start(&call, host, false, names);
	if (!oi_child_run(host, &call.child, &call.result, err))
		return 0;
	if (call.words.interrupted) {
		if (heal(host, err))
			return oi_err_prefix(err, "finishing what dpkg had left");
		start(&call, host, false, names);
		if (!oi_child_run(host, &call.child, &call.result, err))
			return 0;
	}
	return failed(&call, OI_R_PACKAGES_FAILED, err);
}

/* --- what was changed --- */

int oi_apt_version(const struct oi_host *host, const char *name, char **version,
		   struct oi_err *err)
{
	static const char sign[] = "installed ";
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	CALL_AUTO call = { 0 };

	*version = NULL;
	call.child.tool = OI_TOOL_DPKG_QUERY;
	call.child.out = &out;
	oi_strv_add(&call.child.args, "--show");
	oi_strv_add(&call.child.args, "--showformat=${db:Status-Status} ${Version}\\n");
	oi_strv_add(&call.child.args, name);
	if (oi_child_run(host, &call.child, &call.result, err) &&
	    (call.result.end != OI_RUN_EXITED || call.result.status != 1))
		return -1;
	oi_strv_split(&lines, oi_buf_str(&out), "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (!strncmp(lines.v[i], sign, strlen(sign)))
			oi_mem_set(version, lines.v[i] + strlen(sign));
	return 0;
}

static void start_restore(struct call *call, const struct oi_host *host, bool simulate,
			  const struct oi_strv *wanted)
{
	static const struct oi_strv none;

	start(call, host, simulate, &none);
	oi_strv_clear(&call->child.args);
	oi_strv_add(&call->child.args, "-q");
	oi_strv_add(&call->child.args, "-y");
	oi_strv_add(&call->child.args, simulate ? "--simulate" : "--allow-downgrades");
	oi_strv_add(&call->child.args, simulate ? "--allow-downgrades" : "--no-remove");
	oi_strv_add(&call->child.args, "--no-install-recommends");
	oi_strv_add(&call->child.args, "install");
	oi_strv_add_all(&call->child.args, wanted);
}

int oi_apt_restore(const struct oi_host *host, const struct oi_packages_ops *ops,
		   const struct oi_strv *replaced, const struct oi_strv *entries,
		   struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv wanted = { 0 };
	CALL_AUTO call = { 0 };

	(void)entries; /* they are gone by now */
	if (oi_packages_wanted(ops, host, replaced, &wanted, err))
		return -1;
	if (!wanted.n)
		return 0;
	for (size_t i = 0; i < wanted.n; i++) {
		char *blank = strchr(wanted.v[i], ' ');

		if (blank)
			*blank = '=';
	}
	start_restore(&call, host, true, &wanted);
	if (oi_child_run(host, &call.child, &call.result, err))
		return failed(&call, OI_R_PACKAGES_UNAVAILABLE, err);
	for (size_t i = 0; i < call.changes.n; i++)
		if (!call.changes.v[i].after || !is_among(replaced, call.changes.v[i].name))
			return oi_err_set(err, OI_R_REMOVAL_FOREIGN, "%s", call.changes.v[i].name);
	start_restore(&call, host, false, &wanted);
	if (oi_child_run(host, &call.child, &call.result, err))
		return failed(&call, OI_R_PACKAGES_FAILED, err);
	return 0;
}
