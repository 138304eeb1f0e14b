/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/cache/publisher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/doc.h"
#include "base/mem.h"
#include "execute/cache/modset.h"
#include "model/reasons.h"
#include "sys/background.h"
#include "sys/clock.h"
#include "sys/lock.h"
#include "sys/run.h"

#define NOTE_BYTES 4096
/* A fleet that was started at once ends at once: the first ones publish, and the others see it. */
#define SPREAD_MS 20000
/* Packing takes seconds, sending has limits of its own. */
#define LIMIT_MS 900000
/* It ends a child of its own first. */
#define STOP_MS (OI_RUN_GRACE_MS + 5000)
/* It sleeps in the kernel for a server that does not answer, or is gone at once. */
#define KILLED_MS 2000
#define BEGIN_MS 2000
#define LOOK_MS 10
#define LOWEST_PRIORITY 19

struct note {
	char *key;
	char *kernel;
	char *version; /* of the driver; NULL: unknown */
};

static void note_clear(struct note *note)
{
	free(note->key);
	free(note->kernel);
	free(note->version);
}

#define NOTE_AUTO OI_CLEANUP(note_clear) struct note

/* --- the note --- */

static const struct oi_step *step_of(const struct oi_verdict *verdict)
{
	for (size_t i = 0; i < verdict->n_steps; i++)
		if (verdict->steps[i].action == OI_ACTION_MODULES_PUBLISH)
			return &verdict->steps[i];
	return NULL;
}

int oi_publisher_note(const struct oi_context *ctx, struct oi_err *err)
{
	const struct oi_step *step = step_of(ctx->verdict);
	OI_DOC_AUTO *doc = NULL;
	OI_FREE char *text = NULL;

	if (!step)
		return 0;
	doc = oi_doc_new(OI_DOC_MAP);
	oi_doc_put_int(doc, "schema", 1);
	oi_doc_put_string(doc, "key", step->cache.key);
	oi_doc_put_string(doc, "kernel", ctx->verdict->driver.kernel);
	oi_doc_put_string(doc, "version", ctx->verdict->driver.version);
	text = oi_doc_to_json(doc, true);
	return oi_root_write(&ctx->host->change, OI_PUBLISH_NOTE, 0644, text, strlen(text), err);
}

void oi_publisher_forget(const struct oi_host *host)
{
	struct oi_err err;

	if (oi_root_remove(&host->change, OI_PUBLISH_NOTE, &err))
		oi_log_warn(&host->log, "modules: %s", err.text);
}

static bool is_name(const char *text)
{
	return text && *text && *text != '.' && !strchr(text, '/');
}

/* Return: is there one that makes sense. */
static bool read_note(const struct oi_host *host, struct note *note)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_DOC_AUTO *doc = NULL;
	const char *key, *kernel;
	struct oi_err ignored; /* nothing is to be published then */

	if (oi_root_read(&host->change, OI_PUBLISH_NOTE, NOTE_BYTES, &text, &ignored) ||
	    oi_doc_from_json(oi_buf_str(&text), text.len, OI_PUBLISH_NOTE, OI_R_READ_FAILED, &doc,
			     &ignored) ||
	    oi_doc_int(oi_doc_get(doc, "schema"), 0) != 1)
		return false;
	key = oi_doc_string(oi_doc_get(doc, "key"));
	kernel = oi_doc_string(oi_doc_get(doc, "kernel"));
	if (!is_name(key) || !is_name(kernel))
		return false;
	note->key = oi_mem_dup(key);
	note->kernel = oi_mem_dup(kernel);
	note->version = oi_mem_dup(oi_doc_string(oi_doc_get(doc, "version")));
	return true;
}

/* --- the work --- */

static void tell_failure(const struct oi_log *log, const struct oi_err *err)
{
	const struct oi_reason_text *why = oi_reason_text((enum oi_reason)err->code);

	oi_log_warn(log, "modules: not published (%s): %s", why->id, err->text);
	if (err->code == OI_R_UPLOAD_REFUSED)
		oi_log_warn(log, "modules: %s", why->remedy);
}

static int publish(const struct oi_host *host, const struct oi_config *config,
		   const struct note *note, struct oi_err *err)
{
	OI_CLEANUP(oi_modset_clear) struct oi_modset set = { .key = oi_mem_dup(note->key) };
	const char *place = config->modules_cache.url;
	int rc = oi_modset_is_published(host, config, place, note->key, err);

	if (!rc)
		rc = oi_modset_create(host, note->kernel, note->version, &set, err);
	if (!rc)
		rc = oi_modset_publish(host, config, place, &set, err);
	if (rc < 0)
		return -1;
	if (rc)
		oi_log_info(&host->log, "modules: they are published already; nothing is overwritten");
	else
		oi_log_info(&host->log, "modules: %zu published as %s", set.modules.n, set.file);
	return 0;
}

/* The note stays of what was interrupted. */
static void work(const struct oi_host *host, const struct oi_config *config, const struct note *note)
{
	struct oi_host ours = *host;
	struct oi_err err;

	ours.deadline_ms = oi_clock_ms() + LIMIT_MS;
	ours.terminal = NULL;
	ours.fetched_bytes = NULL;
	if (publish(&ours, config, note, &err)) {
		if (err.code == OI_R_INTERRUPTED)
			return;
		tell_failure(&host->log, &err);
	}
	oi_publisher_forget(host);
	if (!oi_root_exists(&host->change, OI_PREFETCHED_MARKER) &&
	    oi_root_remove(&host->change, OI_STAGING_DIR, &err))
		oi_log_warn(&host->log, "modules: work files stay behind: %s", err.text);
}

bool oi_publisher_is_due(const struct oi_host *host, const struct oi_config *config)
{
	return config->modules_cache.url && config->modules_cache.publish &&
	       oi_root_exists(&host->change, OI_PUBLISH_NOTE);
}

/* Return: is it wanted, and not under way. */
static bool begin(const struct oi_host *host, const struct oi_config *config, struct note *note)
{
	return oi_publisher_is_due(host, config) && read_note(host, note) &&
	       !oi_lock_alive(&host->change, OI_PUBLISH_LOCK);
}

void oi_publisher_run(const struct oi_host *host, const struct oi_config *config)
{
	OI_CLEANUP(oi_lock_drop) struct oi_lock lock = { .fd = -1 };
	NOTE_AUTO note = { 0 };
	struct oi_err err;

	if (!begin(host, config, &note))
		return;
	if (oi_lock_take(&host->change, OI_PUBLISH_LOCK, &lock, &err))
		oi_log_warn(&host->log, "modules: not published: %s", err.text);
	else
		work(host, config, &note);
}

/* --- beside the workloads --- */

struct errand {
	const struct oi_host *host;
	const struct oi_config *config;
	const struct note *note;
	const int *held;
	size_t n_held;
	bool journal;
};

/* Who waits for the end of what we say must not wait for this; the journal waits for nobody. */
static void be_silent(bool journal)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int to = STDIN_FILENO; fd >= 0 && to <= (journal ? STDOUT_FILENO : STDERR_FILENO); to++)
		dup2(fd, to);
	if (fd > STDERR_FILENO)
		close(fd);
}

static int place_in_fleet_ms(void)
{
	unsigned int random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
		return 0;
	return (int)(random % SPREAD_MS);
}

static void be_publisher(void *data)
{
	const struct errand *errand = data;
	const struct oi_host *host = errand->host;
	OI_CLEANUP(oi_lock_drop) struct oi_lock lock = { .fd = -1 };
	struct oi_err err;

	for (size_t i = 0; i < errand->n_held; i++)
		if (errand->held[i] >= 0)
			close(errand->held[i]);
	be_silent(errand->journal);
	/* a compression of some MiB is to be felt by nobody */
	if (setpriority(PRIO_PROCESS, 0, LOWEST_PRIORITY))
		oi_log_debug(&host->log, "modules: published without a lower priority: %s", strerror(errno));
	if (oi_lock_take(&host->change, OI_PUBLISH_LOCK, &lock, &err)) {
		oi_log_warn(&host->log, "modules: not published: %s", err.text);
		return;
	}
	poll(NULL, 0, place_in_fleet_ms());
	work(host, errand->config, errand->note);
}

void oi_publisher_start(const struct oi_host *host, const struct oi_config *config,
			bool journal, const int *held, size_t n_held)
{
	NOTE_AUTO note = { 0 };
	struct errand errand = { .host = host, .config = config, .note = &note, .held = held,
				 .n_held = n_held, .journal = journal };
	int64_t until_ms = oi_clock_ms() + BEGIN_MS;
	struct oi_background aside; /* never waited for: it is init's when we have ended */

	if (!begin(host, config, &note))
		return;
	if (!oi_background_start(&aside, be_publisher, &errand)) {
		oi_log_warn(&host->log, "modules: not published: no other process could be started");
		return;
	}
	/* Whoever gets our lock next has to see that somebody is at it. */
	while (oi_clock_left_ms(until_ms) && !oi_lock_alive(&host->change, OI_PUBLISH_LOCK))
		poll(NULL, 0, LOOK_MS);
}

/* Who has the lock, by the kernel's word; 0: nobody, or it cannot be told. */
static pid_t publisher(const struct oi_host *host)
{
	struct oi_err ignored;
	pid_t pid;

	return oi_lock_holder(&host->change, OI_PUBLISH_LOCK, &pid, NULL, &ignored) ? 0 : pid;
}

static bool is_gone_by(const struct oi_host *host, int64_t until_ms)
{
	while (publisher(host) > 0) {
		if (!oi_clock_left_ms(until_ms))
			return false;
		poll(NULL, 0, LOOK_MS);
	}
	return true;
}

void oi_publisher_stop(const struct oi_host *host)
{
	pid_t pid = publisher(host);

	if (pid <= 0)
		return;
	oi_log_info(&host->log, "modules: publishing stops for now, since the machine may change");
	kill(pid, SIGTERM);
	if (is_gone_by(host, oi_clock_ms() + STOP_MS))
		return;
	kill(pid, SIGKILL);
	if (!is_gone_by(host, oi_clock_ms() + KILLED_MS))
		oi_log_warn(&host->log, "modules: process %ld, which publishes, cannot be ended", (long)pid);
}
