/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clocks: monotonic for deadlines, wall time for people. */
#ifndef OI_SYS_CLOCK_H
#define OI_SYS_CLOCK_H

#include <stdint.h>

/* "2026-11-22T10:31:02Z" and a NUL */
#define OI_CLOCK_TEXT_BYTES 21

/** oi_clock_ms() - monotonic milliseconds; for durations and deadlines */
int64_t oi_clock_ms(void);
/** oi_clock_epoch_ms() - now, in milliseconds since 1970; for times that others read */
int64_t oi_clock_epoch_ms(void);
/** oi_clock_uptime_ms() - since the machine started, time asleep included, as /proc/uptime has it */
int64_t oi_clock_uptime_ms(void);
/** oi_clock_left_ms() - milliseconds until @deadline_ms (monotonic, absolute), at least 0 */
int64_t oi_clock_left_ms(int64_t deadline_ms);
/** oi_clock_utc() - now, in UTC, for people and status files */
void oi_clock_utc(char out[OI_CLOCK_TEXT_BYTES]);

#endif
