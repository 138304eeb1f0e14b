/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/reload/note.h"

#include <string.h>

#include "base/buf.h"
#include "base/doc.h"
#include "base/mem.h"
#include "execute/reload/fallback.h"
#include "execute/reload/udev.h"
#include "execute/tools/service.h"
#include "model/reasons.h"
#include "sys/boot.h"
#include "sys/clock.h"

#define NOTE_BYTES 65536

/* --- the note --- */

static struct oi_doc *gateway_doc(const struct oi_gateway *gateway, bool answered)
{
	struct oi_doc *doc = oi_doc_new(gateway->known ? OI_DOC_MAP : OI_DOC_NULL);

	if (!gateway->known)
		return doc;
	oi_doc_put_string(doc, "interface", gateway->interface);
	oi_doc_put_string(doc, "address", gateway->address);
	oi_doc_put_bool(doc, "answered", answered);
	return doc;
}

static char *note_text(const struct oi_host *host, const struct oi_way_back *back,
		       const struct oi_network *before, const struct oi_strv *services)
{
	static const struct oi_network nothing; /* is watched */
	OI_DOC_AUTO *doc = oi_doc_new(OI_DOC_MAP);
	OI_FREE char *boot = oi_boot_id(&host->look);

	if (!before)
		before = &nothing;
	oi_doc_put_int(doc, "schema", 1);
	oi_doc_put_string(doc, "boot_id", boot);
	oi_doc_put_string(doc, "stack", back->stack);
	oi_doc_put_string(doc, "version", back->version);
	oi_doc_put_string(doc, "sha256", back->sha256);
	oi_doc_put_string(doc, "kernel", back->kernel);
	oi_doc_put(doc, "dkms", oi_doc_new_strings(&back->dkms));
	oi_doc_put(doc, "dkms_optional", oi_doc_new_strings(&back->dkms_optional));
	oi_doc_put(doc, "units", oi_doc_new_strings(back->units));
	oi_doc_put(doc, "modules", oi_doc_new_strings(back->modules));
	oi_doc_put(doc, "loaded", oi_doc_new_strings(back->loaded));
	oi_doc_put(doc, "services", oi_doc_new_strings(services));
	oi_doc_put(doc, "four", gateway_doc(&before->four, before->four_answered));
	oi_doc_put(doc, "six", gateway_doc(&before->six, before->six_answered));
	oi_doc_put_bool(doc, "metadata", before->metadata);
	return oi_doc_to_json(doc, true);
}

/* @now: of another boot it is enough that there is one, and that it answers; NULL: of this one */
static void read_gateway(const struct oi_doc *doc, const struct oi_gateway *now,
			 struct oi_gateway *gateway, bool *answered)
{
	const char *interface = oi_doc_string(oi_doc_get(doc, "interface"));
	const char *address = oi_doc_string(oi_doc_get(doc, "address"));

	if (!interface || strlen(interface) >= sizeof(gateway->interface) || !address ||
	    strlen(address) >= sizeof(gateway->address))
		return;
	gateway->known = true;
	strcpy(gateway->interface, interface);
	strcpy(gateway->address, address);
	*answered = oi_doc_is_true(oi_doc_get(doc, "answered"));
	if (now && now->known)
		*gateway = *now;
}

static void read_network(const struct oi_host *host, const struct oi_doc *doc,
			 struct oi_network *before)
{
	/* Gateways are those of one boot: afterwards the network may have given another. */
	OI_FREE char *now = oi_boot_id(&host->look);
	const char *then = oi_doc_string(oi_doc_get(doc, "boot_id"));
	bool other = !now || !then || strcmp(now, then) != 0;
	struct oi_gateway four, six;

	oi_net_gateway4(&host->look, &four);
	oi_net_gateway6(&host->look, &six);
	memset(before, 0, sizeof(*before));
	read_gateway(oi_doc_get(doc, "four"), other ? &four : NULL, &before->four,
		     &before->four_answered);
	read_gateway(oi_doc_get(doc, "six"), other ? &six : NULL, &before->six, &before->six_answered);
	before->metadata = oi_doc_is_true(oi_doc_get(doc, "metadata"));
}

/* --- the exchange --- */

void oi_reload_begin(const struct oi_host *host, const struct oi_way_back *back,
		     const struct oi_network *before, const struct oi_strv *services)
{
	OI_FREE char *text = before || services->n ?
			     note_text(host, back, before, services) : NULL;
	struct oi_err err;

	if (text && oi_root_write(&host->change, OI_RELOAD_PATH, 0644, text, strlen(text), &err))
		oi_log_warn(&host->log, "network: not watched by a next run: %s", err.text);
	oi_udev_hold(host, back->modules);
}

void oi_reload_end(const struct oi_host *host)
{
	struct oi_err err;

	oi_udev_let_go(host);
	if (oi_root_remove(&host->change, OI_RELOAD_PATH, &err))
		oi_log_warn(&host->log, "network: %s", err.text);
}

/* --- healing --- */

static void go_back(const struct oi_host *host, const struct oi_doc *doc)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv units = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv modules = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv loaded = { 0 };
	OI_CLEANUP(oi_way_back_clear) struct oi_way_back back = {
		.stack = oi_doc_string(oi_doc_get(doc, "stack")),
		.version = oi_doc_string(oi_doc_get(doc, "version")),
		.sha256 = oi_doc_string(oi_doc_get(doc, "sha256")),
		.kernel = oi_doc_string(oi_doc_get(doc, "kernel")),
		.units = &units,
		.modules = &modules,
		.loaded = &loaded,
	};

	oi_doc_take_strings(oi_doc_get(doc, "dkms"), &back.dkms);
	oi_doc_take_strings(oi_doc_get(doc, "dkms_optional"), &back.dkms_optional);
	oi_doc_take_strings(oi_doc_get(doc, "units"), &units);
	oi_doc_take_strings(oi_doc_get(doc, "modules"), &modules);
	oi_doc_take_strings(oi_doc_get(doc, "loaded"), &loaded);
	oi_fallback_go(host, &back);
}

/* Return: owned by the caller; NULL: there is none, or of no use */
static struct oi_doc *read_note(const struct oi_root *root)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_doc *doc = NULL;
	struct oi_err ignored;

	if (oi_root_read(root, OI_RELOAD_PATH, NOTE_BYTES, &text, &ignored) ||
	    oi_doc_from_json(oi_buf_str(&text), text.len, OI_RELOAD_PATH, OI_R_READ_FAILED, &doc,
			     &ignored))
		return NULL;
	return doc;
}

/* Those of this boot that were stopped and not started again. */
static void start_services(const struct oi_host *host, const struct oi_doc *doc)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv services = { 0 };
	OI_FREE char *now = oi_boot_id(&host->look);
	const char *then = oi_doc_string(oi_doc_get(doc, "boot_id"));
	struct oi_err err;

	if (!now || !then || strcmp(now, then) != 0)
		return;
	oi_doc_take_strings(oi_doc_get(doc, "services"), &services);
	if (oi_service_each(host, &services, "start", &err))
		oi_log_warn(&host->log, "%s", err.text);
}

void oi_reload_heal(const struct oi_host *host, const struct oi_config *config)
{
	OI_DOC_AUTO *doc = read_note(&host->change);
	int seconds = config->verify.network_wait_seconds;
	struct oi_network before;
	OI_FREE char *why = NULL;

	oi_udev_let_go(host);
	if (doc && seconds && oi_doc_string(oi_doc_get(doc, "kernel"))) {
		read_network(host, doc, &before);
		oi_log_info(&host->log, "network: the last run was interrupted while it exchanged the driver");
		if (!oi_network_is_known(&before)) {
			oi_log_info(&host->log, "network: none was watched");
		} else if (oi_network_wait(host, &before, oi_clock_ms() + (int64_t)seconds * 1000,
					   &why)) {
			oi_log_info(&host->log, "network: it is still there");
		} else {
			oi_log_warn(&host->log, "network: %s: going back to the kernel's own", why);
			go_back(host, doc);
		}
	}
	if (doc)
		start_services(host, doc);
	oi_reload_end(host);
}
