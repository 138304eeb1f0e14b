/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the writers of records share. */
#ifndef OI_REPORT_RECORD_H
#define OI_REPORT_RECORD_H

#include <stdbool.h>

#include "report/report.h"

#define OI_RESULT_SCHEMA 1

#define OI_STATE_RUNNING "running"
#define OI_STATE_FINISHED "finished"
#define OI_STATE_INTERRUPTED "interrupted" /* written by a witness, or made when a "running" one is read */

bool oi_run_record_running(const struct oi_run_record *record);
/** oi_run_record_message() - what it came to, or the reason's sentence; borrowed */
const char *oi_run_record_message(const struct oi_run_record *record);
/** oi_run_record_remedy() - the verdict's own, or the reason's; borrowed, may be NULL */
const char *oi_run_record_remedy(const struct oi_run_record *record);

/** oi_report_result_doc() - result.json as a tree, owned by the caller */
struct oi_doc *oi_report_result_doc(const struct oi_run_record *record);

/**
 * oi_report_write_cut_off() - the records of a run that has ended without a word
 * @record: the run's, state "interrupted"
 * @pid: the run's own
 * @out: what result.json says now; owned by the caller, NULL never
 * Return: 0; 1 when the run had told of its end after all, and nothing was written; -1 with
 *         OI_R_WRITE_FAILED.
 */
OI_MUST_CHECK
int oi_report_write_cut_off(const struct oi_root *root, const struct oi_run_record *record, int64_t pid,
			    struct oi_doc **out, struct oi_err *err);

/**
 * oi_report_agent_doc() - agent.status as a tree, owned by the caller
 * @now: UTC, as oi_clock_utc() gives it
 */
struct oi_doc *oi_report_agent_doc(const struct oi_run_record *record, const char *now);

#endif
