/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/webhook.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "report/record.h"
#include "report/view.h"
#include "sys/clock.h"
#include "sys/fetcher.h"
#include "sys/outbox.h"

#define ORIGIN "ofed-init"
#define RUN_NAME "ofed-init/run" /* as cloud-init's "modules-final/config-runcmd" */

struct oi_webhook {
	char *name; /* for texts */
	bool cloud; /* cloud-init's: events as its own, and of each step */
	const struct oi_host *host;
	const struct oi_config *config;
	struct oi_strv urls; /* one */
	int64_t patience_ms; /* 0: no limit but the event's own */
	int tries;
	bool failed; /* one was not taken; said once */
	struct oi_outbox messenger;
};

/* --- in the messenger --- */

/* ofed-fetch reads what it sends from a file. */
static int in_memory(const char *text, struct oi_err *err)
{
	size_t len = strlen(text);
	int fd = memfd_create("ofed-init-event", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, text, len) == (ssize_t)len)
		return fd;
	oi_err_set(err, OI_R_WRITE_FAILED, "memfd: %m");
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool bring(void *data, const char *letter, int64_t deadline_ms)
{
	struct oi_webhook *hook = data;
	struct oi_host hasty = *hook->host;
	/* cloud-init reaches its own without the stanza's proxy and certificates: so do we */
	const struct oi_fetch_job job = {
		.urls = &hook->urls,
		.name = hook->name,
		.proxy = hook->cloud ? NULL : hook->config->source.proxy,
		.no_proxy = hook->cloud ? NULL : &hook->config->source.no_proxy,
		.ca_bundle = hook->cloud ? NULL : hook->config->source.ca_bundle,
		.tries = hook->tries,
		.patience_ms = hook->patience_ms,
	};
	struct oi_err err;
	int fd = in_memory(letter, &err);
	bool taken = false;

	/* also of a run that has no time left: that is news */
	hasty.deadline_ms = deadline_ms;
	hasty.terminal = NULL; /* the bar on it is of a download */
	if (fd >= 0) {
		taken = !oi_fetcher_post(&hasty, &job, fd, &err);
		close(fd);
	}
	if (!taken && !hook->failed)
		oi_log_warn(&hook->host->log, "%s: %s", hook->name, err.text);
	hook->failed |= !taken;
	return taken;
}

/* --- events --- */

/* In seconds, as cloud-init's. */
static struct oi_doc *new_duration(int64_t took_ms)
{
	struct oi_doc *took_s = oi_doc_new(OI_DOC_REAL);

	took_s->real = (double)took_ms / 1000;
	took_s->text = oi_mem_printf("%lld.%03d", (long long)(took_ms / 1000), (int)(took_ms % 1000));
	return took_s;
}

/* What cloud-init's have, in their order. @took_ms: below 0: cloud-init's have no duration */
static struct oi_doc *new_event(const char *name, const char *description, const char *result, int64_t took_ms)
{
	struct oi_doc *event = oi_doc_new(OI_DOC_MAP);
	struct oi_doc *time_s = oi_doc_new(OI_DOC_REAL);
	int64_t now_ms = oi_clock_epoch_ms();

	time_s->real = (double)now_ms / 1000;
	time_s->text = oi_mem_printf("%lld.%03d", (long long)(now_ms / 1000), (int)(now_ms % 1000));
	oi_doc_put_string(event, "name", name);
	oi_doc_put_string(event, "description", description);
	oi_doc_put_string(event, "event_type", result ? "finish" : "start");
	oi_doc_put_string(event, "origin", ORIGIN);
	oi_doc_put(event, "timestamp", time_s);
	if (result)
		oi_doc_put_string(event, "result", result);
	if (result && took_ms >= 0)
		oi_doc_put(event, "duration", new_duration(took_ms));
	return event;
}

static void add_more(struct oi_doc *event, const struct oi_run_record *record,
		     const struct oi_doc *result)
{
	if (!oi_run_record_running(record)) {
		oi_doc_put_string(event, "outcome", oi_view_outcome(result));
		oi_doc_put_string(event, "reason", oi_doc_string(oi_doc_get(result, "reason")));
		oi_doc_put_int(event, "exit_code", record->exit_code);
	}
	oi_doc_put_string(event, "instance_id", record->key.instance_id);
	oi_doc_put_string(event, "vm_size", record->key.vm_size);
}

static void give(const struct oi_webhook *hook, const struct oi_doc *event)
{
	OI_FREE char *text = oi_doc_to_public_json(event, false);

	if (!oi_outbox_give(&hook->messenger, text))
		oi_log_debug(&hook->host->log, "%s: an event was dropped", hook->name);
}

void oi_webhooks_run(struct oi_webhooks *hooks, const struct oi_run_record *record,
		     const int *held, size_t n_held)
{
	int64_t took_ms = hooks->durations ? oi_clock_uptime_ms() - record->started_uptime_ms : -1;
	const char *how = oi_run_record_running(record) ? NULL : record->exit_code ? "FAIL" : "SUCCESS";
	OI_DOC_AUTO *result = hooks->n ? oi_report_result_doc(record) : NULL;

	for (size_t i = 0; i < hooks->n; i++) {
		struct oi_webhook *hook = &hooks->v[i];
		OI_DOC_AUTO *event = new_event(
			RUN_NAME, oi_doc_string(oi_doc_get(result, "message")), how, took_ms);

		if (!hook->cloud)
			add_more(event, record, result);
		oi_outbox_start(&hook->messenger, held, n_held, bring, hook);
		give(hook, event);
	}
}

void oi_webhooks_step(const struct oi_webhooks *hooks, const char *id, const char *detail,
		      const char *result, int64_t took_ms)
{
	OI_FREE char *name = oi_mem_printf(RUN_NAME "/%s", id);
	OI_FREE char *description = oi_redact(detail);

	for (size_t i = 0; i < hooks->n; i++) {
		OI_DOC_AUTO *event = NULL;

		if (!hooks->v[i].cloud)
			continue;
		event = new_event(name, description, result, hooks->durations ? took_ms : -1);
		give(&hooks->v[i], event);
	}
}

void oi_webhooks_flush(struct oi_webhooks *hooks)
{
	/* all of them first: they come to their ends side by side */
	for (size_t i = 0; i < hooks->n; i++)
		oi_outbox_dismiss(&hooks->v[i].messenger);
	for (size_t i = 0; i < hooks->n; i++)
		if (!oi_outbox_wait(&hooks->v[i].messenger))
			oi_log_warn(&hooks->v[i].host->log, "%s: no time was left to send all events",
				    hooks->v[i].name);
}

/* --- who --- */

static struct oi_webhook *add_hook(struct oi_webhooks *hooks, const struct oi_host *host,
				   const struct oi_config *config, const char *url)
{
	struct oi_webhook *hook;

	hooks->v = oi_mem_grow(hooks->v, hooks->n + 1, sizeof(*hook));
	hook = &hooks->v[hooks->n++];
	*hook = (struct oi_webhook){
		.host = host, .config = config, .tries = 1, .messenger = { .fd = -1 }
	};
	oi_strv_add(&hook->urls, url);
	return hook;
}

void oi_webhooks_open(struct oi_webhooks *hooks, const struct oi_host *host,
		      const struct oi_config *config, const struct oi_reporting *reporting)
{
	hooks->open = true;
	hooks->durations = reporting->durations;
	if (config->report.webhook)
		add_hook(hooks, host, config, config->report.webhook)->name =
			oi_mem_dup("report.webhook");
	for (size_t i = 0; i < reporting->n; i++) {
		const struct oi_reporting_hook *from = &reporting->v[i];
		struct oi_webhook *hook = add_hook(hooks, host, config, from->endpoint);

		hook->cloud = true;
		hook->name = oi_mem_printf("reporting.%s", from->name);
		hook->patience_ms = from->timeout_ms;
		hook->tries = from->retries + 1;
	}
}

void oi_webhooks_clear(struct oi_webhooks *hooks)
{
	oi_webhooks_flush(hooks);
	for (size_t i = 0; i < hooks->n; i++) {
		free(hooks->v[i].name);
		oi_strv_clear(&hooks->v[i].urls);
	}
	free(hooks->v);
	*hooks = (struct oi_webhooks){ 0 };
}
