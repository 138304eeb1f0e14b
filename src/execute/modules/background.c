/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/modules/background.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/ver.h"
#include "execute/modules/dkms.h"
#include "execute/context.h"
#include "sys/clock.h"
#include "sys/activity.h"

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

bool oi_early_is_source(const char *package)
{
	static const char suffix[] = "-dkms";
	size_t len = strcspn(package, " :");
	size_t end = strlen(suffix);

	return (len == strlen("dkms") && !strncmp(package, "dkms", len)) ||
	       (len > end && !strncmp(package + len - end, suffix, end));
}

const char *oi_early_source(const struct oi_strv *fresh)
{
	for (size_t i = 0; i < fresh->n; i++)
		if (oi_early_is_source(fresh->v[i]))
			return fresh->v[i];
	return NULL;
}

bool oi_early_is_free(const struct oi_host *host)
{
	return !oi_root_exists(&host->change, DEFERRED) && !oi_dkms_is_used(host);
}

bool oi_early_may(const struct oi_context *ctx, const struct oi_strv *fresh)
{
	const struct oi_step *step = judge_of(ctx->verdict);

	return oi_early_source(fresh) && step && step->built.dkms.n && !step->built.files && ctx->verdict->driver.kernel &&
	       oi_early_is_free(ctx->host);
}

int oi_early_defer(const struct oi_host *host, struct oi_err *err)
{
	return oi_root_write(&host->change, DEFERRED, 0644, ours, strlen(ours), err);
}

void oi_early_allow(const struct oi_host *host)
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

static void compile(void *data)
{
	const struct work *work = data;
	const struct oi_verdict *verdict = work->ctx->verdict;

	oi_dkms_build(work->ctx->host, verdict->driver.kernel, judge_of(verdict),
		      leaves_initramfs(work->fresh));
}

void oi_early_begin(const struct oi_context *ctx, struct oi_aside *build, const struct oi_strv *fresh)
{
	struct work work = { .ctx = ctx, .fresh = fresh };

	if (oi_aside_start(build, compile, &work))
		oi_log_info(&ctx->host->log, "modules: compiling for %s, beside the other packages",
			    ctx->verdict->driver.kernel);
}

void oi_early_wait(const struct oi_context *ctx, struct oi_aside *build)
{
	if (build->pid)
		oi_doing_tell(ctx->host, NULL, "compiling the driver");
	oi_aside_wait(build, ctx->host->deadline_ms);
}

void oi_early_end(struct oi_aside *build)
{
	oi_aside_wait(build, oi_clock_ms());
}
