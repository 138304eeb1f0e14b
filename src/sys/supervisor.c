/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/run.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* the same on every architecture; since Linux 5.3 */
#endif

#define MAX_READ 3
#define READ_BYTES 65536
#define LOOK_MS 100

/* --- the keeper itself --- */

struct watch {
	pid_t child;
	int pidfd; /* -1: this kernel has none */
	int64_t deadline_ms;
	bool asked; /* the child's group to end */
};

/* We are gone, or have told which child; Return: whether there is anything to keep. */
static bool hear(int fd, pid_t *child)
{
	pid_t pid;
	ssize_t len;

	for (;;) {
		len = read(fd, &pid, sizeof(pid));
		if (len < 0 && errno == EINTR)
			continue;
		if (len != (ssize_t)sizeof(pid))
			return *child > 0; /* our end is closed, by our death */
		*child = pid;
	}
}

/* It cannot wait for another's child, only look: one that nobody reaps has ended too. */
static bool has_ended(const struct watch *w)
{
	struct pollfd fd = { .fd = w->pidfd, .events = POLLIN };

	return w->pidfd >= 0 ? poll(&fd, 1, 0) > 0 : kill(w->child, 0) < 0;
}

/* Return: whether there is still time, or somebody to be ended. */
static bool keep_deadline(struct watch *w)
{
	if (oi_clock_left_ms(w->deadline_ms))
		return true;
	kill(-w->child, w->asked ? SIGKILL : SIGTERM);
	kill(-w->child, SIGCONT); /* a stopped one hears nothing but SIGKILL */
	if (w->asked)
		return false;
	w->asked = true;
	w->deadline_ms = oi_clock_ms() + OI_RUN_GRACE_MS;
	return true;
}

/* What it says is lost: the log that it would go to is in order only with us. */
static void drain(struct pollfd *fd)
{
	static char bytes[READ_BYTES];
	ssize_t len = read(fd->fd, bytes, sizeof(bytes));

	if (!len || (len < 0 && errno != EAGAIN && errno != EINTR))
		fd->fd = -1;
}

static void keep(struct pollfd *fds, size_t n, struct watch *w)
{
	while (keep_deadline(w)) {
		bool open = false;

		for (size_t i = 0; i < n; i++)
			open |= fds[i].fd >= 0;
		/* apt may have ended, and the dpkg below it still have something to say. */
		if (!open && has_ended(w))
			return;
		if (poll(fds, n, LOOK_MS) <= 0)
			continue;
		for (size_t i = 0; i < n; i++)
			if (fds[i].revents)
				drain(&fds[i]);
	}
}

_Noreturn static void be_keeper(int life, const int *read_ends, size_t n_read,
				int64_t deadline_ms)
{
	struct watch w = { .deadline_ms = deadline_ms };
	struct pollfd fds[MAX_READ];
	size_t n = 0;

	/* Ours were blocked for the child's sake. It is not for a terminal's ^C either. */
	setsid();
	for (size_t i = 0; i < n_read && n < MAX_READ; i++)
		if (read_ends[i] >= 0)
			fds[n++] = (struct pollfd){ .fd = read_ends[i], .events = POLLIN };
	if (hear(life, &w.child)) {
		w.pidfd = (int)syscall(SYS_pidfd_open, w.child, 0);
		keep(fds, n, &w);
	}
	_exit(0);
}

/* --- our side --- */

void oi_supervisor_start(struct oi_supervisor *keeper, const int *read_ends, size_t n_read,
		     const int *close_ends, size_t n_close, int64_t deadline_ms)
{
	int ends[2];

	keeper->pid = -1;
	keeper->fd = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return;
	keeper->pid = fork();
	if (!keeper->pid) {
		close(ends[1]);
		for (size_t i = 0; i < n_close; i++)
			if (close_ends[i] >= 0)
				close(close_ends[i]);
		be_keeper(ends[0], read_ends, n_read, deadline_ms);
	}
	close(ends[0]);
	if (keeper->pid > 0)
		keeper->fd = ends[1];
	else
		close(ends[1]);
}

void oi_supervisor_tell(const struct oi_supervisor *keeper)
{
	pid_t child = getpid();

	/* A socket, since SIGPIPE would be a strange end for us. One that is gone cannot be
	 * told; then the child has no keeper, and that is all. */
	if (keeper->fd >= 0)
		(void)!send(keeper->fd, &child, sizeof(child), MSG_NOSIGNAL);
}

void oi_supervisor_end(struct oi_supervisor *keeper)
{
	if (keeper->pid > 0) {
		kill(keeper->pid, SIGKILL);
		while (waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	if (keeper->fd >= 0)
		close(keeper->fd);
	keeper->pid = -1;
	keeper->fd = -1;
}
