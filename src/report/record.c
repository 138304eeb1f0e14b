/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void oi_run_key_clear(struct oi_run_key *key)
{
	free(key->instance_id);
	free(key->vm_size);
	free(key->kernel);
	free(key->stanza_hash);
	memset(key, 0, sizeof(*key));
}

void oi_run_record_clear(struct oi_run_record *record)
{
	free(record->message);
	oi_run_key_clear(&record->key);
	for (size_t i = 0; i < record->n_phases; i++)
		free(record->phases[i].name);
	free(record->phases);
	oi_strv_clear(&record->removed);
	memset(record, 0, sizeof(*record));
}

void oi_run_record_phase(struct oi_run_record *record, const char *name, int64_t took_ms)
{
	struct oi_phase *phase;

	record->phases = oi_mem_grow(record->phases, record->n_phases + 1, sizeof(*phase));
	phase = &record->phases[record->n_phases++];
	phase->name = oi_mem_dup(name);
	phase->took_ms = took_ms;
}

bool oi_run_record_running(const struct oi_run_record *record)
{
	return record->state && !strcmp(record->state, OI_STATE_RUNNING);
}

const char *oi_run_record_message(const struct oi_run_record *record)
{
	if (record->message)
		return record->message;
	if (oi_run_record_running(record) && record->reason == OI_R_NONE)
		return "At work.";
	return oi_reason_text(record->reason)->sentence;
}

const char *oi_run_record_remedy(const struct oi_run_record *record)
{
	const struct oi_verdict *verdict = record->verdict;

	if (verdict && verdict->reason == record->reason)
		return verdict->remedy;
	return oi_reason_text(record->reason)->remedy;
}
