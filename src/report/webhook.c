/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/tell.h"

#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "report/record.h"
#include "report/view.h"
#include "sys/clock.h"
#include "sys/fetcher.h"

/* Workloads wait meanwhile. A request across the world takes a second. */
#define WEBHOOK_MS 5000

/* Names and values of cloud-init's events; whoever reads those reads ours. */
static struct oi_doc *event_of(const struct oi_run_record *record)
{
	OI_DOC_AUTO *result = oi_report_result_doc(record);
	struct oi_doc *event = oi_doc_new(OI_DOC_MAP);
	struct oi_doc *time_s = oi_doc_new(OI_DOC_INT);
	bool running = oi_run_record_running(record);

	time_s->integer = (int64_t)time(NULL);
	oi_doc_put_string(event, "origin", "ofed-init");
	oi_doc_put_string(event, "name", "ofed-init/run");
	oi_doc_put_string(event, "event_type", running ? "start" : "finish");
	oi_doc_put_string(event, "description", oi_doc_string(oi_doc_get(result, "message")));
	oi_doc_put(event, "timestamp", time_s);
	if (!running) {
		oi_doc_put_string(event, "result", record->exit_code ? "FAIL" : "SUCCESS");
		oi_doc_put_string(event, "outcome", oi_view_outcome(result));
		oi_doc_put_string(event, "reason", oi_doc_string(oi_doc_get(result, "reason")));
		oi_doc_put_int(event, "exit_code", record->exit_code);
	}
	oi_doc_put_string(event, "instance_id", record->key.instance_id);
	oi_doc_put_string(event, "vm_size", record->key.vm_size);
	return event;
}

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

void oi_report_tell_webhook(const struct oi_host *host, const struct oi_config *config,
			    const struct oi_run_record *record)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv urls = { 0 };
	OI_DOC_AUTO *event = NULL;
	OI_FREE char *text = NULL;
	struct oi_host hasty = *host;
	struct oi_err err;
	int fd;
	const struct oi_fetch_job job = {
		.urls = &urls,
		.name = "event for report.webhook",
		.proxy = config->source.proxy,
		.no_proxy = &config->source.no_proxy,
		.ca_bundle = config->source.ca_bundle,
		.tries = 1,
	};

	if (!config->report.webhook)
		return;
	/* also of a run that has no time left: that is news */
	hasty.deadline_ms = oi_clock_ms() + WEBHOOK_MS;
	oi_strv_add(&urls, config->report.webhook);
	event = event_of(record);
	text = oi_doc_to_public_json(event, false);
	fd = in_memory(text, &err);
	if (fd < 0 || oi_fetcher_post(&hasty, &job, fd, &err))
		oi_log_warn(&host->log, "report.webhook: %s", err.text);
	if (fd >= 0)
		close(fd);
}
