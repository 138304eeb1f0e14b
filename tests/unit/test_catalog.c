/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "model/catalog.h"
#include "model/catalog_builtin.h"
#include "model/kernel_range.h"
#include "model/reasons.h"

#define CATALOG OI_CLEANUP(oi_catalog_clear) struct oi_catalog
#define TEXT OI_CLEANUP(oi_buf_clear) struct oi_buf

#define SIZES "size\tnic_generation\tfabric\tib_ports\tlink_gbps\tarch\tpci_device_ids\tstatus\n"
#define RELEASES "stack\tversion\tdistro_id\tdistro_version\tarch\tnic_generations\turl\tsha256\tkind\tstatus\n"
#define INBOX "distro_id\tdistro_version\tarch\tnic_generations\tmethod\tpackages\toptional\tbuild\tarchive\n"
#define PCI "device\tnic_generation\n"
#define DIGEST "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"

static void add(struct oi_catalog *catalog, const char *name, const char *text)
{
	struct oi_err err = { 0 };

	if (oi_catalog_add_table(catalog, name, text, strlen(text), &err) < 0)
		fail_msg("%s", err.text);
}

/* The table is refused with exactly this text. */
static void refuse(const char *name, const char *text, size_t len, const char *expected)
{
	CATALOG catalog = { 0 };
	struct oi_err err = { 0 };

	assert_int_equal(oi_catalog_add_table(&catalog, name, text, len, &err), -1);
	assert_int_equal(err.code, OI_R_CATALOG_MALFORMED);
	assert_string_equal(err.text, expected);
}

#define REFUSE(name, text, expected) refuse(name, text, sizeof(text) - 1, expected)

static void builtin_is_well_formed(void **state OI_UNUSED)
{
	CATALOG catalog = { 0 };
	struct oi_err err = { 0 };
	size_t chosen = 0;

	if (oi_catalog_add_builtin(&catalog, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(catalog.n_sizes > 60);
	assert_true(catalog.n_others > 70);
	assert_true(catalog.n_releases > 220);
	assert_true(catalog.n_inbox > 30);
	assert_true(catalog.n_pci_ids >= 9);
	assert_int_equal(catalog.n_keys, 3);
	assert_string_equal(catalog.keys[0].fingerprint, "CAE649B3B3929F8470D4D33BA024F6F0E6D6A281");
	assert_true(catalog.keys[0].accept);
	assert_false(catalog.keys[1].accept || catalog.keys[2].accept);

	for (size_t i = 0; i < catalog.n_sizes; i++) {
		const struct oi_size *size = &catalog.sizes[i];

		assert_ptr_equal(oi_catalog_find_size(&catalog, size->name), size);
		assert_null(oi_catalog_find_other(&catalog, size->name));
		assert_true(size->ib_ports > 0 && size->link_gbps > 0);
		/* a PCI function in the guest, or none */
		assert_int_equal(size->network_direct, !size->pci_device_ids.n);
		for (size_t j = 0; j < size->pci_device_ids.n; j++) {
			unsigned int id = (unsigned int)strtoul(size->pci_device_ids.v[j], NULL, 16);

			assert_non_null(oi_catalog_find_pci(&catalog, id));
		}
	}
	for (size_t i = 0; i < catalog.n_others; i++)
		assert_null(oi_catalog_find_size(&catalog, catalog.others[i].name));
	for (size_t i = 0; i < catalog.n_releases; i++) {
		const struct oi_release *release = &catalog.releases[i];

		if (release->status != OI_RELEASE_CURRENT && release->status != OI_RELEASE_OLDER)
			continue;
		chosen++;
		/* nothing that could be replaced on its way: TLS or a digest */
		if (release->url)
			assert_true(release->sha256 || !strncmp(release->url, "https://", 8));
	}
	assert_true(chosen > 180);
	for (size_t i = 0; i < catalog.n_inbox; i++) {
		const struct oi_inbox *inbox = &catalog.inbox[i];

		assert_int_equal(!strcmp(inbox->method, "apt"), inbox->archive != NULL);
		assert_true(inbox->packages.n >= 3);
	}
}

static void sizes_are_found_in_any_case_and_without_promo(void **state OI_UNUSED)
{
	CATALOG catalog = { 0 };

	add(&catalog, "vm-sizes.tsv",
	    SIZES "Standard_A1r\tcx6\tsr-iov\t1\t200\tx86_64\t101c,101e\tcurrent\n"
		  "Standard_B1r_Promo\tcx5\tsr-iov\t1\t100\tx86_64\t1018\tretired\n"
		  "Standard_B1r\tcx3-pro\tnetwork-direct\t1\t56\tx86_64\t-\tretired\n");
	add(&catalog, "other-sizes.tsv", "size\twhy\nStandard_C1\tno fabric\n");

	assert_string_equal(oi_catalog_find_size(&catalog, "STANDARD_a1R")->name, "Standard_A1r");
	assert_string_equal(oi_catalog_find_size(&catalog, "standard_a1r_PROMO")->name,
			    "Standard_A1r");
	/* a row of its own comes first */
	assert_string_equal(oi_catalog_find_size(&catalog, "standard_b1r_promo")->nic_generation,
			    "cx5");
	assert_string_equal(oi_catalog_find_size(&catalog, "Standard_B1r")->nic_generation,
			    "cx3-pro");
	assert_string_equal(oi_catalog_find_other(&catalog, "standard_c1_promo")->why, "no fabric");

	assert_null(oi_catalog_find_size(&catalog, NULL));
	assert_null(oi_catalog_find_size(&catalog, ""));
	assert_null(oi_catalog_find_size(&catalog, "_Promo"));
	assert_null(oi_catalog_find_size(&catalog, "Standard_A1"));
	assert_null(oi_catalog_find_size(&catalog, "Standard_A1rs"));
	assert_null(oi_catalog_find_size(&catalog, "Standard_A1r_Promo_Promo"));
	assert_null(oi_catalog_find_other(&catalog, NULL));
	assert_null(oi_catalog_find_other(&catalog, "Standard_A1r"));
}

static void columns_may_come_in_any_order_with_others_between(void **state OI_UNUSED)
{
	CATALOG catalog = { 0 };
	const struct oi_size *size;

	add(&catalog, "/etc/ofed-init/catalog.d/50-mine.vm-sizes.tsv",
	    "# ours\n\nstatus\towner\tpci_device_ids\tarch\tlink_gbps\tib_ports\tfabric\tnic_generation\tsize\tnote\n"
	    "# a comment, tab\tand all\n"
	    "current\tJane Doe\t101e\taarch64\t-\t4\tsr-iov\tcx8\tStandard_X\tnot seen");
	assert_int_equal(catalog.n_sizes, 1);
	size = &catalog.sizes[0];
	assert_string_equal(size->name, "Standard_X");
	assert_string_equal(size->nic_generation, "cx8");
	assert_false(size->network_direct);
	assert_int_equal(size->ib_ports, 4);
	assert_int_equal(size->link_gbps, 0);
	assert_string_equal(size->arch, "aarch64");
	assert_int_equal(size->pci_device_ids.n, 1);
	assert_null(size->pci_device_ids.v[1]);
	assert_string_equal(size->note, "not seen");
	assert_null(size->series);
	assert_string_equal(size->from.file, "/etc/ofed-init/catalog.d/50-mine.vm-sizes.tsv");
	assert_int_equal(size->from.line, 5);
}

static void releases_carry_everything(void **state OI_UNUSED)
{
	CATALOG catalog = { 0 };
	const struct oi_release *release;

	add(&catalog, "releases.tsv",
	    RELEASES "doca-ofed\t3.2.3\tubuntu\t24.04\tx86_64\tcx5,cx6\thttps://v.example/a.deb\t" DIGEST
		     "\tdoca-host-deb\tdo-not-use\n"
		     "mlnx-ofed\tunversioned\tazurelinux\t3.0\taarch64\tcx7\t-\t-\tdistro-rpm\tolder\n");
	assert_int_equal(catalog.n_releases, 2);
	release = &catalog.releases[0];
	assert_string_equal(release->version, "3.2.3");
	assert_int_equal(release->nic_generations.n, 2);
	assert_true(oi_strv_has(&release->nic_generations, "cx6"));
	/* digests are compared as text later: one spelling */
	assert_string_equal(release->sha256,
			    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	assert_int_equal(release->status, OI_RELEASE_DO_NOT_USE);
	assert_string_equal(oi_release_status_name(release->status), "do-not-use");
	assert_null(catalog.releases[1].url);
	assert_null(catalog.releases[1].sha256);
	assert_int_equal(catalog.releases[1].status, OI_RELEASE_OLDER);
}

static void inbox_rows_are_lists(void **state OI_UNUSED)
{
	CATALOG catalog = { 0 };
	const struct oi_inbox *inbox;

	add(&catalog, "inbox.tsv",
	    INBOX "debian\t12*\tx86_64,aarch64\tcx6\tapt\trdma-core,perftest\t-\tlinux-headers-{kernel},g++\tDebian\n");
	inbox = &catalog.inbox[0];
	assert_string_equal(inbox->distro_version, "12*");
	assert_true(oi_strv_has(&inbox->arch, "aarch64"));
	assert_int_equal(inbox->packages.n, 2);
	assert_int_equal(inbox->optional.n, 0);
	assert_null(inbox->optional.v);
	assert_true(oi_strv_has(&inbox->build, "linux-headers-{kernel}"));
	assert_string_equal(inbox->archive, "Debian");
}

static void later_files_replace_rows_in_place(void **state OI_UNUSED)
{
	CATALOG catalog = { 0 };

	add(&catalog, "vm-sizes.tsv",
	    SIZES "Standard_A\tcx6\tsr-iov\t1\t200\tx86_64\t101c\tcurrent\n"
		  "Standard_B\tcx6\tsr-iov\t1\t200\tx86_64\t101c\tcurrent\n");
	add(&catalog, "d/vm-sizes.tsv",
	    SIZES "standard_a\tcx7\tsr-iov\t8\t400\tx86_64\t101e\tcurrent\n"
		  "Standard_C\tcx7\tsr-iov\t8\t400\tx86_64\t101e\tcurrent\n");
	assert_int_equal(catalog.n_sizes, 3);
	assert_string_equal(catalog.sizes[0].nic_generation, "cx7");
	assert_string_equal(catalog.sizes[0].from.file, "d/vm-sizes.tsv");
	assert_int_equal(catalog.sizes[0].from.line, 2);
	assert_string_equal(catalog.sizes[1].from.file, "vm-sizes.tsv");
	/* and again: replaced by the third, though the name is that of the second */
	add(&catalog, "d/vm-sizes.tsv", SIZES "STANDARD_A\tcx8\tsr-iov\t4\t800\taarch64\t-\tcurrent\n");
	assert_int_equal(catalog.n_sizes, 3);
	assert_string_equal(catalog.sizes[0].nic_generation, "cx8");

	add(&catalog, "releases.tsv",
	    RELEASES "mlnx-ofed\t5.0\trhel\t8.2\tx86_64\tcx5\thttps://v/a\t-\ttgz\tcurrent\n"
		     "mlnx-ofed\t5.0\trhel\t8.2\tx86_64\tcx5\thttps://v/b\t-\ttgz\tcurrent\n"
		     "mlnx-ofed\t5.0\trhel\t8.2\tx86_64\tcx5\t-\t-\ttgz\tunmerged\n");
	add(&catalog, "x.releases.tsv",
	    RELEASES "mlnx-ofed\t5.0\trhel\t8.2\tx86_64\tcx5\thttps://v/b\t-\ttgz\tdo-not-use\n");
	assert_int_equal(catalog.n_releases, 3);
	assert_int_equal(catalog.releases[0].status, OI_RELEASE_CURRENT);
	assert_int_equal(catalog.releases[1].status, OI_RELEASE_DO_NOT_USE);

	add(&catalog, "inbox.tsv", INBOX "a\t1\tx86_64\tcx5\tapt\tb\t-\t-\tA\n"
					 "a\t1\taarch64\tcx5\tapt\tb\t-\t-\tA\n");
	add(&catalog, "x.inbox.tsv", INBOX "a\t1\taarch64\tcx5\tapt\tb,c\tc\t-\tA\n");
	assert_int_equal(catalog.n_inbox, 2);
	assert_int_equal(catalog.inbox[0].packages.n, 1);
	assert_int_equal(catalog.inbox[1].packages.n, 2);

	add(&catalog, "pci-ids.tsv", PCI "101c\tcx6\n101E\tcx7\n");
	add(&catalog, "x.pci-ids.tsv", PCI "101e\tcx8\n");
	add(&catalog, "signing-keys.tsv",
	    "fingerprint\tverdict\n0daed433e148394d18f3ba51c5ed83e26224c050\taccept\n");
	add(&catalog, "x.signing-keys.tsv",
	    "fingerprint\tverdict\n0DAED433E148394D18F3BA51C5ED83E26224C050\trefuse\n");
	assert_int_equal(catalog.n_keys, 1);
	assert_false(catalog.keys[0].accept);
	assert_int_equal(catalog.n_pci_ids, 2);
	assert_string_equal(oi_catalog_find_pci(&catalog, 0x101e)->nic_generation, "cx8");
	assert_null(oi_catalog_find_pci(&catalog, 0x1018));
}

static void a_size_is_either_with_or_without_infiniband(void **state OI_UNUSED)
{
	CATALOG catalog = { 0 };

	add(&catalog, "vm-sizes.tsv",
	    SIZES "Standard_A\tcx6\tsr-iov\t1\t200\tx86_64\t101c\tcurrent\n"
		  "Standard_B\tcx6\tsr-iov\t1\t200\tx86_64\t101c,101e\tcurrent\n"
		  "Standard_C\tcx6\tsr-iov\t1\t200\tx86_64\t101c\tcurrent\n");
	add(&catalog, "other-sizes.tsv", "size\twhy\nStandard_D\tno\nSTANDARD_B\tnot here\n");
	assert_int_equal(catalog.n_sizes, 2);
	assert_null(oi_catalog_find_size(&catalog, "Standard_B"));
	assert_non_null(oi_catalog_find_size(&catalog, "Standard_C"));
	assert_string_equal(oi_catalog_find_other(&catalog, "Standard_B")->why, "not here");

	add(&catalog, "mine.vm-sizes.tsv",
	    SIZES "standard_d\tcx7\tsr-iov\t1\t400\tx86_64\t101e\tcurrent\n");
	assert_null(oi_catalog_find_other(&catalog, "Standard_D"));
	assert_string_equal(oi_catalog_find_size(&catalog, "Standard_D")->nic_generation, "cx7");
	assert_int_equal(catalog.n_others, 1);
}

static void malformed_files_name_file_and_line(void **state OI_UNUSED)
{
	REFUSE("d/sizes.tsv", SIZES,
	       "d/sizes.tsv:1: the name tells no table; it must end in vm-sizes.tsv, other-sizes.tsv, releases.tsv, inbox.tsv, pci-ids.tsv or signing-keys.tsv");
	REFUSE("my-vm-sizes.tsv", SIZES,
	       "my-vm-sizes.tsv:1: the name tells no table; it must end in vm-sizes.tsv, other-sizes.tsv, releases.tsv, inbox.tsv, pci-ids.tsv or signing-keys.tsv");
	REFUSE("signing-keys.tsv", "fingerprint\tverdict\n0DAED433\taccept\n",
	       "signing-keys.tsv:2: fingerprint is \"0DAED433\"; it must be 40 or 64 hexadecimal digits");
	REFUSE("signing-keys.tsv",
	       "fingerprint\tverdict\n0DAED433E148394D18F3BA51C5ED83E26224C050\tperhaps\n",
	       "signing-keys.tsv:2: verdict is \"perhaps\"; it must be one of: accept, refuse");
	REFUSE("pci-ids.tsv", "", "pci-ids.tsv:1: there is no header line that names the columns");
	REFUSE("pci-ids.tsv", "# only\n\n",
	       "pci-ids.tsv:1: there is no header line that names the columns");
	REFUSE("pci-ids.tsv", "#\ndevice\n",
	       "pci-ids.tsv:2: the header does not name column \"nic_generation\"");
	REFUSE("pci-ids.tsv", "device\tnic_generation\tdevice\n",
	       "pci-ids.tsv:1: column \"device\" is named twice");
	REFUSE("pci-ids.tsv",
	       "device\tnic_generation\t3\t4\t5\t6\t7\t8\t9\t10\t11\t12\t13\t14\t15\t16\t17\t18\t19\t20\t21\t22\t23\t24\t25\t26\t27\t28\t29\t30\t31\t32\t33\n",
	       "pci-ids.tsv:1: there are 33 columns; 32 are allowed");
	REFUSE("pci-ids.tsv", PCI "101c\tcx6\n\n101e\n",
	       "pci-ids.tsv:4: the row has 1 fields; the header names 2 columns");
	REFUSE("pci-ids.tsv", PCI "101c\tcx6\tx\n",
	       "pci-ids.tsv:2: the row has 3 fields; the header names 2 columns");
	REFUSE("pci-ids.tsv", PCI "101c\t\n",
	       "pci-ids.tsv:2: nic_generation is empty; \"-\" means no value");
	REFUSE("pci-ids.tsv", PCI "101c\t-\n", "pci-ids.tsv:2: nic_generation must have a value");
	REFUSE("pci-ids.tsv", PCI "101c\tcx6\n# x\n101C\tcx7\n",
	       "pci-ids.tsv:4: the row repeats that of line 2");
	REFUSE("pci-ids.tsv", PCI "101c\tcx6\r\n",
	       "pci-ids.tsv:2: a carriage return; lines end with a newline alone");
	REFUSE("pci-ids.tsv", PCI "101c\tc\0x6\n",
	       "pci-ids.tsv:2: byte 0x00 at column 7 is not printable ASCII");
	REFUSE("pci-ids.tsv", "\xef\xbb\xbf" PCI,
	       "pci-ids.tsv:1: byte 0xef at column 1 is not printable ASCII");
	REFUSE("pci-ids.tsv", PCI "# \x1b[31m\n",
	       "pci-ids.tsv:2: byte 0x1b at column 3 is not printable ASCII");
	REFUSE("pci-ids.tsv", PCI "0x101c\tcx6\n",
	       "pci-ids.tsv:2: device has \"0x101c\"; it must be 4 hexadecimal digits");
	REFUSE("pci-ids.tsv", PCI "101g\tcx6\n",
	       "pci-ids.tsv:2: device has \"101g\"; it must be 4 hexadecimal digits");
	REFUSE("pci-ids.tsv", PCI "101c\tcx 6\n",
	       "pci-ids.tsv:2: nic_generation has \"cx 6\", which cannot be a name");
}

static void malformed_sizes_are_refused(void **state OI_UNUSED)
{
	REFUSE("vm-sizes.tsv", SIZES "A\tcx6\tib\t1\t200\tx86_64\t101c\tcurrent\n",
	       "vm-sizes.tsv:2: fabric is \"ib\"; it must be one of: sr-iov, network-direct");
	REFUSE("vm-sizes.tsv", SIZES "A\tcx6\tsr-iov\t1\t200\tarm64\t101c\tcurrent\n",
	       "vm-sizes.tsv:2: arch is \"arm64\"; it must be one of: x86_64, aarch64");
	REFUSE("vm-sizes.tsv", SIZES "A\tcx6\tsr-iov\t1\t200\tx86_64\t101c\tnew\n",
	       "vm-sizes.tsv:2: status is \"new\"; it must be one of: current, announced-retirement, retired");
	/* not a word of the list's text, nor a part of one */
	REFUSE("vm-sizes.tsv", SIZES "A\tcx6\tsr-iov\t1\t200\tx86_64\t101c\tretire\n",
	       "vm-sizes.tsv:2: status is \"retire\"; it must be one of: current, announced-retirement, retired");
	REFUSE("vm-sizes.tsv", SIZES "A\tcx6\tsr-iov\t1.5\t200\tx86_64\t101c\tcurrent\n",
	       "vm-sizes.tsv:2: ib_ports is \"1.5\"; it must be a number");
	REFUSE("vm-sizes.tsv", SIZES "A\tcx6\tsr-iov\t-1\t200\tx86_64\t101c\tcurrent\n",
	       "vm-sizes.tsv:2: ib_ports is \"-1\"; it must be a number");
	REFUSE("vm-sizes.tsv", SIZES "A\tcx6\tsr-iov\t0\t200\tx86_64\t101c\tcurrent\n",
	       "vm-sizes.tsv:2: ib_ports is 0; it must be from 1 to 64");
	REFUSE("vm-sizes.tsv", SIZES "A\tcx6\tsr-iov\t1\t99999999999999999999\tx86_64\t101c\tcurrent\n",
	       "vm-sizes.tsv:2: link_gbps is \"99999999999999999999\"; it must be a number");
	REFUSE("vm-sizes.tsv", SIZES "A\tcx6\tsr-iov\t1\t200\tx86_64\t101c,15b3:1018\tcurrent\n",
	       "vm-sizes.tsv:2: pci_device_ids has \"15b3:1018\", which cannot be a name");
	REFUSE("vm-sizes.tsv", SIZES "A\tcx6\tsr-iov\t1\t200\tx86_64\t101c,10\tcurrent\n",
	       "vm-sizes.tsv:2: pci_device_ids has \"10\"; it must be 4 hexadecimal digits");
	REFUSE("vm-sizes.tsv", SIZES "A\tcx6\tsr-iov\t1\t200\tx86_64\t101c,\tcurrent\n",
	       "vm-sizes.tsv:2: pci_device_ids has an empty element");
	REFUSE("vm-sizes.tsv", SIZES "Standard A\tcx6\tsr-iov\t1\t200\tx86_64\t101c\tcurrent\n",
	       "vm-sizes.tsv:2: size has \"Standard A\", which cannot be a name");
	REFUSE("other-sizes.tsv", "size\twhy\nA\t-\n", "other-sizes.tsv:2: why must have a value");
	REFUSE("other-sizes.tsv", "size\twhy\nA\tx\na\ty\n",
	       "other-sizes.tsv:3: the row repeats that of line 2");
}

static void malformed_releases_are_refused(void **state OI_UNUSED)
{
	REFUSE("releases.tsv",
	       RELEASES "ofed\t1\ta\t1\tx86_64\tcx5\t-\t-\ttgz\tolder\n",
	       "releases.tsv:2: stack is \"ofed\"; it must be one of: doca-ofed, mlnx-ofed");
	REFUSE("releases.tsv",
	       RELEASES "doca-ofed\t1\ta\t1\tx86_64\tcx5\t-\t-\tzip\tolder\n",
	       "releases.tsv:2: kind is \"zip\"; it must be one of: doca-host-deb, doca-host-rpm, tgz, iso, apt-repo, rpm-repo, distro-rpm");
	REFUSE("releases.tsv",
	       RELEASES "doca-ofed\t1\ta\t1\tx86_64\tcx5\t-\t-\ttgz\told\n",
	       "releases.tsv:2: status is \"old\"; it must be one of: current, older, unmerged, do-not-use");
	REFUSE("releases.tsv",
	       RELEASES "doca-ofed\t1\ta\t1\tx86_64\tcx5\tftp://v/a\t-\ttgz\tolder\n",
	       "releases.tsv:2: url is \"ftp://v/a\"; it must start with https://, http:// or file://");
	REFUSE("releases.tsv",
	       RELEASES "doca-ofed\t1\ta\t1\tx86_64\tcx5\thttps://\t-\ttgz\tolder\n",
	       "releases.tsv:2: url is \"https://\"; it must start with https://, http:// or file://");
	REFUSE("releases.tsv",
	       RELEASES "doca-ofed\t1\ta\t1\tx86_64\tcx5\thttps://v/a b\t-\ttgz\tolder\n",
	       "releases.tsv:2: url is \"https://v/a b\"; it must start with https://, http:// or file://");
	REFUSE("releases.tsv",
	       RELEASES "doca-ofed\t1\ta\t1\tx86_64\tcx5\thttps://v/a\t" DIGEST "0\ttgz\tolder\n",
	       "releases.tsv:2: sha256 is \"" DIGEST "0\"; it must be 64 hexadecimal digits");
	REFUSE("releases.tsv",
	       RELEASES "doca-ofed\t1\ta\t1\tx86_64\tcx5\thttps://v/a\t1234\ttgz\tolder\n",
	       "releases.tsv:2: sha256 is \"1234\"; it must be 64 hexadecimal digits");
	/* these become parts of paths */
	REFUSE("releases.tsv",
	       RELEASES "doca-ofed\t../../x\ta\t1\tx86_64\tcx5\t-\t-\ttgz\tolder\n",
	       "releases.tsv:2: version has \"../../x\", which cannot be a name");
	/* nothing could be fetched for it */
	REFUSE("releases.tsv", RELEASES "doca-ofed\t1\ta\t1\tx86_64\tcx5\t-\t-\ttgz\tolder\n",
	       "releases.tsv:2: url must have a value: tgz is something to fetch, and status older may be chosen");
	REFUSE("releases.tsv",
	       RELEASES "doca-ofed\t1\ta\t1\tx86_64\tcx5\t-\t-\ttgz\tunmerged\n"
			"doca-ofed\t1\ta\t1\tx86_64\tcx6\t-\t-\ttgz\tunmerged\n",
	       "releases.tsv:3: the row repeats that of line 2");
}

#define KERNELS(terms)                                                                           \
	"stack\tversion\tdistro_id\tdistro_version\tarch\tnic_generations\turl\tsha256\tkind\tstatus\tkernels\n" \
	"doca-ofed\t1\ta\t1\tx86_64\tcx5\t-\t-\ttgz\tunmerged\t" terms "\n"

static void malformed_kernel_ranges_are_refused(void **state OI_UNUSED)
{
	static const char *const wrong[] = {
		"..", "!..", "!", "!!5.14", "azure", "..azure", "5.15..x", "6.1..5.4", "5.14...6.1",
		"5.15.0-1-azure..6.8.0-1-generic", "6.8.0-1042-azure..6.8.0-1041-azure",
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(wrong); i++) {
		OI_FREE char *text = oi_mem_printf(KERNELS("%s"), wrong[i]);
		OI_FREE char *said = oi_mem_printf("releases.tsv:2: kernels has \"%s\"", wrong[i]);
		OI_CLEANUP(oi_catalog_clear) struct oi_catalog catalog = { 0 };
		struct oi_err err = { 0 };

		assert_int_equal(oi_catalog_add_table(&catalog, "releases.tsv", text, strlen(text), &err), -1);
		assert_int_equal(err.code, OI_R_CATALOG_MALFORMED);
		assert_memory_equal(err.text, said, strlen(said));
	}
	REFUSE("releases.tsv", KERNELS("6.1..5.4"),
	       "releases.tsv:2: kernels has \"6.1..5.4\"; it must be FROM..TO, ..TO, FROM.. or one release, of one flavour, with ! before what does not build");
	REFUSE("releases.tsv", KERNELS("..6.1,"), "releases.tsv:2: kernels has an empty element");
	REFUSE("releases.tsv", KERNELS("..6.1,/x"),
	       "releases.tsv:2: kernels has \"/x\", which cannot be a name");
}

static void a_kernel_range_holds_what_it_says(void **state OI_UNUSED)
{
	static const struct {
		const char *terms, *release;
		enum oi_kernel_fit fit;
	} cases[] = {
		{ "-", "6.8.0-1-azure", OI_KERNEL_UNSAID },
		{ "!6.18.45", "6.18.44", OI_KERNEL_UNSAID },
		{ "!6.18.45", "6.18.45", OI_KERNEL_EXCLUDED },
		{ "!6.18.4", "6.18.45", OI_KERNEL_UNSAID },
		{ "..6.8", NULL, OI_KERNEL_UNSAID },
		{ "..6.8", "6.8.0-1041-azure", OI_KERNEL_HOLDS },
		{ "..6.8", "6.11.0-1015-azure", OI_KERNEL_OUTSIDE },
		{ "5.4..", "5.3.18-lp152", OI_KERNEL_OUTSIDE },
		{ "5.4..", "5.4.0-1109-azure", OI_KERNEL_HOLDS },
		{ "5.4..5.15,6.1..6.8", "5.19.0-1-azure", OI_KERNEL_OUTSIDE },
		{ "5.4..5.15,6.1..6.8", "6.5.0-1-azure", OI_KERNEL_HOLDS },
		{ "..6.8.0-1041-azure", "6.8.0-1041-azure", OI_KERNEL_HOLDS },
		{ "..6.8.0-1041-azure", "6.8.0-1042-azure", OI_KERNEL_OUTSIDE },
		{ "..6.8.0-1041-azure", "6.8.0-1041-azure-fde", OI_KERNEL_HOLDS },
		{ "..6.8.0-1041-azure", "6.8.0-2000-generic", OI_KERNEL_HOLDS },
		{ "..6.8.0-1041-azure", "6.9.0-1-generic", OI_KERNEL_OUTSIDE },
		{ "..6.8-azure", "6.8.0-2000-generic", OI_KERNEL_HOLDS },
		{ "!5.15.0-1123-azure", "5.15.0-1123-azure", OI_KERNEL_EXCLUDED },
		{ "!5.15.0-1123-azure", "5.15.0-1123-generic", OI_KERNEL_UNSAID },
		{ "..6.8,!5.15.0-1123-azure..5.15", "5.15.0-1122-azure", OI_KERNEL_HOLDS },
		{ "..6.8,!5.15.0-1123-azure..5.15", "5.15.0-1130-azure", OI_KERNEL_EXCLUDED },
		{ "!5.15.0-1123-azure..5.15,..6.8", "5.15.0-1130-azure", OI_KERNEL_EXCLUDED },
		{ "..6.8,!5.15.0-1123-azure..5.15", "5.15.0-1130-generic", OI_KERNEL_HOLDS },
		{ "..5.14.0-611", "5.14.0-611.5.1.el9_7.x86_64", OI_KERNEL_HOLDS },
		{ "..5.14.0-611", "5.14.0-6110.el9.x86_64", OI_KERNEL_OUTSIDE },
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		OI_FREE char *text = oi_mem_printf(KERNELS("%s"), cases[i].terms);
		OI_CLEANUP(oi_catalog_clear) struct oi_catalog catalog = { 0 };

		add(&catalog, "releases.tsv", text);
		if (oi_kernel_fit(&catalog.releases[0].kernels, cases[i].release) != cases[i].fit)
			fail_msg("%s and %s", cases[i].terms, cases[i].release);
	}
}

static void malformed_inbox_rows_are_refused(void **state OI_UNUSED)
{
	REFUSE("inbox.tsv", INBOX "a\t1\tx86_64\tcx5\tpip\tb\t-\t-\t-\n",
	       "inbox.tsv:2: method is \"pip\"; it must be one of: apt, dnf, yum, tdnf, zypper");
	REFUSE("inbox.tsv", INBOX "a\t1\tx86_64,i686\tcx5\tapt\tb\t-\t-\t-\n",
	       "inbox.tsv:2: arch is \"i686\"; it must be one of: x86_64, aarch64");
	/* options of the package manager, and apt's "remove this" */
	REFUSE("inbox.tsv", INBOX "a\t1\tx86_64\tcx5\tapt\tb,-oDebug=1\t-\t-\t-\n",
	       "inbox.tsv:2: packages has \"-oDebug=1\", which cannot be a name");
	REFUSE("inbox.tsv", INBOX "a\t1\tx86_64\tcx5\tapt\tb\tcloud-init-\t-\t-\n",
	       "inbox.tsv:2: optional has \"cloud-init-\", which cannot be a name");
	REFUSE("inbox.tsv", INBOX "a\t1\tx86_64\tcx5\tapt\tb\t-\t/tmp/x.deb\t-\n",
	       "inbox.tsv:2: build has \"/tmp/x.deb\", which cannot be a name");
	REFUSE("inbox.tsv", INBOX "a\t1\tx86_64\tcx5\tapt\t-\t-\t-\t-\n",
	       "inbox.tsv:2: packages must have a value");
}

static void limits_hold(void **state OI_UNUSED)
{
	TEXT text = { 0 };
	CATALOG catalog = { 0 };
	struct oi_err err = { 0 };

	/* the longest line that is allowed, and one more byte */
	oi_buf_adds(&text, "size\twhy\nA\t");
	while (text.len < strlen("size\twhy\n") + 16384)
		oi_buf_add(&text, "x", 1);
	assert_int_equal(oi_catalog_add_table(&catalog, "other-sizes.tsv", text.data, text.len, &err), 0);
	oi_buf_add(&text, "x", 1);
	refuse("other-sizes.tsv", text.data, text.len,
	       "other-sizes.tsv:2: the line is longer than 16384 bytes");

	oi_buf_reset(&text);
	oi_buf_adds(&text, "size\twhy\n");
	for (int i = 0; i < 20000; i++)
		oi_buf_addf(&text, "Standard_%d\tx\n", i);
	assert_int_equal(oi_catalog_add_table(&catalog, "other-sizes.tsv", text.data, text.len, &err), 0);
	assert_int_equal(catalog.n_others, 20001);
	assert_non_null(oi_catalog_find_other(&catalog, "standard_19999"));
	oi_buf_adds(&text, "Standard_20000\tx\n");
	refuse("other-sizes.tsv", text.data, text.len,
	       "other-sizes.tsv:20002: there are more than 20000 rows");
}

/* Cut anywhere, the tables give an error or fewer rows, never more than bytes. */
static void cut_tables_do_no_harm(void **state OI_UNUSED)
{
	for (const struct oi_catalog_builtin *table = oi_catalog_builtin; table->name; table++) {
		for (size_t len = 0; len < table->len; len += 97) {
			CATALOG catalog = { 0 };
			struct oi_err err = { 0 };
			/* of its own length, so that reading on is seen by the sanitizer */
			char *text = malloc(len ? len : 1);

			assert_non_null(text);
			memcpy(text, table->text, len);
			if (oi_catalog_add_table(&catalog, table->name, text, len, &err) < 0)
				assert_int_equal(err.code, OI_R_CATALOG_MALFORMED);
			free(text);
		}
	}
}

static void clearing_twice_is_fine(void **state OI_UNUSED)
{
	CATALOG catalog = { 0 };

	add(&catalog, "pci-ids.tsv", PCI "101c\tcx6\n");
	oi_catalog_clear(&catalog);
	assert_int_equal(catalog.n_pci_ids, 0);
	assert_null(oi_catalog_find_pci(&catalog, 0x101c));
	oi_catalog_clear(&catalog);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builtin_is_well_formed),
		cmocka_unit_test(sizes_are_found_in_any_case_and_without_promo),
		cmocka_unit_test(columns_may_come_in_any_order_with_others_between),
		cmocka_unit_test(releases_carry_everything),
		cmocka_unit_test(inbox_rows_are_lists),
		cmocka_unit_test(later_files_replace_rows_in_place),
		cmocka_unit_test(a_size_is_either_with_or_without_infiniband),
		cmocka_unit_test(malformed_files_name_file_and_line),
		cmocka_unit_test(malformed_sizes_are_refused),
		cmocka_unit_test(malformed_releases_are_refused),
		cmocka_unit_test(malformed_kernel_ranges_are_refused),
		cmocka_unit_test(a_kernel_range_holds_what_it_says),
		cmocka_unit_test(malformed_inbox_rows_are_refused),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(cut_tables_do_no_harm),
		cmocka_unit_test(clearing_twice_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
