/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/apt.h"

#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/apt_text.h"
#include "execute/child.h"
#include "execute/dkms.h"
#include "execute/packages.h"
#include "execute/record.h"
#include "execute/steps.h"
#include "execute/jobs.h"
#include "model/reasons.h"
#include "sys/clock.h"

#define UPDATES "/var/lib/dpkg/updates"

/* Between two tries; apt itself looks once a second. */
#define LOCK_LOOK_MS 1000
/* apt gives up this long before our deadline does: its own words say more. */
#define LOCK_MARGIN_MS 10000
/* "Locked", and nobody is found that holds it: it will not get better by asking. */
#define LOCK_TRIES 5

void oi_apt_clear(struct oi_apt *apt)
{
	oi_apt_staged_clear(&apt->staged);
	free(apt->address);
	free(apt->incomplete);
	oi_strv_clear(&apt->names);
	oi_strv_clear(&apt->fresh);
	oi_strv_clear(&apt->replaced);
	memset(apt, 0, sizeof(*apt));
}

/* --- one call --- */

struct call {
	struct oi_child child;
	struct oi_run_result result;
	struct oi_apt_words words;
	struct oi_apt_changes changes;
	struct oi_apt_preview preview;
	int64_t bytes; /* to download */
	const struct oi_packages_ops *ops;
	const struct oi_host *host;
	pid_t holder; /* named already */
	bool advice; /* the line before was about packages that are not to be installed */
};

/* "Suggested packages:" and the indented names below it: nobody here takes them. */
static bool is_advice(struct call *call, const char *line)
{
	call->advice = !strcmp(line, "Suggested packages:") ||
		!strcmp(line, "Recommended packages:") || (call->advice && *line == ' ');
	return call->advice;
}

static bool on_line(void *data, const char *line)
{
	struct call *call = data;

	if (is_advice(call, line))
		return true;
	call->words.waiting = false;
	oi_apt_words_add(&call->words, line);
	if (oi_apt_preview_add(&call->preview, line))
		return false;
	if (oi_apt_changes_add(&call->changes, line))
		return false;
	if (!call->words.waiting)
		return false;
	oi_packages_name_holder(call->ops, call->host, &call->holder); /* apt says it every second: once is enough */
	return true;
}

static void call_clear(struct call *call)
{
	oi_child_clear(&call->child);
	oi_run_result_clear(&call->result);
	oi_apt_words_clear(&call->words);
	oi_apt_changes_clear(&call->changes);
	oi_apt_preview_clear(&call->preview);
}

#define CALL_AUTO OI_CLEANUP(call_clear) struct call

/* @call: zeroed, or used before */
static void call_init(struct call *call, const struct oi_execution *run, enum oi_tool tool)
{
	struct oi_err ignored; /* we are its functions, so there is a row */
	struct oi_strv *args = &call->child.args;

	call_clear(call);
	memset(call, 0, sizeof(*call));
	call->ops = oi_packages_of(run->verdict, &ignored);
	call->host = run->host;
	call->child.tool = tool;
	call->child.on_line = on_line;
	call->child.data = call;
	oi_child_use_proxy(&call->child, run->config);
	if (tool == OI_TOOL_APT_GET || tool == OI_TOOL_APT_CACHE) {
		OI_FREE char *conf = oi_apt_conf_path(run->host);

		oi_strv_add(args, "-q");
		oi_strv_add(args, "-c");
		oi_strv_add(args, conf);
	}
}

static int call_run(struct call *call, struct oi_err *err)
{
	oi_run_result_clear(&call->result);
	oi_apt_words_clear(&call->words);
	oi_apt_changes_clear(&call->changes);
	oi_apt_preview_clear(&call->preview);
	return oi_child_run(call->host, &call->child, &call->result, err);
}

/* Did it end by itself, and say no? Else there is an error that is not about packages. */
static bool said_no(const struct call *call)
{
	return call->result.end == OI_RUN_EXITED;
}

/* Why, in apt's or dpkg's words, else in ours; owned by the caller. */
static char *why(const struct call *call, const struct oi_err *err)
{
	char *text = oi_apt_words_text(&call->words);

	if (!*text)
		oi_mem_set(&text, err->text);
	return text;
}

/* --- lists --- */

/* Does a line of apt's speak of one of the staged repositories? */
static bool is_about(const struct oi_strv *uris, const char *line)
{
	for (size_t i = 0; i < uris->n; i++)
		if (strstr(line, uris->v[i]))
			return true;
	return false;
}

static int check_trust(const struct oi_apt *apt, const struct oi_strv *lines, struct oi_err *err)
{
	for (size_t i = 0; i < lines->n; i++)
		if (is_about(&apt->staged.uris, lines->v[i]) && oi_apt_is_distrust(lines->v[i]))
			return oi_err_set(err, OI_R_REPOSITORY_UNTRUSTED, "%s", lines->v[i]);
	return 0;
}

/* Less than the smallest index: apt was at the end of the disk, or was as good as there. */
#define ROOM_BYTES (INT64_C(1) << 20)

/* On a full disk apt cannot write down the keys, and says that the signature is wrong. */
static int check_room(const struct oi_host *host, struct oi_err *err)
{
	struct oi_err ignored; /* then it is not the disk of which we know */
	int64_t free_bytes;

	if (oi_root_free_bytes(&host->change, OI_APT_DIR, &free_bytes, &ignored) ||
	    free_bytes >= ROOM_BYTES)
		return 0;
	return oi_err_set(err, OI_R_DISK_SPACE, "package lists: %lld kB are free below %s",
			  (long long)(free_bytes / 1000), OI_APT_DIR);
}

/* Source files of which there is a list of packages now, one "FILE:LINE" a line. */
static int list_indexes(const struct oi_execution *run, struct oi_buf *out, struct oi_err *err)
{
	CALL_AUTO call = { 0 };

	call_init(&call, run, OI_TOOL_APT_GET);
	call.child.out = out;
	oi_strv_add(&call.child.args, "indextargets");
	oi_strv_add(&call.child.args, "--format");
	oi_strv_add(&call.child.args, "$(SOURCESENTRY)");
	oi_strv_add(&call.child.args, "Created-By: Packages");
	return call_run(&call, err);
}

static int check_indexes(const struct oi_execution *run, struct oi_err *err)
{
	const struct oi_apt *apt = &run->apt;
	OI_CLEANUP(oi_buf_clear) struct oi_buf indexes = { 0 };

	if (!apt->incomplete && !apt->staged.names.n)
		return 0;
	if (list_indexes(run, &indexes, err))
		return -1;
	for (size_t i = 0; i < apt->staged.names.n; i++) {
		OI_FREE char *path = oi_apt_source_path(run->host, apt->staged.names.v[i]);
		OI_FREE char *entry = oi_mem_printf("%s:", path);

		if (!strstr(oi_buf_str(&indexes), entry))
			return oi_err_set(err, OI_R_PACKAGES_LISTS,
					  "the vendor's repository (%s) could not be read: %s",
					  apt->staged.names.v[i],
					  apt->incomplete ? apt->incomplete : "no cause was given");
	}
	if (!indexes.len)
		return oi_err_set(err, OI_R_PACKAGES_LISTS, "%s", apt->incomplete);
	if (apt->incomplete)
		oi_log_warn(&run->host->log, "packages: going on with the lists that could be had");
	return 0;
}

int oi_apt_refresh(struct oi_execution *run, struct oi_err *err)
{
	struct oi_apt *apt = &run->apt;
	CALL_AUTO call = { 0 };
	int ret;

	if (oi_apt_lay_out(run->host, run->config, run->verdict, &apt->staged, err))
		return -1;
	call_init(&call, run, OI_TOOL_APT_GET);
	call.child.level = OI_LOG_INFO;
	oi_strv_add(&call.child.args, "update");
	ret = call_run(&call, err);
	if (ret && !said_no(&call))
		return -1;
	if ((ret || call.words.errors.n || call.words.warnings.n) && check_room(run->host, err))
		return -1;
	if (check_trust(apt, &call.words.warnings, err) || check_trust(apt, &call.words.errors, err))
		return -1;
	/* Before Error-Mode (apt 2.3) a failed source is a warning and exit status 0. */
	free(apt->incomplete);
	apt->incomplete = NULL;
	if (ret || call.words.errors.n)
		apt->incomplete = why(&call, err);
	for (size_t i = 0; !apt->incomplete && i < call.words.warnings.n; i++)
		if (strstr(call.words.warnings.v[i], "Failed to fetch") ||
		    oi_apt_is_distrust(call.words.warnings.v[i]))
			oi_mem_set(&apt->incomplete, call.words.warnings.v[i]);
	if (apt->incomplete)
		oi_log_warn(&run->host->log, "packages: not all lists could be fetched: %s",
			    apt->incomplete);
	return check_indexes(run, err);
}

/* --- simulation --- */

static int unavailable(const struct oi_execution *run, enum oi_reason reason, const char *text,
		       struct oi_err *err)
{
	if (run->apt.incomplete)
		return oi_err_set(err, OI_R_PACKAGES_LISTS, "%s; not all lists could be fetched: %s",
				  text, run->apt.incomplete);
	return oi_err_set(err, reason, "%s", text);
}

/* To be judged by name, since a wrong guess here costs the user a compile that cannot work. */
static bool is_compiler(const char *name)
{
	return !strcmp(name, "gcc") || !strcmp(name, "make") || !strcmp(name, "build-essential");
}

/*
 * Takes one package that must be there, or says why it cannot be. Headers that
 * somebody put in place without a package do as well.
 */
static int take_name(const struct oi_execution *run, const char *policy, const char *name,
		     struct oi_strv *names, struct oi_err *err)
{
	static const char headers[] = "linux-headers-";
	enum oi_apt_known known = oi_apt_policy(policy, name);
	OI_FREE char *text = oi_mem_printf("%s is neither installed nor in the archive", name);
	bool none = known == OI_APT_UNKNOWN || known == OI_APT_NO_CANDIDATE;

	if (none && !strncmp(name, headers, strlen(headers))) {
		OI_FREE char *makefile = oi_mem_printf("/lib/modules/%s/build/Makefile",
						       name + strlen(headers));

		if (!oi_root_exists(&run->host->change, makefile))
			return unavailable(run, OI_R_HEADERS_MISSING, text, err);
		oi_log_info(&run->host->log, "packages: %s is not needed: %s is there", name,
			    makefile);
		return 0;
	}
	if (none && is_compiler(name))
		return unavailable(run, OI_R_COMPILER_MISSING, text, err);
	oi_strv_add(names, name);
	return 0;
}

static int ask_policy(const struct oi_execution *run, const struct oi_step *step,
		      struct oi_buf *policy, struct oi_err *err)
{
	CALL_AUTO call = { 0 };

	call_init(&call, run, OI_TOOL_APT_CACHE);
	call.child.out = policy;
	oi_strv_add(&call.child.args, "policy");
	oi_strv_add_all(&call.child.args, &step->names);
	oi_strv_add_all(&call.child.args, &step->optional);
	return call_run(&call, err);
}

/* @names: NULL: nothing but what packages that are there already lack */
static void call_install(struct call *call, const struct oi_execution *run, const char *mode,
			 const struct oi_strv *names)
{
	call_init(call, run, OI_TOOL_APT_GET);
	oi_strv_add(&call->child.args, "-y");
	if (mode)
		oi_strv_add(&call->child.args, mode);
	else
		oi_jobs_limit(run->host, &call->child); /* the packages' scripts call dkms */
	oi_strv_add(&call->child.args, "--no-install-recommends");
	if (!names)
		oi_strv_add(&call->child.args, "--fix-broken");
	oi_strv_add(&call->child.args, "install");
	if (names)
		oi_strv_add_all(&call->child.args, names);
}

/* The long way to the same answer: two calls, the first of them slow. */
static int simulate_then_size(const struct oi_execution *run, struct call *call,
			      const struct oi_strv *names, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf uris = { 0 };
	CALL_AUTO size = { 0 };

	oi_log_debug(&run->host->log, "packages: apt's list of changes was not understood; simulating");
	call_install(call, run, "--simulate", names);
	if (call_run(call, err))
		return -1;
	call_install(&size, run, "--print-uris", names);
	size.child.out = &uris;
	if (call_run(&size, err))
		return -1;
	call->bytes = oi_apt_uris_bytes(oi_buf_str(&uris));
	return 0;
}

/* What would change and what would be downloaded, into @call. */
static int preview(const struct oi_execution *run, struct call *call,
		   const struct oi_strv *names, struct oi_err *err)
{
	call_install(call, run, "--print-uris", names);
	oi_strv_add(&call->child.args, "-V"); /* one package a line, with its versions */
	if (call_run(call, err))
		return -1;
	if (!oi_apt_preview_whole(&call->preview))
		return simulate_then_size(run, call, names, err);
	oi_apt_changes_clear(&call->changes);
	call->changes = call->preview.changes;
	memset(&call->preview.changes, 0, sizeof(call->preview.changes));
	call->bytes = call->preview.bytes;
	return 0;
}

/* Return: 0 it fits, 1 it does not (@err says why), -1 the question could not be put. */
static int try_names(const struct oi_execution *run, struct call *call,
		     const struct oi_strv *names, struct oi_err *err)
{
	OI_FREE char *text = NULL;

	if (!preview(run, call, names, err))
		return 0;
	if (!said_no(call))
		return -1;
	text = why(call, err);
	unavailable(run, OI_R_PACKAGES_UNAVAILABLE, text, err);
	return 1;
}

/* Which of the optional ones fit beside those that must be there; @call is of the answer. */
static int choose(struct oi_execution *run, const struct oi_strv *must,
		  const struct oi_strv *may, struct oi_strv *names, struct call *call,
		  struct oi_err *err)
{
	int ret;

	oi_strv_add_all(names, must);
	oi_strv_add_all(names, may);
	ret = try_names(run, call, names, err);
	if (ret <= 0 || !may->n)
		return ret ? -1 : 0;
	oi_strv_clear(names);
	oi_strv_add_all(names, must);
	if (try_names(run, call, must, err))
		return -1;
	for (size_t i = 0; i < may->n; i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv more = { 0 };

		oi_strv_add_all(&more, names);
		oi_strv_add(&more, may->v[i]);
		ret = try_names(run, call, &more, err);
		if (ret < 0)
			return -1;
		if (ret)
			oi_log_warn(&run->host->log, "packages: without %s, which does not fit: %s",
				    may->v[i], err->text);
		else
			oi_strv_add(names, may->v[i]);
	}
	return try_names(run, call, names, err) ? -1 : 0;
}

static int refuse_kernel(const struct oi_execution *run, const struct oi_apt_changes *changes,
			 struct oi_err *err)
{
	const char *release = run->verdict->driver.kernel ? run->verdict->driver.kernel : "";
	const struct oi_apt_change *kernel = oi_apt_changes_kernel(changes, release);

	if (!kernel)
		return 0;
	return oi_err_set(err, OI_R_KERNEL_CHANGE, "%s would go from %s to %s", kernel->name,
			  kernel->before ? kernel->before : "none",
			  kernel->after ? kernel->after : "none");
}

/* The changes as a whole: said to the operator, and refused if they must not happen. */
static int judge(struct oi_execution *run, const struct oi_apt_changes *changes, int64_t bytes,
		 struct oi_err *err)
{
	const struct oi_log *log = &run->host->log;
	OI_FREE char *summary = oi_apt_changes_text(changes);
	int64_t free_bytes;

	oi_log_info(log, "packages: would change: %s; to download: %lld kB", summary,
		    (long long)(bytes / 1000));
	for (size_t i = 0; i < changes->n; i++)
		if (!changes->v[i].after)
			oi_log_warn(log, "packages: would remove %s %s", changes->v[i].name,
				    changes->v[i].before);
	if (refuse_kernel(run, changes, err))
		return -1;
	if (oi_root_free_bytes(&run->host->change, OI_APT_DIR, &free_bytes, err))
		return -1;
	if (free_bytes < bytes)
		return oi_err_set(err, OI_R_DISK_SPACE,
				  "%lld MB to download, %lld MB free below %s",
				  (long long)(bytes / 1000000), (long long)(free_bytes / 1000000),
				  OI_APT_DIR);
	return 0;
}

/* --- the lock --- */

/* Runs a call that takes the lock, until it got it or the time is over. */
static int run_locked(struct call *call, struct oi_err *err)
{
	const struct oi_host *host = call->host;
	bool waits = call->child.tool == OI_TOOL_APT_GET;

	for (int tries = 0; tries < LOCK_TRIES; tries++) {
		if (waits && tries == 0)
			oi_packages_name_holder(call->ops, host, &call->holder);
		else if (oi_packages_wait(call->ops, host, &call->holder, err))
			return -1;
		if (!call_run(call, err))
			return 0;
		if (call->words.waiting)
			return oi_packages_lock_failed(call->ops, host, err); /* our deadline came first */
		if (!call->words.locked)
			return -1;
		if (!oi_clock_left_ms(host->deadline_ms))
			break;
		poll(NULL, 0, LOCK_LOOK_MS);
	}
	return oi_packages_lock_failed(call->ops, host, err);
}

/* --- dpkg --- */

static void add_conffile_options(struct oi_strv *args)
{
	oi_strv_add(args, "--force-confdef");
	oi_strv_add(args, "--force-confold");
}

static int dpkg_failed(const struct oi_execution *run, const struct call *call,
		       struct oi_err *err)
{
	OI_FREE char *text = why(call, err);

	if (err->code != OI_R_CHILD_FAILED || !said_no(call))
		return -1;
	if (call->words.no_space)
		return oi_err_set(err, OI_R_DISK_SPACE, "%s", text);
	/* Newer dkms lets the package fail: the cause is still the build. */
	if (call->words.dkms_failed && oi_dkms_blame(run->host, run->verdict, text, err))
		return -1;
	return oi_err_set(err, OI_R_PACKAGES_FAILED, "%s", text);
}

/* dpkg leaves numbered files there while it works, and forgets them when it is done. */
static bool was_interrupted(const struct oi_host *host)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	struct oi_err err;

	if (oi_root_list(&host->change, UPDATES, &names, &err))
		return false;
	for (size_t i = 0; i < names.n; i++)
		if (isdigit((unsigned char)*names.v[i]))
			return true;
	return false;
}

static int heal(const struct oi_execution *run, struct oi_err *err)
{
	CALL_AUTO call = { 0 };

	oi_log_warn(&run->host->log,
		    "packages: dpkg was interrupted earlier; finishing its work first");
	call_init(&call, run, OI_TOOL_DPKG);
	call.child.level = OI_LOG_INFO;
	add_conffile_options(&call.child.args);
	oi_strv_add(&call.child.args, "--configure");
	oi_strv_add(&call.child.args, "-a");
	if (!run_locked(&call, err))
		return 0;
	/* Packages that lack what they need are not its business but apt's, which can
	 * go to work now that dpkg's own books are in order. */
	if (said_no(&call) && !was_interrupted(run->host))
		return 0;
	dpkg_failed(run, &call, err);
	return oi_err_prefix(err, "finishing what dpkg had left");
}

bool oi_apt_was_interrupted(const struct oi_host *host)
{
	return was_interrupted(host);
}

int oi_apt_finish(struct oi_execution *run, struct oi_err *err)
{
	return heal(run, err);
}

static int run_dpkg(const struct oi_execution *run, struct call *call, struct oi_err *err)
{
	/* Nobody else's half-finished work is taken for an interrupted one. */
	if (was_interrupted(run->host) &&
	    (oi_packages_wait(call->ops, run->host, &call->holder, err) || (was_interrupted(run->host) && heal(run, err))))
		return -1;
	if (!run_locked(call, err))
		return 0;
	if (!call->words.interrupted)
		return dpkg_failed(run, call, err);
	if (heal(run, err))
		return -1;
	return run_locked(call, err) ? dpkg_failed(run, call, err) : 0;
}

/* Where the fetched artefact lies, as a child sees it; owned by the caller. */
static char *artefact_of(const struct oi_execution *run, const struct oi_step *step)
{
	const struct oi_root *root = &run->host->change;

	return oi_mem_printf("%s" OI_STAGING_DIR "/%s", oi_root_is_real(root) ? "" : root->path,
			     step->path);
}

int oi_apt_stage_package(struct oi_execution *run, const struct oi_step *step,
			 struct oi_err *err)
{
	OI_FREE char *artefact = artefact_of(run, step);

	return oi_apt_stage(run->host, step, artefact, &run->apt.staged, err);
}

int oi_apt_add(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	OI_FREE char *artefact = artefact_of(run, step);
	CALL_AUTO call = { 0 };
	OI_FREE char *package = oi_apt_staged_package(run->host);

	if (package && oi_record_note_repository(&run->host->change, package, err))
		return -1;
	call_init(&call, run, OI_TOOL_DPKG);
	call.child.level = OI_LOG_INFO;
	add_conffile_options(&call.child.args);
	oi_strv_add(&call.child.args, "--install");
	oi_strv_add(&call.child.args, artefact);
	return run_dpkg(run, &call, err);
}

/* --- installation --- */

/* Written before the work: a package of an installation that is cut off is ours too. */
static int record(const struct oi_execution *run, struct oi_err *err)
{
	if (oi_record_note_packages(&run->host->change, &run->apt.fresh, err))
		return -1;
	return oi_record_note_replaced(&run->host->change, &run->apt.replaced, err);
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

/* apt's own way of waiting for the lock, up to our deadline. */
static void add_patience(struct call *call)
{
	int64_t left_ms = oi_clock_left_ms(call->host->deadline_ms) - LOCK_MARGIN_MS;

	oi_strv_add(&call->child.args, "-o");
	oi_strv_addf(&call->child.args, "DPkg::Lock::Timeout=%lld",
		     (long long)(left_ms > 1000 ? left_ms / 1000 : 1));
}

/*
 * May dpkg leave out the fsync of each file (what that means: apt_lost.h). Only if nothing is
 * replaced, since an old file would be gone and its new one not there yet; and only if after a
 * power cut the next run can tell, so not in one that mends what an earlier one has left.
 */
static bool may_hurry(const struct oi_execution *run)
{
	return run->journal.boot && !run->journal.carried && run->apt.fresh.n &&
		!run->apt.replaced.n;
}

static int hurry(struct oi_execution *run, struct call *call, struct oi_err *err)
{
	if (oi_journal_hurry(&run->host->change, &run->journal, &run->apt.fresh, err))
		return -1;
	oi_strv_add(&call->child.args, "-o");
	oi_strv_add(&call->child.args, "DPkg::Options::=--force-unsafe-io");
	return 0;
}

/*
 * Packages that lack what they need, left by an installation that was cut off
 * (ours, perhaps): until that is finished apt says no to everything, so this is
 * the one thing that is done before the simulation has said yes. It may only
 * add: nothing is removed, and no kernel changes.
 */
static int mend(struct oi_execution *run, struct oi_err *err)
{
	OI_FREE char *cause = oi_mem_dup(err->text);
	CALL_AUTO call = { 0 };

	if (preview(run, &call, NULL, err)) {
		if (said_no(&call))
			oi_err_set(err, OI_R_PACKAGES_UNAVAILABLE, "%s", cause);
		return -1;
	}
	for (size_t i = 0; i < call.changes.n; i++)
		if (!call.changes.v[i].after)
			return oi_err_set(err, OI_R_PACKAGES_UNAVAILABLE,
					  "%s; to mend it %s would have to be removed", cause,
					  call.changes.v[i].name);
	if (refuse_kernel(run, &call.changes, err))
		return -1;
	note_fresh(&run->apt, &call.changes);
	oi_log_warn(&run->host->log,
		    "packages: an earlier installation was not finished; finishing it first");
	if (record(run, err))
		return -1;
	call_install(&call, run, NULL, NULL);
	call.child.level = OI_LOG_INFO;
	add_patience(&call);
	if (run_dpkg(run, &call, err))
		return oi_err_prefix(err, "finishing an earlier installation");
	return 0;
}

/* --- the whole --- */

int oi_apt_simulate(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv must = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv may = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf policy = { 0 };
	struct oi_apt *apt = &run->apt;
	CALL_AUTO call = { 0 };
	int ret;

	oi_strv_clear(&apt->fresh);
	oi_strv_clear(&apt->replaced);
	if (ask_policy(run, step, &policy, err))
		return -1;
	for (size_t i = 0; i < step->names.n; i++)
		if (strchr(step->names.v[i], '/'))
			oi_strv_add(&must, step->names.v[i]);
		else if (take_name(run, oi_buf_str(&policy), step->names.v[i], &must, err))
			return -1;
	for (size_t i = 0; i < step->optional.n; i++) {
		const char *name = step->optional.v[i];

		if (oi_apt_policy(oi_buf_str(&policy), name) >= OI_APT_CANDIDATE)
			oi_strv_add(&may, name);
		else
			oi_log_info(&run->host->log, "packages: without %s, which the archive has not",
				    name);
	}
	ret = choose(run, &must, &may, &names, &call, err);
	if (ret && call.words.broken && said_no(&call)) {
		oi_strv_clear(&names);
		ret = mend(run, err) ? -1 : choose(run, &must, &may, &names, &call, err);
	}
	if (ret || judge(run, &call.changes, call.bytes, err))
		return -1;
	oi_strv_clear(&apt->names);
	oi_strv_add_all(&apt->names, &names);
	note_fresh(apt, &call.changes);
	apt->simulated = true;
	return 0;
}

const struct oi_strv *oi_apt_fresh(const struct oi_execution *run)
{
	return &run->apt.fresh;
}

int oi_apt_install(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	CALL_AUTO call = { 0 };

	/* Nothing is installed that has not been looked at. */
	if (!run->apt.simulated && oi_apt_simulate(run, step, err))
		return -1;
	if (record(run, err))
		return -1;
	call_install(&call, run, NULL, &run->apt.names);
	add_patience(&call);
	call.child.level = OI_LOG_INFO;
	if ((may_hurry(run) && hurry(run, &call, err)) || run_dpkg(run, &call, err))
		return -1;
	oi_apt_forget(run->host);
	return 0;
}
