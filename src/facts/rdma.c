/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RDMA ports, of every link layer: which of them are InfiniBand is for others to judge. */
#include "base/mem.h"
#include "facts/gather.h"
#include "facts/doubt.h"
#include "facts/look.h"
#include "sys/rdma.h"

static void add_device(void *data, const struct oi_rdma_entry *entry)
{
	struct oi_rdma_port *port = oi_facts_add_port(data);

	port->device = oi_mem_dup(entry->device);
	port->port = entry->port;
	port->link_layer = oi_mem_dup(entry->link_layer);
	port->state = oi_mem_dup(entry->state);
	port->phys_state = oi_mem_dup(entry->phys_state);
	port->rate_gbps = entry->rate_gbps;
	port->address = oi_mem_dup(entry->address);
	port->numa_node = entry->numa_node;
}

void oi_facts_look_rdma(const struct oi_host *host, struct oi_facts *facts)
{
	struct oi_err err;
	int got;

	oi_facts_drop_ports(facts);
	got = oi_rdma_scan(&host->look, add_device, facts, &err);
	if (got < 0) {
		oi_facts_drop_ports(facts);
		oi_facts_doubt(facts, "rdma: %s", err.text);
	} else if (!got) {
		facts->rdma.known = OI_KNOWN;
	} else if (oi_root_exists(&host->look, "/sys/class")) {
		facts->rdma.known = OI_ABSENT; /* no RDMA module is loaded */
	} else {
		oi_facts_doubt(facts, "rdma: there is no /sys/class");
	}
}
