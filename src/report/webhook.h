/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events by POST, as cloud-init's web hook reporter sends them: to the stanza's
 * report.webhook, and to the web hooks of cloud-init's own `reporting:`. Nothing is sent
 * where neither is configured, and the work does not wait for either.
 */
#ifndef OI_REPORT_WEBHOOK_H
#define OI_REPORT_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "model/config.h"
#include "model/reporting.h"
#include "report/report.h"
#include "sys/host.h"

struct oi_webhook;

struct oi_webhooks {
	bool open;
	bool durations; /* the events of this machine's cloud-init have one */
	struct oi_webhook *v;
	size_t n;
};

/**
 * oi_webhooks_open() - who is to be told; nobody is spoken to yet
 * @hooks: zeroed
 * @host, @config: borrowed until oi_webhooks_clear()
 * @reporting: cloud-init's; copied
 */
void oi_webhooks_open(struct oi_webhooks *hooks, const struct oi_host *host,
		      const struct oi_config *config, const struct oi_reporting *reporting);

/**
 * oi_webhooks_run() - a run begins, or has ended
 * @held: locks, which whoever brings the events must not hold
 *
 * report.webhook gets outcome, reason, exit_code, instance_id and vm_size besides what
 * cloud-init's own events have.
 * Source: cloud-init, cloudinit/reporting/events.py
 */
void oi_webhooks_run(struct oi_webhooks *hooks, const struct oi_run_record *record,
		     const int *held, size_t n_held);

/**
 * oi_webhooks_step() - a step of a run that has begun begins, or has ended; for cloud-init's hooks
 * @result: "SUCCESS", "FAIL"; NULL: it begins
 * @took_ms: when it has ended
 */
void oi_webhooks_step(const struct oi_webhooks *hooks, const char *id, const char *detail,
		      const char *result, int64_t took_ms);

/**
 * oi_webhooks_flush() - wait until all is told, for seconds at most (sys/outbox.h)
 *
 * As cloud-init does at the end of a stage.
 */
void oi_webhooks_flush(struct oi_webhooks *hooks);

/** oi_webhooks_clear() - free; fine on a zeroed one */
void oi_webhooks_clear(struct oi_webhooks *hooks);

#endif
