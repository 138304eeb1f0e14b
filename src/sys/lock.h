/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One of us at a time, and who holds a lock of somebody else's. */
#ifndef OI_SYS_LOCK_H
#define OI_SYS_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/log.h"
#include "sys/root.h"

/* Ours, on the changed root. */
#define OI_LOCK_PATH "/run/ofed-init/lock"

struct oi_lock {
	int fd; /* -1: not held */
};

/**
 * oi_lock_take() - be the only one, without waiting
 * @path: made when missing, with its folder; it holds our pid afterwards
 * @lock: filled; the lock ends with oi_lock_drop() or with the process
 * Return: 0; 1 when another process has it, with @err OI_R_RUNNING naming its
 *         pid and command; -1 with OI_R_WRITE_FAILED (read-only /run).
 */
OI_MUST_CHECK
int oi_lock_take(const struct oi_root *root, const char *path, struct oi_lock *lock,
		 struct oi_err *err);

/**
 * oi_lock_wait() - the same, waiting for its turn
 * @deadline_ms: monotonic, absolute
 * Return: as oi_lock_take(); 1 when another process still has it at the deadline.
 */
OI_MUST_CHECK
int oi_lock_wait(const struct oi_root *root, const char *path, int64_t deadline_ms,
		 struct oi_lock *lock, struct oi_err *err);

/**
 * oi_lock_take_after() - as oi_lock_take(), but waits for what a run that is gone has left
 *
 * A run that was killed leaves its children to finish (supervisor.h), and the lock is
 * theirs until then. A run that is alive is not waited for.
 * @deadline_ms: monotonic, absolute
 * @log: one line when it has to wait
 */
OI_MUST_CHECK
int oi_lock_take_after(const struct oi_root *root, const char *path, int64_t deadline_ms,
		       const struct oi_log *log, struct oi_lock *lock, struct oi_err *err);

/** oi_lock_drop() - let go; fine on one that was not taken (fd -1) */
void oi_lock_drop(struct oi_lock *lock);

/**
 * oi_lock_holder() - who holds a lock such as /var/lib/dpkg/lock-frontend
 * @pid: filled; 0 when it cannot be told (another container's)
 * @command: filled when not NULL: its command line, owned by the caller, NULL
 *           when unknown
 * Return: 0 somebody holds it; 1 nobody does, or there is no such file; -1 with
 *         OI_R_READ_FAILED.
 * Source: apt, dpkg and rpm lock with fcntl(F_SETLK), which F_GETLK sees; tdnf with flock(2)
 */
OI_MUST_CHECK
int oi_lock_holder(const struct oi_root *root, const char *path, pid_t *pid, char **command,
		   struct oi_err *err);

/**
 * oi_lock_alive() - is a lock of ours held by a process that is alive
 *
 * Without taking it, not even for a moment, and for users who may only read it. What a
 * run that was killed has left at work does not count.
 */
bool oi_lock_alive(const struct oi_root *root, const char *path);

/** oi_lock_is_ours() - is it a child of ours, or started by one */
bool oi_lock_is_ours(pid_t pid);

/** oi_lock_command() - command line of a process, blanks between; owned by the caller, NULL: unknown */
char *oi_lock_command(pid_t pid);

#endif
