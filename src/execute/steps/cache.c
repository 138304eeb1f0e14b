/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Built modules from a cache. Whatever is wrong with one: then they are compiled. */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/cache/modset.h"
#include "execute/cache/refused.h"
#include "execute/cache/text.h"
#include "execute/steps/steps.h"
#include "execute/tools/child.h"
#include "execute/tools/fetch_job.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/fetcher.h"

/* Compiling takes minutes: so long a cache may take to answer, and no longer. */
#define CACHE_MS 120000

/* The folder, if the cache is one. */
static const char *folder_of(const struct oi_execution *run)
{
	const char *place = run->ctx.config->modules_cache.url;

	return place && *place == '/' ? place : NULL;
}

static int fetch(const struct oi_execution *run, const struct oi_strv *urls, const char *sha256,
		 const char *name, struct oi_err *err)
{
	struct oi_host host = *run->ctx.host;
	struct oi_fetch_job job = oi_fetch_job_of(&run->ctx, urls, name);
	int64_t until_ms = oi_clock_ms() + CACHE_MS;

	job.sha256 = sha256;
	if (until_ms < host.deadline_ms)
		host.deadline_ms = until_ms;
	return oi_fetcher_download(&host, &job, err);
}

/* Return: 0 with the pointer's text, or -1. */
static int get_pointer(const struct oi_execution *run, const struct oi_step *step,
		       struct oi_buf *text, struct oi_err *err)
{
	const struct oi_root *root = &run->ctx.host->change;
	OI_FREE char *path = NULL;
	int rc;

	if (folder_of(run)) {
		path = oi_mem_printf("%s/%s", folder_of(run), step->cache.name);
		rc = oi_root_read_guarded(root, path, OI_MODSET_POINTER_BYTES, text, err);
	} else {
		if (fetch(run, &step->cache.urls, NULL, step->cache.name, err))
			return -1;
		path = oi_mem_printf(OI_STAGING_DIR "/%s", step->cache.name);
		rc = oi_root_read(root, path, OI_MODSET_POINTER_BYTES, text, err);
	}
	if (rc > 0)
		return oi_err_set(err, OI_R_MODULES_UNFIT, "there is none for this machine yet");
	return rc;
}

/* The package's address is the pointer's with another name. */
static void package_urls(const struct oi_step *step, const char *file, struct oi_strv *urls)
{
	for (size_t i = 0; i < step->cache.urls.n; i++) {
		const char *url = step->cache.urls.v[i];
		const char *query = url + strcspn(url, "?#");
		const char *at = query - strlen(step->cache.name);

		oi_strv_addf(urls, "%.*s%s%s", (int)(at - url), url, file, query);
	}
}

/* Return: 0 when nobody asked for a signature, or it is right. */
static int check_signature(const struct oi_execution *run, struct oi_err *err)
{
	const char *path = run->ctx.config->modules_cache.public_key;
	OI_CLEANUP(oi_buf_clear) struct oi_buf key = { 0 };
	OI_FREE char *text = NULL;
	int rc;

	if (!path)
		return 0;
	if (!run->modset.signature)
		return oi_err_set(err, OI_R_MODULES_UNTRUSTED, "they are not signed");
	/* What others may write, others may exchange for a key of their own. */
	rc = oi_root_read_guarded(&run->ctx.host->change, path, OI_CERTIFICATE_BYTES, &key, err);
	if (rc > 0)
		rc = oi_err_set(err, OI_R_BUNDLE_KEY, "%s: there is no such file", path);
	if (rc)
		return -1;
	text = oi_modset_signed_text(&run->modset);
	return oi_fetcher_verify(run->ctx.host, text, oi_buf_str(&key), key.len, run->modset.signature,
				 err);
}

static int get_set(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv urls = { 0 };
	struct oi_modset *set = &run->modset;
	OI_FREE char *why = NULL;

	if (!run->ctx.verdict->driver.kernel)
		return oi_err_set(err, OI_R_MODULES_UNFIT, "the kernel's release is not known");
	if (get_pointer(run, step, &text, err) ||
	    oi_modset_pointer_read(oi_buf_str(&text), text.len, step->cache.key, set, err) ||
	    check_signature(run, err))
		return -1;
	why = oi_refused_why(run->ctx.host, set->sha256);
	if (why)
		return oi_err_set(err, OI_R_MODULES_UNFIT, "they were tried before: %s", why);
	package_urls(step, set->file, &urls);
	if (fetch(run, &urls, set->sha256, set->file, err))
		return -1;
	if (!oi_modset_open(run->ctx.host, run->ctx.verdict->driver.kernel, set, err))
		return 0;
	if (err->code == OI_R_MODULES_UNFIT)
		oi_refused_note(run->ctx.host, set->sha256, err->text);
	return -1;
}

int oi_step_modules_fetch(struct oi_execution *run, const struct oi_step *step,
			  struct oi_err *err)
{
	const struct oi_log *log = &run->ctx.host->log;

	oi_modset_clear(&run->modset);
	if (!get_set(run, step, err)) {
		oi_log_info(log, "modules: %zu built ones from the cache: nothing has to be compiled",
			    run->modset.modules.n);
		return 0;
	}
	oi_modset_clear(&run->modset);
	if (err->code == OI_R_INTERRUPTED)
		return -1;
	oi_log_warn(log, "modules: not from the cache, so they are compiled here: %s", err->text);
	return 0;
}

/* --- back to compiling --- */

static const struct oi_step *step_of(const struct oi_verdict *verdict, enum oi_action action)
{
	for (size_t i = 0; i < verdict->n_steps; i++)
		if (verdict->steps[i].action == action)
			return &verdict->steps[i];
	return NULL;
}

/* The vendor's other packages need it; what takes its place comes right after. */
static int purge(const struct oi_execution *run, struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_DPKG, .level = OI_LOG_INFO };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_FREE char *package = oi_modset_package_name(run->ctx.verdict->driver.kernel);

	oi_strv_add(&child.args, "--force-depends");
	oi_strv_add(&child.args, "--purge");
	oi_strv_add(&child.args, package);
	return oi_child_run(run->ctx.host, &child, &result, err);
}

int oi_step_modules_give_up(struct oi_execution *run, const char *why, struct oi_err *err)
{
	const struct oi_step *simulate = step_of(run->ctx.verdict, OI_ACTION_PACKAGES_SIMULATE);
	const struct oi_step *install = step_of(run->ctx.verdict, OI_ACTION_PACKAGES_INSTALL);

	oi_refused_note(run->ctx.host, run->modset.sha256, why);
	oi_log_warn(&run->ctx.host->log,
		    "modules: those from the cache cannot be used (%s): they are removed, and compiled here", why);
	if (purge(run, err))
		return -1;
	oi_modset_clear(&run->modset);
	return (simulate && oi_step_packages_simulate(run, simulate, err)) ||
			       (install && oi_step_packages_install(run, install, err)) ?
		       -1 :
		       0;
}
