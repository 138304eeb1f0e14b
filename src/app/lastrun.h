/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The run before this one: has anything changed since, so that there is work to do? */
#ifndef OI_APP_LASTRUN_H
#define OI_APP_LASTRUN_H

#include <stdbool.h>

#include "app/machine.h"
#include "model/verdict.h"
#include "report/report.h"

/** oi_lastrun_key() - what a run on this machine, now, is about; facts are gathered */
void oi_lastrun_key(const struct oi_machine *machine, struct oi_run_key *key);

/**
 * oi_lastrun_unchanged() - all four keys are as they were, and what was left is still there
 * @verdict: zeroed; filled when so
 * @cut_off: set when that run never came to its end
 */
bool oi_lastrun_unchanged(const struct oi_machine *machine, const struct oi_run_key *key,
			  struct oi_verdict *verdict, bool *cut_off);

#endif
