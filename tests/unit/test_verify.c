/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verification over trees that look like a machine. Where a check depends on
 * being on the machine itself, the test says so through struct oi_vantage.
 */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sys/buildid.h"
#include "sys/clock.h"
#include "verify/checks.h"
#include "sys/kmods.h"

#define KERNEL "6.11.0-1015-azure"
#define MODULES "/lib/modules/" KERNEL
#define FAR_MS (INT64_C(3600) * 1000) /* a test that waits for this does not end */
#define WAIT_MS 60000
#define SHORT_MS 600

static const char *const eight[] = { "mlx5_core", "mlx5_ib", "ib_core", "ib_uverbs",
				     "ib_umad", "ib_cm", "rdma_ucm", "ib_ipoib" };

/* One machine, made anew for each test. */
static char top[64];
static struct oi_host host;
static struct oi_config config;
static struct oi_verdict verdict;
static struct oi_facts facts;
static struct oi_checks checks;
static struct oi_vantage here_yes, here_no;
static char *modinfo;

static void put(const char *path, const char *text)
{
	struct oi_err err;

	assert_int_equal(oi_root_write(&host.change, path, 0644, text, strlen(text), &err), 0);
}

/* A link to itself cannot be read, not even by root. */
static void unreadable(const char *path)
{
	OI_FREE char *file = oi_mem_printf("%s%s", top, path);
	struct oi_err err;
	OI_FREE char *folder = oi_mem_dup(path);

	*strrchr(folder, '/') = '\0';
	assert_int_equal(oi_root_mkdirs(&host.change, folder, 0755, &err), 0);
	assert_int_equal(symlink(path, file), 0);
}

static void gone(const char *path)
{
	struct oi_err err;

	assert_int_equal(oi_root_remove(&host.change, path, &err), 0);
}

static int set_up(void **state OI_UNUSED)
{
	/* Stands for modinfo -F srcversion FILE; what it would find lies beside the file. */
	static const char script[] = "#!/bin/sh\n"
				     "[ \"$#\" = 3 ] && [ \"$1\" = -F ] && [ \"$2\" = srcversion ] || exit 9\n"
				     "[ -f \"$3\" ] || exit 1\n"
				     "[ ! -f \"$3.broken\" ] || exit 1\n"
				     "[ ! -f \"$3.srcversion\" ] || cat \"$3.srcversion\"\n";
	struct oi_err err;

	snprintf(top, sizeof(top), "/tmp/oi-test-verify.XXXXXX");
	memset(&host, 0, sizeof(host));
	if (!mkdtemp(top) || oi_root_open(top, &host.look, &err) ||
	    oi_root_open(top, &host.change, &err))
		return -1;
	if (oi_root_write(&host.change, "/modinfo", 0755, script, strlen(script), &err))
		return -1;
	modinfo = oi_mem_printf("%s/modinfo", top);
	host.tools.path[OI_TOOL_MODINFO] = modinfo;
	host.deadline_ms = oi_clock_ms() + FAR_MS;
	oi_config_init(&config);
	memset(&verdict, 0, sizeof(verdict));
	verdict.vm.size = oi_mem_dup("Standard_HB120rs_v3");
	verdict.vm.nic_generation = oi_mem_dup("cx6");
	verdict.vm.ib_ports = 1;
	verdict.vm.link_gbps = 200;
	verdict.driver.stack = oi_mem_dup("inbox");
	verdict.driver.kernel = oi_mem_dup(KERNEL);
	memset(&facts, 0, sizeof(facts));
	memset(&checks, 0, sizeof(checks));
	here_yes = (struct oi_vantage){ .modules = true };
	here_no = (struct oi_vantage){ .why_not = oi_mem_dup("this is a container (/mark)") };
	return 0;
}

static int tear_down(void **state OI_UNUSED)
{
	struct oi_root slash;
	struct oi_err err;
	int got;

	oi_root_close(&host.look);
	oi_root_close(&host.change);
	free(modinfo);
	oi_config_clear(&config);
	oi_verdict_clear(&verdict);
	oi_facts_clear(&facts);
	oi_checks_clear(&checks);
	oi_vantage_clear(&here_no);
	if (oi_root_open("/", &slash, &err))
		return -1;
	got = oi_root_remove(&slash, top, &err);
	oi_root_close(&slash);
	return got;
}

/* --- what a tree has --- */

static void add_module(struct oi_buf *dep, const char *folder, const char *name)
{
	OI_FREE char *file = oi_mem_printf(MODULES "/%s/%s.ko.xz", folder, name);

	put(file, "");
	oi_buf_addf(dep, "%s/%s.ko.xz: kernel/lib/other.ko.xz\n", folder, name);
}

/* All the modules but @without, in @folder; mlx5_core and ib_core in @folder_of_two. */
static void add_modules(const char *folder, const char *folder_of_two, const char *without)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf dep = { 0 };

	oi_buf_adds(&dep, "kernel/drivers/xmlx5_core.ko.xz:\nkernel/drivers/mlx5_core_x.ko.xz:\n");
	for (size_t i = 0; i < OI_ARRAY_SIZE(eight); i++) {
		bool of_two = !strcmp(eight[i], "mlx5_core") || !strcmp(eight[i], "ib_core");

		if (!without || strcmp(eight[i], without))
			add_module(&dep, of_two ? folder_of_two : folder, eight[i]);
	}
	put(MODULES "/modules.dep", oi_buf_str(&dep));
	put(MODULES "/modules.builtin", "kernel/fs/ext4/ext4.ko\n");
}

static void load(const char *name, const char *srcversion)
{
	OI_FREE char *state = oi_mem_printf("/sys/module/%s/initstate", name);
	OI_FREE char *source = oi_mem_printf("/sys/module/%s/srcversion", name);
	OI_FREE char *taint = oi_mem_printf("/sys/module/%s/taint", name);

	put(state, "live\n");
	put(taint, "\n");
	if (srcversion)
		put(source, srcversion);
}

static void load_all(const char *srcversion)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(eight); i++)
		load(eight[i], srcversion);
}

static void file_has(const char *folder, const char *name, const char *srcversion)
{
	OI_FREE char *file = oi_mem_printf(MODULES "/%s/%s.ko.xz.srcversion", folder, name);

	put(file, srcversion);
}

static void files_have(const char *folder, const char *srcversion)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(eight); i++)
		file_has(folder, eight[i], srcversion);
}

static void add_function(unsigned int class_code)
{
	struct oi_pci_function *function = oi_facts_add_pci(&facts);

	function->address = oi_mem_dup("0101:00:00.0");
	function->vendor = 0x15b3;
	function->device = 0x101c;
	function->class_code = class_code;
}

static void port(const char *device, const char *attribute, const char *value)
{
	OI_FREE char *path =
		oi_mem_printf("/sys/class/infiniband/%s/ports/1/%s", device, attribute);

	if (value)
		put(path, value);
	else
		gone(path);
}

static void add_device(const char *device, const char *link_layer)
{
	port(device, "link_layer", link_layer);
	port(device, "state", "4: ACTIVE\n");
	port(device, "phys_state", "5: LinkUp\n");
	port(device, "rate", "200 Gb/sec (4X HDR)\n");
}

/* --- what came of it --- */

static const struct oi_check *find(const char *id)
{
	for (size_t i = 0; i < checks.n; i++)
		if (!strcmp(checks.v[i].id, id))
			return &checks.v[i];
	return NULL;
}

static void assert_check(const char *id, enum oi_proof proof, enum oi_reason reason,
			 const char *part)
{
	const struct oi_check *check = find(id);

	if (!check) {
		fail_msg("no check %s", id);
		return;
	}
	if (check->proof != proof || (proof == OI_PROOF_FAIL && check->reason != reason) ||
	    (part && !strstr(check->detail, part)))
		fail_msg("%s: %s (%s): \"%s\"; expected %s (%s): \"%s\"", id,
			 oi_proof_name(check->proof), oi_reason_text(check->reason)->id,
			 check->detail, oi_proof_name(proof), oi_reason_text(reason)->id,
			 part ? part : "");
}

#define assert_pass(id, part) assert_check(id, OI_PROOF_PASS, OI_R_NONE, part)
#define assert_unproven(id, part) assert_check(id, OI_PROOF_UNPROVEN, OI_R_NONE, part)
#define assert_fail(id, reason, part) assert_check(id, OI_PROOF_FAIL, reason, part)

static void look_at_modules_for(const struct oi_vantage *here, int64_t wait_ms)
{
	oi_checks_clear(&checks);
	oi_verify_modules(&host, &config, &verdict, here, oi_clock_ms() + wait_ms, &facts, &checks);
}

static void look_at_modules(const struct oi_vantage *here)
{
	look_at_modules_for(here, 0);
}

static void look_at_fabric(const struct oi_vantage *here, int64_t wait_ms)
{
	oi_checks_clear(&checks);
	oi_verify_fabric(&host, &config, &verdict, here, oi_clock_ms() + wait_ms, &facts, &checks);
}

/* --- where a kernel's modules lie --- */

static void test_kmods(void **state OI_UNUSED)
{
	enum { MINUS, PLAIN, ZSTD, WHOLE, GONE, BUILTIN, NONE, SHORT, N };
	struct oi_kmod kmods[N] = {
		[MINUS] = { .name = "pci_hyperv" }, [PLAIN] = { .name = "ib_core" },
		[ZSTD] = { .name = "mlx5_ib" },	    [WHOLE] = { .name = "ib_cm" },
		[GONE] = { .name = "ib_umad" },	    [BUILTIN] = { .name = "hv_vmbus" },
		[NONE] = { .name = "mlx5_core" },   [SHORT] = { .name = "core" },
	};
	struct oi_err err;

	assert_int_equal(oi_kmods_find(&host.change, KERNEL, kmods, N, &err), 1);
	put(MODULES "/kernel/pci-hyperv.ko", "");
	put(MODULES "/kernel/ib_core.ko", "");
	put(MODULES "/kernel/mlx5_ib.ko.zst", "");
	put(MODULES "/extra/ib_cm.ko", "");
	put(MODULES "/modules.dep",
	    "kernel/pci-hyperv.ko: kernel/hv/hv_vmbus.ko\n"
	    "kernel/ib_core.ko:\n"
	    "kernel/mlx5_ib.ko.zst: kernel/mlx5_core.ko.zst\n"
	    MODULES "/extra/ib_cm.ko:\n"
	    "kernel/ib_umad.ko:\n"
	    "kernel/mlx5_core.koala: kernel/x.ko");
	put(MODULES "/modules.builtin", "kernel/hv/hv_vmbus.ko");
	assert_int_equal(oi_kmods_find(&host.change, KERNEL, kmods, N, &err), 0);
	assert_string_equal(kmods[MINUS].path, "kernel/pci-hyperv.ko");
	assert_string_equal(kmods[PLAIN].path, "kernel/ib_core.ko");
	assert_false(oi_kmod_is_added(&kmods[PLAIN]));
	assert_string_equal(kmods[ZSTD].path, "kernel/mlx5_ib.ko.zst");
	assert_string_equal(kmods[WHOLE].path, "extra/ib_cm.ko");
	assert_true(oi_kmod_is_added(&kmods[WHOLE]));
	assert_null(kmods[GONE].path);
	assert_null(kmods[BUILTIN].path);
	assert_true(kmods[BUILTIN].builtin);
	assert_false(oi_kmod_is_added(&kmods[BUILTIN]));
	assert_null(kmods[NONE].path);
	assert_null(kmods[SHORT].path);
	assert_false(kmods[SHORT].builtin);
	oi_kmods_clear(kmods, N);
	put(MODULES "/modules.dep", "");
	assert_int_equal(oi_kmods_find(&host.change, KERNEL, kmods, N, &err), 0);
	assert_null(kmods[PLAIN].path);
	oi_kmods_clear(kmods, N);
	gone(MODULES "/modules.dep");
	put(MODULES "/modules.dep/is-a-folder", "");
	assert_int_equal(oi_kmods_find(&host.change, KERNEL, kmods, N, &err), -1);
	assert_int_equal(err.code, OI_R_READ_FAILED);
}

/* --- modules --- */

static void test_inbox_modules(void **state OI_UNUSED)
{
	add_modules("kernel/drivers", "kernel/drivers", NULL);
	load_all("0123\n");
	files_have("kernel/drivers", "0123\n");
	look_at_modules(&here_yes);
	assert_pass("module-files", KERNEL);
	assert_pass("module-loaded", NULL);
	assert_pass("module-source", "8 loaded");
	assert_int_equal(checks.n, 3);
}

static void test_missing_module(void **state OI_UNUSED)
{
	add_modules("kernel/drivers", "kernel/drivers", "ib_umad");
	look_at_modules(&here_no);
	assert_fail("module-files", OI_R_MODULES_MISSING, "ib_umad is missing");
	/* named by depmod and gone since */
	add_modules("kernel/drivers", "kernel/drivers", NULL);
	gone(MODULES "/kernel/drivers/mlx5_ib.ko.xz");
	look_at_modules(&here_no);
	assert_fail("module-files", OI_R_MODULES_MISSING, "mlx5_ib is missing");
}

static void test_optional_module(void **state OI_UNUSED)
{
	add_modules("kernel/drivers", "kernel/drivers", "ib_ipoib");
	look_at_modules(&here_no);
	assert_pass("module-files", NULL);
	assert_unproven("module-files-optional", "ib_ipoib is missing");
	config.ipoib = OI_AUTO_FALSE;
	look_at_modules(&here_no);
	assert_pass("module-files", NULL);
	assert_null(find("module-files-optional"));
	config.ipoib = OI_AUTO_TRUE;
	look_at_modules(&here_no);
	assert_fail("module-files", OI_R_MODULES_MISSING, "ib_ipoib is missing");
	config.ipoib = OI_AUTO;
	oi_mem_set(&verdict.driver.stack, "doca-ofed");
	add_modules("updates/dkms", "updates/dkms", "ib_ipoib");
	look_at_modules(&here_no);
	assert_fail("module-files", OI_R_MODULES_MISSING, "ib_ipoib is missing");
}

static void test_vendor_modules(void **state OI_UNUSED)
{
	static const char *const folders[] = { "updates/dkms", "extra/mlnx", "weak-updates/mlnx" };

	oi_mem_set(&verdict.driver.stack, "doca-ofed");
	for (size_t i = 0; i < OI_ARRAY_SIZE(folders); i++) {
		add_modules(folders[i], folders[i], NULL);
		look_at_modules(&here_no);
		assert_pass("module-files", "doca-ofed");
	}
	/* dkms has built some of them, and the kernel's own would be loaded beside */
	add_modules("updates/dkms", "kernel/drivers", NULL);
	look_at_modules(&here_no);
	assert_fail("module-files", OI_R_MODULES_MISSING,
		    "mlx5_core is the kernel's own (kernel/drivers/mlx5_core.ko.xz); ib_core is");
	oi_mem_set(&verdict.driver.stack, "inbox"); /* which is where they belong for inbox */
	look_at_modules(&here_no);
	assert_pass("module-files", NULL);
}

static void test_builtin_module(void **state OI_UNUSED)
{
	add_modules("kernel/drivers", "kernel/drivers", "ib_core");
	put(MODULES "/modules.builtin", "kernel/drivers/infiniband/core/ib_core.ko\n");
	look_at_modules(&here_no);
	assert_pass("module-files", NULL);
	oi_mem_set(&verdict.driver.stack, "mlnx-ofed");
	add_modules("extra", "extra", "ib_core");
	put(MODULES "/modules.builtin", "kernel/drivers/infiniband/core/ib_core.ko\n");
	look_at_modules(&here_no);
	assert_fail("module-files", OI_R_MODULES_MISSING, "ib_core is built into the kernel");
}

static void test_cx3_modules(void **state OI_UNUSED)
{
	oi_mem_set(&verdict.vm.nic_generation, "cx3-pro");
	add_modules("kernel/drivers", "kernel/drivers", NULL);
	look_at_modules(&here_no);
	assert_fail("module-files", OI_R_MODULES_MISSING, "mlx4_core is missing; mlx4_ib is missing");
}

static void test_no_kernel(void **state OI_UNUSED)
{
	look_at_modules(&here_no);
	assert_unproven("module-files", "this is a container (/mark)");
	look_at_modules(&here_yes);
	assert_fail("module-files", OI_R_MODULES_MISSING, "modules.dep");
	put(MODULES "/modules.dep/is-a-folder", "");
	look_at_modules(&here_yes);
	assert_unproven("module-files", "modules.dep");
}

static void test_nothing_chosen(void **state OI_UNUSED)
{
	oi_mem_set(&verdict.driver.stack, NULL);
	look_at_modules(&here_yes);
	assert_unproven("module-files", "no driver stack");
	assert_unproven("module-loaded", NULL);
	assert_unproven("module-source", NULL);
	oi_mem_set(&verdict.driver.stack, "inbox");
	oi_mem_set(&verdict.driver.kernel, NULL);
	look_at_modules(&here_yes);
	assert_unproven("module-files", "kernel is unknown");
}

static void test_not_loaded(void **state OI_UNUSED)
{
	add_modules("kernel/drivers", "kernel/drivers", NULL);
	load("mlx5_core", NULL);
	load("ib_core", NULL);
	load("ib_uverbs", NULL);
	look_at_modules(&here_no);
	assert_unproven("module-loaded", "container");
	assert_unproven("module-source", "container");
	look_at_modules(&here_yes); /* what is on the bus is unknown */
	assert_fail("module-loaded", OI_R_MODULE_LOAD, "not loaded: mlx5_ib");
	add_function(0x0200); /* Ethernet: does not need mlx5_ib */
	look_at_modules(&here_yes);
	assert_unproven("module-loaded", "no InfiniBand function");
	add_function(0x0207);
	look_at_modules(&here_yes);
	assert_fail("module-loaded", OI_R_MODULE_LOAD, "not loaded: mlx5_ib");
	load("mlx5_ib", NULL);
	look_at_modules(&here_yes);
	assert_pass("module-loaded", "not loaded: ib_umad, ib_cm, rdma_ucm, ib_ipoib");
}

static void test_none_loaded(void **state OI_UNUSED)
{
	add_modules("kernel/drivers", "kernel/drivers", NULL);
	look_at_modules(&here_yes);
	assert_unproven("module-source", "no module of the driver is loaded");
}

static void test_stale_module(void **state OI_UNUSED)
{
	oi_mem_set(&verdict.driver.stack, "doca-ofed");
	add_modules("updates/dkms", "updates/dkms", NULL);
	load_all("0123\n");
	files_have("updates/dkms", "0123\n");
	look_at_modules(&here_yes);
	assert_pass("module-source", NULL);
	file_has("updates/dkms", "mlx5_core", "4567\n");
	look_at_modules(&here_yes);
	assert_fail("module-source", OI_R_MODULE_STALE, "mlx5_core: loaded is 0123, the file is 4567");
	/* the kernel's own is loaded, which on this kernel shows none */
	file_has("updates/dkms", "mlx5_core", "0123\n");
	gone("/sys/module/ib_core/srcversion");
	look_at_modules(&here_yes);
	assert_fail("module-source", OI_R_MODULE_STALE, "ib_core: loaded is one without");
	load("ib_core", "0123\n");
	file_has("updates/dkms", "ib_core", "");
	look_at_modules(&here_yes);
	assert_fail("module-source", OI_R_MODULE_STALE, "ib_core: loaded is 0123, the file is one without");
}

static void test_no_source_versions(void **state OI_UNUSED)
{
	add_modules("kernel/drivers", "kernel/drivers", NULL);
	load_all(NULL);
	look_at_modules(&here_yes); /* Debian's kernels: their own modules have none */
	assert_pass("module-source", NULL);
	put("/sys/module/mlx5_core/taint", "OE\n");
	look_at_modules(&here_yes);
	assert_unproven("module-source", "mlx5_core: there is neither a build id nor a source version");
	/* of the stack's own files, the kernel's own module is known by what it lacks */
	oi_mem_set(&verdict.driver.stack, "doca-ofed");
	add_modules("updates/dkms", "updates/dkms", NULL);
	look_at_modules(&here_yes);
	assert_fail("module-source", OI_R_MODULE_STALE,
		    "ib_cm: loaded is the kernel's own, the file is updates/dkms/ib_cm.ko.xz");
	for (size_t i = 0; i < OI_ARRAY_SIZE(eight); i++) {
		OI_FREE char *taint = oi_mem_printf("/sys/module/%s/taint", eight[i]);

		put(taint, "OE\n");
	}
	look_at_modules(&here_yes);
	assert_unproven("module-source", "ib_cm: there is neither a build id nor a source version");
}

/* --- build ids --- */

#define ID_BYTES 20

/* A note as the linker writes it, behind another one. */
static size_t make_notes(unsigned char id, char out[128])
{
	const Elf64_Nhdr other = { .n_namesz = 6, .n_descsz = 1, .n_type = NT_GNU_BUILD_ID };
	const Elf64_Nhdr note = { .n_namesz = 4, .n_descsz = ID_BYTES, .n_type = NT_GNU_BUILD_ID };
	size_t len = 0;

	memset(out, 0, 128);
	memcpy(out, &other, sizeof(other));
	memcpy(out + sizeof(other), "Linux", 6);
	len = sizeof(other) + 8 + 4;
	memcpy(out + len, &note, sizeof(note));
	memcpy(out + len + sizeof(note), "GNU", 4);
	memset(out + len + sizeof(note) + 4, id, ID_BYTES);
	return len + sizeof(note) + 4 + ID_BYTES;
}

/* An object file with one section of notes behind one of another kind. */
static size_t make_object(unsigned char id, char out[512])
{
	Elf64_Ehdr head = { .e_shoff = 256, .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = 3 };
	Elf64_Shdr sections[3] = { { .sh_type = SHT_NULL }, { .sh_type = SHT_PROGBITS },
				   { .sh_type = SHT_NOTE, .sh_offset = 100 } };

	memset(out, 0, 512);
	memcpy(head.e_ident, ELFMAG, SELFMAG);
	head.e_ident[EI_CLASS] = ELFCLASS64;
	head.e_ident[EI_DATA] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	memcpy(out, &head, sizeof(head));
	sections[2].sh_size = make_notes(id, out + 100);
	memcpy(out + 256, sections, sizeof(sections));
	return 256 + sizeof(sections);
}

static void put_bytes(const char *path, const char *bytes, size_t len)
{
	struct oi_err err;

	assert_int_equal(oi_root_write(&host.change, path, 0644, bytes, len, &err), 0);
}

static void load_build(const char *name, unsigned char id)
{
	OI_FREE char *path = oi_mem_printf("/sys/module/%s/notes/.note.gnu.build-id", name);
	char notes[128];
	size_t len = make_notes(id, notes);

	put_bytes(path, notes, len);
}

/* The module's file, compressed by @tool; NULL: as it is. */
static void build(const char *folder, const char *name, unsigned char id, const char *tool,
		  const char *suffix)
{
	OI_FREE char *path = oi_mem_printf(MODULES "/%s/%s.ko", folder, name);
	OI_FREE char *command = oi_mem_printf("%s -f %s%s", tool ? tool : "true", top, path);
	OI_FREE char *packed = oi_mem_printf("%s%s", path, suffix);
	char object[512];
	size_t len = make_object(id, object);

	put_bytes(path, object, len);
	assert_int_equal(system(command), 0);
	assert_true(oi_root_exists(&host.change, packed));
}

static void test_build_ids(void **state OI_UNUSED)
{
	static const struct {
		const char *tool, *suffix;
		enum oi_tool of;
	} ways[] = {
		{ NULL, "", OI_TOOL_COUNT },
		{ "/usr/bin/gzip", ".gz", OI_TOOL_GZIP },
		{ "/usr/bin/xz", ".xz", OI_TOOL_XZ },
	};

	oi_mem_set(&verdict.driver.stack, "doca-ofed");
	host.tools.path[OI_TOOL_MODINFO] = NULL; /* nobody else is asked */
	for (size_t w = 0; w < OI_ARRAY_SIZE(ways); w++) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf dep = { 0 };

		if (ways[w].of != OI_TOOL_COUNT)
			host.tools.path[ways[w].of] = ways[w].tool;
		gone(MODULES);
		for (size_t i = 0; i < OI_ARRAY_SIZE(eight); i++) {
			load(eight[i], NULL);
			load_build(eight[i], (unsigned char)(i + 1));
			build("updates/dkms", eight[i], (unsigned char)(i + 1), ways[w].tool,
			      ways[w].suffix);
			oi_buf_addf(&dep, "updates/dkms/%s.ko%s:\n", eight[i], ways[w].suffix);
		}
		put(MODULES "/modules.dep", oi_buf_str(&dep));
		look_at_modules(&here_yes);
		assert_pass("module-source", "the 8 loaded modules are those on disk");
		load_build("ib_core", 0xff);
		look_at_modules(&here_yes);
		assert_fail("module-source", OI_R_MODULE_STALE,
			    "ib_core: loaded is build ffffffffffffffffffffffffffffffffffffffff, the file is build 03030303");
	}
	/* where it cannot be unpacked, the source version counts */
	host.tools.path[OI_TOOL_XZ] = NULL;
	host.tools.path[OI_TOOL_MODINFO] = modinfo;
	load_all("0123\n");
	files_have("updates/dkms", "0123\n");
	look_at_modules(&here_yes);
	assert_pass("module-source", "the 8 loaded modules are those on disk");
}

/* Cut off or wrong anywhere it has no build id, and nothing else happens. */
static void test_damaged_objects(void **state OI_UNUSED)
{
	static const struct {
		size_t at;
		char byte;
	} wrong[] = {
		{ 0, 'x' }, { EI_CLASS, ELFCLASS32 }, { EI_DATA, ELFDATANONE },
		{ offsetof(Elf64_Ehdr, e_shoff) + 6, 1 }, { offsetof(Elf64_Ehdr, e_shentsize), 1 },
		{ 256 + 2 * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_offset) + 7, 0x7f },
		{ 256 + 2 * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_size) + 7, 0x7f },
		{ 100 + offsetof(Elf64_Nhdr, n_namesz) + 3, 0x7f },
		{ 100 + offsetof(Elf64_Nhdr, n_descsz) + 3, (char)0xff },
	};
	char object[512], broken[512];
	size_t len = make_object(7, object);
	OI_FREE char *whole = oi_buildid_of_object(object, len);

	assert_string_equal(whole, "0707070707070707070707070707070707070707");
	for (size_t cut = 0; cut < len; cut++) {
		OI_FREE char *copy = oi_mem_ndup(object, cut); /* of its own, so that a read too far shows */

		assert_null(oi_buildid_of_object(copy, cut));
	}
	for (size_t i = 0; i < OI_ARRAY_SIZE(wrong); i++) {
		memcpy(broken, object, sizeof(broken));
		broken[wrong[i].at] = wrong[i].byte;
		assert_null(oi_buildid_of_object(broken, len));
	}
}

static void test_modinfo_fails(void **state OI_UNUSED)
{
	add_modules("kernel/drivers", "kernel/drivers", NULL);
	load_all("0123\n");
	files_have("kernel/drivers", "0123\n");
	put(MODULES "/kernel/drivers/ib_cm.ko.xz.broken", "");
	look_at_modules(&here_yes);
	assert_unproven("module-source", "ib_cm: ");
	host.tools.path[OI_TOOL_MODINFO] = NULL;
	look_at_modules(&here_yes);
	assert_unproven("module-source", "modinfo is not installed");
	/* a proven difference counts, whatever else could not be read */
	host.tools.path[OI_TOOL_MODINFO] = modinfo;
	file_has("kernel/drivers", "mlx5_ib", "4567\n");
	look_at_modules(&here_yes);
	assert_fail("module-source", OI_R_MODULE_STALE, "mlx5_ib");
}

/* --- where we are --- */

static void judge_here(const char *kernel, bool wanted, const char *part)
{
	OI_CLEANUP(oi_vantage_clear) struct oi_vantage here = { 0 };

	oi_vantage_judge(&host.look, kernel, &here);
	assert_int_equal(here.modules, wanted);
	if (wanted)
		assert_null(here.why_not);
	else if (!strstr(here.why_not, part))
		fail_msg("\"%s\" has no \"%s\"", here.why_not, part);
}

static void test_here(void **state OI_UNUSED)
{
	static const char *const marks[] = { "/run/systemd/container", "/run/.containerenv",
					     "/.dockerenv" };
	OI_CLEANUP(oi_vantage_clear) struct oi_vantage here = { 0 };

	judge_here(KERNEL, false, "running kernel is unknown");
	put("/proc/sys/kernel/osrelease", KERNEL "\n");
	judge_here(KERNEL, true, NULL);
	judge_here("6.1.0-1-amd64", false, "the running kernel is " KERNEL ", not 6.1.0-1-amd64");
	judge_here(NULL, false, "not one that is known");
	for (size_t i = 0; i < OI_ARRAY_SIZE(marks); i++) {
		put(marks[i], "");
		judge_here(KERNEL, false, marks[i]);
		gone(marks[i]);
	}
	put("/proc/self/status", "Name:\tx\nCapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\n");
	judge_here(KERNEL, true, NULL); /* not root, on a real machine */
	put("/proc/self/status", "Name:\tx\nCapEff:\t000001ffffffffff\nCapBnd:\t000001fffffeffff\n");
	judge_here(KERNEL, false, "no module can be loaded here");
	oi_vantage_look(&host, KERNEL, &here); /* of a tree nothing is claimed */
	assert_false(here.modules);
	assert_non_null(strstr(here.why_not, top));
}

/* --- fabric --- */

static void test_fabric(void **state OI_UNUSED)
{
	add_device("mlx5_an0", "Ethernet\n");
	port("mlx5_an0", "rate", "40 Gb/sec (4X QDR)\n");
	port("mlx5_an0", "state", "1: DOWN\n");
	add_device("mlx5_ib0", "InfiniBand\n");
	look_at_fabric(&here_yes, FAR_MS);
	assert_pass("fabric-device", NULL);
	assert_pass("port-count", "1 InfiniBand port, expected 1");
	assert_pass("port-state", "mlx5_ib0/1 ACTIVE");
	assert_pass("port-rate", "mlx5_ib0/1 200 Gb/s; expected 200 Gb/s");
	assert_int_equal(checks.n, 4);
	assert_int_equal(facts.rdma.known, OI_KNOWN);
	assert_int_equal(facts.rdma.n, 2);
	assert_string_equal(facts.rdma.v[1].device, "mlx5_ib0");
	look_at_fabric(&here_no, FAR_MS); /* what is seen is seen, wherever we are */
	assert_pass("port-rate", NULL);
	assert_int_equal(facts.rdma.n, 2);
}

static void test_no_device(void **state OI_UNUSED)
{
	look_at_fabric(&here_no, FAR_MS); /* and it does not wait for what cannot come */
	assert_unproven("fabric-device", "this is a container (/mark)");
	assert_unproven("port-count", NULL);
	assert_unproven("port-state", NULL);
	assert_unproven("port-rate", NULL);
	assert_int_equal(facts.rdma.known, OI_UNKNOWN);
	put("/sys/class/net/lo/address", "");
	look_at_fabric(&here_no, FAR_MS);
	assert_int_equal(facts.rdma.known, OI_ABSENT);

	look_at_fabric(&here_yes, SHORT_MS); /* the size promises one */
	assert_fail("fabric-device", OI_R_FABRIC_MISSING, "no InfiniBand function on the PCI bus");
	verdict.vm.ib_ports = 0;
	look_at_fabric(&here_yes, FAR_MS);
	assert_unproven("fabric-device", "nothing says that there should be one");
	add_function(0x0200);
	look_at_fabric(&here_yes, FAR_MS);
	assert_unproven("fabric-device", NULL);
	add_function(0x0207);
	look_at_fabric(&here_yes, SHORT_MS);
	assert_fail("fabric-device", OI_R_FABRIC_MISSING, "0101:00:00.0 (15b3:101c) is on the PCI bus");
	assert_unproven("port-count", NULL);
	look_at_fabric(&here_no, FAR_MS);
	assert_unproven("fabric-device", NULL);
}

static void test_only_ethernet(void **state OI_UNUSED)
{
	add_function(0x0207);
	add_device("mlx5_an0", "Ethernet\n");
	add_device("mlx5_1", NULL);
	look_at_fabric(&here_yes, SHORT_MS);
	assert_fail("fabric-device", OI_R_FABRIC_MISSING, "mlx5_1/1 is unreadable, mlx5_an0/1 is Ethernet");
}

static void test_port_count(void **state OI_UNUSED)
{
	add_device("mlx5_ib0", "InfiniBand\n");
	add_device("mlx5_ib1", "InfiniBand\n");
	verdict.vm.ib_ports = 8;
	look_at_fabric(&here_no, SHORT_MS);
	assert_fail("port-count", OI_R_PORTS_MISSING, "2 InfiniBand ports, expected 8");
	assert_pass("port-state", "mlx5_ib0/1 ACTIVE, mlx5_ib1/1 ACTIVE");
	config.verify.ports = 3; /* one too few is too few */
	look_at_fabric(&here_no, SHORT_MS);
	assert_fail("port-count", OI_R_PORTS_MISSING, "2 InfiniBand ports, expected 3");
	config.verify.ports = 2;
	look_at_fabric(&here_no, FAR_MS);
	assert_pass("port-count", NULL);
	config.verify.ports = 1;
	look_at_fabric(&here_no, FAR_MS);
	assert_pass("port-count", "2 InfiniBand ports, expected 1");
	config.verify.ports = OI_AUTO_NUMBER;
	verdict.vm.ib_ports = 0;
	look_at_fabric(&here_no, FAR_MS);
	assert_unproven("port-count", "how many the VM size has is unknown");
}

static void test_port_state(void **state OI_UNUSED)
{
	add_device("mlx5_ib0", "InfiniBand\n");
	port("mlx5_ib0", "state", "1: DOWN\n");
	port("mlx5_ib0", "phys_state", "2: Polling\n");
	port("mlx5_ib0", "rate", "10 Gb/sec (4X SDR)\n");
	look_at_fabric(&here_no, SHORT_MS);
	assert_fail("port-state", OI_R_PORT_DOWN, "mlx5_ib0/1 DOWN, physically Polling");
	assert_unproven("port-rate", "mlx5_ib0/1 not ACTIVE"); /* one cause, told once */
	port("mlx5_ib0", "state", "2: INIT\n");
	look_at_fabric(&here_no, SHORT_MS);
	assert_fail("port-state", OI_R_PORT_DOWN, "INIT");
	port("mlx5_ib0", "state", "5: ACTIVE_DEFER\n");
	look_at_fabric(&here_no, SHORT_MS);
	assert_fail("port-state", OI_R_PORT_DOWN, "ACTIVE_DEFER");
	port("mlx5_ib0", "state", NULL);
	look_at_fabric(&here_no, FAR_MS);
	assert_unproven("port-state", "mlx5_ib0/1 unreadable");
	/* one that is certainly down outweighs one that is unknown */
	add_device("mlx5_ib1", "InfiniBand\n");
	port("mlx5_ib1", "state", "1: DOWN\n");
	look_at_fabric(&here_no, SHORT_MS);
	assert_fail("port-state", OI_R_PORT_DOWN, "mlx5_ib1/1 DOWN");
}

static void test_port_rate(void **state OI_UNUSED)
{
	add_device("mlx5_ib0", "InfiniBand\n");
	port("mlx5_ib0", "rate", "100 Gb/sec (4X EDR)\n");
	look_at_fabric(&here_no, SHORT_MS);
	assert_fail("port-rate", OI_R_PORT_RATE, "mlx5_ib0/1 100 Gb/s; expected 200 Gb/s");
	config.verify.min_rate_gbps = 100;
	look_at_fabric(&here_no, FAR_MS);
	assert_pass("port-rate", NULL);
	config.verify.min_rate_gbps = OI_AUTO_NUMBER;
	port("mlx5_ib0", "rate", "fast\n");
	look_at_fabric(&here_no, FAR_MS);
	assert_unproven("port-rate", "mlx5_ib0/1 unreadable");
	port("mlx5_ib0", "rate", "2.5 Gb/sec (1X SDR)\n");
	verdict.vm.link_gbps = 0;
	look_at_fabric(&here_no, FAR_MS);
	assert_unproven("port-rate", "2.5 Gb/s; what the VM size has is unknown");
}

static void test_unreadable_class(void **state OI_UNUSED)
{
	unreadable("/sys/class/infiniband");
	look_at_fabric(&here_yes, FAR_MS);
	assert_unproven("fabric-device", "infiniband");
	assert_unproven("port-state", "could not be read");
	assert_int_equal(facts.rdma.known, OI_UNKNOWN);
}

/* Another process brings the port up while we wait. */
static void test_waits_for_the_port(void **state OI_UNUSED)
{
	const struct timespec later = { .tv_nsec = 400000000 };
	pid_t pid;
	int status;

	add_device("mlx5_ib0", "InfiniBand\n");
	port("mlx5_ib0", "state", "2: INIT\n");
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		nanosleep(&later, NULL);
		port("mlx5_ib0", "state", "4: ACTIVE\n");
		_exit(0);
	}
	look_at_fabric(&here_no, WAIT_MS);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_pass("port-state", "mlx5_ib0/1 ACTIVE");
	assert_pass("port-rate", NULL);
}

static void test_waits_for_the_device(void **state OI_UNUSED)
{
	const struct timespec later = { .tv_nsec = 400000000 };
	pid_t pid;
	int status;

	add_function(0x0207);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		nanosleep(&later, NULL);
		add_device("mlx5_ib0", "InfiniBand\n");
		_exit(0);
	}
	look_at_fabric(&here_yes, WAIT_MS);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_pass("fabric-device", NULL);
	assert_pass("port-count", NULL);
	assert_int_equal(facts.rdma.n, 1);
}

/* What loads the modules is still at it; one that nobody needs is not waited for. */
static void test_waits_for_the_modules(void **state OI_UNUSED)
{
	const struct timespec later = { .tv_nsec = 100000000 };
	pid_t pid;
	int status;

	add_modules("kernel/drivers", "kernel/drivers", NULL);
	facts.pci.known = OI_KNOWN;
	look_at_modules_for(&here_yes, FAR_MS);
	assert_unproven("module-loaded", "no InfiniBand function");
	add_function(0x0207);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		for (size_t i = 0; i < 4; i++) {
			nanosleep(&later, NULL);
			load(eight[i], "0123\n");
		}
		_exit(0);
	}
	look_at_modules_for(&here_yes, WAIT_MS);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_pass("module-loaded", "not loaded: ib_umad");
	look_at_modules_for(&here_yes, FAR_MS);
	assert_pass("module-loaded", NULL);
}

static void test_whole_run_has_the_last_word(void **state OI_UNUSED)
{
	add_device("mlx5_ib0", "InfiniBand\n");
	port("mlx5_ib0", "state", "2: INIT\n");
	host.deadline_ms = oi_clock_ms() + SHORT_MS;
	oi_verify(&host, &config, &verdict, FAR_MS, &facts, &checks);
	assert_fail("port-state", OI_R_PORT_DOWN, NULL);
}

/* --- all of it, and the short form --- */

/* A recorded tree proves its files and ports, and nothing of what is loaded. */
static void test_verify_a_tree(void **state OI_UNUSED)
{
	add_modules("kernel/drivers", "kernel/drivers", NULL);
	load_all("0123\n");
	add_device("mlx5_ib0", "InfiniBand\n");
	put("/proc/sys/kernel/osrelease", KERNEL "\n");
	oi_verify(&host, &config, &verdict, FAR_MS, &facts, &checks);
	assert_pass("module-files", NULL);
	assert_unproven("module-loaded", top);
	assert_unproven("module-source", top);
	assert_pass("fabric-device", NULL);
	assert_pass("port-rate", NULL);
	assert_int_equal(checks.n, 7);
}

static void test_quick(void **state OI_UNUSED)
{
	assert_true(oi_verify_quick(&host, NULL, KERNEL)); /* nothing was left */
	assert_false(oi_verify_quick(&host, "inbox", NULL));
	assert_true(oi_verify_quick(&host, "inbox", KERNEL)); /* a container: no kernel at all */
	add_modules("kernel/drivers", "kernel/drivers", NULL);
	assert_true(oi_verify_quick(&host, "inbox", KERNEL));
	assert_false(oi_verify_quick(&host, "doca-ofed", KERNEL));
	add_modules("updates/dkms", "updates/dkms", NULL);
	assert_true(oi_verify_quick(&host, "doca-ofed", KERNEL));
	gone(MODULES "/updates/dkms/mlx5_ib.ko.xz");
	assert_false(oi_verify_quick(&host, "doca-ofed", KERNEL));
	add_modules("updates/dkms", "updates/dkms", "ib_uverbs");
	assert_false(oi_verify_quick(&host, "doca-ofed", KERNEL));
	gone(MODULES "/modules.dep");
	put(MODULES "/modules.dep/is-a-folder", "");
	assert_false(oi_verify_quick(&host, "doca-ofed", KERNEL));
}

static void test_quick_ports(void **state OI_UNUSED)
{
	add_modules("kernel/drivers", "kernel/drivers", NULL);
	add_device("mlx5_an0", "Ethernet\n");
	assert_false(oi_verify_quick(&host, "inbox", KERNEL));
	add_device("mlx5_ib0", "InfiniBand\n");
	assert_true(oi_verify_quick(&host, "inbox", KERNEL));
	gone("/sys/class/infiniband");
	assert_true(oi_verify_quick(&host, "inbox", KERNEL)); /* a tree without the class */
	unreadable("/sys/class/infiniband");
	assert_false(oi_verify_quick(&host, "inbox", KERNEL));
}

/* As after a boot that has begun with the initramfs of before. */
/* openibd has unloaded the stack, and its settings named nothing to load. */
static void test_away(void **state OI_UNUSED)
{
	struct oi_pci_function *function;

	add_modules("updates/dkms", "updates/dkms", NULL);
	add_function(0x0207);
	function = &facts.pci.v[0];
	assert_false(oi_verify_is_away(&host, &facts, &verdict)); /* inbox: no service is to load it */
	oi_mem_set(&verdict.driver.stack, "doca-ofed");
	assert_true(oi_verify_is_away(&host, &facts, &verdict));
	function->driver = oi_mem_dup("mlx5_core");
	assert_false(oi_verify_is_away(&host, &facts, &verdict));
	oi_mem_set(&function->driver, NULL);
	load("mlx5_core", NULL); /* which is about to take the function */
	assert_false(oi_verify_is_away(&host, &facts, &verdict));
	gone("/sys/module/mlx5_core");
	function->class_code = 0x0200;
	assert_false(oi_verify_is_away(&host, &facts, &verdict));
	function->class_code = 0x0207;
	add_modules("kernel/drivers", "kernel/drivers", NULL);
	assert_false(oi_verify_is_away(&host, &facts, &verdict));
}

/* The reason names the line that its owner has written. */
static void test_kept_away(void **state OI_UNUSED)
{
	add_modules("updates/dkms", "updates/dkms", NULL);
	add_function(0x0207);
	load("ib_core", NULL);
	load("ib_uverbs", NULL);
	oi_mem_set(&verdict.driver.stack, "doca-ofed");
	put("/etc/infiniband/openib.conf", "ONBOOT=yes\nMLX5_LOAD=yes\nMLX5_LOAD=\"no\" # mine\n");
	look_at_modules(&here_yes);
	assert_fail("module-loaded", OI_R_MODULE_LOAD,
		    "not loaded: mlx5_core, mlx5_ib (MLX5_LOAD=no in /etc/infiniband/openib.conf, line 3)");
	put("/etc/infiniband/openib.conf", "MLX5_LOAD=yes\nONBOOT=no\n");
	look_at_modules(&here_yes);
	assert_fail("module-loaded", OI_R_MODULE_LOAD, "(ONBOOT=no in /etc/infiniband/openib.conf, line 2)");
	put("/etc/infiniband/openib.conf", "# MLX5_LOAD=no\n");
	look_at_modules(&here_yes);
	assert_fail("module-loaded", OI_R_MODULE_LOAD, "not loaded: mlx5_core, mlx5_ib");
}

static void test_overtaken(void **state OI_UNUSED)
{
	add_modules("kernel/drivers", "kernel/drivers", NULL);
	load_all(NULL);
	assert_false(oi_verify_is_overtaken(&host, "inbox", KERNEL));
	assert_false(oi_verify_is_overtaken(&host, "doca-ofed", KERNEL)); /* it has none here */
	add_modules("updates/dkms", "updates/dkms", "mlx4_ib");
	assert_true(oi_verify_is_overtaken(&host, "doca-ofed", KERNEL));
	put("/sys/module/mlx5_core/taint", "OE\n");
	assert_false(oi_verify_is_overtaken(&host, "doca-ofed", KERNEL));
	load("mlx4_core", NULL); /* a stack without one leaves it to the kernel */
	assert_false(oi_verify_is_overtaken(&host, "doca-ofed", KERNEL));
	gone("/sys/module/mlx5_core"); /* it may be loaded yet */
	assert_false(oi_verify_is_overtaken(&host, "doca-ofed", KERNEL));
	gone(MODULES "/modules.dep");
	load("mlx5_core", NULL);
	assert_false(oi_verify_is_overtaken(&host, "doca-ofed", KERNEL));
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		EACH(test_kmods),
		EACH(test_inbox_modules),
		EACH(test_missing_module),
		EACH(test_optional_module),
		EACH(test_vendor_modules),
		EACH(test_builtin_module),
		EACH(test_cx3_modules),
		EACH(test_no_kernel),
		EACH(test_nothing_chosen),
		EACH(test_not_loaded),
		EACH(test_none_loaded),
		EACH(test_stale_module),
		EACH(test_no_source_versions),
		EACH(test_build_ids),
		EACH(test_damaged_objects),
		EACH(test_modinfo_fails),
		EACH(test_here),
		EACH(test_fabric),
		EACH(test_no_device),
		EACH(test_only_ethernet),
		EACH(test_port_count),
		EACH(test_port_state),
		EACH(test_port_rate),
		EACH(test_unreadable_class),
		EACH(test_waits_for_the_port),
		EACH(test_waits_for_the_device),
		EACH(test_waits_for_the_modules),
		EACH(test_whole_run_has_the_last_word),
		EACH(test_verify_a_tree),
		EACH(test_quick),
		EACH(test_quick_ports),
		EACH(test_away),
		EACH(test_kept_away),
		EACH(test_overtaken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
