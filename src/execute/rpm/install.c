/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/rpm/install.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/modules/compile.h"
#include "execute/modules/dkms.h"
#include "execute/packages/packages.h"
#include "execute/state/record.h"
#include "execute/rpm/remove.h"
#include "execute/rpm/call.h"
#include "execute/rpm/text.h"
#include "model/reasons.h"

#define TREE OI_STAGING_DIR "/repository"

/* --- the private state --- */

static void forget(const struct oi_host *host, const char *path)
{
	struct oi_err err;

	if (oi_root_remove(&host->change, path, &err))
		oi_log_warn(&host->log, "packages: could not clean up: %s", err.text);
}

void oi_rpm_shrink(const struct oi_host *host)
{
	static const char keep[] = "cache";
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	struct oi_err err;

	forget(host, TREE);
	if (oi_root_list(&host->change, OI_RPM_DIR, &names, &err))
		return; /* nothing was written */
	for (size_t i = 0; i < names.n; i++) {
		OI_FREE char *path = oi_mem_printf(OI_RPM_DIR "/%s", names.v[i]);

		if (strcmp(names.v[i], keep) != 0)
			forget(host, path);
	}
}

/* --- refresh --- */

/* In another process: all that is left of it is the cache. What it lacks is asked for again. */
static void refresh_system(void *data)
{
	struct oi_packages *p = data;
	OI_RPM_CALL_AUTO call = { 0 };
	struct oi_err err;

	oi_rpm_call_init(&call, p, oi_rpm_manager_of(p)->refresh, NULL);
	call.child.level = OI_LOG_INFO;
	if (oi_rpm_call_locked(&call, &err))
		oi_log_info(&p->ctx->host->log, "packages: %s", err.text);
}

void oi_rpm_refresh_ahead(struct oi_packages *p)
{
	struct oi_err err; /* whatever it is, oi_rpm_refresh() meets it too, and says it */

	if (!oi_rpm_conf_write(p, &err))
		oi_background_start(&p->lists, refresh_system, p);
}

/* What a repository that is gone cannot serve is missed by name later; the vendor's must come. */
static int take_skipped(struct oi_packages *p, const struct oi_strv *skipped, struct oi_err *err)
{
	struct oi_rpm *rpm = oi_rpm_of(p);

	free(oi_mem_take(&rpm->incomplete));
	if (!skipped->n)
		return 0;
	rpm->incomplete = oi_strv_join(skipped, ", ");
	for (size_t i = 0; i < rpm->repos.n; i++)
		if (oi_strv_has(skipped, rpm->repos.v[i].id) ||
		    (rpm->repos.v[i].name && oi_strv_has(skipped, rpm->repos.v[i].name)))
			return oi_err_set(err, OI_R_PACKAGES_LISTS, "the vendor's repository (%s) could not be read",
					  rpm->repos.v[i].id);
	oi_log_warn(&p->ctx->host->log, "packages: continuing without the repositories %s, which could not be fetched",
		    rpm->incomplete);
	return oi_rpm_conf_leave_out(p, skipped, err);
}

int oi_rpm_refresh(struct oi_packages *p, struct oi_err *err)
{
	OI_RPM_CALL_AUTO call = { 0 };
	OI_FREE char *text = NULL;

	/* The configuration is its own until it has ended. */
	oi_background_wait(&p->lists, p->ctx->host->deadline_ms);
	if (oi_rpm_conf_write(p, err))
		return -1;
	oi_rpm_call_init(&call, p, oi_rpm_manager_of(p)->refresh, NULL);
	call.child.level = OI_LOG_INFO;
	if (!oi_rpm_call_locked(&call, err))
		return take_skipped(p, &call.words.skipped, err);
	if (!oi_rpm_call_ended(&call) || err->code != OI_R_CHILD_FAILED)
		return -1;
	/* zypper ends with 4 then, whether others were refreshed or not */
	if (call.words.skipped.n && call.words.some_failed && !call.words.untrusted)
		return take_skipped(p, &call.words.skipped, err);
	text = oi_rpm_call_why(&call, err);
	return oi_err_set(err, call.words.untrusted && oi_rpm_of(p)->repos.n ?
			  OI_R_REPOSITORY_UNTRUSTED : OI_R_PACKAGES_LISTS, "%s", text);
}

/* --- simulation --- */

static bool is_compiler(const char *name)
{
	return !strcmp(name, "gcc") || !strcmp(name, "make");
}

/* Return: 0 it fits, 1 it does not, -1 the question could not be put. */
static int try_names(const struct oi_packages *p, struct oi_rpm_call *call,
		     const struct oi_strv *names, struct oi_err *err)
{
	int ret;

	oi_rpm_call_init(call, p, oi_rpm_manager_of(p)->simulate, names);
	ret = oi_rpm_call_locked(call, err);
	if (ret && (!oi_rpm_call_ended(call) || err->code == OI_R_PACKAGES_LOCK))
		return -1;
	if (call->words.missing.n || (ret && !call->words.aborted && !call->words.nothing))
		return 1;
	if (!oi_rpm_words_whole(&call->words)) {
		oi_err_set(err, OI_R_PACKAGES_FAILED,
			   "the list of changes was not understood, so nothing was changed");
		return -1;
	}
	return 0;
}

/* Headers that somebody put in place without a package do as well. */
static bool has_headers(const struct oi_packages *p)
{
	OI_FREE char *makefile = oi_mem_printf("/lib/modules/%s/build/Makefile",
					       p->ctx->verdict->driver.kernel);

	return oi_root_exists(&p->ctx->host->change, makefile);
}

static void drop(struct oi_strv *names, const char *name)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv all = *names;

	memset(names, 0, sizeof(*names));
	for (size_t i = 0; i < all.n; i++)
		if (strcmp(all.v[i], name) != 0)
			oi_strv_add(names, all.v[i]);
}

/* Why a package is missed: a setting hides it, its repository failed, or nobody has it. */
static int missing_is(const struct oi_packages *p, const char *name, enum oi_reason reason,
		      const struct oi_strv *hidden, struct oi_err *err)
{
	const struct oi_rpm *rpm = oi_rpm_of(p);

	if (oi_strv_has(hidden, name)) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv one = { 0 };
		OI_FREE char *text = NULL;

		oi_strv_add(&one, name);
		text = oi_rpm_tell_hidden(&p->ctx->host->change, &one);
		if (reason == OI_R_PACKAGES_UNAVAILABLE)
			reason = OI_R_PACKAGES_HELD;
		return oi_err_set(err, reason, "%s", text);
	}
	if (rpm->incomplete)
		return oi_err_set(err, OI_R_PACKAGES_LISTS,
				  "%s is in no repository that could be fetched; not fetched: %s", name,
				  rpm->incomplete);
	return oi_err_set(err, reason, "%s is neither installed nor in a repository", name);
}

/* What no repository has: left out when it may be, else the reason. */
static int do_without(const struct oi_packages *p, const struct oi_strv *missing,
		      const struct oi_strv *hidden, struct oi_strv *must, struct oi_strv *may,
		      struct oi_err *err)
{
	for (size_t i = 0; i < missing->n; i++) {
		const char *name = missing->v[i];
		bool headers = oi_rpm_is_headers(name);

		if (oi_strv_has(may, name) || (headers && has_headers(p))) {
			oi_log_info(&p->ctx->host->log, "packages: without %s: no repository has it",
				    name);
			drop(may, name);
			drop(must, name);
			continue;
		}
		return missing_is(p, name, headers ? OI_R_HEADERS_MISSING :
				  is_compiler(name) ? OI_R_COMPILER_MISSING :
						      OI_R_PACKAGES_UNAVAILABLE, hidden, err);
	}
	return 0;
}

static int unavailable(const struct oi_packages *p, const struct oi_rpm_call *call,
		       struct oi_err *err)
{
	OI_FREE char *text = oi_rpm_call_why(call, err);
	bool dkms = strstr(text, "nothing provides dkms");

	oi_child_tell(p->ctx->host, &call->child, &call->result);
	if (call->words.hidden.n) {
		OI_FREE char *held = oi_rpm_tell_hidden(&p->ctx->host->change, &call->words.hidden);

		return oi_err_set(err, OI_R_PACKAGES_HELD, "%s: %s", held, text);
	}
	if (oi_rpm_of(p)->incomplete && !dkms)
		return oi_err_set(err, OI_R_PACKAGES_LISTS, "%s; not all repositories could be fetched: %s",
				  text, oi_rpm_of(p)->incomplete);
	return oi_err_set(err, dkms ? OI_R_REPOSITORY_NEEDED : OI_R_PACKAGES_UNAVAILABLE, "%s%s",
			  text, dkms ? "; dkms is in EPEL" : "");
}

/* As try_names(), without what no repository has. */
static int try_both(const struct oi_packages *p, struct oi_rpm_call *call,
		    struct oi_strv *must, struct oi_strv *may, struct oi_err *err)
{
	for (;;) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
		int ret;

		oi_strv_add_all(&names, must);
		oi_strv_add_all(&names, may);
		ret = try_names(p, call, &names, err);
		if (ret <= 0 || !call->words.missing.n)
			return ret;
		if (do_without(p, &call->words.missing, &call->words.hidden, must, may, err)) {
			oi_child_tell(p->ctx->host, &call->child, &call->result);
			return -1;
		}
	}
}

/* @must and @may are left with what fits; @call is of the answer. */
static int choose(struct oi_packages *p, struct oi_strv *must, struct oi_strv *may,
		  struct oi_rpm_call *call, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv all = { 0 };
	int ret = try_both(p, call, must, may, err);

	if (ret <= 0)
		return ret;
	oi_strv_add_all(&all, may);
	oi_strv_clear(may);
	ret = all.n ? try_both(p, call, must, may, err) : 1;
	if (ret)
		return ret < 0 ? -1 : unavailable(p, call, err);
	for (size_t i = 0; i < all.n; i++) {
		oi_strv_add(may, all.v[i]);
		ret = try_both(p, call, must, may, err);
		if (ret < 0)
			return -1;
		if (ret) {
			OI_FREE char *text = oi_rpm_call_why(call, err);

			oi_log_warn(&p->ctx->host->log, "packages: without %s, which does not fit: %s",
				    all.v[i], text);
			drop(may, all.v[i]);
		}
	}
	return ret ? try_both(p, call, must, may, err) : 0;
}

static int judge(struct oi_packages *p, const struct oi_rpm_words *words, struct oi_err *err)
{
	const char *release = p->ctx->verdict->driver.kernel ? p->ctx->verdict->driver.kernel : "";
	const struct oi_log *log = &p->ctx->host->log;
	const struct oi_rpm_change *change = oi_rpm_find_kernel(p, words);
	OI_FREE char *summary = oi_rpm_changes_text(words);
	OI_CLEANUP(oi_strv_clear) struct oi_strv others = { 0 };
	OI_FREE char *text = NULL;

	oi_log_info(log, "packages: would change: %s", summary);
	for (size_t i = 0; i < words->n_changes; i++) {
		if (words->changes[i].effect != OI_RPM_REMOVED)
			continue;
		oi_log_warn(log, "packages: would remove %s %s", words->changes[i].name,
			    words->changes[i].version);
		if (!oi_packages_may_go(p->ctx->config, words->changes[i].name))
			oi_strv_add(&others, words->changes[i].name);
	}
	if (change)
		return oi_err_set(err, OI_R_KERNEL_CHANGE, "%s %s would %s", change->name,
				  change->version,
				  change->effect == OI_RPM_REMOVED ? "go" : "come");
	text = oi_strv_join(&others, ", ");
	if (others.n)
		return oi_err_set(err, OI_R_REMOVAL_FOREIGN, "%s would be removed", text);
	change = oi_rpm_changes_headers(words, release);
	if (change && !has_headers(p))
		return oi_err_set(err, OI_R_HEADERS_MISSING,
				  "%s %s is not of the running kernel, %s", change->name,
				  change->version, release);
	return 0;
}

/* What there is now of what will be another afterwards: not all of them say it. */
static int note_changes(struct oi_packages *p, const struct oi_rpm_words *words,
			struct oi_err *err)
{
	struct oi_rpm *rpm = oi_rpm_of(p);

	for (size_t i = 0; i < words->n_changes; i++) {
		const struct oi_rpm_change *change = &words->changes[i];
		OI_FREE char *before = NULL;

		if (change->effect == OI_RPM_NEW) {
			oi_strv_addf(&rpm->fresh, "%s %s", change->name, change->version);
			continue;
		}
		if (oi_rpm_version(p->ctx->host, change->name, &before, err))
			return -1;
		if (before)
			oi_strv_addf(&rpm->replaced, "%s %s %s", change->name, before,
				     change->effect == OI_RPM_REMOVED ? "-" : change->version);
	}
	return 0;
}

int oi_rpm_simulate(struct oi_packages *p, const struct oi_step *step, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv must = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv may = { 0 };
	struct oi_rpm *rpm = oi_rpm_of(p);
	OI_RPM_CALL_AUTO call = { 0 };

	oi_strv_add_all(&must, &step->packages.names);
	oi_strv_add_all(&may, &step->packages.optional);
	if (choose(p, &must, &may, &call, err) || judge(p, &call.words, err))
		return -1;
	oi_strv_clear(&rpm->names);
	oi_strv_add_all(&rpm->names, &must);
	oi_strv_add_all(&rpm->names, &may);
	if (note_changes(p, &call.words, err) || oi_rpm_check(p, &call.words, &rpm->names, err))
		return -1;
	rpm->simulated = true;
	return 0;
}

/* --- for real --- */

int oi_rpm_add(struct oi_packages *p, const struct oi_step *step, struct oi_err *err)
{
	OI_FREE char *staged = oi_mem_printf(OI_STAGING_DIR "/%s", step->repository.name);
	OI_FREE char *path = oi_root_name(&p->ctx->host->change, staged);
	OI_RPM_CALL_AUTO call = { 0 };

	if (oi_rpm_of(p)->package &&
	    oi_record_note_repository(&p->ctx->host->change, oi_rpm_of(p)->package, err))
		return -1;
	oi_rpm_call_init(&call, p, NULL, NULL);
	call.child.level = OI_LOG_INFO;
	oi_strv_add(&call.child.args, "--upgrade");
	oi_strv_add(&call.child.args, "--replacepkgs"); /* the same once more */
	oi_strv_add(&call.child.args, "--oldpackage"); /* the stanza may ask for one */
	oi_strv_add(&call.child.args, path);
	return oi_rpm_call_locked(&call, err) ? oi_rpm_failed(p, &call, err) : 0;
}

/* zypper takes no key from a file it is told of unless it may take any: so it is given ours. */
static int import_keys(const struct oi_packages *p, struct oi_err *err)
{
	OI_RPM_CALL_AUTO call = { 0 };

	if (oi_rpm_manager_of(p)->conf || !oi_rpm_of(p)->key_path)
		return 0;
	oi_rpm_call_init(&call, p, NULL, NULL);
	oi_strv_add(&call.child.args, "--import");
	oi_strv_add(&call.child.args, oi_rpm_of(p)->key_path);
	return oi_rpm_call_locked(&call, err);
}

/* Below 0: it could not be asked. */
static int is_installed(const struct oi_packages *p, const char *name, struct oi_err *err)
{
	OI_RPM_CALL_AUTO call = { 0 };

	oi_rpm_call_init(&call, p, NULL, NULL);
	oi_strv_add(&call.child.args, "-q");
	oi_strv_add(&call.child.args, name);
	if (!oi_rpm_call_run(&call, err))
		return 1;
	return oi_rpm_call_ended(&call) ? 0 : -1;
}

/*
 * Before a key gets among the trusted ones: uninstall takes away what was not there. Up to 5, rpm
 * names it by the last 8 digits of its fingerprint, from 6 on by all of them, in lower case; the
 * database may be older than rpm is. Source: rpm's lib/rpmkeyring.c and lib/keystore.cc
 */
static int record_keys(const struct oi_packages *p, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv fresh = { 0 };
	const struct oi_strv *keys = &oi_rpm_of(p)->accepted;

	for (size_t i = 0; i < keys->n; i++) {
		OI_FREE char *digits = oi_mem_dup(keys->v[i]);
		size_t len = strlen(digits);
		OI_FREE char *whole = NULL, *last = NULL;
		int there;

		for (char *c = digits; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		whole = oi_mem_printf("gpg-pubkey-%s", digits);
		last = oi_mem_printf("gpg-pubkey-%s", len > 8 ? digits + len - 8 : digits);
		there = is_installed(p, last, err);
		if (!there)
			there = is_installed(p, whole, err);
		if (there < 0)
			return -1;
		if (there)
			continue;
		oi_strv_addf(&fresh, "%s key", last);
		oi_strv_addf(&fresh, "%s key", whole);
	}
	return fresh.n ? oi_record_note_packages(&p->ctx->host->change, &fresh, err) : 0;
}

/* From here on the manager looks at the vendor's signatures itself. */
static int trust_keys(const struct oi_packages *p, struct oi_err *err)
{
	if (record_keys(p, err) || import_keys(p, err))
		return -1;
	return oi_rpm_conf_staged(p, true, err);
}

int oi_rpm_install(struct oi_packages *p, const struct oi_step *step, struct oi_err *err)
{
	OI_RPM_CALL_AUTO call = { 0 };

	/* Nothing is installed that has not been looked at. */
	if (!oi_rpm_of(p)->simulated && oi_rpm_simulate(p, step, err))
		return -1;
	if (oi_record_note_packages(&p->ctx->host->change, &oi_rpm_of(p)->fresh, err) ||
	    oi_record_note_replaced(&p->ctx->host->change, &oi_rpm_of(p)->replaced, err) ||
	    trust_keys(p, err))
		return -1;
	oi_rpm_call_init(&call, p, oi_rpm_manager_of(p)->install, &oi_rpm_of(p)->names);
	/* the packages' scripts call dkms */
	oi_compile_prepare(p->ctx->host, p->ctx->verdict->driver.kernel, &call.child);
	call.child.level = OI_LOG_INFO;
	if (oi_rpm_call_locked(&call, err))
		return oi_rpm_failed(p, &call, err);
	if (oi_rpm_check_outcome(p, &call.words.scripts, err))
		return -1;
	oi_packages_note_removed(p, &oi_rpm_of(p)->replaced);
	forget(p->ctx->host, OI_RPM_DIR);
	forget(p->ctx->host, TREE);
	return 0;
}
