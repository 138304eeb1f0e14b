/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an installation by apt would change, and what must not happen. */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/apt/install.h"
#include "execute/apt/call.h"
#include "execute/apt/session.h"
#include "execute/apt/heal.h"
#include "execute/apt/held.h"
#include "execute/apt/text.h"
#include "model/reasons.h"

#define HEADERS "linux-headers-"

static int unavailable(const struct oi_packages *p, enum oi_reason reason, const char *text,
		       struct oi_err *err)
{
	if (oi_apt_of(p)->incomplete)
		return oi_err_set(err, oi_apt_lists_reason(oi_apt_of(p)), "%s; not all lists could be fetched: %s",
				  text, oi_apt_of(p)->incomplete);
	return oi_err_set(err, reason, "%s", text);
}

static bool is_headers(const char *name)
{
	return !strncmp(name, HEADERS, strlen(HEADERS));
}

/* To be judged by name, since a wrong guess here costs the user a compile that cannot work. */
static bool is_compiler(const char *name)
{
	return !strcmp(name, "gcc") || !strcmp(name, "make") || !strcmp(name, "build-essential");
}

bool oi_apt_compiles(const char *name)
{
	return is_compiler(name) || is_headers(name);
}

/*
 * Takes one package that must be there, or says why it cannot be. Headers that
 * somebody put in place without a package do as well.
 */
static int take_name(const struct oi_packages *p, const char *policy, const char *name,
		     struct oi_strv *names, struct oi_err *err)
{
	enum oi_apt_known known = oi_apt_policy(policy, name);
	bool none = known == OI_APT_UNKNOWN || known == OI_APT_NO_CANDIDATE;
	OI_FREE char *pin = none ? oi_apt_find_pin(&p->ctx->host->change, name) : NULL;
	OI_FREE char *text = known == OI_APT_NO_CANDIDATE && pin ?
		oi_mem_printf("%s is pinned away by %s", name, pin) :
		oi_mem_printf("%s is neither installed nor in the archive", name);

	if (none && is_headers(name)) {
		OI_FREE char *makefile = oi_mem_printf("/lib/modules/%s/build/Makefile",
						       name + strlen(HEADERS));

		if (!oi_root_exists(&p->ctx->host->change, makefile))
			return unavailable(p, OI_R_HEADERS_MISSING, text, err);
		oi_log_info(&p->ctx->host->log, "packages: %s is not needed: %s is there", name,
			    makefile);
		return 0;
	}
	if (none && is_compiler(name))
		return unavailable(p, OI_R_COMPILER_MISSING, text, err);
	oi_strv_add(names, name);
	return 0;
}

static int ask_policy(const struct oi_packages *p, const struct oi_step *step,
		      struct oi_buf *policy, struct oi_err *err)
{
	OI_APT_CALL_AUTO call = { 0 };

	oi_apt_call_init(&call, p, OI_TOOL_APT_CACHE);
	call.child.out = policy;
	oi_strv_add(&call.child.args, "policy");
	oi_strv_add_all(&call.child.args, &step->packages.names);
	oi_strv_add_all(&call.child.args, &step->packages.optional);
	if (!oi_apt_call_run(&call, err))
		return 0;
	return oi_apt_quiet_failed(&call, OI_R_PACKAGES_LISTS, err);
}

/* The long way to the same answer: two calls, the first of them slow. */
static int simulate_then_size(const struct oi_packages *p, struct oi_apt_call *call,
			      const struct oi_strv *names, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf uris = { 0 };
	OI_APT_CALL_AUTO size = { 0 };

	oi_log_debug(&p->ctx->host->log, "packages: apt's list of changes was not understood; simulating");
	if (oi_apt_call_preview(call, p, "--simulate", names, err) || oi_apt_call_run(call, err) ||
	    oi_apt_call_preview(&size, p, "--print-uris", names, err))
		return -1;
	size.child.out = &uris;
	if (oi_apt_call_run(&size, err))
		return -1;
	call->bytes = oi_apt_uris_bytes(oi_buf_str(&uris));
	return 0;
}

int oi_apt_preview(const struct oi_packages *p, struct oi_apt_call *call,
		   const struct oi_strv *names, struct oi_err *err)
{
	if (oi_apt_call_preview(call, p, "--print-uris", names, err))
		return -1;
	oi_strv_add(&call->child.args, "-V"); /* one package a line, with its versions */
	if (oi_apt_call_run(call, err))
		return -1;
	if (!oi_apt_preview_whole(&call->preview))
		return simulate_then_size(p, call, names, err);
	oi_apt_changes_clear(&call->changes);
	call->changes = call->preview.changes;
	memset(&call->preview.changes, 0, sizeof(call->preview.changes));
	call->bytes = call->preview.bytes;
	return 0;
}

/* Return: 0 it fits, 1 it does not (@err says why), -1 the question could not be put. */
static int try_names(const struct oi_packages *p, struct oi_apt_call *call,
		     const struct oi_strv *names, struct oi_err *err)
{
	OI_FREE char *text = NULL;

	if (!oi_apt_preview(p, call, names, err))
		return 0;
	if (!oi_apt_said_no(call))
		return -1;
	text = oi_apt_why(call, err);
	unavailable(p, OI_R_PACKAGES_UNAVAILABLE, text, err);
	return 1;
}

/* Which of the optional ones fit beside those that must be there; @call is of the answer. */
static int choose(struct oi_packages *p, const struct oi_strv *must,
		  const struct oi_strv *may, struct oi_strv *names, struct oi_apt_call *call,
		  struct oi_err *err)
{
	int ret;

	oi_strv_add_all(names, must);
	oi_strv_add_all(names, may);
	ret = try_names(p, call, names, err);
	if (ret <= 0 || !may->n)
		return ret ? -1 : 0;
	oi_strv_clear(names);
	oi_strv_add_all(names, must);
	if (try_names(p, call, must, err))
		return -1;
	for (size_t i = 0; i < may->n; i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv more = { 0 };

		oi_strv_add_all(&more, names);
		oi_strv_add(&more, may->v[i]);
		ret = try_names(p, call, &more, err);
		if (ret < 0)
			return -1;
		if (ret)
			oi_log_warn(&p->ctx->host->log, "packages: without %s, which does not fit: %s",
				    may->v[i], err->text);
		else
			oi_strv_add(names, may->v[i]);
	}
	return try_names(p, call, names, err) ? -1 : 0;
}

static int refuse_kernel(const struct oi_packages *p, const struct oi_apt_changes *changes,
			 struct oi_err *err)
{
	const char *release = p->ctx->verdict->driver.kernel ? p->ctx->verdict->driver.kernel : "";
	const struct oi_apt_change *kernel = oi_apt_changes_kernel(changes, release);

	if (!kernel)
		return 0;
	return oi_err_set(err, OI_R_KERNEL_CHANGE, "%s would go from %s to %s", kernel->name,
			  kernel->before ? kernel->before : "none",
			  kernel->after ? kernel->after : "none");
}

/* The changes as a whole: said to the operator, and refused if they must not happen. */
static int judge(struct oi_packages *p, const struct oi_apt_changes *changes, int64_t bytes,
		 struct oi_err *err)
{
	const struct oi_log *log = &p->ctx->host->log;
	OI_FREE char *summary = oi_apt_changes_text(changes);
	OI_CLEANUP(oi_strv_clear) struct oi_strv others = { 0 };
	OI_FREE char *text = NULL;
	int64_t free_bytes;

	oi_log_info(log, "packages: would change: %s; to download: %lld kB", summary,
		    (long long)(bytes / 1000));
	for (size_t i = 0; i < changes->n; i++) {
		if (changes->v[i].after)
			continue;
		oi_log_warn(log, "packages: would remove %s %s", changes->v[i].name,
			    changes->v[i].before);
		if (!oi_packages_may_go(p->ctx->config, changes->v[i].name))
			oi_strv_add(&others, changes->v[i].name);
	}
	if (refuse_kernel(p, changes, err))
		return -1;
	text = oi_strv_join(&others, ", ");
	if (others.n)
		return oi_err_set(err, OI_R_REMOVAL_FOREIGN, "%s would be removed", text);
	if (oi_root_free_bytes(&p->ctx->host->change, OI_APT_DIR, &free_bytes, err))
		return -1;
	if (free_bytes < bytes)
		return oi_err_set(err, OI_R_DISK_SPACE,
				  "%lld MB to download, %lld MB free below %s",
				  (long long)(bytes / 1000000), (long long)(free_bytes / 1000000),
				  OI_APT_DIR);
	return 0;
}

static void note_fresh(struct oi_apt *apt, const struct oi_apt_changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		const struct oi_apt_change *c = &changes->v[i];

		if (c->before)
			oi_strv_addf(&apt->replaced, "%s %s %s", c->name, c->before,
				     c->after ? c->after : "-");
		else
			oi_strv_addf(&apt->fresh, "%s %s", c->name, c->after);
	}
}

/*
 * Packages that lack what they need, left by an installation that was cut off
 * (ours, perhaps): until that is finished apt says no to everything, so this is
 * the one thing that is done before the simulation has said yes. It may only
 * add: nothing is removed, and no kernel changes.
 */
static int mend(struct oi_packages *p, struct oi_err *err)
{
	OI_FREE char *cause = oi_mem_dup(err->text);
	OI_APT_CALL_AUTO call = { 0 };

	if (oi_apt_preview(p, &call, NULL, err)) {
		if (oi_apt_said_no(&call))
			oi_err_set(err, OI_R_PACKAGES_UNAVAILABLE, "%s", cause);
		return -1;
	}
	for (size_t i = 0; i < call.changes.n; i++)
		if (!call.changes.v[i].after)
			return oi_err_set(err, OI_R_PACKAGES_UNAVAILABLE,
					  "%s; repairing it would remove %s", cause,
					  call.changes.v[i].name);
	if (refuse_kernel(p, &call.changes, err))
		return -1;
	note_fresh(oi_apt_of(p), &call.changes);
	oi_log_warn(&p->ctx->host->log,
		    "packages: an earlier installation was not finished; finishing it first");
	if (oi_apt_record(p, err) || oi_apt_defer_open(p, err) ||
	    oi_apt_defer(p, &oi_apt_of(p)->fresh, err))
		return -1;
	oi_apt_call_install(&call, p, NULL);
	call.child.level = OI_LOG_INFO;
	oi_apt_call_wait(&call);
	return oi_apt_call_dpkg(p, &call, err) ? oi_err_prefix(err, "finishing an earlier installation") : 0;
}

/* --- the whole --- */

int oi_apt_simulate(struct oi_packages *p, const struct oi_step *step, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv must = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv may = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf policy = { 0 };
	struct oi_apt *apt = oi_apt_of(p);
	OI_APT_CALL_AUTO call = { 0 };
	int ret;

	oi_strv_clear(&apt->fresh);
	oi_strv_clear(&apt->replaced);
	if (ask_policy(p, step, &policy, err))
		return -1;
	for (size_t i = 0; i < step->packages.names.n; i++)
		if (strchr(step->packages.names.v[i], '/'))
			oi_strv_add(&must, step->packages.names.v[i]);
		else if (take_name(p, oi_buf_str(&policy), step->packages.names.v[i], &must, err))
			return -1;
	for (size_t i = 0; i < step->packages.optional.n; i++) {
		const char *name = step->packages.optional.v[i];

		if (oi_apt_policy(oi_buf_str(&policy), name) >= OI_APT_CANDIDATE)
			oi_strv_add(&may, name);
		else
			oi_log_info(&p->ctx->host->log, "packages: without %s: no repository has it",
				    name);
	}
	ret = choose(p, &must, &may, &names, &call, err);
	if (ret && oi_apt_said_no(&call)) {
		oi_child_tell(p->ctx->host, &call.child, &call.result);
		if (!call.words.broken)
			oi_apt_find_held(p, &must, err);
	}
	if (ret && call.words.broken && oi_apt_said_no(&call)) {
		oi_strv_clear(&names);
		ret = mend(p, err) ? -1 : choose(p, &must, &may, &names, &call, err);
	}
	if (ret || judge(p, &call.changes, call.bytes, err))
		return -1;
	oi_strv_clear(&apt->names);
	oi_strv_add_all(&apt->names, &names);
	note_fresh(apt, &call.changes);
	apt->simulated = true;
	return 0;
}

const struct oi_strv *oi_apt_fresh(const struct oi_packages *p)
{
	return &oi_apt_of(p)->fresh;
}
