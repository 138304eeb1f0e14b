/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which device events wake us. A pair of sockets stands for the kernel's and ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "sys/clock.h"
#include "sys/uevent.h"

static int ends[2];

static int set_up(void **state OI_UNUSED)
{
	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends);
}

static int tear_down(void **state OI_UNUSED)
{
	return close(ends[0]) || close(ends[1]);
}

static void say(const char *message, size_t len)
{
	assert_int_equal(send(ends[1], message, len, 0), len);
}

#define SAY(text) say(text, sizeof(text))

/* What has been said by now is enough, or it never is. */
static int wakes(void)
{
	return oi_uevent_wait(ends[0], "pci", oi_clock_ms() + 20);
}

static void an_event_of_the_subsystem_wakes(void **state OI_UNUSED)
{
	SAY("add@/devices/x\0ACTION=add\0SUBSYSTEM=pci\0SEQNUM=1");
	assert_int_equal(wakes(), 1);
	assert_int_equal(wakes(), 0); /* once */
}

static void several_at_once_wake_once(void **state OI_UNUSED)
{
	SAY("add@/devices/x\0SUBSYSTEM=pci");
	SAY("add@/devices/y\0SUBSYSTEM=net");
	SAY("bind@/devices/x\0SUBSYSTEM=pci");
	assert_int_equal(wakes(), 1);
	assert_int_equal(wakes(), 0);
}

static void other_events_do_not(void **state OI_UNUSED)
{
	static const char zeros[64];

	SAY("add@/devices/x\0ACTION=add\0SUBSYSTEM=net");
	SAY("add@/devices/x\0SUBSYSTEM=pci_express");
	SAY("add@/devices/x\0XSUBSYSTEM=pci");
	SAY("add@/devices/SUBSYSTEM=pci");
	SAY("SUBSYSTEM");
	SAY("SUBSYSTEM=");
	say(zeros, sizeof(zeros));
	/* Not ended. What the buffer still has from the one before is not a part of it. */
	say("add@/x\0SUBSYSTEM=pci", 20);
	assert_int_equal(wakes(), 0);
}

static void longer_ones_than_any_are_cut(void **state OI_UNUSED)
{
	static char giant[20000];

	memset(giant, 'x', sizeof(giant));
	say(giant, sizeof(giant));
	assert_int_equal(wakes(), 0);
}

static void nothing_to_listen_to_is_a_sleep(void **state OI_UNUSED)
{
	int64_t deadline_ms = oi_clock_ms() + 20;

	assert_int_equal(oi_uevent_wait(-1, "pci", deadline_ms), 0);
	assert_true(oi_clock_ms() >= deadline_ms);
	assert_int_equal(oi_uevent_wait(-1, "pci", 0), 0);
}

static void the_kernels_own_can_be_opened_or_not(void **state OI_UNUSED)
{
	int fd = oi_uevent_open();

	if (fd >= 0)
		assert_int_equal(close(fd), 0);
}

static void a_neighbour_is_not_the_kernel(void **state OI_UNUSED)
{
	static const char message[] = "add@/x\0SUBSYSTEM=oi-test";
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(to);
	int ours = oi_uevent_open();
	int theirs = oi_uevent_open();

	if (ours < 0 || theirs < 0)
		skip(); /* a container without netlink */
	assert_int_equal(getsockname(ours, (struct sockaddr *)(void *)&to, &len), 0);
	to.nl_groups = 0;
	if (sendto(theirs, message, sizeof(message), 0, (const struct sockaddr *)(const void *)&to,
		   sizeof(to)) < 0) {
		assert_int_not_equal(geteuid(), 0); /* only root may write to others at all */
		skip();
	}
	assert_int_equal(oi_uevent_wait(ours, "oi-test", oi_clock_ms() + 20), 0);
	close(ours);
	close(theirs);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_event_of_the_subsystem_wakes),
		T(several_at_once_wake_once),
		T(other_events_do_not),
		T(longer_ones_than_any_are_cut),
		T(nothing_to_listen_to_is_a_sleep),
		T(a_neighbour_is_not_the_kernel),
		T(the_kernels_own_can_be_opened_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
