/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of modules: are they there, loaded, and those of the installed driver. */
#include "verify/checks.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sys/clock.h"
#include "sys/kmods.h"
#include "sys/openib.h"
#include "sys/uevent.h"

enum { MAX_WANTED = 8 };

#define LOOK_AGAIN_MS 250

struct wanted {
	const char *name;
	bool optional; /* the distribution's own kernel may do without */
	bool loaded; /* has to be loaded for a port to work */
};

/*
 * Source: notes on the catalog, "To check afterwards". CX3-Pro is driven by mlx4.
 * Debian's cloud kernel has no ib_ipoib: nobody is refused verbs for that.
 */
static size_t list_wanted(const struct oi_config *config, const struct oi_verdict *verdict,
			  struct wanted *out)
{
	const char *generation = verdict->vm.nic_generation;
	bool mlx4 = oi_generation_is_mlx4(generation);
	bool inbox = !oi_kmods_stack_adds(verdict->driver.stack);
	size_t n = 0;

	out[n++] = (struct wanted){ mlx4 ? "mlx4_core" : "mlx5_core", false, true };
	out[n++] = (struct wanted){ mlx4 ? "mlx4_ib" : "mlx5_ib", false, true };
	out[n++] = (struct wanted){ "ib_core", false, true };
	out[n++] = (struct wanted){ "ib_uverbs", false, true };
	out[n++] = (struct wanted){ "ib_umad", false, false };
	out[n++] = (struct wanted){ "ib_cm", false, false };
	out[n++] = (struct wanted){ "rdma_ucm", inbox, false };
	if (config->ipoib != OI_AUTO_FALSE)
		out[n++] = (struct wanted){ "ib_ipoib", inbox && config->ipoib != OI_AUTO_TRUE,
					    false };
	return n;
}

static void add_part(struct oi_buf *text, const char *part)
{
	if (text->len)
		oi_buf_adds(text, "; ");
	oi_buf_adds(text, part);
}

static void check_files(const struct oi_verdict *verdict, const struct wanted *wanted,
			const struct oi_kmod *kmods, size_t n, struct oi_checks *checks)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf wrong = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf optional = { 0 };
	bool vendor = oi_kmods_stack_adds(verdict->driver.stack);
	const char *kernel = verdict->driver.kernel;

	for (size_t i = 0; i < n; i++) {
		OI_FREE char *what = NULL;

		if (!kmods[i].path && !kmods[i].builtin)
			what = oi_mem_printf("%s is missing", kmods[i].name);
		else if (vendor && !kmods[i].path)
			what = oi_mem_printf("%s is built into the kernel", kmods[i].name);
		else if (vendor && !oi_kmod_is_added(&kmods[i]))
			what = oi_mem_printf("%s is the kernel's own (%s)", kmods[i].name,
					     kmods[i].path);
		if (what)
			add_part(wanted[i].optional ? &optional : &wrong, what);
	}
	if (wrong.len)
		oi_checks_add(checks, "module-files", OI_PROOF_FAIL, OI_R_MODULES_MISSING,
			      "kernel %s: %s", kernel, oi_buf_str(&wrong));
	else
		oi_checks_add(checks, "module-files", OI_PROOF_PASS, OI_R_NONE,
			      "kernel %s has the modules of %s", kernel, verdict->driver.stack);
	if (optional.len)
		oi_checks_add(checks, "module-files-optional", OI_PROOF_UNPROVEN, OI_R_NONE,
			      "kernel %s: %s", kernel, oi_buf_str(&optional));
}

/* Is it known that no adapter is there which would have had the modules loaded. */
static bool no_adapter(const struct oi_facts *facts)
{
	if (facts->pci.known == OI_UNKNOWN)
		return false;
	for (size_t i = 0; i < facts->pci.n; i++)
		if (oi_pci_is_infiniband(&facts->pci.v[i]))
			return false;
	return true;
}

/* On a baked image's first boot udev and the vendor's service load them beside us, one by one. */
static void wait_until_loaded(const struct oi_host *host, const struct wanted *wanted,
			      const struct oi_kmod *kmods, size_t n, int64_t deadline_ms)
{
	for (size_t i = 0; i < n; i++)
		while (wanted[i].loaded && !oi_kmod_is_loaded(host, &kmods[i]) &&
		       oi_clock_left_ms(deadline_ms)) {
			int64_t again_ms = oi_clock_ms() + LOOK_AGAIN_MS;

			(void)!oi_uevent_wait(-1, "module",
					      again_ms < deadline_ms ? again_ms : deadline_ms);
		}
}

static void check_loaded(const struct oi_host *host, const struct oi_verdict *verdict,
			 const struct wanted *wanted, const struct oi_kmod *kmods, size_t n, const struct oi_facts *facts,
			 int64_t deadline_ms, struct oi_checks *checks)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv away = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv idle = { 0 };
	OI_FREE char *text = NULL;
	bool unneeded = no_adapter(facts);

	if (!unneeded)
		wait_until_loaded(host, wanted, kmods, n, deadline_ms);
	for (size_t i = 0; i < n; i++)
		if (!oi_kmod_is_loaded(host, &kmods[i]))
			oi_strv_add(wanted[i].loaded ? &away : &idle, kmods[i].name);
	if (away.n) {
		OI_FREE char *kept_away = oi_kmods_stack_adds(verdict->driver.stack) ?
					  oi_openib_keeps_away(&host->change, away.v[0]) : NULL;
		OI_FREE char *names = oi_strv_join(&away, ", ");

		text = kept_away ? oi_mem_printf("%s (%s)", names, kept_away) : oi_mem_take(&names);
		oi_checks_add(checks, "module-loaded",
			      unneeded ? OI_PROOF_UNPROVEN : OI_PROOF_FAIL, OI_R_MODULE_LOAD,
			      "not loaded: %s%s", text,
			      unneeded ? " (no InfiniBand function is there that needs them)" : "");
		return;
	}
	text = oi_strv_join(&idle, ", ");
	oi_checks_add(checks, "module-loaded", OI_PROOF_PASS, OI_R_NONE,
		      "the driver's modules are loaded%s%s", idle.n ? "; not loaded: " : "", text);
}

static void check_source(const struct oi_host *host, const struct oi_verdict *verdict,
			 const struct oi_kmod *kmods, size_t n, struct oi_checks *checks)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf other = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf unknown = { 0 };
	size_t same = 0;

	for (size_t i = 0; i < n; i++) {
		OI_FREE char *what = NULL;
		struct oi_err err;
		enum oi_kmod_build build;

		if (!kmods[i].path || !oi_kmod_is_loaded(host, &kmods[i]))
			continue;
		build = oi_kmod_compare(host, verdict->driver.kernel, &kmods[i], &err);
		if (build == OI_KMOD_SAME) {
			same++;
			continue;
		}
		what = oi_mem_printf("%s: %s", kmods[i].name, err.text);
		add_part(build == OI_KMOD_OTHER ? &other : &unknown, what);
	}
	if (other.len)
		oi_checks_add(checks, "module-source", OI_PROOF_FAIL, OI_R_MODULE_STALE, "%s",
			      oi_buf_str(&other));
	else if (unknown.len)
		oi_checks_add(checks, "module-source", OI_PROOF_UNPROVEN, OI_R_NONE, "%s",
			      oi_buf_str(&unknown));
	else if (!same)
		oi_checks_add(checks, "module-source", OI_PROOF_UNPROVEN, OI_R_NONE,
			      "no module of the driver is loaded");
	else
		oi_checks_add(checks, "module-source", OI_PROOF_PASS, OI_R_NONE,
			      "the %zu loaded modules are those on disk", same);
}

static void unproven(struct oi_checks *checks, const char *why)
{
	oi_checks_add(checks, "module-loaded", OI_PROOF_UNPROVEN, OI_R_NONE, "%s", why);
	oi_checks_add(checks, "module-source", OI_PROOF_UNPROVEN, OI_R_NONE, "%s", why);
}

void oi_verify_modules(const struct oi_host *host, const struct oi_config *config,
		       const struct oi_verdict *verdict, const struct oi_vantage *here,
		       int64_t deadline_ms, const struct oi_facts *facts, struct oi_checks *checks)
{
	const char *kernel = verdict->driver.kernel;
	struct wanted wanted[MAX_WANTED];
	struct oi_kmod kmods[MAX_WANTED] = { 0 };
	struct oi_err err;
	size_t n;
	int got;

	if (!verdict->driver.stack || !kernel) {
		const char *why = kernel ? "no driver stack is there" : "the kernel is unknown";

		oi_checks_add(checks, "module-files", OI_PROOF_UNPROVEN, OI_R_NONE, "%s", why);
		unproven(checks, why);
		return;
	}
	n = list_wanted(config, verdict, wanted);
	for (size_t i = 0; i < n; i++)
		kmods[i].name = wanted[i].name;
	got = oi_kmods_find(&host->change, kernel, kmods, n, &err);
	if (got < 0)
		oi_checks_add(checks, "module-files", OI_PROOF_UNPROVEN, OI_R_NONE, "%s", err.text);
	else if (got > 0 && !here->modules)
		/* a container has no kernel of its own: that is not a broken driver */
		oi_checks_add(checks, "module-files", OI_PROOF_UNPROVEN, OI_R_NONE,
			      "kernel %s is not installed here: %s", kernel, here->why_not);
	else if (got > 0)
		oi_checks_add(checks, "module-files", OI_PROOF_FAIL, OI_R_MODULES_MISSING,
			      "kernel %s: there is no /lib/modules/%s/modules.dep", kernel, kernel);
	else
		check_files(verdict, wanted, kmods, n, checks);
	if (here->modules) {
		check_loaded(host, verdict, wanted, kmods, n, facts, deadline_ms, checks);
		check_source(host, verdict, kmods, n, checks);
	} else {
		unproven(checks, here->why_not);
	}
	oi_kmods_clear(kmods, n);
}
