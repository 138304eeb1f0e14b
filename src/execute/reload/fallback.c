/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/reload/fallback.h"

#include <string.h>

#include "base/doc.h"
#include "base/mem.h"
#include "execute/tools/child.h"
#include "execute/modules/depmod.h"
#include "execute/modules/dkms.h"
#include "execute/modules/load.h"
#include "execute/state/record.h"
#include "execute/tools/service.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/kmods.h"

#define STATE_BYTES 65536
/* Stopping a unit, dkms and depmod take seconds each; a unit that hangs is left after two minutes. */
#define BACK_MS 300000

/* --- what happened --- */

static bool same(const struct oi_doc *doc, const char *key, const char *value)
{
	const char *then = oi_doc_string(oi_doc_get(doc, key));

	return then && value ? !strcmp(then, value) : !then && !value;
}

int oi_fallback_check(const struct oi_root *root, const struct oi_verdict *verdict,
		      struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_DOC_AUTO *doc = NULL;
	struct oi_err ignored; /* what cannot be read says nothing of this driver */

	if (oi_root_read(root, OI_FALLBACK_PATH, STATE_BYTES, &text, &ignored) ||
	    oi_doc_from_json(oi_buf_str(&text), text.len, OI_FALLBACK_PATH, OI_R_READ_FAILED, &doc,
			     &ignored))
		return 0;
	if (!same(doc, "stack", verdict->driver.stack) ||
	    !same(doc, "version", verdict->driver.version) ||
	    !same(doc, "sha256", verdict->driver.sha256) ||
	    !same(doc, "kernel", verdict->driver.kernel))
		return 0;
	return oi_err_set(err, OI_R_NETWORK_LOST,
			  "%s %s cost this VM its network on %s and was rolled back; run ofed-init clean to allow another try",
			  verdict->driver.stack,
			  verdict->driver.version ? verdict->driver.version : "of source.url",
			  oi_doc_string(oi_doc_get(doc, "when")) ?: "an earlier day");
}

/* First of all: if the power goes now, the next boot must not load them again and again. */
static void note(const struct oi_host *host, const struct oi_way_back *back)
{
	OI_DOC_AUTO *doc = oi_doc_new(OI_DOC_MAP);
	OI_FREE char *text = NULL;
	char when[OI_CLOCK_TEXT_BYTES];
	struct oi_err err;

	oi_clock_utc(when);
	oi_doc_put_int(doc, "schema", 1);
	oi_doc_put_string(doc, "stack", back->stack);
	oi_doc_put_string(doc, "version", back->version);
	oi_doc_put_string(doc, "sha256", back->sha256);
	oi_doc_put_string(doc, "kernel", back->kernel);
	oi_doc_put_string(doc, "when", when);
	text = oi_doc_to_json(doc, true);
	if (oi_root_write(&host->change, OI_FALLBACK_PATH, 0644, text, strlen(text), &err))
		oi_log_warn(&host->log, "back to the kernel's own: %s", err.text);
}

/* --- taking the modules out --- */

int oi_fallback_forget(const struct oi_host *host, const char *kernel, struct oi_err *err)
{
	if (!oi_root_exists(&host->change, OI_FALLBACK_DEPMOD))
		return 0;
	if (oi_root_remove(&host->change, OI_FALLBACK_DEPMOD, err))
		return -1;
	return kernel ? oi_depmod_renew(host, kernel, err) : 0;
}

/* Those that dkms did not take away: depmod is told which of two to prefer. */
static void prefer_own(const struct oi_host *host, const struct oi_way_back *back)
{
	const char *kernel = back->kernel;
	OI_CLEANUP(oi_strv_clear) struct oi_strv files = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_err err;

	if (oi_kmods_with_needs(&host->change, kernel, back->modules, &files, &err))
		return; /* there are none */
	for (size_t i = 0; i < files.n; i++) {
		struct oi_kmod kmod = { .path = files.v[i] };
		const char *base = strrchr(files.v[i], '/');
		OI_FREE char *folder = NULL;

		if (!oi_kmod_is_added(&kmod) || !base)
			continue;
		folder = oi_kmods_own_folder(&host->change, kernel, files.v[i]);
		if (folder)
			oi_buf_addf(&text, "override %.*s %s %s\n", (int)strcspn(base + 1, "."),
				    base + 1, kernel, folder);
		else
			oi_log_warn(&host->log, "module %s: the kernel has none of its own",
				    files.v[i]);
	}
	if (!text.len)
		return;
	if (oi_record_note_file(&host->change, OI_FALLBACK_DEPMOD, oi_buf_str(&text), &err) ||
	    oi_root_write(&host->change, OI_FALLBACK_DEPMOD, 0644, oi_buf_str(&text), text.len,
			  &err) ||
	    oi_depmod_renew(host, kernel, &err))
		oi_log_warn(&host->log, "back to the kernel's own: %s", err.text);
}

static void take_out(const struct oi_host *host, const struct oi_way_back *back)
{
	if (back->dkms.n || back->dkms_optional.n)
		oi_dkms_remove(host, back->kernel, &back->dkms, &back->dkms_optional);
	prefer_own(host, back);
}

/* --- the running kernel --- */

static void load(const struct oi_host *host, const struct oi_strv *names)
{
	struct oi_err err;

	for (size_t i = 0; i < names->n; i++)
		if (oi_module_load(host, names->v[i], false, &err))
			oi_log_warn(&host->log, "back to the kernel's own: %s", err.text);
}

static void go(const struct oi_host *host, const struct oi_way_back *back)
{
	OI_FREE char *why = oi_module_why_not_loaded(host, back->kernel);
	struct oi_err err;

	note(host, back);
	if (oi_service_each(host, back->units, "stop", &err))
		oi_log_warn(&host->log, "back to the kernel's own: %s", err.text);
	if (oi_service_each(host, back->units, "disable", &err))
		oi_log_warn(&host->log, "back to the kernel's own: %s", err.text);
	take_out(host, back);
	if (why)
		return;
	for (size_t i = 0; i < back->modules->n; i++)
		oi_module_unload(host, back->modules->v[i]);
	load(host, back->loaded);
}

void oi_fallback_go(const struct oi_host *host, const struct oi_way_back *back)
{
	struct oi_host late = *host;
	int64_t until_ms = oi_clock_ms() + BACK_MS;

	/* Also when the run's time is over: a machine out of reach cannot be given more of it. */
	if (late.deadline_ms < until_ms)
		late.deadline_ms = until_ms;
	go(&late, back);
}

void oi_way_back_of(const struct oi_verdict *verdict, const struct oi_step_units *units,
		    const struct oi_strv *loaded, struct oi_way_back *back)
{
	*back = (struct oi_way_back){
		.stack = verdict->driver.stack,
		.version = verdict->driver.version,
		.sha256 = verdict->driver.sha256,
		.kernel = verdict->driver.kernel,
		.units = &units->names,
		.modules = &units->modules,
		.loaded = loaded,
	};
	for (size_t i = 0; i < verdict->n_steps; i++) {
		const struct oi_step *step = &verdict->steps[i];

		if (step->action != OI_ACTION_MODULE_CHECK)
			continue;
		oi_strv_add_all(&back->dkms, &step->built.dkms);
		oi_strv_add_all(&back->dkms_optional, &step->built.optional);
	}
}

void oi_way_back_clear(struct oi_way_back *back)
{
	oi_strv_clear(&back->dkms);
	oi_strv_clear(&back->dkms_optional);
}
