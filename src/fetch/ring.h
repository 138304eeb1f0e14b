/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded queue of bytes between two threads: one fills, one drains, and who
 * is ahead waits. Both work in the ring's own memory, so nothing is copied twice.
 */
#ifndef OI_FETCH_RING_H
#define OI_FETCH_RING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* One of the two threads: both may be on their way from a wait to the next. */
struct oi_ring_side {
	pthread_cond_t changed;
	bool waits;
};

struct oi_ring {
	char *bytes; /* NULL: not made */
	size_t size;
	int64_t deadline_ms; /* monotonic, absolute: no wait is longer */
	pthread_mutex_t lock;
	struct oi_ring_side filler;
	struct oi_ring_side drainer;
	uint64_t filled; /* since the beginning */
	uint64_t drained;
	bool closed; /* no more is filled in */
	bool stopped; /* somebody has given up */
};

/** oi_ring_init() - cleared by oi_ring_clear() */
void oi_ring_init(struct oi_ring *ring, size_t size_bytes, int64_t deadline_ms);
/** oi_ring_clear() - free; no thread may be in it any more; fine on a zeroed one */
void oi_ring_clear(struct oi_ring *ring);

/**
 * oi_ring_room() - wait for a place to fill
 * @at: borrowed until oi_ring_fill()
 * Return: how many bytes are free there, at least 1; 0 when the ring was stopped,
 *         which the end of the time does too.
 */
size_t oi_ring_room(struct oi_ring *ring, char **at);
/** oi_ring_fill() - @len of those bytes are there now */
void oi_ring_fill(struct oi_ring *ring, size_t len);
/** oi_ring_close() - and these were the last */
void oi_ring_close(struct oi_ring *ring);

/** oi_ring_await() - wait until a quarter of the ring is filled, or all that comes is there */
void oi_ring_await(struct oi_ring *ring);

/**
 * oi_ring_data() - wait for bytes
 * @at: borrowed until oi_ring_drain()
 * Return: how many there are, at least 1; 0 at the end, which oi_ring_ended() tells
 *         from a stop.
 */
size_t oi_ring_data(struct oi_ring *ring, const char **at);
/** oi_ring_drain() - @len of those bytes are done with */
void oi_ring_drain(struct oi_ring *ring, size_t len);
/** oi_ring_ended() - was it closed, and drained to its last byte */
bool oi_ring_ended(struct oi_ring *ring);

/** oi_ring_stop() - nobody waits any more, on neither side */
void oi_ring_stop(struct oi_ring *ring);

/** oi_ring_drained() - bytes since the beginning; may be asked by any thread */
uint64_t oi_ring_drained(struct oi_ring *ring);

#endif
