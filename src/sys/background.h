/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A piece of our work that goes on in a process of its own, beside us.
 *
 * It is a copy of us: what it learns is lost but for what it writes. It outlives us when we
 * are killed, and keeps our lock until then, so that a next run finds it finished.
 */
#ifndef OI_SYS_BACKGROUND_H
#define OI_SYS_BACKGROUND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Zeroed: there is none. */
struct oi_background {
	pid_t pid;
};

/**
 * oi_background_start() - begin
 * @work: in the other process, which ends when it returns; @data: borrowed by it
 * Return: false when there can be no other process; nothing has begun then.
 */
bool oi_background_start(struct oi_background *aside, void (*work)(void *data), void *data);

/**
 * oi_background_wait() - until it has ended; fine on one that was not started
 * @deadline_ms: monotonic, absolute; then it is ended, with its children
 * Return: has it ended by itself.
 */
bool oi_background_wait(struct oi_background *aside, int64_t deadline_ms);

#endif
