/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who holds a package manager's lock, and waiting for it: the same for all, by the row's files. */
#include "execute/packages/packages.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/lock.h"

/* A lock cannot be waited for without taking it: look once a second, as apt and dnf do. */
#define LOOK_MS 1000

void oi_packages_holder_clear(struct oi_packages_holder *holder)
{
	free(holder->command);
	holder->command = NULL;
	holder->path = NULL;
	holder->pid = 0;
}

static bool pid_file_holds(const struct oi_host *host, const char *path,
			   struct oi_packages_holder *holder)
{
	OI_FREE char *line = NULL;
	struct oi_err err;
	pid_t pid;

	if (oi_root_read_line(&host->change, path, &line, &err))
		return false;
	pid = (pid_t)strtol(line, NULL, 10);
	/* The file of one that has crashed stays; they all look whether it lives. */
	if (pid <= 0 || kill(pid, 0) || oi_lock_is_ours(pid))
		return false;
	holder->pid = pid;
	holder->command = oi_lock_command(pid);
	return true;
}

bool oi_packages_holder(const struct oi_packages_lock *locks, const struct oi_host *host,
			struct oi_packages_holder *holder)
{
	struct oi_err err;

	oi_packages_holder_clear(holder);
	for (const struct oi_packages_lock *lock = locks; lock->path; lock++) {

		holder->path = lock->path;
		/* What cannot be looked at is the manager's to complain of. */
		if (lock->pid_file ? pid_file_holds(host, lock->path, holder) :
				     !oi_lock_holder(&host->change, lock->path, &holder->pid,
						     &holder->command, &err))
			return true;
	}
	return false;
}

void oi_packages_name_holder(const struct oi_packages_lock *locks, const struct oi_host *host,
			     pid_t *named)
{
	OI_CLEANUP(oi_packages_holder_clear) struct oi_packages_holder holder = { 0 };

	if (!oi_packages_holder(locks, host, &holder) || holder.pid == *named ||
	    oi_lock_is_ours(holder.pid))
		return; /* ours: what the manager said a moment ago is no longer so */
	*named = holder.pid;
	oi_log_warn(&host->log, "packages: waiting for the lock %s, held by process %ld (%s)",
		    holder.path, (long)holder.pid, holder.command ? holder.command : "unknown");
}

int oi_packages_lock_failed(const struct oi_packages_lock *locks, const struct oi_host *host,
			    struct oi_err *err)
{
	OI_CLEANUP(oi_packages_holder_clear) struct oi_packages_holder holder = { 0 };

	if (!oi_packages_holder(locks, host, &holder))
		return oi_err_set(err, OI_R_PACKAGES_LOCK, "the package lock could not be taken");
	return oi_err_set(err, OI_R_PACKAGES_LOCK, "%s is held by process %ld (%s)", holder.path,
			  (long)holder.pid, holder.command ? holder.command : "unknown");
}

int oi_packages_wait(const struct oi_packages_lock *locks, const struct oi_host *host, pid_t *named,
		     struct oi_err *err)
{
	OI_CLEANUP(oi_packages_holder_clear) struct oi_packages_holder holder = { 0 };

	while (oi_packages_holder(locks, host, &holder)) {
		if (!oi_clock_left_ms(host->deadline_ms))
			return oi_packages_lock_failed(locks, host, err);
		oi_packages_name_holder(locks, host, named);
		poll(NULL, 0, LOOK_MS);
	}
	return 0;
}
