/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/uevent.h"

#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/clock.h"

/* Source: kernel, lib/kobject_uevent.c: group 1 is the kernel, 2 is udev's */
#define GROUP_KERNEL 1
/* Source: kernel, include/linux/kobject.h, UEVENT_BUFFER_SIZE and the path before it */
#define MESSAGE_BYTES 8192

int oi_uevent_open(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = GROUP_KERNEL };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);
	int error;

	if (fd < 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)(const void *)&address, sizeof(address))) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/* "add@/devices/..." NUL "ACTION=add" NUL "SUBSYSTEM=pci" NUL ... */
static bool is_of(const char *message, size_t len, const char *subsystem)
{
	static const char key[] = "SUBSYSTEM=";
	const char *end = message + len;

	for (const char *field = message; field < end; field += strnlen(field, (size_t)(end - field)) + 1) {
		size_t left = (size_t)(end - field);

		if (left > sizeof(key) - 1 && !memcmp(field, key, sizeof(key) - 1) &&
		    strnlen(field, left) < left)
			return !strcmp(field + sizeof(key) - 1, subsystem);
	}
	return false;
}

/* Empties the queue: ten events of one hot-plug are one reason to look. */
static bool any_of(int fd, const char *subsystem)
{
	bool any = false;

	for (;;) {
		char message[MESSAGE_BYTES];
		struct sockaddr_nl from = { 0 };
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(fd, message, sizeof(message), 0,
				     (struct sockaddr *)(void *)&from, &from_len);

		if (n < 0 && errno == ENOBUFS)
			/* NOLINTNEXTLINE(bugprone-branch-clone): the last one asks who sent it */
			any = true; /* some were lost, ours perhaps among them */
		else if (n < 0 && errno != EINTR)
			return any;
		else if (n > 0 && !from.nl_pid && is_of(message, (size_t)n, subsystem))
			any = true; /* nl_pid 0: from the kernel, not from a neighbour */
	}
}

int oi_uevent_wait(int fd, const char *subsystem, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int64_t left = oi_clock_left_ms(deadline_ms);

		/* poll() leaves descriptors below 0 alone, and sleeps. */
		if (poll(&wait, 1, left > INT_MAX ? INT_MAX : (int)left) > 0 &&
		    any_of(fd, subsystem))
			return 1;
		if (!oi_clock_left_ms(deadline_ms))
			return 0;
	}
}
