/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t now_ms(clockid_t clock)
{
	struct timespec now;

	/* Cannot fail: these clocks are there since Linux 2.6.39 and the address is ours. */
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t oi_clock_ms(void)
{
	return now_ms(CLOCK_MONOTONIC);
}

int64_t oi_clock_epoch_ms(void)
{
	return now_ms(CLOCK_REALTIME);
}

int64_t oi_clock_uptime_ms(void)
{
	return now_ms(CLOCK_BOOTTIME);
}

int64_t oi_clock_left_ms(int64_t deadline_ms)
{
	int64_t left = deadline_ms - oi_clock_ms();

	return left > 0 ? left : 0;
}

void oi_clock_utc(char out[OI_CLOCK_TEXT_BYTES])
{
	time_t now = time(NULL);
	struct tm utc;

	if (!gmtime_r(&now, &utc) ||
	    strftime(out, OI_CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		snprintf(out, OI_CLOCK_TEXT_BYTES, "1970-01-01T00:00:00Z");
}
