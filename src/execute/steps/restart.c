/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver's service, restarted so that the new modules take the place of the
 * loaded ones: only when they are others, and with an eye on the network.
 */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/modules/load.h"
#include "execute/reload/fallback.h"
#include "execute/reload/network.h"
#include "execute/reload/note.h"
#include "execute/steps/steps.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/kmods.h"
#include "sys/openib.h"
#include "sys/systemd.h"

enum loaded { LOADED_SAME, LOADED_OTHER, LOADED_NOT, LOADED_UNKNOWN };

/* What is in the kernel, against what would be loaded. @detail: of others; appended to. */
static enum loaded look(const struct oi_execution *run, const struct oi_step *step,
			struct oi_buf *detail, struct oi_strv *names)
{
	const struct oi_host *host = run->ctx.host;
	const char *kernel = run->ctx.verdict->driver.kernel;
	size_t n = step->units.modules.n, loaded = 0, same = 0;
	OI_FREE struct oi_kmod *kmods = oi_mem_grow(NULL, n + 1, sizeof(*kmods));
	OI_FREE char *why = oi_module_why_not_loaded(&run->ctx);
	bool other = false;
	struct oi_err err;

	if (!n || !kernel || why)
		return LOADED_UNKNOWN;
	memset(kmods, 0, (n + 1) * sizeof(*kmods));
	for (size_t i = 0; i < n; i++)
		kmods[i].name = step->units.modules.v[i];
	if (oi_kmods_find(&host->change, kernel, kmods, n, &err)) {
		oi_kmods_clear(kmods, n);
		return LOADED_UNKNOWN;
	}
	for (size_t i = 0; i < n; i++) {
		enum oi_kmod_build build;

		if (kmods[i].builtin || !oi_kmod_is_loaded(host, &kmods[i]))
			continue;
		loaded++;
		oi_strv_add(names, kmods[i].name);
		if (!kmods[i].path)
			continue;
		build = oi_kmod_compare(host, kernel, &kmods[i], &err);
		same += build == OI_KMOD_SAME;
		if (build != OI_KMOD_OTHER)
			continue;
		other = true;
		oi_buf_addf(detail, "%s%s: %s", detail->len ? "; " : "", kmods[i].name, err.text);
	}
	oi_kmods_clear(kmods, n);
	if (other)
		return LOADED_OTHER;
	if (!loaded)
		return LOADED_NOT;
	return same == n ? LOADED_SAME : LOADED_UNKNOWN;
}

/* @loaded: the modules of before. Return: -1 with OI_R_NETWORK_LOST. */
static int go_back(struct oi_execution *run, const struct oi_step *step,
		   const struct oi_network *before, const struct oi_strv *loaded, const char *why,
		   struct oi_err *err)
{
	const struct oi_log *log = &run->ctx.host->log;
	int seconds = run->ctx.config->verify.network_wait_seconds;
	OI_FREE char *still = NULL;
	bool back;

	oi_log_warn(log, "network: %s, for %d s since the driver was exchanged: going back to the kernel's own",
		    why, seconds);
	oi_fallback_go(&run->ctx, step, loaded);
	back = oi_network_wait(run->ctx.host, before, oi_clock_ms() + (int64_t)seconds * 1000, &still);
	if (back)
		oi_log_info(log, "network: all is as it was");
	else
		oi_log_warn(log, "network: %s, with the kernel's own driver too", still);
	return oi_err_set(err, OI_R_NETWORK_LOST,
			  "%s for %d s; the kernel's own driver is back, and %s", why, seconds,
			  back ? "so is the network" : still);
}

/*
 * systemd stops what it has started: of a service that was not, the restart is a
 * start, and the modules that were loaded without it stay where they are.
 */
static int exchange(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf detail = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	int ret = oi_step_services(run, step, "restart", err);

	if (ret || look(run, step, &detail, &names) != LOADED_OTHER)
		return ret;
	oi_log_info(&run->ctx.host->log, "the modules are as they were: once more, now that it runs and is stopped first");
	return oi_step_services(run, step, "restart", err);
}

static int watched(struct oi_execution *run, const struct oi_step *step,
		   const struct oi_strv *loaded, struct oi_err *err)
{
	int64_t wait_ms = (int64_t)run->ctx.config->verify.network_wait_seconds * 1000;
	struct oi_network before = { 0 };
	OI_FREE char *why = NULL;
	int ret;

	if (wait_ms)
		oi_network_look(run->ctx.host, &before);
	oi_reload_begin(&run->ctx, step, wait_ms && oi_network_is_known(&before) ? &before : NULL, loaded);
	ret = exchange(run, step, err);
	if (wait_ms && oi_network_is_known(&before)) {
		if (!oi_network_wait(run->ctx.host, &before, oi_clock_ms() + wait_ms, &why))
			ret = go_back(run, step, &before, loaded, why, err);
		else
			oi_log_info(&run->ctx.host->log, "network: it is still there");
	}
	oi_reload_end(run->ctx.host);
	return ret;
}

/*
 * The service ends well also when it has unloaded the whole stack and its settings name nothing
 * to load. What its settings forbid is not loaded behind its back.
 */
static int load_the_rest(const struct oi_execution *run, const struct oi_step *step,
			 struct oi_err *err)
{
	const struct oi_host *host = run->ctx.host;
	OI_FREE char *why_not = oi_module_why_not_loaded(&run->ctx);

	for (size_t i = 0; !why_not && i < step->units.modules.n; i++) {
		const char *name = step->units.modules.v[i];
		const struct oi_kmod kmod = { .name = name };
		OI_FREE char *kept_away = NULL;

		if (oi_kmod_is_loaded(host, &kmod))
			continue;
		kept_away = oi_openib_keeps_away(&host->change, name);
		if (kept_away)
			return oi_err_set(err, OI_R_MODULE_LOAD,
					  "%s reports success and has not loaded %s: %s",
					  step->units.names.v[0], name, kept_away);
		oi_log_warn(&host->log, "%s reports success and has not loaded %s: loading it",
			    step->units.names.v[0], name);
		if (oi_module_load(host, name, true, err))
			return -1;
	}
	return 0;
}

int oi_step_reboot(struct oi_execution *run OI_UNUSED, const struct oi_step *step,
		   struct oi_err *err)
{
	return oi_err_set(err, OI_R_REBOOT_NEEDED, "%s", step->detail);
}

int oi_step_service_restart(struct oi_execution *run, const struct oi_step *step,
			    struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf detail = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv now = { 0 };
	OI_FREE char *cause = NULL;
	int ret;

	/* a service that loads no driver, or nobody who would start it */
	if (!step->units.modules.n || !oi_systemd_is_here(run->ctx.host))
		return oi_step_services(run, step, "restart", err);
	if (look(run, step, &detail, &names) == LOADED_SAME) {
		oi_log_info(&run->ctx.host->log,
			    "the loaded modules are those on the disk: they stay, and so does the network");
		return oi_step_services(run, step, "start", err) || load_the_rest(run, step, err) ? -1 : 0;
	}
	if (detail.len)
		oi_log_info(&run->ctx.host->log, "to be exchanged: %s", oi_buf_str(&detail));
	ret = watched(run, step, &names, err);
	if (ret && err->code != OI_R_SERVICE_FAILED)
		return ret;
	if (!ret)
		ret = load_the_rest(run, step, err);
	oi_buf_reset(&detail);
	if (look(run, step, &detail, &now) != LOADED_OTHER)
		return ret;
	cause = oi_mem_dup(ret ? err->text : "the service left them as they were");
	return oi_err_set(err, OI_R_REBOOT_NEEDED, "%s; %s", oi_buf_str(&detail), cause);
}
