/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/gather.h"

#include "facts/look.h"

void oi_facts_gather(const struct oi_host *host, struct oi_facts *facts)
{
	oi_facts_look_dmi(host, facts);
	oi_facts_look_os(host, facts);
	oi_facts_look_repositories(host, facts);
	oi_facts_look_kernel(host, facts);
	oi_facts_look_hyperv(host, facts);
	oi_facts_look_vm(host, facts);
	oi_facts_look_security(host, facts);
	oi_facts_look_pci(host, facts);
	oi_facts_look_rdma(host, facts);
	oi_facts_look_modules(host, facts);
	oi_facts_look_uses(host, facts);
	oi_facts_look_installed(host, facts);
	oi_facts_look_baked(host, facts);
	oi_facts_look_disk(host, facts);
}
