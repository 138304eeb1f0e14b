/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/retry.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

int64_t oi_retry_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint32_t oi_retry_random(void)
{
	uint32_t value;

	/* Never blocks, so early in a first boot it may have nothing yet. Then the
	 * clock has to do: what is wanted is that VMs differ, not that nobody can guess. */
	if (getrandom(&value, sizeof(value), GRND_NONBLOCK) != (ssize_t)sizeof(value)) {
		struct timespec now;

		clock_gettime(CLOCK_REALTIME, &now);
		value = (uint32_t)now.tv_nsec * UINT32_C(2654435761);
	}
	return value;
}

int64_t oi_retry_wait_ms(int64_t backoff_ms, unsigned int failed, int64_t asked_ms,
			 uint32_t random)
{
	int64_t most = backoff_ms;

	while (failed-- > 1 && most < OI_RETRY_WAIT_MS_MAX)
		most *= 2;
	if (most > OI_RETRY_WAIT_MS_MAX)
		most = OI_RETRY_WAIT_MS_MAX;
	return (asked_ms > 0 ? asked_ms : 0) + (int64_t)(((uint64_t)most * random) >> 32);
}

bool oi_retry_sleep(int64_t wait_ms, int64_t deadline_ms)
{
	int64_t until = oi_retry_now_ms() + wait_ms;
	struct timespec at = { until / 1000, until % 1000 * 1000000 };

	if (until >= deadline_ms)
		return false;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
	return true;
}
