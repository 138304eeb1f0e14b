/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver's service, restarted so that the new modules take the place of the
 * loaded ones: only when they are others, and with an eye on the network.
 */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/modules/load.h"
#include "execute/reload/before.h"
#include "execute/reload/fallback.h"
#include "execute/reload/interfaces.h"
#include "execute/reload/network.h"
#include "execute/reload/note.h"
#include "execute/reload/users.h"
#include "execute/steps/steps.h"
#include "execute/tools/service.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/kmods.h"
#include "sys/openib.h"
#include "sys/systemd.h"

/* Unloading and loading the modules of before, where the run has no time left. */
#define RESTORE_MS 300000
/* Whoever sets addresses does so when the interface appears. */
#define INTERFACES_MS 30000

enum loaded { LOADED_SAME, LOADED_OTHER, LOADED_NOT, LOADED_UNKNOWN };

/* What is in the kernel, against what would be loaded. @detail: of others; appended to. */
static enum loaded compare_loaded(const struct oi_execution *run, const struct oi_step *step,
			struct oi_buf *detail, struct oi_strv *names)
{
	const struct oi_host *host = run->ctx.host;
	const char *kernel = run->ctx.verdict->driver.kernel;
	size_t n = step->units.modules.n, loaded = 0, same = 0;
	OI_FREE struct oi_kmod *kmods = oi_mem_grow(NULL, n + 1, sizeof(*kmods));
	OI_FREE char *why = oi_module_why_not_loaded(run->ctx.host, run->ctx.verdict->driver.kernel);
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

/* Return: -1 with OI_R_NETWORK_LOST. */
static int go_back(struct oi_execution *run, const struct oi_way_back *way,
		   const struct oi_network *before, const char *why, struct oi_err *err)
{
	const struct oi_log *log = &run->ctx.host->log;
	int seconds = run->ctx.config->verify.network_wait_seconds;
	OI_FREE char *still = NULL;
	bool back;

	oi_log_warn(log, "network: %s, for %d s since the driver was exchanged: going back to the kernel's own",
		    why, seconds);
	oi_fallback_go(run->ctx.host, way);
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
 * The service ends well also when it has unloaded the whole stack and its settings name nothing
 * to load. What its settings forbid is not loaded behind its back.
 */
static int load_the_rest(const struct oi_execution *run, const struct oi_step *step,
			 struct oi_err *err)
{
	const struct oi_host *host = run->ctx.host;
	OI_FREE char *why_not = oi_module_why_not_loaded(run->ctx.host, run->ctx.verdict->driver.kernel);

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

/* --- the exchange --- */

/* What has to be as before when all is over, and what is known of it. */
struct exchange {
	struct oi_users users;
	struct oi_before before;
	struct oi_interfaces interfaces;
	struct oi_network network;
	bool watched; /* the network */
};

static void exchange_clear(struct exchange *x)
{
	oi_users_clear(&x->users);
	oi_before_clear(&x->before);
	oi_interfaces_clear(&x->interfaces);
}

/*
 * systemd stops what it has started: of a service that was not, the restart is a
 * start, and the modules that were loaded without it stay where they are.
 */
static int restart(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf detail = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_FREE char *cause = NULL;
	int ret = oi_step_services(run, step, "restart", err);

	if (!ret && compare_loaded(run, step, &detail, &names) == LOADED_OTHER) {
		oi_log_info(&run->ctx.host->log, "the old modules are still loaded; restarting the service once more");
		ret = oi_step_services(run, step, "restart", err);
	}
	if (ret && err->code != OI_R_SERVICE_FAILED)
		return ret;
	oi_buf_reset(&detail);
	if (compare_loaded(run, step, &detail, &names) != LOADED_OTHER)
		return ret ? ret : load_the_rest(run, step, err);
	cause = oi_mem_dup(ret ? err->text : "the service left them as they were");
	return oi_err_set(err, OI_R_REBOOT_NEEDED, "%s; %s", oi_buf_str(&detail), cause);
}

/* One that stays now has got a user meanwhile: nothing else has been touched yet. */
static int unload_clients(const struct oi_host *host, const struct oi_strv *clients,
			  struct oi_err *err)
{
	for (size_t i = 0; i < clients->n; i++)
		if (!oi_module_unload(host, clients->v[i]))
			return oi_err_set(err, OI_R_REBOOT_NEEDED, "the module %s could not be unloaded",
					  clients->v[i]);
	return 0;
}

/* The driver of before, also when the run's time is over. */
static void restore(const struct oi_execution *run, const struct exchange *x)
{
	struct oi_host late = *run->ctx.host;
	int64_t until_ms = oi_clock_ms() + RESTORE_MS;

	if (!x->before.modules.n)
		return;
	if (late.deadline_ms < until_ms)
		late.deadline_ms = until_ms;
	if (oi_before_restore(&late, run->ctx.verdict->driver.kernel, &x->before))
		oi_log_info(&late.log, "the driver of before is loaded again");
	else
		oi_log_warn(&late.log, "not all of the driver of before is loaded again");
}

static bool runs_the_new(const struct oi_execution *run, const struct oi_step *step)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf detail = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	return compare_loaded(run, step, &detail, &names) == LOADED_SAME;
}

/* The interfaces that the stanza, or the driver's settings, want gone, are not waited for. */
static int wait_for_interfaces(const struct oi_execution *run, const struct exchange *x,
			       int64_t wait_ms, struct oi_err *err)
{
	OI_FREE char *kept_away = oi_openib_keeps_away(&run->ctx.host->change, "ib_ipoib");
	OI_FREE char *missing = NULL;

	if (!x->interfaces.names.n || run->ctx.config->ipoib == OI_AUTO_FALSE || kept_away)
		return 0;
	missing = oi_interfaces_wait(run->ctx.host, &x->interfaces, oi_clock_ms() + wait_ms);
	if (!missing)
		return 0;
	return oi_err_set(err, OI_R_REBOOT_NEEDED, "the driver is exchanged, and of the IPoIB interfaces of before this is not back: %s",
			  missing);
}

static int exchange(struct oi_execution *run, const struct oi_step *step, struct exchange *x,
		    const struct oi_way_back *way, struct oi_err *err)
{
	const struct oi_host *host = run->ctx.host;
	int64_t wait_ms = (int64_t)run->ctx.config->verify.network_wait_seconds * 1000;
	OI_FREE char *why = NULL;
	struct oi_err ignored;
	int ret;

	if (oi_service_each(host, &x->users.services, "stop", err))
		oi_log_warn(&host->log, "%s", err->text);
	ret = unload_clients(host, &x->users.clients, err);
	if (!ret)
		ret = restart(run, step, err);
	if (ret && !runs_the_new(run, step))
		restore(run, x);
	if (x->watched) {
		if (!oi_network_wait(host, &x->network, oi_clock_ms() + wait_ms, &why))
			ret = go_back(run, way, &x->network, why, err);
		else
			oi_log_info(&host->log, "network: it is still there");
	}
	if (!ret)
		oi_before_clients(host, run->ctx.verdict->driver.kernel, &x->users.clients);
	if (oi_service_each(host, &x->users.services, "start", &ignored))
		oi_log_warn(&host->log, "%s", ignored.text);
	return ret ? ret : wait_for_interfaces(run, x, wait_ms > INTERFACES_MS ? wait_ms : INTERFACES_MS, err);
}

/* All of this is of the running machine: elsewhere there are others' modules and services. */
static int look_before(const struct oi_execution *run, struct exchange *x, struct oi_err *err)
{
	const struct oi_host *host = run->ctx.host;
	OI_FREE char *why_not = oi_module_why_not_loaded(run->ctx.host, run->ctx.verdict->driver.kernel);

	if (why_not)
		return 0;
	oi_users_look(host, &x->users);
	if (x->users.blockers.len)
		return oi_err_set(err, OI_R_REBOOT_NEEDED, "the loaded driver is in use, so it was left as it is: %s",
				  oi_buf_str(&x->users.blockers));
	oi_before_look(host, &x->before);
	oi_interfaces_look(host, &x->interfaces);
	return 0;
}

static int watched(struct oi_execution *run, const struct oi_step *step,
		   const struct oi_strv *loaded, struct oi_err *err)
{
	OI_CLEANUP(exchange_clear) struct exchange x = { 0 };
	OI_CLEANUP(oi_way_back_clear) struct oi_way_back way = { 0 };
	int ret;

	oi_way_back_of(run->ctx.verdict, &step->units, loaded, &way);
	if (look_before(run, &x, err))
		return -1;
	if (run->ctx.config->verify.network_wait_seconds)
		oi_network_look(run->ctx.host, &x.network);
	x.watched = oi_network_is_known(&x.network);
	oi_reload_begin(run->ctx.host, &way, x.watched ? &x.network : NULL, &x.users.services);
	ret = exchange(run, step, &x, &way, err);
	oi_reload_end(run->ctx.host);
	return ret;
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

	/* a service that loads no driver, or nobody who would start it */
	if (!step->units.modules.n || !oi_systemd_is_here(run->ctx.host))
		return oi_step_services(run, step, "restart", err);
	if (compare_loaded(run, step, &detail, &names) == LOADED_SAME) {
		oi_log_info(&run->ctx.host->log,
			    "the loaded modules are those on the disk: they stay, and so does the network");
		return oi_step_services(run, step, "start", err) || load_the_rest(run, step, err) ? -1 : 0;
	}
	if (detail.len)
		oi_log_info(&run->ctx.host->log, "to be exchanged: %s", oi_buf_str(&detail));
	return watched(run, step, &names, err);
}
