/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/lastrun.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "facts/gather.h"
#include "verify/verify.h"

void oi_lastrun_key(const struct oi_machine *machine, struct oi_run_key *key)
{
	OI_DOC_AUTO *doc = oi_config_to_doc(&machine->config);
	OI_FREE char *stanza = oi_doc_to_json(doc, false);
	char hash[OI_HASH_TEXT_BYTES];

	oi_hash_text(stanza, hash);
	oi_mem_set(&key->stanza_hash, hash);
	free(key->instance_id);
	key->instance_id = oi_facts_instance_id(&machine->host);
	oi_mem_set(&key->vm_size, oi_text_or(&machine->facts.vm.size, NULL));
	oi_mem_set(&key->kernel, oi_text_or(&machine->facts.kernel.release, NULL));
}

static bool same(const struct oi_doc *last, const char *path, const char *value)
{
	const char *then = oi_doc_string(oi_doc_at(last, path));

	return then && value ? !strcmp(then, value) : !then && !value;
}

/* Ended well with a driver in place: anything else is looked at anew. */
static bool ended_with_driver(const struct oi_doc *last)
{
	static const enum oi_reason good[] = { OI_R_INSTALLED, OI_R_INSTALLED_UNPROVEN,
					       OI_R_DRIVER_PRESENT, OI_R_UNCHANGED };
	const char *reason = oi_doc_string(oi_doc_get(last, "reason"));

	if (!reason || strcmp(oi_doc_string(oi_doc_get(last, "state")) ?: "", "finished") != 0)
		return false;
	for (size_t i = 0; i < OI_ARRAY_SIZE(good); i++)
		if (!strcmp(reason, oi_reason_text(good[i])->id))
			return true;
	return false;
}

bool oi_lastrun_unchanged(const struct oi_machine *machine, const struct oi_run_key *key,
			  struct oi_verdict *verdict, bool *cut_off)
{
	const struct oi_host *host = &machine->host;
	OI_DOC_AUTO *last = NULL;
	const char *stack;
	struct oi_err err;
	int rc = oi_report_read(&host->change, &last, &err);

	*cut_off = false;
	if (rc < 0)
		oi_log_warn(&host->log, "the last result cannot be used: %s", err.text);
	if (rc)
		return false;
	*cut_off = same(last, "state", "interrupted");
	if (!ended_with_driver(last) || !same(last, "key.instance_id", key->instance_id) ||
	    !same(last, "key.vm_size", key->vm_size) || !same(last, "key.kernel", key->kernel) ||
	    !same(last, "key.stanza_hash", key->stanza_hash))
		return false;
	stack = oi_doc_string(oi_doc_at(last, "verdict.driver.stack"));
	if (!stack || !key->kernel || !oi_verify_quick(host, stack, key->kernel))
		return false;
	verdict->outcome = OI_OUTCOME_READY;
	verdict->reason = OI_R_UNCHANGED;
	verdict->message = oi_mem_dup(oi_reason_text(OI_R_UNCHANGED)->sentence);
	oi_mem_set(&verdict->vm.size, key->vm_size);
	oi_mem_set(&verdict->driver.stack, stack);
	oi_mem_set(&verdict->driver.version,
		   oi_doc_string(oi_doc_at(last, "verdict.driver.version")));
	oi_mem_set(&verdict->driver.kernel, key->kernel);
	return true;
}
