/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the machine; changes nothing. */
#ifndef OI_FACTS_GATHER_H
#define OI_FACTS_GATHER_H

#include <stdint.h>

#include "base/attr.h"
#include "model/facts.h"
#include "sys/host.h"

/**
 * oi_facts_gather() - all that the machine itself knows; no network
 * @facts: zeroed; filled, owned by the caller
 *
 * Never fails: what cannot be read stays unknown, with a line in facts->doubts.
 * vm.* comes from cloud-init's instance data on disk.
 */
void oi_facts_gather(const struct oi_host *host, struct oi_facts *facts);

/**
 * oi_facts_ask_metadata() - fill in vm.* from the metadata service
 * @deadline_ms: monotonic, absolute
 * Only after the platform gate has passed. Unreachable: a doubt, nothing else.
 */
void oi_facts_ask_metadata(const struct oi_host *host, int64_t deadline_ms,
			   struct oi_facts *facts);

/** oi_facts_look_pci(), oi_facts_look_rdma() - read only these again */
void oi_facts_look_pci(const struct oi_host *host, struct oi_facts *facts);
void oi_facts_look_rdma(const struct oi_host *host, struct oi_facts *facts);

/**
 * oi_facts_wait_pci() - wait until an InfiniBand function is on the bus
 * @deadline_ms: monotonic, absolute
 * Wakes on kernel uevents, and looks once a second in case one was lost.
 * facts->pci is fresh afterwards, whether one came or not.
 */
void oi_facts_wait_pci(const struct oi_host *host, int64_t deadline_ms,
		       struct oi_facts *facts);

/** oi_facts_instance_id() - this boot's, from /run/cloud-init/.instance-id; owned by the caller, NULL: unknown */
char *oi_facts_instance_id(const struct oi_host *host);

/**
 * oi_facts_image_kernel() - the kernel that an image will boot: the newest that is whole
 * @others: appended: newer releases below /lib/modules that are no kernel any more
 *
 * dkms and depmod leave a folder behind when a kernel is removed, so a folder is no kernel. One
 * that has an image goes before one that has only modules of its own (an image that is built
 * without its /boot).
 * Return: owned by the caller; NULL: none.
 */
char *oi_facts_image_kernel(const struct oi_root *root, struct oi_strv *others);

#endif
