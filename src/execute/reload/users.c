/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/reload/users.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "execute/tools/child.h"
#include "model/rdma_modules.h"
#include "sys/loaded.h"

#define DEVICES "/dev/infiniband/"
#define CGROUP_BYTES 65536

/*
 * Services of the RDMA packages, in starting order. The vendor's openibd stops the first two and
 * starts none again; it refuses while a subnet manager runs.
 * Source: the vendor's openibd, stop()
 */
static const char *const known[] = {
	"ibacm.socket", "ibacm.service", "srp_daemon.service", "opensm.service", "opensmd.service",
	"rdma-ndd.service",
};

/* Files of these are opened by programs; each open one is counted. */
static const char *const with_devices[] = { "ib_uverbs", "ib_umad", "rdma_ucm", "ib_ucm" };

/*
 * What has to go. Of mlx_compat's users openibd knows the stack alone, and fails at its end: the vendor's irdma, which on
 * Debian is empty but for that, stays.
 * Source: mlnx-ofed-kernel 24.07, openibd, stop(); "mlx_compat is in use by: irdma" (seen)
 */
static const char *const roots[] = { "ib_core", "mlx5_core", "mlx4_core", "mlx_compat" };

void oi_users_clear(struct oi_users *users)
{
	oi_strv_clear(&users->clients);
	oi_strv_clear(&users->services);
	oi_buf_clear(&users->blockers);
}

static void blocked(struct oi_users *users, const char *fmt, ...) OI_PRINTF(2, 3);

static void blocked(struct oi_users *users, const char *fmt, ...)
{
	OI_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = oi_mem_vprintf(fmt, ap);
	va_end(ap);
	oi_buf_addf(&users->blockers, "%s%s", users->blockers.len ? ", " : "", text);
}

/* --- services --- */

static void look_at_services(const struct oi_host *host, struct oi_users *users)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_SYSTEMCTL, .out = &out };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv states = { 0 };
	struct oi_err ignored; /* also when one of them is not active */

	oi_strv_add(&child.args, "is-active");
	for (size_t i = 0; i < OI_ARRAY_SIZE(known); i++)
		oi_strv_add(&child.args, known[i]);
	(void)!oi_child_run(host, &child, &result, &ignored);
	oi_strv_split(&states, oi_buf_str(&out), "\n");
	for (size_t i = 0; i < states.n && i < OI_ARRAY_SIZE(known); i++)
		if (!strcmp(states.v[i], "active"))
			oi_strv_add(&users->services, known[i]);
}

/* --- who has a device open --- */

/* "ibacm.service" of "0::/system.slice/ibacm.service"; owned by the caller; NULL: of no unit */
static char *unit_of(const struct oi_host *host, const char *pid)
{
	OI_FREE char *path = oi_mem_printf("/proc/%s/cgroup", pid);
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv parts = { 0 };
	struct oi_err ignored;

	if (oi_root_read(&host->look, path, CGROUP_BYTES, &text, &ignored))
		return NULL;
	oi_strv_split(&parts, oi_buf_str(&text), "/\n");
	for (size_t i = 0; i < parts.n; i++) {
		size_t len = strlen(parts.v[i]);

		if (len > 8 && !strcmp(parts.v[i] + len - 8, ".service"))
			return oi_mem_dup(parts.v[i]);
	}
	return NULL;
}

/* "uverbs0"; owned by the caller; NULL: none */
static char *open_device(const struct oi_host *host, const char *pid)
{
	OI_FREE char *folder = oi_mem_printf("/proc/%s/fd", pid);
	OI_CLEANUP(oi_strv_clear) struct oi_strv fds = { 0 };
	struct oi_err ignored; /* it may have ended by now */

	if (oi_root_list(&host->look, folder, &fds, &ignored))
		return NULL;
	for (size_t i = 0; i < fds.n; i++) {
		OI_FREE char *path = oi_mem_printf("%s/%s", folder, fds.v[i]);
		OI_FREE char *target = oi_root_target(&host->look, path);

		if (target && !strncmp(target, DEVICES, strlen(DEVICES)))
			return oi_mem_dup(target);
	}
	return NULL;
}

/* Instances too: srp_daemon_port@mlx5_0:1.service goes and comes with srp_daemon.service. */
static bool goes_with(const struct oi_strv *services, const char *unit)
{
	if (oi_strv_has(services, unit))
		return true;
	return !strncmp(unit, "srp_daemon_port@", 16) &&
	       oi_strv_has(services, "srp_daemon.service");
}

/* Return: how many have one open. */
static size_t look_at_processes(const struct oi_host *host, struct oi_users *users)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv pids = { 0 };
	struct oi_err ignored;
	size_t seen = 0;

	if (oi_root_list(&host->look, "/proc", &pids, &ignored))
		return 0;
	for (size_t i = 0; i < pids.n; i++) {
		OI_FREE char *device = isdigit((unsigned char)pids.v[i][0]) ?
				       open_device(host, pids.v[i]) : NULL;
		OI_FREE char *comm = oi_mem_printf("/proc/%s/comm", pids.v[i]);
		OI_FREE char *name = NULL;
		OI_FREE char *unit = NULL;

		if (!device)
			continue;
		seen++;
		unit = unit_of(host, pids.v[i]);
		if (unit && goes_with(&users->services, unit))
			continue;
		if (oi_root_read_line(&host->look, comm, &name, &ignored))
			name = NULL;
		blocked(users, "%s (process %s%s%s) has %s open", name ? name : "a program", pids.v[i],
			unit ? " of " : "", unit ? unit : "", device);
	}
	return seen;
}

/* --- modules --- */

static void look_at_clients(const struct oi_loaded_list *list, const struct oi_strv *needing,
			    struct oi_users *users)
{
	/* The last one loaded comes first, so that what needs another does too. */
	for (size_t i = 0; i < list->n; i++) {
		const struct oi_loaded *m = &list->v[i];
		long refs = oi_loaded_own_refs(m);

		if (!oi_strv_has(needing, m->name) || oi_rdma_kind(m->name) == OI_RDMA_STACK)
			continue;
		if (m->permanent)
			blocked(users, "the module %s cannot be unloaded", m->name);
		else if (refs)
			blocked(users, "the module %s is in use (%ld)", m->name, refs);
		else
			oi_strv_add(&users->clients, m->name);
	}
}

/* Open files that no process shows, as from before a chroot or of the kernel's own. */
static void look_at_devices(const struct oi_loaded_list *list, struct oi_users *users)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(with_devices); i++) {
		const struct oi_loaded *m = oi_loaded_find(list, with_devices[i]);

		if (m && oi_loaded_own_refs(m))
			blocked(users, "the module %s is in use (%ld)", m->name, oi_loaded_own_refs(m));
	}
}

void oi_users_look(const struct oi_host *host, struct oi_users *users)
{
	OI_CLEANUP(oi_loaded_clear) struct oi_loaded_list list = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv needing = { 0 };
	struct oi_err err;

	look_at_services(host, users);
	if (oi_loaded_read(&host->look, &list, &err)) {
		oi_log_warn(&host->log, "loaded modules: unknown, so nothing is unloaded first");
		return;
	}
	for (size_t i = 0; i < OI_ARRAY_SIZE(roots); i++)
		oi_loaded_users(&list, roots[i], &needing);
	look_at_clients(&list, &needing, users);
	if (!look_at_processes(host, users))
		look_at_devices(&list, users);
}
