/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/messenger.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/clock.h"

#define LOOK_MS 10
/* Of ending a child, and a busy machine. */
#define SLACK_MS 2000

struct letter {
	int64_t given_ms;
	char text[OI_MESSENGER_BYTES];
};

/* --- the messenger itself --- */

struct bag {
	struct letter **v;
	size_t n;
	bool last; /* no more will come */
};

static void drop_first(struct bag *bag)
{
	free(bag->v[0]);
	memmove(bag->v, bag->v + 1, --bag->n * sizeof(struct letter *));
}

/* What has been given, all of it; waits for it when there is nothing to do. */
static void fill(int fd, struct bag *bag)
{
	while (!bag->last) {
		struct letter *letter = oi_mem_zalloc(1, sizeof(*letter));
		ssize_t len = recv(fd, letter, sizeof(*letter) - 1, bag->n ? MSG_DONTWAIT : 0);

		if (len > (ssize_t)sizeof(letter->given_ms)) {
			/* NOLINTNEXTLINE(bugprone-sizeof-expression): a list of pointers */
			bag->v = oi_mem_grow(bag->v, bag->n + 1, sizeof(*bag->v));
			bag->v[bag->n++] = letter;
			continue;
		}
		free(letter);
		if (len < 0 && errno == EAGAIN)
			return;
		bag->last = len >= 0 || errno != EINTR;
	}
}

/*
 * When the last one has been given, somebody waits: what is before it has the time of one
 * letter together, and the last one that of its own.
 */
static int64_t deadline_of(const struct bag *bag)
{
	int64_t until_ms = oi_clock_ms() + OI_MESSENGER_MS;
	int64_t last_ms = bag->v[bag->n - 1]->given_ms + OI_MESSENGER_MS;

	return bag->last && bag->n > 1 && last_ms < until_ms ? last_ms : until_ms;
}

_Noreturn static void be_messenger(int fd,
				   bool (*bring)(void *data, const char *letter, int64_t deadline_ms),
				   void *data)
{
	struct bag bag = { 0 };

	unsetenv("NOTIFY_SOCKET"); /* systemd listens to the main process, and complains of others */
	setsid(); /* a terminal's ^C is for us, who then say how it ended */
	for (;;) {
		int64_t deadline_ms;
		bool taken;

		fill(fd, &bag);
		if (!bag.n)
			_exit(0);
		deadline_ms = deadline_of(&bag);
		taken = oi_clock_left_ms(deadline_ms) && bring(data, bag.v[0]->text, deadline_ms);
		drop_first(&bag);
		if (taken)
			continue;
		fill(fd, &bag);
		while (bag.n > 1)
			drop_first(&bag);
	}
}

/* --- our side --- */

void oi_messenger_start(struct oi_messenger *messenger, const int *held, size_t n_held,
			bool (*bring)(void *data, const char *letter, int64_t deadline_ms),
			void *data)
{
	int ends[2];

	if (messenger->pid || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return;
	messenger->pid = fork();
	if (!messenger->pid) {
		close(ends[1]);
		for (size_t i = 0; i < n_held; i++)
			if (held[i] >= 0)
				close(held[i]);
		be_messenger(ends[0], bring, data);
	}
	close(ends[0]);
	messenger->fd = ends[1];
	if (messenger->pid < 0) {
		messenger->pid = 0;
		close(ends[1]);
	}
}

bool oi_messenger_give(const struct oi_messenger *messenger, const char *letter)
{
	struct letter *copy;
	size_t len = strlen(letter);
	bool given;

	if (!messenger->pid || messenger->fd < 0 || len >= OI_MESSENGER_BYTES)
		return false;
	copy = oi_mem_zalloc(1, sizeof(*copy));
	copy->given_ms = oi_clock_ms();
	memcpy(copy->text, letter, len);
	len += sizeof(copy->given_ms);
	given = send(messenger->fd, copy, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
	free(copy);
	return given;
}

void oi_messenger_dismiss(struct oi_messenger *messenger)
{
	if (messenger->pid && messenger->fd >= 0)
		close(messenger->fd);
	messenger->fd = -1;
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

bool oi_messenger_wait(struct oi_messenger *messenger)
{
	int64_t now_ms = oi_clock_ms();
	bool brought = true;

	if (!messenger->pid)
		return true;
	if (!gone_by(messenger->pid, now_ms + 2 * OI_MESSENGER_MS + SLACK_MS)) {
		brought = false;
		kill(messenger->pid, SIGTERM); /* it ends its child first */
		if (!gone_by(messenger->pid, oi_clock_ms() + SLACK_MS)) {
			kill(messenger->pid, SIGKILL);
			while (waitpid(messenger->pid, NULL, 0) < 0 && errno == EINTR)
				continue;
		}
	}
	*messenger = (struct oi_messenger){ .fd = -1 };
	return brought;
}
