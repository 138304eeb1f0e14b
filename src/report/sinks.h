/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Those who watch a fleet, each by the means they have: the host through Hyper-V's key-value
 * pairs, node_exporter, the journal. A run never fails because one of them does not listen.
 */
#ifndef OI_REPORT_SINKS_H
#define OI_REPORT_SINKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/doc.h"
#include "base/err.h"
#include "model/config.h"
#include "report/report.h"
#include "sys/host.h"
#include "sys/root.h"

/* Of the journal's entry about a run that has ended: journalctl MESSAGE_ID=... */
#define OI_MESSAGE_ID_RUN_ENDED "8f2d4c1b7a5e4e6f9b0d3c2a1e5f7d64"

/**
 * oi_report_tell() - tell everybody how far a run is, or how it ended
 *
 * What cannot be told is warned of at a run's end, and not before it.
 */
void oi_report_tell(const struct oi_host *host, const struct oi_config *config,
		    const struct oi_run_record *record);

/**
 * oi_report_cut_off() - tell everybody that a run has ended without a word
 * @record, @pid: as oi_report_write_cut_off()
 * Return: false when the run had told of its end itself.
 */
bool oi_report_cut_off(const struct oi_host *host, const struct oi_config *config,
		       const struct oi_run_record *record, int64_t pid);

/**
 * oi_sinks_forget() - remove the metrics, and the record in the guest's pool
 * @folder: as oi_sink_prometheus()
 * Return: 0, or -1 with OI_R_WRITE_FAILED.
 */
OI_MUST_CHECK
int oi_sinks_forget(const struct oi_root *root, const char *folder, struct oi_err *err);

/* The single ones. @result: as oi_report_result_doc() makes it, free of secrets. */

/**
 * oi_sink_kvp() - put the record OFED_INIT|status into the guest's pool
 *
 * In the place of an older one of that key; other records stay. Nothing is done
 * where there is no pool.
 * Return: 0, or -1 with OI_R_WRITE_FAILED; also when others keep the pool locked.
 * Source: Linux' tools/hv/hv_kvp_daemon.c, cloud-init's cloudinit/reporting/handlers.py
 */
OI_MUST_CHECK
int oi_sink_kvp(const struct oi_root *root, const struct oi_doc *result, struct oi_err *err);

/**
 * oi_sink_prometheus() - ofed_init.prom for node_exporter's textfile collector
 * @folder: absolute; NULL: a usual one, when it is there
 * Return: 0 (also when there is nobody to tell), or -1 with OI_R_WRITE_FAILED.
 * Source: Prometheus, "Exposition formats", text-based format
 */
OI_MUST_CHECK
int oi_sink_prometheus(const struct oi_root *root, const char *folder,
		       const struct oi_doc *result, struct oi_err *err);

/** oi_sink_kvp_forget() - remove it again; the others' records stay; errors as oi_sink_kvp() */
OI_MUST_CHECK
int oi_sink_kvp_forget(const struct oi_root *root, struct oi_err *err);

/** oi_sink_prometheus_forget() - remove the file; @folder: as oi_sink_prometheus(); OI_R_WRITE_FAILED */
OI_MUST_CHECK
int oi_sink_prometheus_forget(const struct oi_root *root, const char *folder, struct oi_err *err);

/**
 * oi_sink_journal() - one entry with fields of our own, once a run has ended
 *
 * Best effort: the log lines are in the journal in any case.
 * Source: systemd, "Native Journal Protocol"
 */
void oi_sink_journal(const struct oi_doc *result);

#endif
