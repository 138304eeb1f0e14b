/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each subject of the snapshot from small trees, hostile ones among them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "facts/gather.h"
#include "facts/look.h"
#include "sys/clock.h"
#include "tree.h"

static struct tree tree;
static struct oi_host host;
static struct oi_facts facts;

static int set_up(void **state OI_UNUSED)
{
	tree_make(&tree);
	memset(&host, 0, sizeof(host));
	host.look = tree.root; /* borrowed: closed with the tree */
	host.change = tree.root;
	host.imds_url = "http://127.0.0.1:1";
	return 0;
}

static int tear_down(void **state OI_UNUSED)
{
	oi_facts_clear(&facts);
	tree_drop(&tree);
	return 0;
}

static void again(void)
{
	oi_facts_clear(&facts);
}

static bool doubts(const char *what)
{
	for (size_t i = 0; i < facts.doubts.n; i++)
		if (strstr(facts.doubts.v[i], what))
			return true;
	return false;
}

#define assert_known(text, expected)                         \
	do {                                                 \
		assert_int_equal((text).known, OI_KNOWN);    \
		assert_string_equal((text).value, expected); \
	} while (0)
#define assert_absent(text) assert_int_equal((text).known, OI_ABSENT)
#define assert_unknown(text) assert_int_equal((text).known, OI_UNKNOWN)

/* --- nothing at all --- */

static void an_empty_tree_knows_nothing(void **state OI_UNUSED)
{
	oi_facts_gather(&host, &facts);
	assert_unknown(facts.dmi.sys_vendor);
	assert_int_equal(facts.hyperv.vmbus, OI_FLAG_UNKNOWN);
	assert_int_equal(facts.hyperv.pci_hyperv, OI_FLAG_UNKNOWN);
	assert_int_equal(facts.hyperv.network_direct, OI_FLAG_UNKNOWN);
	assert_unknown(facts.vm.size);
	assert_unknown(facts.vm.size_source);
	assert_unknown(facts.os.id);
	assert_int_equal(facts.os.id_like_known, OI_UNKNOWN);
	assert_unknown(facts.kernel.release);
	assert_unknown(facts.kernel.arch);
	assert_int_equal(facts.kernel.headers, OI_FLAG_UNKNOWN);
	assert_int_equal(facts.kernel.compiler, OI_FLAG_UNKNOWN);
	assert_int_equal(facts.security.secure_boot, OI_FLAG_UNKNOWN);
	assert_unknown(facts.security.lockdown);
	assert_int_equal(facts.security.sig_enforce, OI_FLAG_UNKNOWN);
	assert_int_equal(facts.pci.known, OI_UNKNOWN);
	assert_int_equal(facts.rdma.known, OI_UNKNOWN);
	assert_unknown(facts.installed.stack);
	assert_int_equal(facts.disk.known, OI_KNOWN);
	assert_true(facts.disk.work_free_bytes > 0);
	assert_true(doubts("vm.size: "));
	assert_true(doubts("pci: "));
	assert_null(oi_facts_instance_id(&host));
}

static void a_kernel_without_any_of_it_is_absent(void **state OI_UNUSED)
{
	tree_folder(&tree, "/sys/bus");
	tree_folder(&tree, "/sys/class");
	tree_folder(&tree, "/sys/firmware");
	tree_folder(&tree, "/sys/module");
	tree_folder(&tree, "/sys/kernel/security/apparmor");
	tree_folder(&tree, "/usr/bin");
	oi_facts_gather(&host, &facts);
	assert_absent(facts.dmi.sys_vendor);
	assert_int_equal(facts.hyperv.vmbus, OI_FLAG_NO);
	assert_int_equal(facts.hyperv.network_direct, OI_FLAG_NO);
	assert_int_equal(facts.security.secure_boot, OI_FLAG_ABSENT);
	assert_absent(facts.security.lockdown);
	assert_int_equal(facts.security.sig_enforce, OI_FLAG_ABSENT);
	assert_int_equal(facts.pci.known, OI_ABSENT);
	assert_int_equal(facts.rdma.known, OI_ABSENT);
	assert_absent(facts.installed.stack);
	assert_absent(facts.installed.kernel);
	assert_int_equal(facts.kernel.compiler, OI_FLAG_NO);
}

/* --- dmi --- */

static void dmi_values_are_trimmed(void **state OI_UNUSED)
{
	tree_put(&tree, "/sys/class/dmi/id/sys_vendor", "Microsoft Corporation\n");
	tree_put(&tree, "/sys/class/dmi/id/chassis_asset_tag", "\n");
	oi_facts_look_dmi(&host, &facts);
	assert_known(facts.dmi.sys_vendor, "Microsoft Corporation");
	assert_absent(facts.dmi.product_name);
	assert_absent(facts.dmi.chassis_asset_tag);
}

static void an_unreadable_value_is_unknown(void **state OI_UNUSED)
{
	tree_folder(&tree, "/sys/class/dmi/id/sys_vendor");
	tree_link(&tree, "/sys/class/dmi/id/product_name", "product_name");
	oi_facts_look_dmi(&host, &facts);
	assert_unknown(facts.dmi.sys_vendor);
	assert_unknown(facts.dmi.product_name);
	assert_true(doubts("dmi.sys_vendor: "));
	assert_true(doubts("/sys/class/dmi/id/product_name: "));
}

/* --- os-release --- */

static void look_at_os(const char *text)
{
	again();
	tree_put(&tree, "/etc/os-release", text);
	oi_facts_look_os(&host, &facts);
}

static void os_release_as_shells_read_it(void **state OI_UNUSED)
{
	look_at_os("# comment\n\n"
		   "ID=ubuntu\n"
		   "  VERSION_ID=\"24.04\"\n"
		   "ID_LIKE='debian  linux'\n"
		   "PRETTY_NAME=\"A \\\"quoted\\\" \\$name \\n \\\\ \"'and' more\n"
		   "ID_LIKELY=wrong\nXID=wrong\n");
	assert_known(facts.os.id, "ubuntu");
	assert_known(facts.os.version_id, "24.04");
	assert_int_equal(facts.os.id_like_known, OI_KNOWN);
	assert_int_equal(facts.os.id_like.n, 2);
	assert_string_equal(facts.os.id_like.v[0], "debian");
	assert_string_equal(facts.os.id_like.v[1], "linux");
	assert_unknown(facts.vm.size);
	assert_absent(facts.os.pretty_name); /* "more" is a word of its own there */
	look_at_os("PRETTY_NAME=\"A \\\"quoted\\\" \\$name \\n \\\\ \"'and more'\nID=a\nID=b\r\n");
	assert_known(facts.os.pretty_name, "A \"quoted\" $name \\n \\ and more");
	assert_known(facts.os.id, "b");
	look_at_os("ID=rhel\\ like\nVERSION_ID='9.4");
	assert_known(facts.os.id, "rhel like");
	assert_absent(facts.os.version_id);
}

static void debian_sid_has_no_version(void **state OI_UNUSED)
{
	look_at_os("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux forky/sid\"\n");
	assert_known(facts.os.id, "debian");
	assert_absent(facts.os.version_id);
	assert_int_equal(facts.os.id_like_known, OI_ABSENT);
	look_at_os("ID=\"\"\nVERSION_ID=\n");
	assert_absent(facts.os.id);
	assert_absent(facts.os.version_id);
}

static void centos_keeps_its_minor_elsewhere(void **state OI_UNUSED)
{
	static const struct {
		const char *os_release, *centos_release, *version;
	} cases[] = {
		{ "ID=centos\nVERSION_ID=7\n", "CentOS Linux release 7.9.2009 (Core)\n", "7.9" },
		{ "ID=centos\nVERSION_ID=\"8\"\n", "CentOS Linux release 8.2.2004 (Core) \n", "8.2" },
		{ "ID=centos\nVERSION_ID=9\n", "CentOS Stream release 9\n", "9" },
		{ "ID=centos\nVERSION_ID=7\n", "CentOS Linux release 8.2.2004\n", "7" },
		{ "ID=centos\nVERSION_ID=7\n", "nonsense\n", "7" },
		{ "ID=rhel\nVERSION_ID=8.6\n", "CentOS Linux release 8.2.2004\n", "8.6" },
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		tree_put(&tree, "/etc/centos-release", cases[i].centos_release);
		look_at_os(cases[i].os_release);
		assert_known(facts.os.version_id, cases[i].version);
	}
	tree_remove(&tree, "/etc/centos-release");
	look_at_os("ID=centos\nVERSION_ID=7\n");
	assert_known(facts.os.version_id, "7");
}

static void os_release_of_usr_lib(void **state OI_UNUSED)
{
	tree_put(&tree, "/usr/lib/os-release", "ID=azurelinux\nVERSION_ID=3.0\n");
	tree_link(&tree, "/etc/os-release", "../usr/lib/none");
	oi_facts_look_os(&host, &facts);
	assert_known(facts.os.id, "azurelinux");
	again();
	tree_remove(&tree, "/etc/os-release");
	tree_link(&tree, "/etc/os-release", "../../../../../usr/lib/os-release");
	oi_facts_look_os(&host, &facts);
	assert_known(facts.os.version_id, "3.0");
}

static void os_release_of_no_use(void **state OI_UNUSED)
{
	char *giant = oi_mem_zalloc(100001, 1);

	memset(giant, 'x', 100000);
	look_at_os(giant);
	free(giant);
	assert_unknown(facts.os.id);
	assert_true(doubts("larger than"));
	again();
	tree_put_bytes(&tree, "/etc/os-release", "ID=de\0bian\n\xff\xfe=\n=\nID", 18);
	oi_facts_look_os(&host, &facts);
	assert_known(facts.os.id, "de");
	look_at_os("\n\n=\n\"\n'\n\\\nID");
	assert_absent(facts.os.id);
	look_at_os("ID=\\");
	assert_known(facts.os.id, "\\");
}

/* --- kernel --- */

static void repositories_that_are_enabled(void **state)
{
	(void)state;
	oi_facts_look_repositories(&host, &facts);
	assert_int_equal(facts.os.repositories_known, OI_UNKNOWN);
	tree_put(&tree, "/etc/yum.repos.d/alma.repo",
		 "[baseos]\nname=B\n\n[crb]\nenabled = 0\n[appstream]\nenabled=1\n#[no]\n");
	tree_put(&tree, "/etc/yum.repos.d/epel.repo", "enabled=0\n[epel]\nmetalink=https://x?a=b\n");
	tree_put(&tree, "/etc/yum.repos.d/old.repo.rpmsave", "[old]\n");
	oi_facts_look_repositories(&host, &facts);
	assert_int_equal(facts.os.repositories_known, OI_KNOWN);
	assert_int_equal(facts.os.repositories.n, 3);
	assert_true(oi_strv_has(&facts.os.repositories, "baseos"));
	assert_true(oi_strv_has(&facts.os.repositories, "appstream"));
	assert_true(oi_strv_has(&facts.os.repositories, "epel"));
}

static void kernel_comes_from_the_tree(void **state OI_UNUSED)
{
	tree_put(&tree, "/proc/sys/kernel/osrelease", "6.11.0-1015-azure\n");
	tree_put(&tree, "/proc/sys/kernel/arch", "aarch64\n");
	tree_folder(&tree, "/usr/bin");
	oi_facts_look_kernel(&host, &facts);
	assert_known(facts.kernel.release, "6.11.0-1015-azure");
	assert_known(facts.kernel.arch, "aarch64");
	assert_int_equal(facts.kernel.headers, OI_FLAG_NO);
	assert_int_equal(facts.kernel.compiler, OI_FLAG_NO);
}

/* What a removed kernel leaves in /lib/modules is no kernel, however new. */
static void a_leftover_folder_is_no_kernel(void **state OI_UNUSED)
{
	static const struct {
		const char *files; /* in order of their coming */
		const char *kernel, *other; /* NULL: none */
	} steps[] = {
		{ "/lib/modules/6.11.0-1018-azure/modules.dep", NULL, NULL },
		{ "/lib/modules/6.11.0-1018-azure/updates/dkms/nvidia.ko", NULL, NULL },
		{ "/lib/modules/6.1.0-9-amd64/modules.dep /lib/modules/6.1.0-9-amd64/kernel/a.ko",
		  "6.1.0-9-amd64", "6.11.0-1018-azure" },
		/* 50 is newer than 9 */
		{ "/lib/modules/6.1.0-50-amd64/modules.dep /lib/modules/6.1.0-50-amd64/kernel/a.ko",
		  "6.1.0-50-amd64", "6.11.0-1018-azure" },
		{ "/boot/vmlinuz-6.1.0-9-amd64", "6.1.0-9-amd64", "6.1.0-50-amd64" },
		{ "/boot/vmlinuz-6.1.0-50-amd64", "6.1.0-50-amd64", "6.11.0-1018-azure" },
		/* an image alone, without its modules */
		{ "/boot/vmlinuz-7.0.0", "6.1.0-50-amd64", "6.11.0-1018-azure" },
		{ "/lib/modules/7.0.0/vmlinuz /lib/modules/7.0.0/modules.dep /lib/modules/7.0.0/kernel/a.ko",
		  "7.0.0", NULL },
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(steps); i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv files = { 0 };
		OI_CLEANUP(oi_strv_clear) struct oi_strv others = { 0 };
		OI_FREE char *kernel = NULL;

		oi_strv_split(&files, steps[i].files, " ");
		for (size_t n = 0; n < files.n; n++)
			tree_put(&tree, files.v[n], "");
		kernel = oi_facts_image_kernel(&host.change, &others);
		if (!kernel != !steps[i].kernel || (kernel && strcmp(kernel, steps[i].kernel)))
			fail_msg("step %zu: %s", i, kernel ? kernel : "none");
		assert_int_equal(oi_strv_has(&others, steps[i].other ?: ""), steps[i].other != NULL);
	}
}

#define BUILD "#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)"

/* The set-up code of an x86 image, as far as its version. */
static void put_image(const char *version)
{
	char image[0x400] = { 0 };

	memcpy(image + 0x202, "HdrS", 4);
	image[0x20e] = 0x40;
	image[0x20f] = 0x01;
	snprintf(image + 0x340, sizeof(image) - 0x340, "%s", version);
	tree_put_bytes(&tree, "/boot/vmlinuz-6.1.0-50-amd64", image, sizeof(image));
}

/* Whether it runs or is to run in an image: the same words for the same build. */
static void a_kernels_build_is_known(void **state OI_UNUSED)
{
	OI_FREE char *running = NULL;

	tree_put(&tree, "/proc/sys/kernel/osrelease", "6.1.0-50-amd64\n");
	oi_facts_look_kernel(&host, &facts);
	assert_unknown(facts.kernel.build);
	assert_true(doubts("kernel.build: "));
	again();
	tree_put(&tree, "/proc/sys/kernel/version", BUILD "\n");
	oi_facts_look_kernel(&host, &facts);
	assert_known(facts.kernel.build, BUILD);
	again();
	tree_put(&tree, "/boot/config-6.1.0-50-amd64", "CONFIG_CC_VERSION_TEXT=\"gcc-12\"\n");
	oi_facts_look_kernel(&host, &facts);
	running = oi_mem_dup(facts.kernel.build.value);
	assert_memory_equal(running, BUILD ", config ", strlen(BUILD ", config "));
	/* another one runs, and the image tells */
	again();
	tree_put(&tree, "/proc/sys/kernel/osrelease", "5.15.0-1-azure\n");
	tree_put(&tree, "/proc/sys/kernel/version", "#7-Ubuntu\n");
	put_image("6.1.0-50-amd64 (builder#2@host) " BUILD);
	host.kernel = "6.1.0-50-amd64";
	oi_facts_look_kernel(&host, &facts);
	assert_known(facts.kernel.build, running);
	/* another configuration or compiler */
	again();
	tree_put(&tree, "/boot/config-6.1.0-50-amd64", "CONFIG_CC_VERSION_TEXT=\"gcc-13\"\n");
	oi_facts_look_kernel(&host, &facts);
	assert_string_not_equal(facts.kernel.build.value, running);
	/* an image that tells nothing */
	again();
	tree_remove(&tree, "/boot/config-6.1.0-50-amd64");
	tree_put(&tree, "/boot/vmlinuz-6.1.0-50-amd64", "HdrS");
	oi_facts_look_kernel(&host, &facts);
	host.kernel = NULL;
	assert_unknown(facts.kernel.build);
}

static void no_arch_in_the_tree_is_unknown(void **state OI_UNUSED)
{
	tree_put(&tree, "/proc/sys/kernel/osrelease", "5.15.0-1-azure\n");
	oi_facts_look_kernel(&host, &facts);
	assert_unknown(facts.kernel.arch);
	assert_true(doubts("kernel.arch: "));
}

static void this_machine_has_a_kernel(void **state OI_UNUSED)
{
	struct oi_err err;

	assert_int_equal(oi_root_open("/", &host.look, &err), 0);
	oi_facts_look_kernel(&host, &facts);
	oi_root_close(&host.look);
	assert_int_equal(facts.kernel.release.known, OI_KNOWN);
	assert_int_equal(facts.kernel.arch.known, OI_KNOWN);
}

static void a_release_that_is_a_path_is_unknown(void **state OI_UNUSED)
{
	tree_put(&tree, "/proc/sys/kernel/osrelease", "../../etc\n");
	oi_facts_look_kernel(&host, &facts);
	assert_unknown(facts.kernel.release);
	assert_true(doubts("is not a release"));
	again();
	tree_put(&tree, "/proc/sys/kernel/osrelease", "..\n");
	oi_facts_look_kernel(&host, &facts);
	assert_unknown(facts.kernel.release);
}

static void headers_and_compiler_are_found(void **state OI_UNUSED)
{
	OI_FREE char *gcc = tree_name(&tree, "/usr/bin/gcc-12");
	OI_FREE char *make = tree_name(&tree, "/usr/bin/make");

	tree_put(&tree, "/proc/sys/kernel/osrelease", "6.1.0-50-amd64\n");
	tree_put(&tree, "/usr/src/linux-headers-6.1.0-50-amd64/Makefile", "");
	tree_link(&tree, "/lib/modules/6.1.0-50-amd64/build", "/usr/src/linux-headers-6.1.0-50-amd64");
	tree_put(&tree, "/usr/bin/gcc-12", "");
	tree_put(&tree, "/usr/bin/make", "");
	tree_link(&tree, "/usr/bin/gcc", "gcc-12");
	oi_facts_look_kernel(&host, &facts);
	assert_int_equal(facts.kernel.headers, OI_FLAG_YES);
	assert_int_equal(facts.kernel.compiler, OI_FLAG_NO); /* there, but not executable */
	again();
	assert_int_equal(chmod(gcc, 0755), 0);
	oi_facts_look_kernel(&host, &facts);
	assert_int_equal(facts.kernel.compiler, OI_FLAG_NO); /* make is not yet */
	again();
	assert_int_equal(chmod(make, 0755), 0);
	oi_facts_look_kernel(&host, &facts);
	assert_int_equal(facts.kernel.compiler, OI_FLAG_YES);
	/* The link is there, what it leads to is not: headers were removed. */
	again();
	tree_remove(&tree, "/usr/src/linux-headers-6.1.0-50-amd64");
	oi_facts_look_kernel(&host, &facts);
	assert_int_equal(facts.kernel.headers, OI_FLAG_NO);
	again();
	tree_folder(&tree, "/usr/src/linux-headers-6.1.0-50-amd64/include");
	oi_facts_look_kernel(&host, &facts);
	assert_int_equal(facts.kernel.headers, OI_FLAG_YES);
}

/* --- hyperv --- */

#define DEP "/lib/modules/6.1.0-50-amd64/modules.dep"
#define BUILTIN "/lib/modules/6.1.0-50-amd64/modules.builtin"

static void look_at_hyperv(void)
{
	again();
	oi_facts_look_kernel(&host, &facts);
	oi_facts_look_hyperv(&host, &facts);
}

static void pass_through_loaded_or_to_be_had(void **state OI_UNUSED)
{
	tree_put(&tree, "/proc/sys/kernel/osrelease", "6.1.0-50-amd64\n");
	tree_folder(&tree, "/sys/bus/vmbus");
	look_at_hyperv();
	assert_int_equal(facts.hyperv.vmbus, OI_FLAG_YES);
	assert_int_equal(facts.hyperv.network_direct, OI_FLAG_NO);
	assert_int_equal(facts.hyperv.pci_hyperv, OI_FLAG_UNKNOWN);
	assert_true(doubts("hyperv.pci_hyperv: "));
	tree_put(&tree, DEP, "kernel/drivers/pci/controller/pci-hyperv-intf.ko.xz:\n");
	look_at_hyperv();
	assert_int_equal(facts.hyperv.pci_hyperv, OI_FLAG_UNKNOWN);
	tree_put(&tree, BUILTIN, "kernel/drivers/hv/hv_vmbus.ko\n");
	look_at_hyperv();
	assert_int_equal(facts.hyperv.pci_hyperv, OI_FLAG_NO);
	tree_put(&tree, DEP, "a.ko: b.ko\nkernel/drivers/pci/controller/pci-hyperv.ko.xz: x.ko\n");
	look_at_hyperv();
	assert_int_equal(facts.hyperv.pci_hyperv, OI_FLAG_YES);
	tree_put(&tree, DEP, "");
	tree_put(&tree, BUILTIN, "kernel/drivers/pci/controller/pci-hyperv.ko\n");
	look_at_hyperv();
	assert_int_equal(facts.hyperv.pci_hyperv, OI_FLAG_YES);
	tree_put(&tree, BUILTIN, "");
	look_at_hyperv();
	assert_int_equal(facts.hyperv.pci_hyperv, OI_FLAG_NO);
	tree_folder(&tree, "/sys/module/pci_hyperv");
	look_at_hyperv();
	assert_int_equal(facts.hyperv.pci_hyperv, OI_FLAG_YES);
	tree_remove(&tree, "/sys/module/pci_hyperv");
	tree_folder(&tree, "/sys/bus/vmbus/drivers/hv_pci");
	look_at_hyperv();
	assert_int_equal(facts.hyperv.pci_hyperv, OI_FLAG_YES);
}

static void network_direct_with_and_without_braces(void **state OI_UNUSED)
{
	static const char *const yes[] = { "{3daf2e8c-a732-094b-ab99-bd1f1c86b501}\n",
					   "3DAF2E8C-A732-094B-AB99-BD1F1C86B501\n" };
	static const char *const no[] = { "", "{}", "{", "{3daf2e8c-a732-094b-ab99-bd1f1c86b501",
					  "{44c4f61d-4444-4400-9d52-802e27ede19f}\n" };

	tree_folder(&tree, "/sys/bus/vmbus/devices");
	tree_put(&tree, "/sys/bus/vmbus/devices/a/class_id", "{f8615163-df3e-46c5-913f-f2d2f965ed0e}\n");
	for (size_t i = 0; i < OI_ARRAY_SIZE(yes); i++) {
		tree_put(&tree, "/sys/bus/vmbus/devices/b/class_id", yes[i]);
		look_at_hyperv();
		assert_int_equal(facts.hyperv.network_direct, OI_FLAG_YES);
	}
	for (size_t i = 0; i < OI_ARRAY_SIZE(no); i++) {
		tree_put(&tree, "/sys/bus/vmbus/devices/b/class_id", no[i]);
		look_at_hyperv();
		assert_int_equal(facts.hyperv.network_direct, OI_FLAG_NO);
	}
	tree_folder(&tree, "/sys/bus/vmbus/devices/c/class_id");
	look_at_hyperv();
	assert_int_equal(facts.hyperv.network_direct, OI_FLAG_UNKNOWN);
}

/* --- vm --- */

#define INSTANCE_DATA "/run/cloud-init/instance-data.json"

static void look_at_vm(const char *json)
{
	again();
	tree_put(&tree, INSTANCE_DATA, json);
	oi_facts_look_vm(&host, &facts);
}

static void vm_from_instance_data(void **state OI_UNUSED)
{
	look_at_vm("{\"ds\": {\"meta_data\": {\"imds\": {\"compute\": {"
		   "\"vmSize\": \"Standard_HB120rs_v3\", \"vmId\": \"1-2\", "
		   "\"location\": \"westeurope\", \"publisher\": \"canonical\", "
		   "\"offer\": \"ubuntu-24_04-lts\", \"sku\": \"\", \"version\": 7}}}}}");
	assert_known(facts.vm.size, "Standard_HB120rs_v3");
	assert_known(facts.vm.size_source, "instance-data");
	assert_known(facts.vm.id, "1-2");
	assert_known(facts.vm.location, "westeurope");
	assert_known(facts.vm.image_publisher, "canonical");
	assert_known(facts.vm.image_offer, "ubuntu-24_04-lts");
	assert_absent(facts.vm.image_sku);
	assert_unknown(facts.vm.image_version);
	assert_int_equal(facts.doubts.n, 0);
}

static void instance_data_without_a_size(void **state OI_UNUSED)
{
	static const char *const texts[] = {
		"{}", "[]", "null\n", "{\"ds\": {\"meta_data\": {\"imds\": {}}}}",
		"{\"ds\": {\"meta_data\": {\"imds\": {\"compute\": {\"vmSize\": null}}}}}",
		"{\"ds\": {\"meta_data\": {\"imds\": {\"compute\": {\"vmSize\": [1]}}}}}",
		"{\"ds\": {\"meta_data\": \"imds\"}}",
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(texts); i++) {
		look_at_vm(texts[i]);
		assert_unknown(facts.vm.size);
		assert_unknown(facts.vm.size_source);
		assert_true(doubts("has no vmSize"));
	}
	look_at_vm("{\"ds\": {\"meta_data\": {\"imds\": {\"compute\": {\"vmSize\": \"\"}}}}}");
	assert_absent(facts.vm.size);
	assert_unknown(facts.vm.size_source);
}

static void instance_data_of_no_use(void **state OI_UNUSED)
{
	static const char *const texts[] = { "", "{", "\xff\xfe", "{\"ds\": }",
					     "{\"ds\": {\"meta_data\": {\"imds\": {\"comp" };
	OI_FREE char *deep = oi_mem_zalloc(100001, 1);

	for (size_t i = 0; i < OI_ARRAY_SIZE(texts); i++) {
		look_at_vm(texts[i]);
		assert_unknown(facts.vm.size);
		assert_int_equal(facts.doubts.n, 1);
	}
	memset(deep, '[', 100000);
	look_at_vm(deep);
	assert_unknown(facts.vm.size);
	tree_remove(&tree, INSTANCE_DATA);
	tree_link(&tree, INSTANCE_DATA, "/dev/zero"); /* of the tree: there is none */
	again();
	oi_facts_look_vm(&host, &facts);
	assert_unknown(facts.vm.size);
	assert_true(doubts("there is no " INSTANCE_DATA));
}

static void the_metadata_services_form(void **state OI_UNUSED)
{
	static const char text[] = "{\"compute\": {\"vmSize\": \"Standard_A8\", \"sku\": \"\"}}";
	OI_DOC_AUTO *doc = NULL;
	struct oi_err err;

	assert_int_equal(oi_doc_from_json(text, sizeof(text) - 1, "x", 1, &doc, &err), 0);
	assert_true(oi_facts_take_compute(oi_doc_get(doc, "compute"), "imds", &facts));
	assert_known(facts.vm.size, "Standard_A8");
	assert_known(facts.vm.size_source, "imds");
	assert_absent(facts.vm.image_sku);
	assert_unknown(facts.vm.location);
	/* Nothing to ask with: a doubt, and what is known stays. */
	oi_facts_ask_metadata(&host, oi_clock_ms() + 1000, &facts);
	assert_known(facts.vm.size, "Standard_A8");
	assert_true(doubts("vm.size: "));
}

static void instance_ids_are_names(void **state OI_UNUSED)
{
	static const char *const bad[] = { "\n", "..\n", "../x\n", "a/b\n", ".\n" };
	OI_FREE char *id = NULL;

	for (size_t i = 0; i < OI_ARRAY_SIZE(bad); i++) {
		tree_put(&tree, "/run/cloud-init/.instance-id", bad[i]);
		assert_null(oi_facts_instance_id(&host));
	}
	tree_put(&tree, "/run/cloud-init/.instance-id", "527c2691-029f-fe4c\n");
	id = oi_facts_instance_id(&host);
	assert_string_equal(id, "527c2691-029f-fe4c");
}

/* --- security --- */

#define EFIVARS "/sys/firmware/efi/efivars/"
#define SECURE_BOOT EFIVARS "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static void look_at_security(void)
{
	again();
	oi_facts_look_security(&host, &facts);
}

static void secure_boot_from_its_variable(void **state OI_UNUSED)
{
	tree_folder(&tree, EFIVARS "x");
	tree_remove(&tree, EFIVARS "x");
	look_at_security();
	assert_int_equal(facts.security.secure_boot, OI_FLAG_UNKNOWN);
	assert_true(doubts("efivarfs is not mounted"));
	tree_put(&tree, EFIVARS "Boot0000-8be4df61-93ca-11d2-aa0d-00e098032b8c", "x");
	look_at_security();
	assert_int_equal(facts.security.secure_boot, OI_FLAG_ABSENT);
	tree_put_bytes(&tree, SECURE_BOOT, "\6\0\0\0\1", 5);
	look_at_security();
	assert_int_equal(facts.security.secure_boot, OI_FLAG_YES);
	tree_put_bytes(&tree, SECURE_BOOT, "\6\0\0\0\0", 5);
	look_at_security();
	assert_int_equal(facts.security.secure_boot, OI_FLAG_NO);
	tree_put_bytes(&tree, SECURE_BOOT, "\1", 1);
	look_at_security();
	assert_int_equal(facts.security.secure_boot, OI_FLAG_UNKNOWN);
	assert_true(doubts("security.secure_boot: odd variable"));
	tree_put_bytes(&tree, SECURE_BOOT, "\1\1\1\1\1\1", 6);
	look_at_security();
	assert_int_equal(facts.security.secure_boot, OI_FLAG_UNKNOWN);
}

static void lockdown_is_the_one_in_brackets(void **state OI_UNUSED)
{
	static const char *const odd[] = { "", "none integrity", "[", "[]", "[none", "none]" };

	tree_put(&tree, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	look_at_security();
	assert_known(facts.security.lockdown, "integrity");
	tree_put(&tree, "/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
	look_at_security();
	assert_known(facts.security.lockdown, "none");
	for (size_t i = 0; i < OI_ARRAY_SIZE(odd); i++) {
		tree_put(&tree, "/sys/kernel/security/lockdown", odd[i]);
		look_at_security();
		assert_unknown(facts.security.lockdown);
		assert_true(doubts("none is marked"));
	}
}

static void enforcement_is_yes_or_no(void **state OI_UNUSED)
{
	tree_put(&tree, "/sys/module/module/parameters/sig_enforce", "Y\n");
	look_at_security();
	assert_int_equal(facts.security.sig_enforce, OI_FLAG_YES);
	tree_put(&tree, "/sys/module/module/parameters/sig_enforce", "N\n");
	look_at_security();
	assert_int_equal(facts.security.sig_enforce, OI_FLAG_NO);
	tree_put(&tree, "/sys/module/module/parameters/sig_enforce", "1\n");
	look_at_security();
	assert_int_equal(facts.security.sig_enforce, OI_FLAG_UNKNOWN);
}

/* --- pci and rdma --- */

static void pci(const char *address, const char *device, const char *class)
{
	OI_FREE char *v = oi_mem_printf("/sys/bus/pci/devices/%s/vendor", address);
	OI_FREE char *d = oi_mem_printf("/sys/bus/pci/devices/%s/device", address);
	OI_FREE char *c = oi_mem_printf("/sys/bus/pci/devices/%s/class", address);

	tree_put(&tree, v, "0x15b3\n");
	tree_put(&tree, d, device);
	tree_put(&tree, c, class);
}

static void functions_are_in_order_and_have_their_own_driver(void **state OI_UNUSED)
{
	pci("0102:00:00.0", "0x101e\n", "0x020700\n");
	pci("0101:00:00.0", "0x101e\n", "0x020700\n");
	pci("fe3b:00:02.0", "0x1016\n", "0x020000\n");
	tree_link(&tree, "/sys/bus/pci/devices/0102:00:00.0/driver", "../../drivers/vfio-pci");
	tree_link(&tree, "/sys/bus/pci/devices/fe3b:00:02.0/driver", "../../drivers/mlx5_core");
	oi_facts_look_pci(&host, &facts);
	oi_facts_look_pci(&host, &facts); /* and again: the list is new each time */
	assert_int_equal(facts.pci.known, OI_KNOWN);
	assert_int_equal(facts.pci.n, 3);
	assert_string_equal(facts.pci.v[0].address, "0101:00:00.0");
	assert_null(facts.pci.v[0].driver);
	assert_true(oi_pci_is_infiniband(&facts.pci.v[0]));
	assert_string_equal(facts.pci.v[1].address, "0102:00:00.0");
	assert_string_equal(facts.pci.v[1].driver, "vfio-pci");
	assert_string_equal(facts.pci.v[2].driver, "mlx5_core");
	assert_false(oi_pci_is_infiniband(&facts.pci.v[2]));
}

static void a_bus_that_cannot_be_read_is_unknown(void **state OI_UNUSED)
{
	pci("0101:00:00.0", "0x101e\n", "0x020700\n");
	oi_facts_look_pci(&host, &facts);
	assert_int_equal(facts.pci.n, 1);
	tree_put(&tree, "/sys/bus/pci/devices/strange", "");
	oi_facts_look_pci(&host, &facts);
	oi_facts_look_pci(&host, &facts);
	assert_int_equal(facts.pci.known, OI_UNKNOWN);
	assert_int_equal(facts.pci.n, 0);
	assert_int_equal(facts.doubts.n, 1); /* once, however often it is looked at */
}

static void ports_of_every_link_layer(void **state OI_UNUSED)
{
	tree_put(&tree, "/sys/class/infiniband/mlx5_ib0/ports/1/link_layer", "InfiniBand\n");
	tree_put(&tree, "/sys/class/infiniband/mlx5_ib0/ports/1/state", "4: ACTIVE\n");
	tree_put(&tree, "/sys/class/infiniband/mlx5_ib0/ports/1/phys_state", "5: LinkUp\n");
	tree_put(&tree, "/sys/class/infiniband/mlx5_ib0/ports/1/rate", "200 Gb/sec (4X HDR)\n");
	tree_put(&tree, "/sys/class/infiniband/mlx5_an0/ports/1/link_layer", "Ethernet\n");
	tree_put(&tree, "/sys/class/infiniband/mlx5_an0/ports/1/rate", "2.5 Gb/sec (1X SDR)\n");
	tree_put(&tree, "/sys/class/infiniband/mlx5_an0/ports/2/rate", "fast\n");
	tree_put(&tree, "/sys/class/infiniband/mlx5_an0/ports/x/rate", "1 Gb/sec\n");
	tree_put(&tree, "/sys/class/infiniband/mlx5_an0/ports/0/rate", "1 Gb/sec\n");
	tree_put(&tree, "/sys/class/infiniband/going", "");
	oi_facts_look_rdma(&host, &facts);
	assert_int_equal(facts.rdma.known, OI_KNOWN);
	assert_int_equal(facts.rdma.n, 3);
	assert_string_equal(facts.rdma.v[0].device, "mlx5_an0");
	assert_string_equal(facts.rdma.v[0].link_layer, "Ethernet");
	assert_null(facts.rdma.v[0].state);
	assert_true(facts.rdma.v[0].rate_gbps == 2.5);
	assert_int_equal(facts.rdma.v[1].port, 2);
	assert_null(facts.rdma.v[1].link_layer);
	assert_true(facts.rdma.v[1].rate_gbps < 0);
	assert_string_equal(facts.rdma.v[2].device, "mlx5_ib0");
	assert_string_equal(facts.rdma.v[2].state, "ACTIVE");
	assert_string_equal(facts.rdma.v[2].phys_state, "LinkUp");
	assert_true(facts.rdma.v[2].rate_gbps == 200);
}

static void no_device_is_not_no_class(void **state OI_UNUSED)
{
	tree_folder(&tree, "/sys/class/infiniband");
	oi_facts_look_rdma(&host, &facts);
	assert_int_equal(facts.rdma.known, OI_KNOWN);
	assert_int_equal(facts.rdma.n, 0);
	tree_remove(&tree, "/sys/class/infiniband");
	oi_facts_look_rdma(&host, &facts);
	assert_int_equal(facts.rdma.known, OI_ABSENT);
}

/* --- waiting --- */

static void plug_in(void)
{
	usleep(100000);
	/* Whole at once, as a device is: the class is there when the address is. */
	tree_put(&tree, "/new/vendor", "0x15b3\n");
	tree_put(&tree, "/new/device", "0x101c\n");
	tree_put(&tree, "/new/class", "0x020700\n");
	tree_link(&tree, "/sys/bus/pci/devices/0101:00:00.0", "../../../../new");
}

static void a_late_function_is_waited_for(void **state OI_UNUSED)
{
	int status;
	pid_t child;

	pci("fe3b:00:02.0", "0x1016\n", "0x020000\n");
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		plug_in();
		_exit(0);
	}
	oi_facts_wait_pci(&host, oi_clock_ms() + 60000, &facts);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(facts.pci.n, 2);
	assert_string_equal(facts.pci.v[0].address, "0101:00:00.0");
}

static void waiting_has_an_end(void **state OI_UNUSED)
{
	pci("fe3b:00:02.0", "0x1016\n", "0x020000\n");
	oi_facts_wait_pci(&host, oi_clock_ms() + 50, &facts);
	assert_int_equal(facts.pci.known, OI_KNOWN);
	assert_int_equal(facts.pci.n, 1);
	oi_facts_wait_pci(&host, 0, &facts); /* long past: one look all the same */
	assert_int_equal(facts.pci.n, 1);
}

static void a_dump_is_not_waited_for(void **state OI_UNUSED)
{
	OI_FREE char *dump = tree_name(&tree, "/dump");

	tree_put(&tree, "/dump", "0101:00:00.0 Ethernet controller\n"
				 "00: b3 15 16 10 00 00 00 00 00 00 00 02 00 00 00 00\n\n");
	host.pci_dump = dump;
	oi_facts_wait_pci(&host, oi_clock_ms() + 24 * 3600 * 1000, &facts);
	assert_int_equal(facts.pci.n, 1);
}

/* --- installed --- */

static void look_at_installed(void)
{
	again();
	tree_put(&tree, "/proc/sys/kernel/osrelease", "6.8.0-1015-azure\n");
	oi_facts_look_kernel(&host, &facts);
	oi_facts_look_installed(&host, &facts);
}

static void dpkg_tells_the_version(void **state OI_UNUSED)
{
	tree_folder(&tree, "/usr/bin");
	tree_put(&tree, "/var/lib/dpkg/info/doca-ofed.list", "/.\n");
	tree_put(&tree, "/var/lib/dpkg/status",
		 "Package: other\nX-Package: doca-ofed\nStatus: install ok installed\nVersion: 1\n\n"
		 "Package: doca-ofed\nStatus: deinstall ok config-files\nVersion: 2\n\n"
		 "Package: rdma-core\nStatus: install ok installed\nVersion: 3\n");
	look_at_installed();
	assert_absent(facts.installed.stack); /* rdma-core has no list: nothing is there */
	tree_put(&tree, "/var/lib/dpkg/info/rdma-core.list", "/.\n");
	look_at_installed();
	assert_known(facts.installed.stack, "inbox");
	assert_known(facts.installed.version, "3");
	assert_absent(facts.installed.kernel);
	tree_put(&tree, "/var/lib/dpkg/status",
		 "Package: doca-ofed\nStatus: hold ok installed\nSection: x\nVersion: 3.2.1-044\n");
	look_at_installed();
	assert_known(facts.installed.stack, "doca-ofed");
	assert_known(facts.installed.version, "3.2.1-044");
	tree_put(&tree, "/var/lib/dpkg/status",
		 "Package: doca-ofed\nStatus: install ok half-configured\nVersion: 3.2.1\n");
	look_at_installed();
	assert_absent(facts.installed.stack);
	tree_put_bytes(&tree, "/var/lib/dpkg/status", "Package: doca-ofed\n\0\xff", 21);
	look_at_installed();
	assert_absent(facts.installed.stack);
}

static void modules_of_the_running_kernel_come_first(void **state OI_UNUSED)
{
	tree_put(&tree, "/var/lib/dpkg/info/doca-ofed.list", "/.\n");
	tree_put(&tree, "/var/lib/dpkg/status",
		 "Package: doca-ofed\nStatus: install ok installed\nVersion: 3.2.1\n");
	tree_put(&tree, "/lib/modules/6.8.0-1015-azure/kernel/drivers/infiniband/hw/mlx5/mlx5_ib.ko.zst", "");
	look_at_installed();
	assert_absent(facts.installed.kernel); /* the kernel's own are not the stack's */
	tree_put(&tree, "/lib/modules/6.8.0-999-azure/updates/dkms/mlx5_core.ko.zst", "");
	tree_put(&tree, "/lib/modules/6.11.0-1-azure/updates/dkms/mlx5_core_old.ko", "");
	look_at_installed();
	assert_known(facts.installed.kernel, "6.8.0-999-azure");
	tree_put(&tree, "/lib/modules/6.8.0-1020-azure/extra/mlnx-ofa_kernel/drivers/net/ethernet/mellanox/mlx5/core/mlx5_core.ko", "");
	look_at_installed();
	assert_known(facts.installed.kernel, "6.8.0-1020-azure");
	tree_put(&tree, "/lib/modules/6.8.0-1015-azure/updates/dkms/mlx5_core.ko.zst", "");
	look_at_installed();
	assert_known(facts.installed.kernel, "6.8.0-1015-azure");
}

static void modules_that_depmod_does_not_know_are_not_there(void **state OI_UNUSED)
{
	tree_put(&tree, "/var/lib/dpkg/info/doca-ofed.list", "/.\n");
	tree_put(&tree, "/var/lib/dpkg/status",
		 "Package: doca-ofed\nStatus: install ok installed\nVersion: 3.2.1\n");
	tree_put(&tree, "/lib/modules/6.8.0-1015-azure/kernel/mlx5_core.ko", "");
	tree_put(&tree, "/lib/modules/6.8.0-1015-azure/updates/dkms/mlx5_core.ko", "");
	tree_put(&tree, "/lib/modules/6.8.0-1015-azure/modules.dep", "kernel/mlx5_core.ko:\n");
	look_at_installed();
	assert_absent(facts.installed.kernel);
	tree_put(&tree, "/lib/modules/6.8.0-1015-azure/modules.dep", "updates/dkms/mlx5_core.ko:\n");
	look_at_installed();
	assert_known(facts.installed.kernel, "6.8.0-1015-azure");
}

static void inbox_modules_are_the_kernels_own(void **state OI_UNUSED)
{
	tree_put(&tree, "/usr/sbin/rdma-ndd", "");
	look_at_installed();
	assert_known(facts.installed.stack, "inbox");
	assert_unknown(facts.installed.version);
	assert_absent(facts.installed.kernel);
	tree_put(&tree, "/lib/modules/6.8.0-1015-azure/updates/dkms/mlx5_core.ko", "");
	look_at_installed();
	assert_absent(facts.installed.kernel);
	tree_put(&tree, "/lib/modules/6.8.0-1015-azure/kernel/drivers/infiniband/hw/mlx5/mlx5_ib.ko.xz", "");
	look_at_installed();
	assert_known(facts.installed.kernel, "6.8.0-1015-azure");
}

static void hpc_images_tell_what_they_have(void **state OI_UNUSED)
{
	tree_put(&tree, "/usr/bin/ofed_info", "");
	look_at_installed();
	assert_known(facts.installed.stack, "mlnx-ofed");
	assert_unknown(facts.installed.version); /* not asked: it is another root's program */
	assert_true(doubts("installed.version: "));
	tree_put(&tree, "/opt/azurehpc/component_versions.txt", "{\"MOFED\": \"MLNX_OFED_LINUX-24.10-0.7.0.0\"}");
	look_at_installed();
	assert_known(facts.installed.stack, "mlnx-ofed");
	assert_known(facts.installed.version, "24.10-0.7.0.0");
	tree_put(&tree, "/opt/azurehpc/component_versions.txt", "{\"DOCA\": \"3.1.0\", \"OFED\": \"25.07-0.9.7.0\"}");
	look_at_installed();
	assert_known(facts.installed.stack, "doca-ofed");
	assert_known(facts.installed.version, "3.1.0");
	tree_put(&tree, "/opt/azurehpc/component_versions.txt", "DOCA=3.1.0");
	look_at_installed();
	assert_known(facts.installed.stack, "mlnx-ofed");
	assert_unknown(facts.installed.version);
}

static void modules_in_links_that_go_in_circles(void **state OI_UNUSED)
{
	tree_put(&tree, "/usr/bin/ofed_info", "");
	tree_folder(&tree, "/lib/modules/6.8.0-1015-azure/updates");
	for (int i = 0; i < 30; i++) { /* each of them a way into all of them: 30 to the tenth */
		OI_FREE char *path =
			oi_mem_printf("/lib/modules/6.8.0-1015-azure/updates/again%d", i);

		tree_link(&tree, path, "../updates");
	}
	look_at_installed();
	assert_absent(facts.installed.kernel);
}

/* --- loaded modules --- */

static const struct oi_module *module(const char *name)
{
	static const struct oi_module none;

	for (size_t i = 0; i < facts.modules.n; i++)
		if (!strcmp(facts.modules.v[i].name, name))
			return &facts.modules.v[i];
	fail_msg("%s is not among the modules", name);
	return &none;
}

static void modules_that_use_rdma_are_listed(void **state OI_UNUSED)
{
	tree_put(&tree, "/proc/modules",
		 "rpcrdma 311296 2 - Live 0x0000000000000000\n"
		 "of_somebody 16384 0 - Live 0x0000000000000000 (OE)\n"
		 "ib_core 389120 4 rpcrdma,of_somebody,ib_uverbs, Live 0x0000000000000000\n"
		 "ib_uverbs 163840 1 mlx5_ib, Live 0x0000000000000000\n"
		 "lnet 700000 - - Live 0x0000000000000000\n"
		 "nvidia 5000000 12 nvidia_uvm, Live 0x0000000000000000 (POE)\n"
		 "ext4 745472 2 - Live 0x0000000000000000\n"
		 "mana_ib 40960 0 - Loading 0x0000000000000000\n"
		 "short line\n");
	oi_facts_look_modules(&host, &facts);
	assert_int_equal(facts.modules.known, OI_KNOWN);
	assert_int_equal(facts.modules.n, 6);
	assert_int_equal(module("rpcrdma")->refs, 2);
	assert_int_equal(module("rpcrdma")->holders.n, 0);
	assert_int_equal(module("of_somebody")->refs, 0);
	assert_int_equal(module("ib_core")->holders.n, 3);
	assert_string_equal(module("ib_uverbs")->holders.v[0], "mlx5_ib");
	assert_int_equal(module("lnet")->refs, -1); /* a kernel that cannot unload */
	assert_int_equal(module("nvidia")->refs, 12);
}

static void modules_are_listed_from_sysfs_too(void **state OI_UNUSED)
{
	tree_put(&tree, "/sys/module/ib_core/initstate", "live\n");
	tree_put(&tree, "/sys/module/ib_core/refcnt", "3\n");
	tree_folder(&tree, "/sys/module/ib_core/holders/irdma");
	tree_put(&tree, "/sys/module/irdma/initstate", "live\n");
	tree_folder(&tree, "/sys/module/mana_ib"); /* built in */
	oi_facts_look_modules(&host, &facts);
	assert_int_equal(facts.modules.known, OI_KNOWN);
	assert_int_equal(facts.modules.n, 2);
	assert_int_equal(module("ib_core")->refs, 3);
	assert_string_equal(module("ib_core")->holders.v[0], "irdma");
	assert_int_equal(module("irdma")->refs, -1);
}

static void modules_of_an_empty_tree_are_unknown(void **state OI_UNUSED)
{
	oi_facts_look_modules(&host, &facts);
	assert_int_equal(facts.modules.known, OI_UNKNOWN);
	assert_true(doubts("modules.loaded: neither"));
	tree_put(&tree, "/proc/modules", "");
	again();
	oi_facts_look_modules(&host, &facts);
	assert_int_equal(facts.modules.known, OI_KNOWN);
	assert_int_equal(facts.modules.n, 0);
}

/* --- clients of RDMA --- */

static bool used(const char *module, const char *by)
{
	for (size_t i = 0; i < facts.uses.n; i++)
		if (!strcmp(facts.uses.v[i].module, module) && strstr(facts.uses.v[i].by, by))
			return true;
	return false;
}

static void clients_that_work_are_listed(void **state OI_UNUSED)
{
	oi_text_set(&facts.kernel.release, "6.8.0-1015-azure");
	tree_put(&tree, "/lib/modules/6.8.0-1015-azure/modules.dep",
		 "kernel/fs/smb/client/cifs.ko.zst: kernel/drivers/infiniband/core/ib_core.ko.zst\n");
	tree_put(&tree, "/proc/mounts",
		 "/dev/sda1 / ext4 rw 0 0\n"
		 "10.0.0.9:/d /data nfs4 rw,vers=4.1,proto=rdma,port=20049 0 0\n"
		 "10.0.0.9:/e /tcp nfs rw,proto=tcp 0 0\n"
		 "//x.file.core.windows.net/s /share cifs rw,vers=3.1.1 0 0\n");
	tree_put(&tree, "/etc/fstab",
		 "# 10.0.0.9:/d /off nfs proto=rdma 0 0\n10.0.0.9:/d\t/old\tnfs\trdma,port=20049\t0 0\n");
	tree_put(&tree, "/sys/class/nvme/nvme0/transport", "pcie\n");
	tree_put(&tree, "/sys/class/nvme/nvme1/transport", "rdma\n");
	tree_put(&tree, "/sys/class/scsi_host/host3/proc_name", "iscsi_iser\n");
	tree_put(&tree, "/sys/kernel/config/nvmet/ports/1/addr_trtype", "rdma\n");
	tree_put(&tree, "/proc/fs/nfsd/portlist", "tcp 2049\nrdma 20049\n");
	tree_put(&tree, "/etc/modules-load.d/site.conf", "# smc\nrds-rdma\nib_umad\nloop\n");
	oi_facts_look_uses(&host, &facts);
	assert_true(used("rpcrdma", "/proc/mounts: /data is of type nfs4"));
	assert_true(used("rpcrdma", "/etc/fstab: /old is of type nfs "));
	assert_true(used("cifs", "/share"));
	assert_true(used("nvme_rdma", "/sys/class/nvme/nvme1 "));
	assert_true(used("ib_iser", "host3"));
	assert_true(used("nvmet_rdma", "ports/1"));
	assert_true(used("rpcrdma", "the NFS server"));
	assert_true(used("rds_rdma", "/etc/modules-load.d/site.conf"));
	assert_int_equal(facts.uses.n, 8);

	/* without SMB direct the SMB client does not need ib_core */
	tree_put(&tree, "/lib/modules/6.8.0-1015-azure/modules.dep", "kernel/fs/smb/client/cifs.ko.zst:\n");
	again();
	oi_text_set(&facts.kernel.release, "6.8.0-1015-azure");
	oi_facts_look_uses(&host, &facts);
	assert_false(used("cifs", "/share"));
	assert_int_equal(facts.uses.n, 7);
}

static void uses_outlive_a_snapshot(void **state OI_UNUSED)
{
	struct oi_facts other = { 0 };
	OI_DOC_AUTO *doc = NULL;
	struct oi_err err;

	oi_facts_add_use(&facts, "rpcrdma", "/data");
	oi_facts_add_use(&facts, "rpcrdma", "/data");
	doc = oi_facts_to_doc(&facts);
	assert_int_equal(oi_facts_from_doc(doc, &other, &err), 0);
	assert_int_equal(other.uses.n, 1);
	assert_string_equal(other.uses.v[0].by, "/data");
	oi_facts_clear(&other);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_empty_tree_knows_nothing),
		T(a_kernel_without_any_of_it_is_absent),
		T(dmi_values_are_trimmed),
		T(an_unreadable_value_is_unknown),
		T(os_release_as_shells_read_it),
		T(debian_sid_has_no_version),
		T(os_release_of_usr_lib),
		T(centos_keeps_its_minor_elsewhere),
		T(os_release_of_no_use),
		T(repositories_that_are_enabled),
		T(kernel_comes_from_the_tree),
		T(no_arch_in_the_tree_is_unknown),
		T(a_leftover_folder_is_no_kernel),
		T(this_machine_has_a_kernel),
		T(a_release_that_is_a_path_is_unknown),
		T(a_kernels_build_is_known),
		T(headers_and_compiler_are_found),
		T(pass_through_loaded_or_to_be_had),
		T(network_direct_with_and_without_braces),
		T(vm_from_instance_data),
		T(instance_data_without_a_size),
		T(instance_data_of_no_use),
		T(the_metadata_services_form),
		T(instance_ids_are_names),
		T(secure_boot_from_its_variable),
		T(lockdown_is_the_one_in_brackets),
		T(enforcement_is_yes_or_no),
		T(functions_are_in_order_and_have_their_own_driver),
		T(a_bus_that_cannot_be_read_is_unknown),
		T(ports_of_every_link_layer),
		T(no_device_is_not_no_class),
		T(a_late_function_is_waited_for),
		T(waiting_has_an_end),
		T(a_dump_is_not_waited_for),
		T(dpkg_tells_the_version),
		T(modules_of_the_running_kernel_come_first),
		T(modules_that_depmod_does_not_know_are_not_there),
		T(inbox_modules_are_the_kernels_own),
		T(hpc_images_tell_what_they_have),
		T(modules_in_links_that_go_in_circles),
		T(modules_that_use_rdma_are_listed),
		T(modules_are_listed_from_sysfs_too),
		T(clients_that_work_are_listed),
		T(uses_outlive_a_snapshot),
		T(modules_of_an_empty_tree_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
