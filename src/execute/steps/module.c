/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps module-check, key-check, module-sign and module-load. */
#include <string.h>

#include "base/mem.h"
#include "execute/bundle/bundle.h"
#include "execute/cache/publisher.h"
#include "execute/modules/background.h"
#include "execute/modules/dkms.h"
#include "execute/modules/load.h"
#include "execute/reload/fallback.h"
#include "execute/modules/signing.h"
#include "execute/state/record.h"
#include "execute/steps/steps.h"
#include "model/reasons.h"

int oi_step_module_check(struct oi_execution *run, const struct oi_step *step,
			 struct oi_err *err)
{
	const char *kernel = run->ctx.verdict->driver.kernel;
	OI_FREE char *why = NULL;

	if (!kernel)
		return oi_err_set(err, OI_R_DKMS_FAILED, "the kernel's release is not known");
	oi_build_wait(&run->ctx, &run->packages.build);
	if (oi_fallback_forget(run->ctx.host, kernel, err))
		return -1;
	if (run->modset.file) {
		oi_publisher_forget(run->ctx.host);
		if (!oi_modset_check(run->ctx.host, kernel, &run->modset, err)) {
			oi_modset_prune(run->ctx.host);
			return 0;
		}
		why = oi_mem_dup(err->text);
		if (err->code == OI_R_INTERRUPTED || oi_step_modules_give_up(run, why, err))
			return -1;
		oi_build_wait(&run->ctx, &run->packages.build);
	}
	/* A bundle brings modules as packages too, of which dkms knows nothing. */
	if (step->built.files)
		return oi_bundle_check_modules(run->ctx.host, kernel, step, err);
	if (oi_dkms_check(run->ctx.host, kernel, step, err))
		return -1;
	oi_modset_prune(run->ctx.host);
	return oi_publisher_note(&run->ctx, err);
}

int oi_step_key_check(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	struct oi_signer signer = { 0 };

	if (oi_signing_check(run->ctx.host, step->signing.key, step->signing.certificate, &signer, err))
		return -1;
	oi_log_info(&run->ctx.host->log, "modules will be signed by %s, %s", signer.name, signer.serial);
	oi_signer_clear(&signer);
	return 0;
}

/* The driver brings modules that no list of ours names: each file that dkms built for @kernel counts. */
static int add_built(const struct oi_execution *run, const char *kernel, struct oi_strv *names,
		     struct oi_err *err)
{
	const struct oi_verdict *verdict = run->ctx.verdict;
	OI_CLEANUP(oi_strv_clear) struct oi_strv built = { 0 };
	const size_t len = strlen(kernel);

	for (size_t i = 0; i < verdict->n_steps; i++) {
		const struct oi_step *step = &verdict->steps[i];

		if (step->action == OI_ACTION_MODULE_CHECK &&
		    (oi_record_built(&run->ctx.host->change, &step->built.dkms, &built, err) ||
		     oi_record_built(&run->ctx.host->change, &step->built.optional, &built, err)))
			return -1;
	}
	for (size_t i = 0; i < built.n; i++) {
		const char *file = built.v[i] + len + 1;

		if (!strncmp(built.v[i], kernel, len) && built.v[i][len] == ' ')
			oi_strv_addf(names, "%.*s", (int)strcspn(file, "."), file);
	}
	return 0;
}

int oi_step_module_sign(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	const char *kernel = run->ctx.verdict->driver.kernel;
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	if (!kernel)
		return oi_err_set(err, OI_R_MODULES_UNSIGNED, "the kernel's release is not known");
	oi_strv_add_all(&names, &step->signing.modules);
	if (add_built(run, kernel, &names, err))
		return -1;
	return oi_signing_modules(run->ctx.host, kernel, &names, step->signing.key,
				  step->signing.certificate, err);
}

int oi_step_module_load(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	const struct oi_host *host = run->ctx.host;
	OI_FREE char *why = oi_module_why_not_loaded(run->ctx.host, run->ctx.verdict->driver.kernel);

	if (why) {
		oi_log_info(&host->log, "modules: not loaded here: %s", why);
		return 0;
	}
	for (size_t i = 0; i < step->modules.names.n; i++)
		if (oi_module_load(host, step->modules.names.v[i], true, err))
			return -1;
	for (size_t i = 0; i < step->modules.optional.n; i++)
		if (oi_module_load(host, step->modules.optional.v[i], false, err))
			return -1;
	return 0;
}
