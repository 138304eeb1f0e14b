/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door to libpci: trees, dumps, and everything that makes libpci want to exit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/buf.h"
#include "model/reasons.h"
#include "sys/pcibus.h"
#include "tree.h"

static struct tree tree;
static struct oi_buf found;
static struct oi_err err;

static int set_up(void **state OI_UNUSED)
{
	tree_make(&tree);
	oi_buf_reset(&found);
	return 0;
}

static int tear_down(void **state OI_UNUSED)
{
	tree_drop(&tree);
	oi_buf_clear(&found);
	return 0;
}

static void note(void *data, const struct oi_pcibus_entry *e)
{
	oi_buf_addf(data, "%04x:%02x:%02x.%x %04x:%04x %04x\n", e->domain, e->bus,
		    e->device_number, e->function, e->vendor, e->device, e->class_code);
}

static void function(const char *folder, const char *vendor, const char *device,
		     const char *class)
{
	OI_FREE char *v = oi_mem_printf("%s/vendor", folder);
	OI_FREE char *d = oi_mem_printf("%s/device", folder);
	OI_FREE char *c = oi_mem_printf("%s/class", folder);

	tree_put(&tree, v, vendor);
	tree_put(&tree, d, device);
	tree_put(&tree, c, class);
}

static void a_tree_is_listed(void **state OI_UNUSED)
{
	/* A PCI domain as large as pci-hyperv makes them, and another vendor's function. */
	function("/sys/devices/x/fe3b:00:02.0", "0x15b3\n", "0x101c\n", "0x020700\n");
	tree_link(&tree, "/sys/bus/pci/devices/fe3b:00:02.0", "../../../devices/x/fe3b:00:02.0");
	function("/sys/bus/pci/devices/0001:00:00.0", "0x10de\n", "0x2330\n", "0x030200\n");
	assert_int_equal(oi_pcibus_scan(&tree.root, NULL, note, &found, &err), 0);
	assert_string_equal(oi_buf_str(&found), "fe3b:00:02.0 15b3:101c 0207\n");
}

static void no_bus_is_no_error(void **state OI_UNUSED)
{
	assert_int_equal(oi_pcibus_scan(&tree.root, NULL, note, &found, &err), 1);
	tree_folder(&tree, "/sys/bus/pci");
	assert_int_equal(oi_pcibus_scan(&tree.root, NULL, note, &found, &err), 1);
	tree_folder(&tree, "/sys/bus/pci/devices");
	assert_int_equal(oi_pcibus_scan(&tree.root, NULL, note, &found, &err), 0);
	assert_string_equal(oi_buf_str(&found), "");
}

static void names_that_are_no_address_are_an_error(void **state OI_UNUSED)
{
	static const char *const names[] = { "not-an-address", "0000:00:00", "0000:00:00.0x",
					     "fffffffff:00:00.0", "ffffffff:00:00.0" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(names); i++) {
		OI_FREE char *path = oi_mem_printf("/sys/bus/pci/devices/%s", names[i]);

		tree_put(&tree, path, "");
		assert_int_equal(oi_pcibus_scan(&tree.root, NULL, note, &found, &err), -1);
		assert_int_equal(err.code, OI_R_READ_FAILED);
		assert_non_null(strstr(err.text, names[i]));
		tree_remove(&tree, path);
	}
	assert_int_equal(oi_pcibus_scan(&tree.root, NULL, note, &found, &err), 0);
}

static void what_libpci_dies_of_is_an_error(void **state OI_UNUSED)
{
	/* More than once, since the way out of libpci is used again. */
	for (int i = 0; i < 3; i++) {
		err.code = 0;
		assert_int_equal(oi_pcibus_scan(&tree.root, "/none/at/all", note, &found, &err), -1);
		assert_int_equal(err.code, OI_R_READ_FAILED);
		assert_non_null(strstr(err.text, "PCI bus: "));
		assert_non_null(strstr(err.text, "/none/at/all"));
	}
}

static void a_function_pulled_out_meanwhile_is_left_out(void **state OI_UNUSED)
{
	tree_link(&tree, "/sys/bus/pci/devices/0001:00:02.0", "../../../devices/gone");
	function("/sys/bus/pci/devices/0002:00:02.0", "0x15b3\n", "0x1018\n", "0x020700\n");
	tree_folder(&tree, "/sys/bus/pci/devices/0003:00:02.0");
	assert_int_equal(oi_pcibus_scan(&tree.root, NULL, note, &found, &err), 0);
	assert_string_equal(oi_buf_str(&found), "0002:00:02.0 15b3:1018 0207\n");
}

static void links_do_not_lead_out_of_the_tree(void **state OI_UNUSED)
{
	struct tree other;
	OI_FREE char *out = NULL;
	OI_FREE char *bus = NULL;

	tree_make(&other);
	tree_put(&other, "/sys/bus/pci/devices/0001:00:02.0/vendor", "0x15b3\n");
	tree_put(&other, "/sys/bus/pci/devices/0001:00:02.0/device", "0x101c\n");
	tree_put(&other, "/sys/bus/pci/devices/0001:00:02.0/class", "0x020700\n");
	out = oi_mem_printf("%s/sys/bus/pci/devices/0001:00:02.0", other.top);
	tree_link(&tree, "/sys/bus/pci/devices/0001:00:02.0", out);
	assert_int_equal(oi_pcibus_scan(&tree.root, NULL, note, &found, &err), 0);
	assert_string_equal(oi_buf_str(&found), "");
	/* The same with the bus itself outside. */
	tree_remove(&tree, "/sys/bus/pci");
	bus = oi_mem_printf("%s/sys/bus/pci", other.top);
	tree_link(&tree, "/sys/bus/pci", bus);
	assert_int_equal(oi_pcibus_scan(&tree.root, NULL, note, &found, &err), 1);
	tree_drop(&other);
}

static void this_machine_is_listed(void **state OI_UNUSED)
{
	struct oi_root root;
	int got;

	assert_int_equal(oi_root_open("/", &root, &err), 0);
	got = oi_pcibus_scan(&root, NULL, note, &found, &err);
	assert_int_equal(got, oi_root_exists(&root, "/sys/bus/pci/devices") ? 0 : 1);
	oi_root_close(&root);
}

static int scan_dump(const char *text, size_t len)
{
	OI_FREE char *name = tree_name(&tree, "/dump");

	tree_put_bytes(&tree, "/dump", text, len);
	return oi_pcibus_scan(&tree.root, name, note, &found, &err);
}

static void a_dump_is_listed(void **state OI_UNUSED)
{
	static const char dump[] =
		"0101:00:00.0 Infiniband controller: Mellanox Technologies MT28908\n"
		"00: b3 15 1c 10 06 04 10 00 00 00 07 02 00 00 00 00\n"
		"\n"
		"00:02.0 Ethernet controller: somebody else\n"
		"00: f4 1a 00 10 06 04 10 00 00 00 00 02 00 00 00 00\n"
		"\n";

	assert_int_equal(scan_dump(dump, sizeof(dump) - 1), 0);
	assert_string_equal(oi_buf_str(&found), "0101:00:00.0 15b3:101c 0207\n");
}

static void what_is_no_dump_is_refused(void **state OI_UNUSED)
{
	static char huge[(8 << 20) + 1];
	char longest[5000];
	char random[4096];
	uint32_t seed = 12345;

	assert_int_equal(scan_dump("", 0), 0); /* lspci on a VM without any device */
	assert_string_equal(oi_buf_str(&found), "");
	assert_int_equal(scan_dump(huge, sizeof(huge)), -1);
	assert_non_null(strstr(err.text, "larger than"));
	assert_int_equal(scan_dump("hello\n", 6), -1);
	assert_int_equal(err.code, OI_R_USAGE);
	assert_non_null(strstr(err.text, "not a dump"));
	memset(longest, 'x', sizeof(longest));
	assert_int_equal(scan_dump(longest, sizeof(longest)), -1);
	for (size_t i = 0; i < sizeof(random); i++) {
		seed = seed * 1664525 + 1013904223;
		random[i] = (char)(seed >> 24);
	}
	assert_int_equal(scan_dump(random, sizeof(random)), -1);
	assert_int_equal(oi_pcibus_scan(&tree.root, "/", note, &found, &err), -1);
	assert_string_equal(oi_buf_str(&found), "");
}

static void a_dump_cut_short_has_no_class(void **state OI_UNUSED)
{
	static const char dump[] = "0101:00:00.0 Infiniband controller\n00: b3 15 1c 10\n";

	/* libpci reads what is missing as ones: it is never an InfiniBand function. */
	assert_int_equal(scan_dump(dump, sizeof(dump) - 1), 0);
	assert_null(strstr(oi_buf_str(&found), " 0207"));
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_tree_is_listed),
		T(no_bus_is_no_error),
		T(names_that_are_no_address_are_an_error),
		T(what_libpci_dies_of_is_an_error),
		T(a_function_pulled_out_meanwhile_is_left_out),
		T(links_do_not_lead_out_of_the_tree),
		T(this_machine_is_listed),
		T(a_dump_is_listed),
		T(what_is_no_dump_is_refused),
		T(a_dump_cut_short_has_no_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
