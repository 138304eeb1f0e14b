/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/modules/load.h"

#include <string.h>
#include <sys/utsname.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/tools/child.h"
#include "model/reasons.h"

#define ENVIRON_BYTES (1u << 20)

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

char *oi_module_why_not_loaded(const struct oi_context *ctx)
{
	const char *kernel = ctx->verdict->driver.kernel;
	struct utsname running;

	if (!oi_root_is_real(&ctx->host->change))
		return oi_mem_printf("%s is not this machine", ctx->host->change.path);
	if (kernel && !uname(&running) && strcmp(running.release, kernel) != 0)
		return oi_mem_printf("they are for %s and %s is running", kernel, running.release);
	if (in_container(ctx->host))
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
		oi_log_warn(&host->log, "module %s: this kernel has none; going on without", name);
		return 0;
	}
	return oi_err_set(err, missing ? OI_R_MODULES_MISSING : OI_R_MODULE_LOAD, "modprobe %s: %.*s",
			  name, (int)strcspn(words, "\n"), words);
}
