/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/ring.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

/*
 * Who found the ring full or empty goes on when there is a quarter of it to do: a
 * thread that is woken for every few bytes does little else than wake up.
 */
#define WORTH_IT(ring) ((ring)->size / 4)

/* These fail for misuse alone, and a lock that does not hold is no lock. */
static void must(int failed)
{
	if (failed)
		abort();
}

void oi_ring_init(struct oi_ring *ring, size_t size_bytes, int64_t deadline_ms)
{
	pthread_condattr_t by_monotonic;

	memset(ring, 0, sizeof(*ring));
	ring->bytes = malloc(size_bytes);
	if (!ring->bytes)
		abort(); /* out of memory */
	ring->size = size_bytes;
	ring->deadline_ms = deadline_ms;
	must(pthread_mutex_init(&ring->lock, NULL));
	must(pthread_condattr_init(&by_monotonic));
	must(pthread_condattr_setclock(&by_monotonic, CLOCK_MONOTONIC));
	must(pthread_cond_init(&ring->filler.changed, &by_monotonic));
	must(pthread_cond_init(&ring->drainer.changed, &by_monotonic));
	must(pthread_condattr_destroy(&by_monotonic));
}

void oi_ring_clear(struct oi_ring *ring)
{
	if (!ring->bytes)
		return;
	free(ring->bytes);
	ring->bytes = NULL;
	must(pthread_cond_destroy(&ring->filler.changed));
	must(pthread_cond_destroy(&ring->drainer.changed));
	must(pthread_mutex_destroy(&ring->lock));
}

static void lock(struct oi_ring *ring)
{
	must(pthread_mutex_lock(&ring->lock));
}

static void unlock(struct oi_ring *ring)
{
	must(pthread_mutex_unlock(&ring->lock));
}

static size_t used(const struct oi_ring *ring)
{
	return (size_t)(ring->filled - ring->drained);
}

/* @who waits until @done() or the end of the time, which is the end of the ring. */
static void wait_until(struct oi_ring *ring, struct oi_ring_side *who,
		       bool (*done)(const struct oi_ring *ring))
{
	const struct timespec until = { .tv_sec = (time_t)(ring->deadline_ms / 1000),
					.tv_nsec = (long)(ring->deadline_ms % 1000) * 1000000 };

	who->waits = true;
	while (!done(ring) && !ring->stopped)
		if (pthread_cond_timedwait(&who->changed, &ring->lock, &until))
			ring->stopped = true;
	who->waits = false;
}

static void tell(struct oi_ring *ring, struct oi_ring_side *who,
		 bool (*done)(const struct oi_ring *ring))
{
	if (who->waits && done(ring))
		must(pthread_cond_signal(&who->changed));
}

static bool has_room(const struct oi_ring *ring)
{
	return ring->size - used(ring) >= WORTH_IT(ring);
}

static bool has_data(const struct oi_ring *ring)
{
	return used(ring) >= WORTH_IT(ring) || ring->closed;
}

size_t oi_ring_room(struct oi_ring *ring, char **at)
{
	size_t place, len = 0;

	lock(ring);
	if (used(ring) == ring->size)
		wait_until(ring, &ring->filler, has_room);
	if (!ring->stopped) {
		place = (size_t)(ring->filled % ring->size);
		*at = ring->bytes + place;
		len = ring->size - used(ring);
		if (len > ring->size - place)
			len = ring->size - place;
	}
	unlock(ring);
	return len;
}

void oi_ring_fill(struct oi_ring *ring, size_t len)
{
	lock(ring);
	ring->filled += len;
	tell(ring, &ring->drainer, has_data);
	unlock(ring);
}

void oi_ring_close(struct oi_ring *ring)
{
	lock(ring);
	ring->closed = true;
	tell(ring, &ring->drainer, has_data);
	unlock(ring);
}

void oi_ring_await(struct oi_ring *ring)
{
	lock(ring);
	wait_until(ring, &ring->drainer, has_data);
	unlock(ring);
}

size_t oi_ring_data(struct oi_ring *ring, const char **at)
{
	size_t place, len = 0;

	lock(ring);
	if (!used(ring))
		wait_until(ring, &ring->drainer, has_data);
	if (!ring->stopped) {
		place = (size_t)(ring->drained % ring->size);
		*at = ring->bytes + place;
		len = used(ring);
		if (len > ring->size - place)
			len = ring->size - place;
	}
	unlock(ring);
	return len;
}

void oi_ring_drain(struct oi_ring *ring, size_t len)
{
	lock(ring);
	ring->drained += len;
	tell(ring, &ring->filler, has_room);
	unlock(ring);
}

bool oi_ring_ended(struct oi_ring *ring)
{
	bool ended;

	lock(ring);
	ended = ring->closed && !ring->stopped && !used(ring);
	unlock(ring);
	return ended;
}

void oi_ring_stop(struct oi_ring *ring)
{
	lock(ring);
	ring->stopped = true;
	must(pthread_cond_signal(&ring->filler.changed));
	must(pthread_cond_signal(&ring->drainer.changed));
	unlock(ring);
}

uint64_t oi_ring_drained(struct oi_ring *ring)
{
	uint64_t drained;

	lock(ring);
	drained = ring->drained;
	unlock(ring);
	return drained;
}
