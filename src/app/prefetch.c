/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/prefetch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "execute/execute.h"
#include "sys/clock.h"
#include "sys/activity.h"

#define NOTE_LIMIT_BYTES 65536
#define NOTE_SCHEMA 1

/* Of the note, and of result.json. */
#define STATE_FETCHING "fetching" /* in result.json: "cut-off" */
#define STATE_FETCHED "fetched"
#define STATE_FAILED "failed"
#define STATE_CUT_OFF "cut-off"

/* A cache that is a folder is read in its turn: neither a download nor a mount to be waited for. */
static bool any_url(const struct oi_verdict *verdict, bool file)
{
	for (size_t i = 0; i < verdict->n_steps; i++) {
		const struct oi_step *step = &verdict->steps[i];
		const struct oi_strv *urls = oi_step_urls(step);

		if (step->action != OI_ACTION_FETCH &&
		    (step->action != OI_ACTION_MODULES_FETCH || file))
			continue;
		for (size_t j = 0; j < urls->n; j++)
			if (!strncmp(urls->v[j], "file:", 5) == file)
				return true;
	}
	return false;
}

bool oi_prefetch_downloads(const struct oi_verdict *verdict)
{
	return any_url(verdict, false);
}

bool oi_prefetch_wanted(const struct oi_verdict *verdict)
{
	return any_url(verdict, false) && !any_url(verdict, true);
}

/* --- the note --- */

static int64_t number(const struct oi_doc *note, const char *key)
{
	int64_t value = oi_doc_int(oi_doc_get(note, key), 0);

	return value > 0 ? value : 0;
}

/* Return: owned by the caller; NULL: none, or of no use */
static struct oi_doc *read_note(const struct oi_host *host)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_doc *note = NULL;
	struct oi_err ignored;

	if (oi_root_read(&host->change, OI_PREFETCH_NOTE, NOTE_LIMIT_BYTES, &text, &ignored) ||
	    oi_doc_from_json(oi_buf_str(&text), text.len, OI_PREFETCH_NOTE, OI_R_READ_FAILED, &note,
			     &ignored))
		return NULL;
	return note;
}

static void write_note(const struct oi_host *host, const char *state, int64_t took_ms,
		       int64_t bytes)
{
	OI_DOC_AUTO *note = oi_doc_new(OI_DOC_MAP);
	OI_FREE char *text = NULL;
	struct oi_err err;

	oi_doc_put_int(note, "schema", NOTE_SCHEMA);
	oi_doc_put_string(note, "state", state);
	oi_doc_put_int(note, "pid", getpid());
	oi_doc_put_int(note, "took_ms", took_ms);
	oi_doc_put_int(note, "bytes", bytes);
	oi_doc_put_int(note, "spread_until_ms", host->spread_until_ms);
	text = oi_doc_to_json(note, true);
	if (oi_root_write(&host->change, OI_PREFETCH_NOTE, 0644, text, strlen(text), &err))
		oi_log_warn(&host->log, "prefetch: %s", err.text);
}

/* --- spread --- */

void oi_prefetch_spread(struct oi_machine *machine, const struct oi_run_key *key)
{
	int64_t window_ms = (int64_t)machine->config.source.spread_seconds * 1000;
	OI_DOC_AUTO *note = window_ms ? read_note(&machine->host) : NULL;
	char hash[OI_HASH_TEXT_BYTES];
	int64_t delay_ms;

	if (!window_ms)
		return;
	if (note) {
		machine->host.spread_until_ms = number(note, "spread_until_ms");
		return;
	}
	/* a VM without an id is not one of a fleet */
	if (!key->instance_id)
		return;
	oi_hash_text(key->instance_id, hash);
	delay_ms = (int64_t)(strtoull(hash, NULL, 16) % (unsigned long long)window_ms);
	machine->host.spread_until_ms = oi_clock_ms() + delay_ms;
	oi_log_info(&machine->host.log,
		    "downloads begin in %lld ms: source.spread_seconds is %d, and each VM has its place in it",
		    (long long)delay_ms, machine->config.source.spread_seconds);
}

/* --- both sides --- */

int oi_prefetch_run(struct oi_machine *machine, const struct oi_verdict *verdict,
		    struct oi_err *err)
{
	int64_t began_ms = oi_clock_ms();
	int64_t bytes = 0;
	int ret;

	machine->host.fetched_bytes = &bytes;
	write_note(&machine->host, STATE_FETCHING, 0, 0);
	ret = oi_execute_downloads(&machine->host, &machine->config, verdict, err);
	write_note(&machine->host, ret ? STATE_FAILED : STATE_FETCHED, oi_clock_ms() - began_ms,
		   bytes);
	machine->host.fetched_bytes = NULL;
	return ret;
}

/* Return: as oi_prefetch_join() */
static int take_turn(struct oi_machine *machine, struct oi_lock *lock, int64_t *waited_ms,
		     struct oi_err *err)
{
	const struct oi_host *host = &machine->host;
	int64_t began_ms = oi_clock_ms();
	int rc = oi_lock_take(&host->change, OI_PREFETCH_LOCK, lock, err);

	if (rc <= 0)
		return rc;
	oi_log_info(&host->log, "a download is already in progress; waiting for it: %s", err->text);
	oi_activity_tell(host, NULL, "waiting for the prefetch");
	rc = oi_lock_wait(&host->change, OI_PREFETCH_LOCK, host->deadline_ms, lock, err);
	*waited_ms = oi_clock_ms() - began_ms;
	if (rc > 0)
		err->code = OI_R_FETCH_TIMEOUT;
	return rc ? -1 : 0;
}

int oi_prefetch_join(struct oi_machine *machine, const struct oi_run_key *key,
		     struct oi_lock *lock, struct oi_prefetch_record *record, struct oi_err *err)
{
	const struct oi_host *host = &machine->host;
	OI_DOC_AUTO *note = NULL;
	struct oi_err ignored;
	const char *state;

	if (take_turn(machine, lock, &record->waited_ms, err))
		return oi_err_prefix(err, "prefetch");
	oi_prefetch_spread(machine, key);
	note = read_note(host);
	state = oi_doc_string(oi_doc_get(note, "state"));
	if (!state)
		return 0;
	record->took_ms = number(note, "took_ms");
	record->bytes = number(note, "bytes");
	/* nobody holds the lock any more */
	record->state = !strcmp(state, STATE_FETCHED) ? STATE_FETCHED :
			!strcmp(state, STATE_FAILED)  ? STATE_FAILED :
							STATE_CUT_OFF;
	/* the next run of this boot was not helped by it */
	if (oi_root_remove(&host->change, OI_PREFETCH_NOTE, &ignored))
		oi_log_debug(&host->log, "prefetch: %s", ignored.text);
	return 0;
}
