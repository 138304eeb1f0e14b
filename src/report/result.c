/* SPDX-License-Identifier: GPL-2.0-or-later */
/* result.json: all there is to know about the last run, for programs. */
#include "report/record.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/clean.h"
#include "report/writer.h"
#include "sys/clock.h"

#define RESULT_FILE OI_STATE_DIR "/result.json"
#define RESULT_IN_MEMORY OI_RUN_DIR "/result.json" /* while the other one cannot be written */
#define AGENT_FILE OI_STATE_DIR "/agent.status"
#define INSTANCES_DIR OI_STATE_DIR "/instances"
#define RECORD_MODE 0644

/* More than any record has; a damaged file must not fill the memory. */
#define RESULT_LIMIT_BYTES (4u << 20)

/* An instance id becomes a folder's name: Azure's are UUIDs, others may be anything. */
#define INSTANCE_ID_LIMIT_BYTES 128

static struct oi_doc *key_doc(const struct oi_run_key *key)
{
	struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);

	oi_doc_put_string(doc, "instance_id", key->instance_id);
	oi_doc_put_string(doc, "vm_size", key->vm_size);
	oi_doc_put_string(doc, "kernel", key->kernel);
	oi_doc_put_string(doc, "stanza_hash", key->stanza_hash);
	return doc;
}

static void put_ms(struct oi_doc *doc, const char *key, int64_t ms)
{
	oi_doc_put(doc, key, ms ? oi_doc_new_int(ms) : oi_doc_new(OI_DOC_NULL));
}

static struct oi_doc *phases_doc(const struct oi_run_record *record)
{
	struct oi_doc *list = oi_doc_new(OI_DOC_LIST);

	for (size_t i = 0; i < record->n_phases; i++) {
		struct oi_doc *phase = oi_doc_new(OI_DOC_MAP);

		oi_doc_put_string(phase, "name", record->phases[i].name);
		oi_doc_put_int(phase, "ms", record->phases[i].took_ms);
		oi_doc_add(list, phase);
	}
	return list;
}

static struct oi_doc *prefetch_doc(const struct oi_prefetch_record *prefetch)
{
	struct oi_doc *doc;

	if (!prefetch->state)
		return oi_doc_new(OI_DOC_NULL);
	doc = oi_doc_new(OI_DOC_MAP);
	oi_doc_put_string(doc, "state", prefetch->state);
	oi_doc_put_int(doc, "ms", prefetch->took_ms);
	oi_doc_put_int(doc, "bytes", prefetch->bytes);
	oi_doc_put_int(doc, "waited_ms", prefetch->waited_ms);
	return doc;
}

/* As in the snapshot of the facts, whose key `rdma` it is. */
static struct oi_doc *links_doc(const struct oi_facts *facts)
{
	OI_DOC_AUTO *snapshot = facts ? oi_facts_to_doc(facts) : NULL;
	struct oi_doc *links = snapshot ? oi_doc_take(snapshot, "rdma") : NULL;

	return links ? links : oi_doc_new(OI_DOC_NULL);
}

static struct oi_doc *versions_doc(const struct oi_verdict *verdict, const struct oi_facts *facts)
{
	struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);

	oi_doc_put_string(doc, "ofed_init", OI_VERSION);
	oi_doc_put_string(doc, "stack", verdict ? verdict->driver.stack : NULL);
	oi_doc_put_string(doc, "driver", verdict ? verdict->driver.version : NULL);
	oi_doc_put_string(doc, "kernel", verdict ? verdict->driver.kernel : NULL);
	oi_doc_put_string(doc, "os", facts ? oi_text_or(&facts->os.pretty_name, NULL) : NULL);
	return doc;
}

/* A run that has not ended has no reason, remedy or exit code yet: null, not 0. */
struct oi_doc *oi_report_result_doc(const struct oi_run_record *record)
{
	struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);
	bool running = oi_run_record_running(record);

	oi_doc_put_int(doc, "schema", OI_RESULT_SCHEMA);
	oi_doc_put_string(doc, "state", record->state);
	oi_report_put_process(doc);
	oi_doc_put_string(doc, "started", record->started[0] ? record->started : NULL);
	put_ms(doc, "started_ms", record->started_ms);
	put_ms(doc, "started_uptime_ms", record->started_uptime_ms);
	oi_doc_put_string(doc, "ended", record->ended[0] ? record->ended : NULL);
	oi_doc_put_string(doc, "reason", running ? NULL : oi_reason_text(record->reason)->id);
	oi_doc_put_string(doc, "message", oi_run_record_message(record));
	oi_doc_put_string(doc, "remedy", running ? NULL : oi_run_record_remedy(record));
	if (running) {
		oi_doc_put(doc, "exit_code", oi_doc_new(OI_DOC_NULL));
		oi_doc_put(doc, "exit_meaning", oi_doc_new(OI_DOC_NULL));
	} else {
		oi_doc_put_int(doc, "exit_code", record->exit_code);
		oi_doc_put_string(doc, "exit_meaning", oi_exit_meaning(record->exit_code));
	}
	oi_doc_put(doc, "key", key_doc(&record->key));
	oi_doc_put(doc, "phases", phases_doc(record));
	oi_doc_put(doc, "prefetch", prefetch_doc(&record->prefetch));
	oi_doc_put(doc, "stanza_sources", oi_doc_new_strings(record->stanza_sources));
	oi_doc_put(doc, "verdict", record->verdict ? oi_verdict_to_doc(record->verdict)
						   : oi_doc_new(OI_DOC_NULL));
	oi_doc_put(doc, "checks", record->checks ? oi_checks_to_doc(record->checks)
						 : oi_doc_new(OI_DOC_LIST));
	oi_doc_put(doc, "links", links_doc(record->facts));
	oi_doc_put(doc, "removed", oi_doc_new_strings(&record->removed));
	oi_doc_put(doc, "versions", versions_doc(record->verdict, record->facts));
	oi_report_redact_doc(doc);
	return doc;
}

static bool is_plain_name(const char *id)
{
	size_t len = strlen(id);

	if (!len || len > INSTANCE_ID_LIMIT_BYTES || id[0] == '.')
		return false;
	for (; *id; id++)
		if (!isalnum((unsigned char)*id) && !strchr("._-", *id))
			return false;
	return true;
}

OI_MUST_CHECK
static int write_doc(const struct oi_root *root, const char *path, const struct oi_doc *doc,
		     struct oi_err *err)
{
	OI_FREE char *json = oi_doc_to_public_json(doc, true);
	size_t len = strlen(json);
	OI_FREE char *text = oi_mem_printf("%s%s", json, len && json[len - 1] == '\n' ? "" : "\n");

	return oi_root_write(root, path, RECORD_MODE, text, strlen(text), err);
}

/*
 * What cannot be replaced goes: the last run's success is no word on this one. The folder may be full, or
 * read-only; /run is neither.
 */
OI_MUST_CHECK
static int write_result(const struct oi_root *root, const struct oi_doc *result, struct oi_err *err)
{
	struct oi_err ignored;

	if (!write_doc(root, RESULT_FILE, result, err)) {
		/* seldom there, and to look costs less */
		return oi_root_exists(root, RESULT_IN_MEMORY) ? oi_root_remove(root, RESULT_IN_MEMORY, err) : 0;
	}
	(void)!oi_root_remove(root, RESULT_FILE, &ignored);
	(void)!write_doc(root, RESULT_IN_MEMORY, result, &ignored);
	return -1;
}

/* Of the two that are copies of it. */
OI_MUST_CHECK
static int write_other(const struct oi_root *root, const char *path, const struct oi_doc *doc, struct oi_err *err)
{
	struct oi_err ignored;

	if (!write_doc(root, path, doc, err))
		return 0;
	(void)!oi_root_remove(root, path, &ignored);
	return -1;
}

OI_MUST_CHECK
static int write_records(const struct oi_root *root, const struct oi_doc *result,
			 const struct oi_run_record *record, struct oi_err *err)
{
	OI_DOC_AUTO *agent = NULL;
	const char *id = record->key.instance_id;
	struct oi_err later; /* the first failure is told, the rest is tried all the same */
	char now[OI_CLOCK_TEXT_BYTES];
	int status;

	oi_clock_utc(now);
	agent = oi_report_agent_doc(record, now);
	status = write_result(root, result, err);
	if (id && is_plain_name(id)) {
		OI_FREE char *path = oi_mem_printf("%s/%s/result.json", INSTANCES_DIR, id);

		/* Synced once is enough for both; a boot that finds all done is to cost little. */
		if ((status || !oi_root_name_again(root, RESULT_FILE, path)) &&
		    write_other(root, path, result, status ? &later : err))
			status = -1;
	}
	if (write_other(root, AGENT_FILE, agent, status ? &later : err))
		status = -1;
	return status;
}

int oi_report_write(const struct oi_root *root, const struct oi_run_record *record,
		    struct oi_err *err)
{
	OI_DOC_AUTO *result = oi_report_result_doc(record);

	return write_records(root, result, record, err);
}

/* Put @item in the place of what a map has under @key; takes it. */
static void replace(struct oi_doc *map, const char *key, struct oi_doc *item)
{
	for (size_t i = map->n; i-- > 0;) {
		if (strcmp(map->keys[i], key))
			continue;
		oi_doc_free(map->items[i]);
		map->items[i] = item;
		return;
	}
	oi_doc_put(map, key, item);
}

static void tell_interrupted(struct oi_doc *result)
{
	const struct oi_reason_text *text = oi_reason_text(OI_R_INTERRUPTED);

	replace(result, "state", oi_doc_new_string(OI_STATE_INTERRUPTED));
	replace(result, "reason", oi_doc_new_string(text->id));
	replace(result, "message", oi_doc_new_string(text->sentence));
	replace(result, "remedy", oi_doc_new_string(text->remedy));
	replace(result, "exit_code", oi_doc_new_int(text->exit_code));
	replace(result, "exit_meaning", oi_doc_new_string(oi_exit_meaning(text->exit_code)));
}

static bool is_running(const struct oi_doc *result)
{
	const char *state = oi_doc_string(oi_doc_get(result, "state"));

	return state && !strcmp(state, OI_STATE_RUNNING);
}

/* As it is written. Return: as oi_report_read(). */
OI_MUST_CHECK
static int read_result(const struct oi_root *root, struct oi_doc **out, struct oi_err *err)
{
	const char *path = RESULT_IN_MEMORY;
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_DOC_AUTO *result = NULL;
	int status = oi_root_read(root, path, RESULT_LIMIT_BYTES, &text, err);

	if (status > 0) {
		path = RESULT_FILE;
		status = oi_root_read(root, path, RESULT_LIMIT_BYTES, &text, err);
	}
	if (status)
		return status;
	if (oi_doc_from_json(oi_buf_str(&text), text.len, path, OI_R_READ_FAILED, &result, err))
		return -1;
	if (result->kind != OI_DOC_MAP)
		return oi_err_set(err, OI_R_READ_FAILED, "%s: expected a map, found %s", path,
				  oi_doc_kind_name(result->kind));
	*out = result;
	result = NULL;
	return 0;
}

int oi_report_write_cut_off(const struct oi_root *root, const struct oi_run_record *record, int64_t pid,
			    struct oi_doc **out, struct oi_err *err)
{
	OI_DOC_AUTO *result = NULL;
	int status = 0;

	/* what is there has more phases than the caller knows of */
	if (read_result(root, &result, err) || !result ||
	    oi_doc_int(oi_doc_get(result, "started_ms"), 0) != record->started_ms) {
		oi_doc_free(result); /* an older run's: this one had not written its own */
		result = oi_report_result_doc(record);
	} else if (oi_doc_int(oi_doc_get(result, "pid"), 0) != pid || !is_running(result)) {
		status = 1;
	}
	if (!status) {
		tell_interrupted(result);
		replace(result, "ended", oi_doc_new_string(record->ended));
		status = write_records(root, result, record, err);
	}
	*out = result;
	result = NULL;
	return status;
}

int oi_report_read(const struct oi_root *root, struct oi_doc **out, struct oi_err *err)
{
	OI_DOC_AUTO *result = NULL;
	int status = read_result(root, &result, err);

	if (!result)
		return status;
	if (is_running(result) && oi_report_process_gone(result))
		tell_interrupted(result);
	*out = result;
	result = NULL;
	return 0;
}
