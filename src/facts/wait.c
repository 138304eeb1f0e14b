/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pass-through functions can be added minutes after the boot. */
#include <unistd.h>

#include "facts/gather.h"
#include "sys/clock.h"
#include "sys/uevent.h"

/* An event can be lost, and another network namespace gets none. */
#define LOOK_EVERY_MS 1000

static bool has_infiniband(const struct oi_facts *facts)
{
	for (size_t i = 0; i < facts->pci.n; i++)
		if (oi_pci_is_infiniband(&facts->pci.v[i]))
			return true;
	return false;
}

void oi_facts_wait_pci(const struct oi_host *host, int64_t deadline_ms, struct oi_facts *facts)
{
	/* Listening begins before looking, so that nothing can come in between. */
	int fd = oi_uevent_open();

	for (;;) {
		int64_t next_ms = oi_clock_ms() + LOOK_EVERY_MS;

		oi_facts_look_pci(host, facts);
		/* What is in a dump does not change. */
		if (has_infiniband(facts) || host->pci_dump || !oi_clock_left_ms(deadline_ms))
			break;
		oi_uevent_wait(fd, "pci", next_ms < deadline_ms ? next_ms : deadline_ms);
	}
	if (fd >= 0)
		close(fd);
}
