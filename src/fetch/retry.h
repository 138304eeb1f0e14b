/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When to try again: how long to wait, and until when. */
#ifndef OI_FETCH_RETRY_H
#define OI_FETCH_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* No single wait is longer, unless the server asks for it. */
#define OI_RETRY_WAIT_MS_MAX 30000
/* And this is how long a server may ask for; beyond it another source is better. */
#define OI_RETRY_ASKED_MS_MAX 300000

/** oi_retry_now_ms() - monotonic milliseconds */
int64_t oi_retry_now_ms(void);

/** oi_retry_random() - evenly spread over 32 bits */
uint32_t oi_retry_random(void);

/**
 * oi_retry_wait_ms() - how long to wait before the next try
 * @backoff_ms: the longest first wait; doubles with each try, up to OI_RETRY_WAIT_MS_MAX
 * @failed: tries that have failed so far, from 1
 * @asked_ms: what Retry-After asks for, -1: nothing
 * @random: evenly spread
 *
 * Full jitter: anything from nothing to the whole backoff, so that a fleet that
 * failed in one moment does not come back in one moment. What the server asks
 * for comes before that, never less.
 * Source: "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015); RFC 9110, 10.2.3
 */
int64_t oi_retry_wait_ms(int64_t backoff_ms, unsigned int failed, int64_t asked_ms,
			 uint32_t random);

/**
 * oi_retry_sleep() - wait, if there is time left to try after it
 * @deadline_ms: monotonic, absolute
 * Return: false at once when the wait would reach the deadline.
 */
OI_MUST_CHECK
bool oi_retry_sleep(int64_t wait_ms, int64_t deadline_ms);

#endif
