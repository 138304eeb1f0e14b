/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/pcibus.h"

#include <fcntl.h>
#include <limits.h>
#include <pci/pci.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/reasons.h"

/* Source: pci.ids */
#define VENDOR_MELLANOX 0x15b3
#define BUS "/sys/bus/pci"

/* lspci -xxxx writes 14 KiB a function, and a VM has a few dozen. */
#define DUMP_BYTES_MAX (8 << 20)

/*
 * libpci's error callback may not return, and libpci gives it no pointer of
 * ours: where to jump and what to say is kept here while a scan runs.
 */
static struct {
	jmp_buf back;
	struct oi_err *err;
} scan;

static void on_error(char *fmt, ...) OI_PRINTF(1, 2) __attribute__((noreturn));
static void on_error(char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	oi_err_set(scan.err, OI_R_READ_FAILED, "PCI bus: %s", text);
	longjmp(scan.back, 1);
}

/* What libpci only warns of, it has an answer for. */
static void on_warning(char *fmt OI_UNUSED, ...)
{
}

/*
 * libpci gives up on a name that is no address, and leaves its folder open then.
 * Return: as oi_pcibus_scan().
 */
static int check_names(const struct oi_root *root, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	int got = oi_root_list(root, BUS "/devices", &names, err);

	for (size_t i = 0; !got && i < names.n; i++) {
		unsigned int domain, bus, device, number;
		char end;

		/* NOLINTNEXTLINE(cert-err34-c): at most eight digits are read */
		if (sscanf(names.v[i], "%8x:%2x:%2x.%1x%c", &domain, &bus, &device, &number,
			   &end) != 4 || domain > INT_MAX)
			return oi_err_set(err, OI_R_READ_FAILED,
					  "PCI bus: " BUS "/devices/%s: not an address",
					  names.v[i]);
	}
	return got;
}

static int list(struct pci_access *access)
{
	if (setjmp(scan.back))
		return -1;
	pci_init(access);
	pci_scan_bus(access);
	return 0;
}

/* A function can be pulled out between listing and reading. */
static int fill(struct pci_dev *dev)
{
	if (setjmp(scan.back))
		return -1;
	pci_fill_info(dev, PCI_FILL_IDENT | PCI_FILL_CLASS);
	return 0;
}

/*
 * libpci follows links as the kernel does. In a tree that only looks like a
 * machine, a link may lead out of it: what was found must be in the tree too.
 */
static bool in_the_tree(const struct oi_root *root, const struct oi_pcibus_entry *entry)
{
	OI_FREE char *path = oi_mem_printf(BUS "/devices/%04x:%02x:%02x.%x/vendor", entry->domain,
					   entry->bus, entry->device_number, entry->function);
	OI_FREE char *vendor = NULL;
	struct oi_err ignored;

	return !oi_root_read_line(root, path, &vendor, &ignored) &&
	       strtoul(vendor, NULL, 16) == entry->vendor;
}

static void report(struct pci_access *access, const struct oi_root *tree,
		   void (*each)(void *data, const struct oi_pcibus_entry *entry), void *data)
{
	for (struct pci_dev *dev = access->devices; dev; dev = dev->next) {
		struct oi_pcibus_entry entry;

		if (fill(dev) || dev->vendor_id != VENDOR_MELLANOX)
			continue;
		entry = (struct oi_pcibus_entry){
			.domain = (unsigned int)dev->domain,
			.bus = dev->bus,
			.device_number = dev->dev,
			.function = dev->func,
			.vendor = dev->vendor_id,
			.device = dev->device_id,
			.class_code = dev->device_class,
		};
		if (!tree || in_the_tree(tree, &entry))
			each(data, &entry);
	}
}

/* lspci prints nothing where there is no device: a generation 2 VM without pass-through. */
static bool is_empty(const char *file)
{
	struct stat status;

	return !stat(file, &status) && S_ISREG(status.st_mode) && !status.st_size;
}

static bool is_large(const char *file)
{
	struct stat status;

	return !stat(file, &status) && status.st_size > DUMP_BYTES_MAX;
}

int oi_pcibus_scan(const struct oi_root *root, const char *dump,
		   void (*each)(void *data, const struct oi_pcibus_entry *entry), void *data,
		   struct oi_err *err)
{
	OI_FREE char *sysfs = NULL;
	OI_FREE char *file = oi_mem_dup(dump);
	char sysfs_path[] = "sysfs.path";
	char dump_name[] = "dump.name";
	struct pci_access *access;
	int bus = -1;
	int got;

	if (!dump) {
		got = check_names(root, err);
		if (got)
			return got;
		bus = oi_root_openat(root, BUS, O_PATH | O_DIRECTORY, 0);
		if (bus < 0)
			return oi_err_set(err, OI_R_READ_FAILED, "PCI bus: " BUS ": %m");
		/* By descriptor, since libpci would follow links out of the tree. */
		sysfs = oi_root_is_real(root) ? oi_mem_dup(BUS) :
						oi_mem_printf("/proc/self/fd/%d", bus);
	}
	if (dump && is_large(dump))
		return oi_err_set(err, OI_R_USAGE, "%s: larger than %d bytes", dump, DUMP_BYTES_MAX);
	access = pci_alloc();
	access->error = on_error;
	access->warning = on_warning;
	access->method = dump ? PCI_ACCESS_DUMP : PCI_ACCESS_SYS_BUS_PCI;
	if (dump)
		pci_set_param(access, dump_name, file);
	else
		pci_set_param(access, sysfs_path, sysfs);
	scan.err = err;
	got = list(access);
	if (!got && dump && !access->devices && !is_empty(dump))
		got = oi_err_set(err, OI_R_USAGE, "%s: not a dump as lspci -x writes it", dump);
	if (!got)
		report(access, dump || oi_root_is_real(root) ? NULL : root, each, data);
	pci_cleanup(access);
	if (bus >= 0)
		close(bus);
	return got;
}
