/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel modules that RDMA is about, by name: what each is to the vendor's driver. */
#ifndef OI_MODEL_RDMA_MODULES_H
#define OI_MODEL_RDMA_MODULES_H

#include <stddef.h>

enum oi_rdma_kind {
	OI_RDMA_STACK, /* the vendor's driver has it too, and its service exchanges it */
	OI_RDMA_MANA,
	OI_RDMA_DRIVER, /* somebody else's; also whatever uses ib_core and is not named here */
	OI_RDMA_LUSTRE,
	OI_RDMA_GPU,
	OI_RDMA_CLIENT, /* storage, sockets and software devices over RDMA */
	OI_RDMA_KIND_COUNT
};

/** oi_rdma_kind() - of a module, as lsmod shows its name */
enum oi_rdma_kind oi_rdma_kind(const char *module);

/** oi_rdma_client() - the clients' names, for @i from 0; NULL: no more */
const char *oi_rdma_client(size_t i);

/**
 * oi_rdma_vendor_source() - what of the vendor's brings a build of a client for its own ib_core
 * Return: the name of its sources ("mlnx-nvme"), static; NULL: nothing does.
 * Source: the vendor's dkms_build_ulps.sh and package lists
 */
const char *oi_rdma_vendor_source(const char *module);

#endif
