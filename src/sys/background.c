/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/background.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/run.h"

#define LOOK_MS 10
/* It ends a child of its own first; and the machine may be busy. */
#define GRACE_MS (OI_RUN_GRACE_MS + 2000)

bool oi_background_start(struct oi_background *aside, void (*work)(void *data), void *data)
{
	aside->pid = fork();
	if (!aside->pid) {
		unsetenv("NOTIFY_SOCKET"); /* systemd listens to the main process, and complains of others */
		setsid(); /* a terminal's ^C is for us, who then say how it ended */
		work(data);
		_exit(0);
	}
	if (aside->pid < 0)
		aside->pid = 0;
	return aside->pid;
}

static bool is_gone(pid_t pid)
{
	pid_t got = waitpid(pid, NULL, WNOHANG);

	return got == pid || (got < 0 && errno != EINTR);
}

static bool gone_by(pid_t pid, int64_t deadline_ms)
{
	const struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };

	while (!is_gone(pid)) {
		if (!oi_clock_left_ms(deadline_ms))
			return false;
		nanosleep(&look, NULL);
	}
	return true;
}

bool oi_background_wait(struct oi_background *aside, int64_t deadline_ms)
{
	pid_t pid = aside->pid;

	aside->pid = 0;
	if (!pid || gone_by(pid, deadline_ms))
		return true;
	kill(pid, SIGTERM);
	if (gone_by(pid, oi_clock_ms() + GRACE_MS))
		return false;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	return false;
}
