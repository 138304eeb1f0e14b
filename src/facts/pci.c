/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of the adapter's vendor on the PCI bus, and which driver each has. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "facts/gather.h"
#include "facts/doubt.h"
#include "facts/look.h"
#include "sys/pcibus.h"

/* The largest sizes have 8 to 16; beyond this it is no bus but an attack on our memory. */
#define FUNCTIONS_MAX 1024

static void add_function(void *data, const struct oi_pcibus_entry *entry)
{
	struct oi_facts *facts = data;
	struct oi_pci_function *f;

	if (facts->pci.n == FUNCTIONS_MAX) {
		oi_facts_doubt(facts, "pci: only the first %d functions are looked at", FUNCTIONS_MAX);
		return;
	}
	f = oi_facts_add_pci(facts);
	f->address = oi_mem_printf("%04x:%02x:%02x.%x", entry->domain, entry->bus,
				   entry->device_number, entry->function);
	f->vendor = entry->vendor;
	f->device = entry->device;
	f->class_code = entry->class_code;
}

static int by_address(const void *a, const void *b)
{
	const struct oi_pci_function *x = a;
	const struct oi_pci_function *y = b;

	return strcmp(x->address, y->address);
}

void oi_facts_look_pci(const struct oi_host *host, struct oi_facts *facts)
{
	struct oi_err err;
	int got;

	oi_facts_drop_pci(facts);
	got = oi_pcibus_scan(&host->look, host->pci_dump, add_function, facts, &err);
	if (got < 0) {
		oi_facts_drop_pci(facts);
		oi_facts_doubt(facts, "pci: %s", err.text);
		return;
	}
	if (got) {
		if (oi_root_exists(&host->look, "/sys/bus"))
			facts->pci.known = OI_ABSENT;
		else
			oi_facts_doubt(facts, "pci: there is no /sys/bus");
		return;
	}
	facts->pci.known = OI_KNOWN;
	if (facts->pci.n)
		qsort(facts->pci.v, facts->pci.n, sizeof(*facts->pci.v), by_address);
	for (size_t i = 0; i < facts->pci.n; i++) {
		struct oi_pci_function *f = &facts->pci.v[i];
		OI_FREE char *path = oi_mem_printf("/sys/bus/pci/devices/%s/driver", f->address);

		if (oi_root_link(&host->look, path, &f->driver, &err) < 0)
			oi_facts_doubt(facts, "pci: %s", err.text);
	}
}
