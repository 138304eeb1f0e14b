/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/clock.h"

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

struct errand {
	int ends[2]; /* theirs, ours */
	const int *held;
	size_t n_held;
	bool (*bring)(void *data, const char *letter, int64_t deadline_ms);
	void *data;
};

static void be_messenger(void *data)
{
	const struct errand *errand = data;
	struct bag bag = { 0 };

	close(errand->ends[1]);
	for (size_t i = 0; i < errand->n_held; i++)
		if (errand->held[i] >= 0)
			close(errand->held[i]);
	for (;;) {
		int64_t deadline_ms;
		bool taken;

		fill(errand->ends[0], &bag);
		if (!bag.n)
			return;
		deadline_ms = deadline_of(&bag);
		taken = oi_clock_left_ms(deadline_ms) &&
			errand->bring(errand->data, bag.v[0]->text, deadline_ms);
		drop_first(&bag);
		if (taken)
			continue;
		fill(errand->ends[0], &bag);
		while (bag.n > 1)
			drop_first(&bag);
	}
}

/* --- our side --- */

void oi_outbox_start(struct oi_outbox *messenger, const int *held, size_t n_held,
			bool (*bring)(void *data, const char *letter, int64_t deadline_ms),
			void *data)
{
	struct errand errand = { .held = held, .n_held = n_held, .bring = bring, .data = data };

	if (messenger->aside.pid || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, errand.ends))
		return;
	if (oi_background_start(&messenger->aside, be_messenger, &errand))
		messenger->fd = errand.ends[1];
	else
		close(errand.ends[1]);
	close(errand.ends[0]);
}

bool oi_outbox_give(const struct oi_outbox *messenger, const char *letter)
{
	struct letter *copy;
	size_t len = strlen(letter);
	bool given;

	if (!messenger->aside.pid || messenger->fd < 0 || len >= OI_MESSENGER_BYTES)
		return false;
	copy = oi_mem_zalloc(1, sizeof(*copy));
	copy->given_ms = oi_clock_ms();
	memcpy(copy->text, letter, len);
	len += sizeof(copy->given_ms);
	given = send(messenger->fd, copy, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
	free(copy);
	return given;
}

void oi_outbox_dismiss(struct oi_outbox *messenger)
{
	if (messenger->aside.pid && messenger->fd >= 0)
		close(messenger->fd);
	messenger->fd = -1;
}

bool oi_outbox_wait(struct oi_outbox *messenger)
{
	int64_t deadline_ms = oi_clock_ms() + 2 * OI_MESSENGER_MS + SLACK_MS;
	bool brought = oi_background_wait(&messenger->aside, deadline_ms);

	messenger->fd = -1;
	return brought;
}
