/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door to libpci, whose error callback may not return: contained here. */
#ifndef OI_SYS_PCIBUS_H
#define OI_SYS_PCIBUS_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "sys/root.h"

struct oi_pcibus_entry {
	unsigned int domain, bus, device_number, function;
	unsigned int vendor, device, class_code;
};

/**
 * oi_pcibus_scan() - list the functions
 * @root: sysfs is read at its /sys/bus/pci
 * @dump: a file as lspci -x writes it, read instead; NULL: sysfs
 * @each: called once for each function of vendor 15b3
 * Return: 0 scanned, 1 no PCI bus there, -1 error (OI_R_READ_FAILED; for a @dump
 *         that is none OI_R_USAGE; an empty one is an empty bus).
 */
OI_MUST_CHECK
int oi_pcibus_scan(const struct oi_root *root, const char *dump,
		   void (*each)(void *data, const struct oi_pcibus_entry *entry), void *data,
		   struct oi_err *err);

#endif
