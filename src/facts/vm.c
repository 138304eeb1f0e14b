/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Azure says of the VM: what cloud-init has of it on disk, else the metadata service. */
#include <string.h>

#include "base/mem.h"
#include "facts/gather.h"
#include "facts/doubt.h"
#include "facts/look.h"
#include "model/reasons.h"
#include "sys/fetcher.h"

#define INSTANCE_DATA "/run/cloud-init/instance-data.json"
#define INSTANCE_ID "/run/cloud-init/.instance-id"

/* Unknown when the map does not tell; the service says "" for what there is none of. */
static void take_field(const struct oi_doc *compute, const char *key, struct oi_text *fact)
{
	const char *value = oi_doc_string(oi_doc_get(compute, key));

	if (value)
		oi_text_set(fact, *value ? value : NULL);
}

bool oi_facts_take_compute(const struct oi_doc *compute, const char *source,
			   struct oi_facts *facts)
{
	take_field(compute, "vmSize", &facts->vm.size);
	take_field(compute, "vmId", &facts->vm.id);
	take_field(compute, "location", &facts->vm.location);
	take_field(compute, "publisher", &facts->vm.image_publisher);
	take_field(compute, "offer", &facts->vm.image_offer);
	take_field(compute, "sku", &facts->vm.image_sku);
	take_field(compute, "version", &facts->vm.image_version);
	if (facts->vm.size.known != OI_KNOWN)
		return false;
	oi_text_set(&facts->vm.size_source, source);
	return true;
}

void oi_facts_look_vm(const struct oi_host *host, struct oi_facts *facts)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf buf = { 0 };
	OI_DOC_AUTO *doc = NULL;
	struct oi_err err;
	int got = oi_root_read(&host->look, INSTANCE_DATA, OI_DOC_MAX_BYTES, &buf, &err);

	if (!got)
		got = oi_doc_from_json(oi_buf_str(&buf), buf.len, INSTANCE_DATA,
				       OI_R_READ_FAILED, &doc, &err);
	if (got < 0)
		oi_facts_doubt(facts, "vm.size: %s", err.text);
	else if (got)
		oi_facts_doubt(facts, "vm.size: there is no " INSTANCE_DATA);
	else if (!oi_facts_take_compute(oi_doc_at(doc, "ds.meta_data.imds.compute"),
					"instance-data", facts))
		oi_facts_doubt(facts, "vm.size: " INSTANCE_DATA " has no vmSize");
}

void oi_facts_ask_metadata(const struct oi_host *host, int64_t deadline_ms,
			   struct oi_facts *facts)
{
	OI_DOC_AUTO *doc = NULL;
	struct oi_err err;

	if (oi_fetcher_metadata(host, deadline_ms, &doc, &err))
		oi_facts_doubt(facts, "vm.size: %s", err.text);
	else if (!oi_facts_take_compute(oi_doc_get(doc, "compute"), "imds", facts))
		oi_facts_doubt(facts, "vm.size: the metadata service has no vmSize");
}

char *oi_facts_instance_id(const struct oi_host *host)
{
	OI_FREE char *id = NULL;
	struct oi_err ignored; /* unknown is an answer */

	if (oi_root_read_line(&host->look, INSTANCE_ID, &id, &ignored))
		return NULL;
	/* It becomes the name of a folder. */
	if (!*id || *id == '.' || strchr(id, '/'))
		return NULL;
	return oi_mem_take(&id);
}
