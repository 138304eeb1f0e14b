/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line that `status --wait` shows of a run under way. */
#ifndef OI_REPORT_WAITING_H
#define OI_REPORT_WAITING_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/doc.h"
#include "sys/progress.h"

struct oi_waiting {
	int64_t elapsed_ms;
	const char *what; /* borrowed; "installing packages" */
	size_t step, steps; /* the one under way, from 1, of so many; 0: none of the plan */
	struct oi_progress progress; /* of a transfer; begun: false: there is none */
};

/**
 * oi_report_waiting_step() - how far the plan is
 * @result: of a run under way; NULL: there is none yet
 */
void oi_report_waiting_step(const struct oi_doc *result, struct oi_waiting *waiting);

/**
 * oi_report_waiting_line() - append "1 min 5 s: fetching a.deb, step 1 of 9, 38%, 24 MiB/s, 8 s left"
 * @columns: no longer than that, if it is 40 or more: the speed goes first, then the step,
 *           then what is in the middle of a long name
 */
void oi_report_waiting_line(const struct oi_waiting *waiting, size_t columns, struct oi_buf *line);

#endif
