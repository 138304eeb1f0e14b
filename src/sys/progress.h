/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far a transfer is: bytes, rate, time left, and when a log that is to stay
 * short deserves a line about it. Numbers and texts only; no clock, no terminal.
 */
#ifndef OI_SYS_PROGRESS_H
#define OI_SYS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct oi_progress_mark {
	int64_t ms, bytes;
};

struct oi_progress {
	bool begun;
	int64_t bytes;
	int64_t total; /* 0: unknown */
	struct oi_progress_mark older, newer; /* the rate is since the older one */
	struct oi_progress_mark now;
	struct oi_progress_mark told; /* in the log */
};

/**
 * oi_progress_at() - so far it has come
 * @progress: zeroed before the first
 * @bytes: fewer than before is a new start
 * @total: 0: unknown
 * @now_ms: monotonic
 */
void oi_progress_at(struct oi_progress *progress, int64_t bytes, int64_t total, int64_t now_ms);

/**
 * oi_progress_due() - is it time for a line in the log; if so, it counts as written
 *
 * A tenth more and ten seconds later, whichever is rarer; at least one a minute.
 */
bool oi_progress_due(struct oi_progress *progress);

/** oi_progress_rate() - bytes a second over the last seconds; -1: not known yet */
int64_t oi_progress_rate(const struct oi_progress *progress);

/** oi_progress_percent() - 0 to 100; -1: the total is unknown */
int oi_progress_percent(const struct oi_progress *progress);

/** oi_progress_text() - append "120 of 312 MiB (38%), 24.1 MiB/s, 8 s left", as far as known */
void oi_progress_text(const struct oi_progress *progress, struct oi_buf *text);

/** oi_progress_speed() - append "24.1 MiB/s" and "8 s left", each after @before, as far as known */
void oi_progress_speed(const struct oi_progress *progress, const char *before,
		       struct oi_buf *text);

/**
 * oi_progress_bar() - append one line for a terminal, not longer than it is wide
 * @name: of the file
 * @columns: of the terminal
 * @colour: may the bar be green
 */
void oi_progress_bar(const struct oi_progress *progress, const char *name, int columns,
		     bool colour, struct oi_buf *line);

/** oi_progress_duration() - append "8 s", "2 min 5 s" or "1 h 12 min" */
void oi_progress_duration(int64_t seconds, struct oi_buf *text);

/** oi_progress_bytes() - append "312 MiB", "1.4 MiB" or "12 KiB" */
void oi_progress_bytes(int64_t bytes, struct oi_buf *text);

#endif
