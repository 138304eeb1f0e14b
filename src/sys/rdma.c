/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/rdma.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define CLASS "/sys/class/infiniband"

/* An attribute of a port, owned by the caller; NULL: unreadable, or empty. */
static char *attribute(const struct oi_root *root, const char *port, const char *name)
{
	OI_FREE char *path = oi_mem_printf("%s/%s", port, name);
	struct oi_err ignored; /* a port that cannot be read is reported as such */
	char *value = NULL;

	if (oi_root_read_line(root, path, &value, &ignored))
		return NULL;
	if (!*value) {
		free(value);
		return NULL;
	}
	return value;
}

/* "4: ACTIVE" -> "ACTIVE" */
static const char *after_number(const char *value)
{
	const char *colon = value ? strchr(value, ':') : NULL;

	return colon ? colon + 1 + strspn(colon + 1, " ") : value;
}

/* "200 Gb/sec (4X HDR)", "2.5 Gb/sec (1X SDR)" */
static double rate_of(const char *value)
{
	char *end;
	double rate;

	if (!value)
		return -1;
	rate = strtod(value, &end);
	return end != value && !strncmp(end, " Gb/sec", 7) && rate >= 0 ? rate : -1;
}

/* The kernel says -1 for a function that is near to no node. */
static int numa_node(const struct oi_root *root, const char *device)
{
	OI_FREE char *folder = oi_mem_printf(CLASS "/%s/device", device);
	OI_FREE char *text = attribute(root, folder, "numa_node");
	char *end;
	long node = text ? strtol(text, &end, 10) : -1;

	return text && end != text && !*end && node >= 0 && node <= INT_MAX ? (int)node : -1;
}

static void look_at_port(const struct oi_root *root, const char *device, unsigned int number,
			 void (*each)(void *data, const struct oi_rdma_entry *entry), void *data)
{
	OI_FREE char *port = oi_mem_printf(CLASS "/%s/ports/%u", device, number);
	OI_FREE char *link_layer = attribute(root, port, "link_layer");
	OI_FREE char *state = attribute(root, port, "state");
	OI_FREE char *phys_state = attribute(root, port, "phys_state");
	OI_FREE char *rate = attribute(root, port, "rate");
	OI_FREE char *address = NULL;
	OI_FREE char *link = oi_mem_printf(CLASS "/%s/device", device);
	struct oi_err ignored;
	bool known = !oi_root_link(root, link, &address, &ignored);
	struct oi_rdma_entry entry = {
		.device = device,
		.port = number,
		.link_layer = link_layer,
		.state = after_number(state),
		.phys_state = after_number(phys_state),
		.rate_gbps = rate_of(rate),
		.address = known ? address : NULL,
		.numa_node = numa_node(root, device),
	};

	each(data, &entry);
}

int oi_rdma_scan(const struct oi_root *root,
		 void (*each)(void *data, const struct oi_rdma_entry *entry), void *data,
		 struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv devices = { 0 };
	int got = oi_root_list(root, CLASS, &devices, err);

	if (got)
		return got;
	for (size_t d = 0; d < devices.n; d++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv ports = { 0 };
		OI_FREE char *folder = oi_mem_printf(CLASS "/%s/ports", devices.v[d]);

		got = oi_root_list(root, folder, &ports, err);
		if (got < 0)
			return -1;
		/* 1: the device went away while we looked, or is none. */
		for (size_t p = 0; p < ports.n; p++) {
			char *end;
			unsigned long number = strtoul(ports.v[p], &end, 10);

			if (number && number <= 255 && !*end)
				look_at_port(root, devices.v[d], (unsigned int)number, each, data);
		}
	}
	return 0;
}
