/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/utsname.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/bundle/bundle.h"
#include "execute/tools/child.h"
#include "execute/modules/dkms.h"
#include "execute/reload/fallback.h"
#include "execute/modules/signing.h"
#include "execute/steps/steps.h"
#include "model/reasons.h"

#define ENVIRON_BYTES (1u << 20)

int oi_step_module_check(struct oi_execution *run, const struct oi_step *step,
			 struct oi_err *err)
{
	const char *kernel = run->verdict->driver.kernel;

	if (!kernel)
		return oi_err_set(err, OI_R_DKMS_FAILED, "the kernel's release is not known");
	oi_early_wait(run);
	if (oi_fallback_forget(run->host, kernel, err))
		return -1;
	if (run->modset.file)
		return oi_modset_check(run->host, kernel, &run->modset, err);
	/* A bundle brings modules as packages too, of which dkms knows nothing. */
	if (step->content)
		return oi_bundle_check_modules(run->host, kernel, step, err);
	return oi_dkms_check(run->host, kernel, step, err);
}

int oi_step_key_check(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	struct oi_signer signer = { 0 };

	if (oi_signing_check(run->host, step->path, step->content, &signer, err))
		return -1;
	oi_log_info(&run->host->log, "modules will be signed by %s, %s", signer.name, signer.serial);
	oi_signer_clear(&signer);
	return 0;
}

int oi_step_module_sign(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	const char *kernel = run->verdict->driver.kernel;

	if (!kernel)
		return oi_err_set(err, OI_R_MODULES_UNSIGNED, "the kernel's release is not known");
	return oi_signing_modules(run->host, kernel, &step->names, step->path, step->content, err);
}

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

char *oi_step_why_not_loaded(const struct oi_execution *run)
{
	const char *kernel = run->verdict->driver.kernel;
	struct utsname running;

	if (!oi_root_is_real(&run->host->change))
		return oi_mem_printf("%s is not this machine", run->host->change.path);
	if (kernel && !uname(&running) && strcmp(running.release, kernel) != 0)
		return oi_mem_printf("they are for %s and %s is running", kernel, running.release);
	if (in_container(run->host))
		return oi_mem_dup("this is a container");
	return NULL;
}

int oi_step_load_module(const struct oi_host *host, const char *name, bool needed,
			struct oi_err *err)
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

int oi_step_module_load(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	const struct oi_host *host = run->host;
	OI_FREE char *why = oi_step_why_not_loaded(run);

	if (why) {
		oi_log_info(&host->log, "modules: not loaded here: %s", why);
		return 0;
	}
	for (size_t i = 0; i < step->names.n; i++)
		if (oi_step_load_module(host, step->names.v[i], true, err))
			return -1;
	for (size_t i = 0; i < step->optional.n; i++)
		if (oi_step_load_module(host, step->optional.v[i], false, err))
			return -1;
	return 0;
}
