/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the writers of records share. */
#ifndef OI_REPORT_RECORD_H
#define OI_REPORT_RECORD_H

#include <stdbool.h>

#include "report/report.h"

#define OI_RESULT_SCHEMA 1

#define OI_STATE_RUNNING "running"
#define OI_STATE_FINISHED "finished"
#define OI_STATE_INTERRUPTED "interrupted" /* only ever read, never written */

bool oi_run_record_running(const struct oi_run_record *record);
/** oi_run_record_message() - what it came to, or the reason's sentence; borrowed */
const char *oi_run_record_message(const struct oi_run_record *record);
/** oi_run_record_remedy() - the verdict's own, or the reason's; borrowed, may be NULL */
const char *oi_run_record_remedy(const struct oi_run_record *record);

/** oi_report_result_doc() - result.json as a tree, owned by the caller */
struct oi_doc *oi_report_result_doc(const struct oi_run_record *record);

/**
 * oi_report_agent_doc() - agent.status as a tree, owned by the caller
 * @now: UTC, as oi_clock_utc() gives it
 */
struct oi_doc *oi_report_agent_doc(const struct oi_run_record *record, const char *now);

#endif
