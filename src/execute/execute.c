/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/execute.h"

#include <string.h>

#include "base/mem.h"
#include "execute/state/journal.h"
#include "execute/state/leavings.h"
#include "execute/tools/mandb.h"
#include "execute/managers.h"
#include "execute/modules/background.h"
#include "execute/state/record.h"
#include "execute/steps/steps.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/activity.h"

/* Configuring some packages takes seconds; a deadline is not to be passed by more than this. */
#define SETTLE_MS INT64_C(60000)

/* In order of enum oi_action; verify is a phase of its own, and publishing comes after it: execute/cache/publisher.h. */
static int (*const actions[])(struct oi_execution *run, const struct oi_step *step,
			      struct oi_err *err) = {
	[OI_ACTION_FETCH] = oi_step_fetch,
	[OI_ACTION_REPOSITORY_STAGE] = oi_step_repository_stage,
	[OI_ACTION_MODULES_FETCH] = oi_step_modules_fetch,
	[OI_ACTION_PACKAGES_REFRESH] = oi_step_packages_refresh,
	[OI_ACTION_PACKAGES_SIMULATE] = oi_step_packages_simulate,
	[OI_ACTION_REPOSITORY_ADD] = oi_step_repository_add,
	[OI_ACTION_FILE_WRITE] = oi_step_file_write,
	[OI_ACTION_FILE_SET] = oi_step_file_set,
	[OI_ACTION_PACKAGES_HOLD] = oi_step_packages_hold,
	[OI_ACTION_PACKAGES_INSTALL] = oi_step_packages_install,
	[OI_ACTION_BUNDLE_OPEN] = oi_step_bundle_open,
	[OI_ACTION_BUNDLE_INSTALL] = oi_step_bundle_install,
	[OI_ACTION_MODULES_PUBLISH] = NULL,
	[OI_ACTION_MODULES_CHOOSE] = oi_step_modules_choose,
	[OI_ACTION_MODULE_CHECK] = oi_step_module_check,
	[OI_ACTION_KEY_CHECK] = oi_step_key_check,
	[OI_ACTION_MODULE_SIGN] = oi_step_module_sign,
	[OI_ACTION_INITRAMFS_RENEW] = oi_step_initramfs_renew,
	[OI_ACTION_MODULE_LOAD] = oi_step_module_load,
	[OI_ACTION_SERVICE_ENABLE] = oi_step_service_enable,
	[OI_ACTION_SERVICE_RESTART] = oi_step_service_restart,
	[OI_ACTION_REBOOT] = oi_step_reboot,
	[OI_ACTION_VERIFY] = NULL,
};

_Static_assert(OI_ARRAY_SIZE(actions) == OI_ACTION_COUNT, "an action without its function");

/* The first of these is where the machine begins to change. */
static bool changes_packages(enum oi_action action)
{
	return action == OI_ACTION_REPOSITORY_ADD || action == OI_ACTION_PACKAGES_INSTALL ||
	       action == OI_ACTION_BUNDLE_INSTALL;
}

static int carry_out(struct oi_execution *run, const struct oi_step *step, int64_t *took_ms,
		     struct oi_err *err)
{
	const struct oi_log *log = &run->ctx.host->log;
	bool packages = changes_packages(step->action);
	int64_t started_ms = oi_clock_ms();
	int ret;

	if (!oi_clock_left_ms(run->ctx.host->deadline_ms)) {
		oi_err_set(err, OI_R_DEADLINE, "no time is left");
		return oi_err_prefix(err, "%s", step->id);
	}
	oi_log_info(log, "step %s: %s", step->id, step->detail);
	oi_activity_tell(run->ctx.host, NULL, "%s", oi_action_doing(step->action));
	/* A download of another process, beside the run that keeps the journal, has none. */
	ret = run->journal.open ? oi_journal_begin(&run->ctx.host->change, &run->journal, step, err) : 0;
	if (!ret && packages && !run->noted)
		ret = oi_leavings_note(&run->ctx.host->change, err);
	if (!ret && packages && !run->noted)
		ret = oi_record_note_plan(&run->ctx.host->change, run->ctx.verdict, err);
	if (!ret) {
		run->noted |= packages;
		if (packages)
			oi_mandb_defer(run->ctx.host);
		ret = actions[step->action](run, step, err);
		if (packages)
			oi_mandb_allow(run->ctx.host);
		oi_journal_settle(&run->ctx.host->change, &run->journal);
	}
	*took_ms = oi_clock_ms() - started_ms;
	if (!ret) {
		oi_log_info(log, "step %s: done in %lld ms", step->id, (long long)*took_ms);
		return 0;
	}
	/* A child that was stopped at the run's deadline is no cause but a consequence. */
	if (err->code == OI_R_CHILD_TIMEOUT && !oi_clock_left_ms(run->ctx.host->deadline_ms))
		err->code = OI_R_DEADLINE;
	oi_log_info(log, "step %s: failed after %lld ms", step->id, (long long)*took_ms);
	return oi_err_prefix(err, "%s", step->id);
}

/* What was fetched is of no use any more; what could not be removed does no harm. */
static void tidy(const struct oi_execution *run)
{
	struct oi_err err;

	for (size_t i = 0; i < run->ctx.verdict->n_steps; i++) {
		const struct oi_step *step = &run->ctx.verdict->steps[i];
		OI_FREE char *path = NULL;

		if (step->action != OI_ACTION_FETCH)
			continue;
		path = oi_mem_printf(OI_STAGING_DIR "/%s", step->fetch.name);
		if (oi_root_remove(&run->ctx.host->change, path, &err))
			oi_log_warn(&run->ctx.host->log, "could not clean up: %s", err.text);
	}
}

static bool is_remote(const struct oi_step *step)
{
	const struct oi_strv *urls = oi_step_urls(step);

	return urls && urls->n && strncmp(urls->v[0], "file:", 5) != 0;
}

/* Is there a download that package lists would have to wait for. */
static bool lists_wait(const struct oi_verdict *verdict)
{
	bool download = false;

	for (size_t i = 0; i < verdict->n_steps; i++) {
		const struct oi_step *step = &verdict->steps[i];

		if (step->action == OI_ACTION_PACKAGES_REFRESH)
			return download;
		download |= is_remote(step) && (step->action == OI_ACTION_FETCH ||
						step->action == OI_ACTION_MODULES_FETCH);
	}
	return false;
}

/* What does not load may be the set's fault, whatever was looked at before: never its last word. */
static bool blames_the_cache(const struct oi_execution *run, const struct oi_step *step,
			     const struct oi_err *err)
{
	return run->modset.file &&
	       (step->action == OI_ACTION_SERVICE_RESTART || step->action == OI_ACTION_MODULE_LOAD) &&
	       (err->code == OI_R_SERVICE_FAILED || err->code == OI_R_MODULE_LOAD ||
		err->code == OI_R_MODULES_MISSING);
}

/* The step that judges what is compiled, before step @i, which is not the first of its kind. */
static size_t check_before(const struct oi_verdict *verdict, size_t i)
{
	while (i > 1 && verdict->steps[i].action != OI_ACTION_MODULE_CHECK)
		i--;
	return i;
}

static int go_back(struct oi_execution *run, struct oi_err *err)
{
	OI_FREE char *why = oi_mem_dup(err->text);

	return oi_step_modules_give_up(run, why, err);
}

/*
 * What a failed installation has left undone must not make others fail: cloud-init's packages: come after us, once.
 * A run whose time is over has a minute more for that; what it cannot do, the next one does.
 */
static void settle(struct oi_execution *run, const struct oi_err *cause)
{
	const struct oi_packages_ops *ops = run->packages.ops;
	struct oi_host host = *run->ctx.host;
	struct oi_context ctx = run->ctx;
	int64_t until_ms = oi_clock_ms() + SETTLE_MS;
	struct oi_err err;

	if (!ops || !ops->settle || !(oi_journal_heals(&run->journal) & OI_HEAL_PACKAGES) ||
	    cause->code == OI_R_PACKAGES_LOCK || cause->code == OI_R_INTERRUPTED)
		return;
	if (host.deadline_ms < until_ms)
		host.deadline_ms = until_ms;
	ctx.host = &host;
	run->packages.ctx = &ctx;
	if (ops->settle(&run->packages, &err))
		oi_log_warn(&host.log, "packages: not all is in order: %s", err.text);
	run->packages.ctx = &run->ctx;
}

int oi_execute_plan(const struct oi_host *host, const struct oi_config *config,
		    const struct oi_verdict *verdict, const struct oi_execute_watch *watch,
		    struct oi_err *err)
{
	struct oi_execution run = { .ctx = { .host = host, .config = config, .verdict = verdict } };
	struct oi_packages *packages = &run.packages;
	const struct oi_packages_ops *ops;
	struct oi_err ignored;
	int ret = 0;

	oi_journal_start(&host->change, &run.journal, verdict);
	ops = oi_managers_of(verdict, &ignored);
	oi_managers_begin(packages, &run.ctx, ops, &run.journal);
	/* A VM that has its moment in a fleet has it for all that it fetches. */
	if (ops && ops->refresh_ahead && !config->source.spread_seconds && lists_wait(verdict))
		ops->refresh_ahead(packages);
	if (packages->lists.pid)
		oi_log_info(&host->log, "packages: fetching the lists of the system's own sources in the background");
	if (watch && watch->ready)
		ret = watch->ready(watch->data, err);
	for (size_t i = 0; i < verdict->n_steps && !ret; i++) {
		const struct oi_step *step = &verdict->steps[i];
		int64_t took_ms = 0;

		if (!actions[step->action])
			continue;
		if (watch && watch->begun)
			watch->begun(watch->data, step);
		ret = carry_out(&run, step, &took_ms, err);
		if (watch && watch->done)
			watch->done(watch->data, step, took_ms, !ret);
		if (ret && blames_the_cache(&run, step, err)) {
			ret = go_back(&run, err);
			i = check_before(verdict, i) - 1;
		}
	}
	if (!ret)
		ret = oi_step_units_end(&run, err);
	oi_background_wait(&packages->lists, oi_clock_ms());
	oi_build_end(&packages->build);
	if (watch && watch->removed && packages->removed.n)
		watch->removed(watch->data, &packages->removed);
	if (ret)
		settle(&run, err);
	if (ret && ops)
		ops->shrink(host);
	if (!ret)
		tidy(&run);
	/* One that failed before it changed anything leaves nothing to be healed; and one that
	 * only waits for a reboot has done all that it had to. */
	if ((!ret || err->code == OI_R_REBOOT_NEEDED || !(oi_journal_heals(&run.journal) & (OI_HEAL_PACKAGES | OI_HEAL_MODULES))) &&
	    oi_journal_end(&host->change, &ignored))
		oi_log_warn(&host->log, "the journal could not be closed: %s", ignored.text);
	if (run.bundle.scratch)
		oi_bundle_forget(host);
	oi_journal_clear(&run.journal);
	oi_bundle_clear(&run.bundle);
	oi_modset_clear(&run.modset);
	oi_strv_clear(&packages->removed);
	oi_managers_end(packages);
	return ret;
}

/* Without a digest nothing tells the run that an unpacked one is the same. */
static bool is_kept(const struct oi_step *step)
{
	return !step->fetch.unpack || step->fetch.sha256;
}

static bool is_download(const struct oi_step *step)
{
	if (step->action == OI_ACTION_MODULES_FETCH)
		return is_remote(step);
	return step->action == OI_ACTION_FETCH && is_kept(step);
}

int oi_execute_downloads(const struct oi_host *host, const struct oi_config *config,
			 const struct oi_verdict *verdict, struct oi_err *err)
{
	struct oi_execution run = { .ctx = { .host = host, .config = config, .verdict = verdict } };
	int64_t ignored;
	int ret = 0;

	for (size_t i = 0; i < verdict->n_steps && !ret; i++)
		if (is_download(&verdict->steps[i]))
			ret = carry_out(&run, &verdict->steps[i], &ignored, err);
	oi_bundle_clear(&run.bundle);
	oi_modset_clear(&run.modset);
	return ret;
}
