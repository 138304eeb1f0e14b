/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/modules/load.h"

#include <string.h>
#include <sys/utsname.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/tools/child.h"
#include "model/reasons.h"
#include "sys/kmods.h"

#define ENVIRON_BYTES (1u << 20)
/* Unloading waits for devices to be let go. */
#define UNLOAD_MS 30000
#define HOLDERS_DEEP 8

static bool in_container(const struct oi_host *host)
{
	static const char word[] = "container=";
	OI_CLEANUP(oi_buf_clear) struct oi_buf env = { 0 };
	struct oi_err err;

	if (oi_root_exists(&host->change, "/run/systemd/container"))
		return true;
	if (oi_root_read(&host->change, "/proc/1/environ", ENVIRON_BYTES, &env, &err) || !env.len)
		return false;
	for (const char *c = env.data; c < env.data + env.len; c += strlen(c) + 1)
		if (!strncmp(c, word, strlen(word)))
			return true;
	return false;
}

char *oi_module_why_not_loaded(const struct oi_host *host, const char *kernel)
{
	struct utsname running;

	if (!oi_root_is_real(&host->change))
		return oi_mem_printf("%s is not this machine", host->change.path);
	if (kernel && !uname(&running) && strcmp(running.release, kernel) != 0)
		return oi_mem_printf("they are for %s and %s is running", kernel, running.release);
	if (in_container(host))
		return oi_mem_dup("this is a container");
	return NULL;
}

int oi_module_load(const struct oi_host *host, const char *name, bool needed, struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_MODPROBE };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	const char *words;
	bool missing;

	child.level = OI_LOG_INFO;
	oi_strv_add(&child.args, "--");
	oi_strv_add(&child.args, name);
	if (!oi_child_run(host, &child, &result, err)) {
		oi_log_info(&host->log, "module %s: loaded", name);
		return 0;
	}
	if (result.end != OI_RUN_EXITED)
		return -1;
	words = oi_buf_str(&result.tail);
	/* Source: kmod, tools/modprobe.c */
	missing = strstr(words, "not found in directory") != NULL;
	if (missing && !needed) {
		oi_log_warn(&host->log, "module %s: this kernel does not have it; continuing without it", name);
		return 0;
	}
	return oi_err_set(err, missing ? OI_R_MODULES_MISSING : OI_R_MODULE_LOAD, "modprobe %s: %.*s",
			  name, (int)strcspn(words, "\n"), words);
}

/* @depth: rpcrdma, rdma_cm, ib_cm, ib_core are half of it */
static bool unload(const struct oi_host *host, const char *name, int depth)
{
	const struct oi_kmod kmod = { .name = name };
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_MODPROBE };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv holders = { 0 };
	OI_FREE char *folder = oi_mem_printf("/sys/module/%s/holders", name);
	struct oi_err err;

	if (!oi_kmod_is_loaded(host, &kmod))
		return true;
	if (!depth)
		return false;
	if (!oi_root_list(&host->look, folder, &holders, &err))
		for (size_t i = 0; i < holders.n; i++)
			unload(host, holders.v[i], depth - 1);
	/* -q: one that went along with another is none that stays */
	child.limit_ms = UNLOAD_MS;
	oi_strv_add(&child.args, "-r");
	oi_strv_add(&child.args, "-q");
	oi_strv_add(&child.args, name);
	if (oi_child_run(host, &child, &result, &err)) {
		oi_log_warn(&host->log, "module %s: not unloaded: %s", name, err.text);
		return false;
	}
	oi_log_info(&host->log, "module %s: unloaded", name);
	return true;
}

bool oi_module_unload(const struct oi_host *host, const char *name)
{
	return unload(host, name, HOLDERS_DEEP);
}

/* Does depmod find a file that was added, in the place of the kernel's own. */
static bool is_shadowed(const struct oi_host *host, const char *kernel, const char *name)
{
	struct oi_kmod kmod = { .name = name };
	struct oi_err ignored;
	bool added = !oi_kmods_find(&host->change, kernel, &kmod, 1, &ignored) &&
		     oi_kmod_is_added(&kmod);

	oi_kmods_clear(&kmod, 1);
	return added;
}

int oi_module_load_own(const struct oi_host *host, const char *kernel, const char *name,
		       struct oi_err *err)
{
	OI_FREE char *file = NULL;
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_INSMOD };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };

	if (!is_shadowed(host, kernel, name))
		return oi_module_load(host, name, true, err);
	file = oi_kmods_own_file(&host->change, kernel, name);
	if (!file)
		return oi_err_set(err, OI_R_MODULES_MISSING, "kernel %s has no %s of its own", kernel, name);
	child.level = OI_LOG_INFO;
	oi_strv_addf(&child.args, "/lib/modules/%s/%s", kernel, file);
	if (oi_child_run(host, &child, &result, err))
		return oi_err_prefix(err, "insmod %s", file);
	oi_log_info(&host->log, "module %s: loaded, the kernel's own", name);
	return 0;
}
