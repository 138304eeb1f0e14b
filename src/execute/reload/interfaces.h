/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPoIB interfaces go with the driver that is exchanged: which were there, and are they again. */
#ifndef OI_EXECUTE_RELOAD_INTERFACES_H
#define OI_EXECUTE_RELOAD_INTERFACES_H

#include <stdint.h>

#include "base/attr.h"
#include "base/strv.h"
#include "sys/host.h"

struct oi_interfaces {
	struct oi_strv names; /* "ib0", "ib0.8001", "bond0" */
	struct oi_strv parents; /* of each: "ib0"; "": none */
	struct oi_strv keys; /* of each: its partition, "0x8001"; "": none */
	struct oi_strv addresses; /* "ib0 10.1.0.4": those that reach further than the link */
};

/** oi_interfaces_look() - all IPoIB interfaces and bonds of them, and their addresses */
void oi_interfaces_look(const struct oi_host *host, struct oi_interfaces *interfaces);

/** oi_interfaces_clear() - free; fine on a zeroed one, and for OI_CLEANUP */
void oi_interfaces_clear(struct oi_interfaces *interfaces);

/**
 * oi_interfaces_wait() - until all are there again, with their addresses
 * @deadline_ms: monotonic, absolute
 *
 * A partition's interface is made again as soon as its parent is there; addresses are set by
 * whoever set them before (networkd, NetworkManager, ...).
 * Return: what is missing, "ib0.8001, 10.1.0.4 on ib0", owned by the caller; NULL: nothing.
 * Source: the kernel's Documentation/infiniband/ipoib ("create_child")
 */
OI_MUST_CHECK
char *oi_interfaces_wait(const struct oi_host *host, const struct oi_interfaces *before,
			 int64_t deadline_ms);

#endif
