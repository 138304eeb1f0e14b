/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who brings our letters to somebody slow, while we work.
 *
 * A process of its own, with letters in a socket between us: to hand one over never
 * waits. It brings them one after the other, and ends after the last one. A letter that was
 * not taken makes old news of those that have come meanwhile: they are dropped but for the
 * last one, which is the result. When we are killed it brings what it has, and ends.
 */
#ifndef OI_SYS_OUTBOX_H
#define OI_SYS_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/background.h"

/* For one letter. A request across the world takes a second. */
#define OI_MESSENGER_MS 5000
/* Longer ones are not taken: many of them have to fit into a socket. */
#define OI_MESSENGER_BYTES 16384

struct oi_outbox {
	struct oi_background aside;
	int fd;
};

/**
 * oi_outbox_start() - begin, unless there is one
 * @held: descriptors that must not outlive us, such as that of a lock; -1: none
 * @bring: in the other process; @deadline_ms: monotonic, absolute. Return: was it taken.
 */
void oi_outbox_start(struct oi_outbox *messenger, const int *held, size_t n_held,
			bool (*bring)(void *data, const char *letter, int64_t deadline_ms),
			void *data);

/** oi_outbox_give() - hand over, without waiting; Return: false when it cannot be taken */
bool oi_outbox_give(const struct oi_outbox *messenger, const char *letter);

/** oi_outbox_dismiss() - no more letters; fine on one that was not started */
void oi_outbox_dismiss(struct oi_outbox *messenger);

/**
 * oi_outbox_wait() - until a dismissed one has brought the last letter
 *
 * At most OI_MESSENGER_MS for what is on its way and as long for the last one; then it is
 * ended. Return: false in that case.
 */
bool oi_outbox_wait(struct oi_outbox *messenger);

#endif
