/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/apt/call.h"

#include <ctype.h>
#include <poll.h>
#include <string.h>

#include "base/mem.h"
#include "execute/apt/install.h"
#include "execute/apt/session.h"
#include "execute/apt/state.h"
#include "execute/modules/background.h"
#include "execute/modules/compile.h"
#include "execute/modules/dkms.h"
#include "model/reasons.h"
#include "sys/clock.h"

#define UPDATES "/var/lib/dpkg/updates"

/* Between two tries; apt itself looks once a second. */
#define LOCK_LOOK_MS 1000
/* apt gives up this long before our deadline does: its own words say more. */
#define LOCK_MARGIN_MS 10000
/* "Locked", and nobody is found that holds it: it will not get better by asking. */
#define LOCK_TRIES 5

/* --- one call --- */

/* "Suggested packages:" and the indented names below it: nobody here takes them. */
static bool is_advice(struct oi_apt_call *call, const char *line)
{
	call->advice = !strcmp(line, "Suggested packages:") ||
		!strcmp(line, "Recommended packages:") || (call->advice && *line == ' ');
	return call->advice;
}

static bool on_line(void *data, const char *line)
{
	struct oi_apt_call *call = data;

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
	oi_packages_name_holder(call->locks, call->host, &call->holder); /* apt says it every second: once is enough */
	return true;
}

void oi_apt_call_clear(struct oi_apt_call *call)
{
	oi_child_clear(&call->child);
	oi_run_result_clear(&call->result);
	oi_apt_words_clear(&call->words);
	oi_apt_changes_clear(&call->changes);
	oi_apt_preview_clear(&call->preview);
}

void oi_apt_call_init(struct oi_apt_call *call, const struct oi_packages *p, enum oi_tool tool)
{
	struct oi_strv *args = &call->child.args;

	oi_apt_call_clear(call);
	memset(call, 0, sizeof(*call));
	call->locks = p->ops->locks;
	call->host = p->ctx->host;
	call->child.tool = tool;
	call->child.on_line = on_line;
	call->child.data = call;
	if (p->ctx->config->source.proxy) {
		OI_FREE char *proxy = oi_apt_proxy_path(p->ctx->host);

		oi_strv_addf(&call->child.env, "APT_CONFIG=%s", proxy);
		oi_child_pass_proxy(&call->child, p->ctx->config);
	}
	if (tool == OI_TOOL_APT_GET || tool == OI_TOOL_APT_CACHE) {
		OI_FREE char *conf = oi_apt_conf_path(p->ctx->host);

		oi_strv_add(args, "-q");
		oi_strv_add(args, "-c");
		oi_strv_add(args, conf);
	}
}

int oi_apt_call_run(struct oi_apt_call *call, struct oi_err *err)
{
	oi_run_result_clear(&call->result);
	oi_apt_words_clear(&call->words);
	oi_apt_changes_clear(&call->changes);
	oi_apt_preview_clear(&call->preview);
	return oi_child_run(call->host, &call->child, &call->result, err);
}

bool oi_apt_said_no(const struct oi_apt_call *call)
{
	return call->result.end == OI_RUN_EXITED;
}

/*
 * apt reads links of ours to the machine's own files: of those it complains by a path that nobody
 * knows. Owned by the caller.
 */
static char *own_paths(const struct oi_host *host, const char *text)
{
	static const char *const parts[] = { "/sources.list.d/", "/preferences.d/", "/trusted.gpg.d/" };
	OI_FREE char *private = oi_mem_printf("%s" OI_APT_DIR, oi_root_is_real(&host->change) ? "" :
					      host->change.path);
	struct oi_buf out = { 0 };
	size_t len = strlen(private);

	while (*text) {
		const char *part = !strncmp(text, private, len) ? text + len : "";
		bool known = false;

		for (size_t i = 0; i < OI_ARRAY_SIZE(parts); i++) {
			OI_FREE char *path = oi_mem_printf("/etc/apt%.*s", (int)strcspn(part, " :,;)"), part);

			known |= !strncmp(part, parts[i], strlen(parts[i])) && oi_root_exists(&host->change, path);
		}
		if (known) {
			oi_buf_adds(&out, "/etc/apt");
			text += len;
		} else {
			oi_buf_add(&out, text++, 1);
		}
	}
	return oi_buf_take(&out);
}

char *oi_apt_why(const struct oi_apt_call *call, const struct oi_err *err)
{
	OI_FREE char *text = oi_apt_words_text(&call->words);

	return own_paths(call->host, *text ? text : err->text);
}

int oi_apt_quiet_failed(const struct oi_apt_call *call, enum oi_reason reason, struct oi_err *err)
{
	OI_FREE char *text = oi_apt_why(call, err);

	if (!oi_apt_said_no(call))
		return -1;
	oi_child_tell(call->host, &call->child, &call->result);
	return oi_err_set(err, reason, "%s", text);
}

static void add_install(struct oi_strv *args, const char *mode, const struct oi_strv *names)
{
	oi_strv_add(args, "-y");
	if (mode)
		oi_strv_add(args, mode);
	oi_strv_add(args, "--no-install-recommends");
	if (!names)
		oi_strv_add(args, "--fix-broken");
	oi_strv_add(args, "install");
	if (names)
		oi_strv_add_all(args, names);
}

void oi_apt_call_install(struct oi_apt_call *call, const struct oi_packages *p,
			 const struct oi_strv *names)
{
	oi_apt_call_init(call, p, OI_TOOL_APT_GET);
	/* the packages' scripts call dkms */
	oi_build_pass(p->ctx->host, &oi_apt_of(p)->compiled, &call->child);
	oi_compile_prepare(p->ctx->host, p->ctx->verdict->driver.kernel, &call->child);
	add_install(&call->child.args, NULL, names);
}

int oi_apt_call_preview(struct oi_apt_call *call, const struct oi_packages *p, const char *mode,
			const struct oi_strv *names, struct oi_err *err)
{
	oi_apt_call_init(call, p, OI_TOOL_APT_GET);
	call->result.end = OI_RUN_NEVER_STARTED;
	if (oi_apt_private_marks(p->ctx->host, &call->child.args, err))
		return -1;
	add_install(&call->child.args, mode, names);
	return 0;
}

void oi_apt_call_wait(struct oi_apt_call *call)
{
	int64_t left_ms = oi_clock_left_ms(call->host->deadline_ms) - LOCK_MARGIN_MS;

	oi_strv_add(&call->child.args, "-o");
	oi_strv_addf(&call->child.args, "DPkg::Lock::Timeout=%lld",
		     (long long)(left_ms > 1000 ? left_ms / 1000 : 1));
}

/* --- the lock --- */

/* Runs a call that takes the lock, until it got it or the time is over. */
static int run_locked(struct oi_apt_call *call, struct oi_err *err)
{
	const struct oi_host *host = call->host;
	bool waits = call->child.tool == OI_TOOL_APT_GET;

	for (int tries = 0; tries < LOCK_TRIES; tries++) {
		if (waits && tries == 0)
			oi_packages_name_holder(call->locks, host, &call->holder);
		else if (oi_packages_wait(call->locks, host, &call->holder, err))
			return -1;
		if (!oi_apt_call_run(call, err))
			return 0;
		if (call->words.waiting)
			return oi_packages_lock_failed(call->locks, host, err); /* our deadline came first */
		if (!call->words.locked)
			return -1;
		if (!oi_clock_left_ms(host->deadline_ms))
			break;
		poll(NULL, 0, LOCK_LOOK_MS);
	}
	return oi_packages_lock_failed(call->locks, host, err);
}

/* --- dpkg --- */

void oi_apt_call_settings(struct oi_strv *args)
{
	oi_strv_add(args, "--force-confdef");
	oi_strv_add(args, "--force-confold");
}

static int dpkg_failed(const struct oi_packages *p, const struct oi_apt_call *call,
		       struct oi_err *err)
{
	OI_FREE char *text = oi_apt_why(call, err);

	if (err->code != OI_R_CHILD_FAILED || !oi_apt_said_no(call))
		return -1;
	if (call->words.no_space)
		return oi_err_set(err, OI_R_DISK_SPACE, "%s", text);
	/* Newer dkms lets the package fail: the cause is still the build. */
	if (call->words.dkms_failed && oi_dkms_blame(p->ctx->host, p->ctx->verdict, text, err))
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

static int heal(const struct oi_packages *p, struct oi_err *err)
{
	OI_APT_CALL_AUTO call = { 0 };

	oi_log_warn(&p->ctx->host->log,
		    "packages: dpkg was interrupted earlier; finishing its work first");
	oi_apt_call_init(&call, p, OI_TOOL_DPKG);
	call.child.level = OI_LOG_INFO;
	oi_apt_call_settings(&call.child.args);
	oi_build_pass(p->ctx->host, &oi_apt_of(p)->compiled, &call.child);
	oi_strv_add(&call.child.args, "--configure");
	oi_strv_add(&call.child.args, "-a");
	if (!run_locked(&call, err))
		return 0;
	/* Packages that lack what they need are not its business but apt's, which can
	 * go to work now that dpkg's own books are in order. */
	if (oi_apt_said_no(&call) && !was_interrupted(p->ctx->host))
		return 0;
	dpkg_failed(p, &call, err);
	return oi_err_prefix(err, "finishing what dpkg had left");
}

bool oi_apt_was_interrupted(const struct oi_host *host)
{
	return was_interrupted(host);
}

int oi_apt_finish(struct oi_packages *p, struct oi_err *err)
{
	return heal(p, err);
}

int oi_apt_call_dpkg(const struct oi_packages *p, struct oi_apt_call *call, struct oi_err *err)
{
	/* Nobody else's half-finished work is taken for an interrupted one. */
	if (was_interrupted(p->ctx->host) &&
	    (oi_packages_wait(call->locks, p->ctx->host, &call->holder, err) || (was_interrupted(p->ctx->host) && heal(p, err))))
		return -1;
	if (!run_locked(call, err))
		return 0;
	if (!call->words.interrupted)
		return dpkg_failed(p, call, err);
	if (heal(p, err))
		return -1;
	return run_locked(call, err) ? dpkg_failed(p, call, err) : 0;
}
