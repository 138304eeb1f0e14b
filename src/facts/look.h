/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The subjects of a snapshot, each in a file of its own. None of them fails or logs. */
#ifndef OI_FACTS_LOOK_H
#define OI_FACTS_LOOK_H

#include "base/attr.h"
#include "base/doc.h"
#include "model/facts.h"
#include "sys/host.h"

/* Each fills in its part of @facts. */
void oi_facts_look_dmi(const struct oi_host *host, struct oi_facts *facts);
void oi_facts_look_os(const struct oi_host *host, struct oi_facts *facts);
void oi_facts_look_repositories(const struct oi_host *host, struct oi_facts *facts);
void oi_facts_look_kernel(const struct oi_host *host, struct oi_facts *facts);
/** oi_facts_look_hyperv() - after the kernel: looks for the modules of its release */
void oi_facts_look_hyperv(const struct oi_host *host, struct oi_facts *facts);
void oi_facts_look_vm(const struct oi_host *host, struct oi_facts *facts);
void oi_facts_look_security(const struct oi_host *host, struct oi_facts *facts);
/** oi_facts_look_installed() - after the kernel: prefers modules of its release */
void oi_facts_look_installed(const struct oi_host *host, struct oi_facts *facts);
/** oi_facts_look_baked() - after the kernel: is what was baked for it as it was */
void oi_facts_look_baked(const struct oi_host *host, struct oi_facts *facts);
/** oi_facts_look_modules() - loaded ones that use RDMA, or are about to */
void oi_facts_look_modules(const struct oi_host *host, struct oi_facts *facts);
/** oi_facts_look_uses() - of RDMA by the kernel's own clients; after kernel and rdma */
void oi_facts_look_uses(const struct oi_host *host, struct oi_facts *facts);
void oi_facts_look_disk(const struct oi_host *host, struct oi_facts *facts);

/**
 * oi_facts_take_compute() - vm.* from a "compute" map of the metadata service's form
 * @source: "instance-data" or "imds"
 * Return: true when it told the size.
 */
bool oi_facts_take_compute(const struct oi_doc *compute, const char *source,
			   struct oi_facts *facts);

#endif
