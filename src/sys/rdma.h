/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door to /sys/class/infiniband: RDMA devices and their ports. */
#ifndef OI_SYS_RDMA_H
#define OI_SYS_RDMA_H

#include "base/attr.h"
#include "base/err.h"
#include "sys/root.h"

/* Borrowed, valid during the call back. */
struct oi_rdma_entry {
	const char *device; /* "mlx5_ib0" */
	unsigned int port;
	const char *link_layer; /* "InfiniBand" or "Ethernet"; NULL: unreadable */
	const char *state; /* "ACTIVE"; NULL: unreadable */
	const char *phys_state; /* "LinkUp"; NULL: unreadable */
	double rate_gbps; /* below 0: unreadable */
	const char *address; /* of its PCI function, "0101:00:00.0"; NULL: unreadable */
	int numa_node; /* below 0: unreadable, or near to none */
};

/**
 * oi_rdma_scan() - list the ports
 * @each: called once for each port, in order of device and port
 * Return: 0 scanned, 1 there is no such class (no RDMA module is loaded), -1 error
 *         (OI_R_READ_FAILED).
 * Source: kernel, Documentation/ABI/stable/sysfs-class-infiniband, testing/sysfs-bus-pci
 */
OI_MUST_CHECK
int oi_rdma_scan(const struct oi_root *root,
		 void (*each)(void *data, const struct oi_rdma_entry *entry), void *data,
		 struct oi_err *err);

#endif
