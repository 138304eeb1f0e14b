/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is the machine's network still there after its drivers were exchanged. Accelerated
 * Networking hands the VM an Ethernet function that the same driver serves.
 */
#ifndef OI_EXECUTE_RELOAD_NETWORK_H
#define OI_EXECUTE_RELOAD_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "sys/host.h"
#include "sys/net.h"

/* What could be seen before; what could not is not asked for afterwards. */
struct oi_network {
	struct oi_gateway four, six;
	bool four_answered, six_answered;
	bool metadata; /* the metadata service answered */
};

/** oi_network_look() - how it is now, in a few seconds at the most */
void oi_network_look(const struct oi_host *host, struct oi_network *network);

/** oi_network_is_known() - is there anything that could be lost */
bool oi_network_is_known(const struct oi_network *network);

/**
 * oi_network_wait() - until all is as it was
 * @before: of oi_network_look()
 * @deadline_ms: monotonic, absolute; counts, and not the run's
 * @why: what is missing in the end, owned by the caller; NULL: nothing
 * Return: true when it is all there.
 */
OI_MUST_CHECK
bool oi_network_wait(const struct oi_host *host, const struct oi_network *before,
		     int64_t deadline_ms, char **why);

#endif
