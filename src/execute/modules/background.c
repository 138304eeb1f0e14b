/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/modules/background.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/ver.h"
#include "execute/modules/compile.h"
#include "execute/modules/dkms.h"
#include "execute/context.h"
#include "sys/clock.h"
#include "sys/activity.h"

/* In apt's private folder, which goes when the packages are in place; /run may be mounted noexec. */
#define SCRIPTS OI_STATE_DIR "/apt/scripts"

#define FOLDER "/etc/dkms"
#define DEFERRED FOLDER "/no-autoinstall"
#define DEFERRED_BYTES 4096

static const char ours[] = "# ofed-init is installing a driver, and compiles it itself.\n";

/* The step that judges what dkms has built; NULL: there is none. */
static const struct oi_step *judge_of(const struct oi_verdict *verdict)
{
	for (size_t i = 0; i < verdict->n_steps; i++)
		if (verdict->steps[i].action == OI_ACTION_MODULE_CHECK)
			return &verdict->steps[i];
	return NULL;
}

bool oi_dkms_is_source(const char *package)
{
	static const char suffix[] = "-dkms";
	size_t len = strcspn(package, " :");
	size_t end = strlen(suffix);

	return (len == strlen("dkms") && !strncmp(package, "dkms", len)) ||
	       (len > end && !strncmp(package + len - end, suffix, end));
}

const char *oi_dkms_first_source(const struct oi_strv *fresh)
{
	for (size_t i = 0; i < fresh->n; i++)
		if (oi_dkms_is_source(fresh->v[i]))
			return fresh->v[i];
	return NULL;
}

bool oi_build_may(const struct oi_context *ctx, const struct oi_strv *fresh)
{
	const struct oi_step *step = judge_of(ctx->verdict);

	return oi_dkms_first_source(fresh) && step && step->built.dkms.n && !step->built.files && ctx->verdict->driver.kernel;
}

/*
 * What a package's script calls in the place of dkms. A module of the run's own is not added either: the hook of
 * kernel headers that come in the same call compiles all that is. 0 leaves every package configured: of other
 * statuses the vendor's scripts take only 9 for skipped, and dkms' own script of Debian 12 takes only 77.
 * Source: dkms(8); mlnx-ofed-kernel 24.07, common.postinst; dkms 3.0.10, common.postinst, header_postinst.d
 */
static const char script[] =
	"#!/bin/sh\n"
	"# Written by ofed-init for the scripts of packages that one call of apt or dpkg configures. What the packages\n"
	"# in OFED_INIT_COMPILES bring is compiled by ofed-init; dkms does for all others what it is asked for.\n"
	OI_SCRIPT_LEAVE_PATH
	"verb='' module='' value_of=''\n"
	"for word; do\n"
	"	if [ \"$value_of\" ]; then\n"
	"		[ \"$value_of\" != -m ] || module=$word\n"
	"		value_of=''\n"
	"		continue\n"
	"	fi\n"
	"	case $word in\n"
	"	-m | --module) value_of=-m ;;\n"
	"	-m=* | --module=*) module=${word#*=} ;;\n"
	"	-v | -k | -a | -c | -j | --kernelver | --arch | --config | --templatekernel | --dkmstree | \\\n"
	"		--sourcetree | --installtree | --archive | --kernelsourcedir | --directive) value_of=$word ;;\n"
	"	-*) ;;\n"
	"	*) if [ \"$verb\" ]; then module=$word; else verb=$word; fi ;;\n"
	"	esac\n"
	"done\n"
	"module=${module%%/*}\n"
	"case $verb in\n"
	"add | build | install)\n"
	"	case \" $OFED_INIT_COMPILES \" in\n"
	"	*\" $module \"* | *\" $module-dkms \"*)\n"
	"		echo \"dkms $verb: $module is left to ofed-init\" >&2\n"
	"		exit 0\n"
	"		;;\n"
	"	esac\n"
	"	;;\n"
	"esac\n"
	"exec dkms \"$@\"\n";

int oi_build_defer(const struct oi_host *host, struct oi_err *err)
{
	return oi_root_write(&host->change, SCRIPTS "/dkms", 0755, script, strlen(script), err);
}

void oi_build_pass(const struct oi_host *host, const struct oi_strv *packages, struct oi_child *child)
{
	OI_FREE char *folder = NULL;
	OI_FREE char *words = NULL;

	if (!packages->n)
		return;
	folder = oi_root_name(&host->change, SCRIPTS);
	words = oi_strv_join(packages, " ");
	oi_strv_addf(&child->env, "OFED_INIT_COMPILES=%s", words);
	oi_strv_addf(&child->env, "PATH=%s:" OI_SCRIPT_PROGRAMS, folder);
	if (child->tool != OI_TOOL_APT_GET)
		return;
	oi_strv_add(&child->args, "-o");
	oi_strv_addf(&child->args, "DPkg::Path=%s:" OI_SCRIPT_PROGRAMS, folder);
}

bool oi_build_is_off(const struct oi_host *host)
{
	return oi_root_exists(&host->change, DEFERRED);
}

void oi_build_allow(const struct oi_host *host)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	struct oi_err err;

	if (oi_root_read(&host->change, DEFERRED, DEFERRED_BYTES, &text, &err) ||
	    strcmp(oi_buf_str(&text), ours) != 0)
		return;
	if (oi_root_remove(&host->change, DEFERRED, &err))
		oi_log_warn(&host->log, "dkms: %s", err.text);
	/* Nothing but ours was ever there: dkms did not come. */
	if (!oi_root_list(&host->change, FOLDER, &names, &err) && !names.n &&
	    oi_root_remove(&host->change, FOLDER, &err))
		oi_log_warn(&host->log, "dkms: %s", err.text);
}

/* Of one that was there already it is not known. */
static bool leaves_initramfs(const struct oi_strv *fresh)
{
	static const char name[] = "dkms ";

	for (size_t i = 0; i < fresh->n; i++)
		if (!strncmp(fresh->v[i], name, strlen(name)))
			return oi_ver_compare(fresh->v[i] + strlen(name), "3.0") >= 0;
	return false;
}

struct work {
	const struct oi_context *ctx;
	const struct oi_strv *fresh;
};

/* The vendor's scripts would have compiled for the newest kernel too, while this boot waits. */
static void tell_others(const struct oi_host *host, const char *kernel)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv releases = { 0 };
	struct oi_err ignored;

	if (oi_root_list(&host->change, "/lib/modules", &releases, &ignored))
		return;
	for (size_t i = 0; i < releases.n; i++) {
		OI_FREE char *headers = oi_mem_printf("/lib/modules/%s/build", releases.v[i]);

		if (strcmp(releases.v[i], kernel) != 0 && oi_root_exists(&host->change, headers))
			oi_log_info(&host->log, "modules: not compiled for %s now: dkms' own unit does that when it boots",
				    releases.v[i]);
	}
}

static void compile(void *data)
{
	const struct work *work = data;
	const struct oi_verdict *verdict = work->ctx->verdict;

	oi_dkms_build(work->ctx->host, verdict->driver.kernel, judge_of(verdict),
		      leaves_initramfs(work->fresh));
}

void oi_build_begin(const struct oi_context *ctx, struct oi_background *build, const struct oi_strv *fresh)
{
	struct work work = { .ctx = ctx, .fresh = fresh };

	if (!oi_background_start(build, compile, &work))
		return;
	oi_log_info(&ctx->host->log, "modules: compiling for %s in the background",
		    ctx->verdict->driver.kernel);
	tell_others(ctx->host, ctx->verdict->driver.kernel);
}

void oi_build_wait(const struct oi_context *ctx, struct oi_background *build)
{
	if (build->pid)
		oi_activity_tell(ctx->host, NULL, "compiling the driver");
	oi_background_wait(build, ctx->host->deadline_ms);
}

void oi_build_end(struct oi_background *build)
{
	oi_background_wait(build, oi_clock_ms());
}
