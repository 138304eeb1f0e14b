/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pointers to sets of modules, what their packages hold, and what kmod's lists say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "execute/cache/modset.h"
#include "execute/cache/symbols.h"
#include "execute/cache/text.h"
#include "model/reasons.h"

#define KEY "doca-ofed_3.2.3_6.1.0-50-amd64_x86_64_debian-12_0123456789abcdef"
#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define FILE_NAME KEY "-0011223344556677.deb"
#define KERNEL "6.1.0-50-amd64"

static int read_pointer(const char *text, struct oi_modset *set, struct oi_err *err)
{
	memset(set, 0, sizeof(*set));
	return oi_modset_pointer_read(text, strlen(text), KEY, set, err);
}

static void test_pointer(void **state)
{
	struct oi_modset set = { .key = oi_mem_dup(KEY), .file = oi_mem_dup(FILE_NAME),
				 .sha256 = oi_mem_dup(SHA), .bytes = 123456 };
	OI_FREE char *text = oi_modset_pointer_text(&set);
	struct oi_err err;

	(void)state;
	oi_modset_clear(&set);
	assert_int_equal(read_pointer(text, &set, &err), 0);
	assert_string_equal(set.key, KEY);
	assert_string_equal(set.file, FILE_NAME);
	assert_string_equal(set.sha256, SHA);
	assert_int_equal(set.bytes, 123456);
	assert_null(set.signature);
	oi_modset_clear(&set);
}

/* What is signed is what the pointer says, all of it. */
static void test_pointer_signed(void **state)
{
	struct oi_modset set = { .key = oi_mem_dup(KEY), .file = oi_mem_dup(FILE_NAME),
				 .sha256 = oi_mem_dup(SHA), .signature = oi_mem_dup("0a1b"),
				 .bytes = 123456 };
	OI_FREE char *text = oi_modset_pointer_text(&set);
	OI_FREE char *before = oi_modset_signed_text(&set);
	OI_FREE char *after = NULL;
	struct oi_err err;

	(void)state;
	oi_modset_clear(&set);
	assert_int_equal(read_pointer(text, &set, &err), 0);
	assert_string_equal(set.signature, "0a1b");
	after = oi_modset_signed_text(&set);
	assert_string_equal(before, after);
	assert_string_equal(after, "ofed-init modules 1\n" KEY "\n" FILE_NAME "\n" SHA "\n123456\n");
	oi_modset_clear(&set);
}

static void test_pointer_unfit(void **state)
{
	static const char *const texts[] = {
		"", "{", "[]", "{}", "null",
		"{\"schema\": 2, \"key\": \"" KEY "\", \"package\": \"" FILE_NAME "\", \"sha256\": \"" SHA "\", \"bytes\": 1}",
		"{\"schema\": 1, \"key\": \"other\", \"package\": \"" FILE_NAME "\", \"sha256\": \"" SHA "\", \"bytes\": 1}",
		"{\"schema\": 1, \"key\": \"" KEY "\", \"package\": \"../" FILE_NAME "\", \"sha256\": \"" SHA "\", \"bytes\": 1}",
		"{\"schema\": 1, \"key\": \"" KEY "\", \"package\": \"x.deb\", \"sha256\": \"" SHA "\", \"bytes\": 1}",
		"{\"schema\": 1, \"key\": \"" KEY "\", \"package\": \"" FILE_NAME "\", \"sha256\": \"0011\", \"bytes\": 1}",
		"{\"schema\": 1, \"key\": \"" KEY "\", \"package\": \"" FILE_NAME "\", \"bytes\": 1}",
		"{\"schema\": 1, \"key\": \"" KEY "\", \"package\": \"" FILE_NAME "\", \"sha256\": \"" SHA "\", \"bytes\": 0}",
		"{\"schema\": 1, \"key\": \"" KEY "\", \"package\": \"" FILE_NAME "\", \"sha256\": \"" SHA "\"}",
		"{\"schema\": 1, \"key\": \"" KEY "\", \"package\": \"" FILE_NAME "\", \"sha256\": \"" SHA "\", \"bytes\": 1, \"signature\": \"0x\"}",
		"{\"schema\": 1, \"key\": \"" KEY "\", \"package\": \"" FILE_NAME "\", \"sha256\": \"" SHA "\", \"bytes\": 1, \"signature\": \"\"}",
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(texts); i++) {
		struct oi_modset set;
		struct oi_err err = { 0 };

		assert_int_equal(read_pointer(texts[i], &set, &err), -1);
		assert_int_equal(err.code, OI_R_MODULES_UNFIT);
		oi_modset_clear(&set);
	}
}

#define HEADERS "/usr/src/ofa_kernel/x86_64/" KERNEL

static void test_contents(void **state)
{
	static const char good[] =
		"drwxr-xr-x root/root         0 1970-01-01 00:00 ./\n"
		"drwxr-xr-x root/root         0 1970-01-01 00:00 ./lib/\n"
		"drwxr-xr-x root/root         0 1970-01-01 00:00 ./lib/modules/" KERNEL "/updates/dkms/\n"
		"-rw-r--r-- root/root      9028 1970-01-01 00:00 ./lib/modules/" KERNEL
		"/updates/dkms/mlx5_core.ko.xz\n"
		"-rw-r--r-- root/root      9028 1970-01-01 00:00 ./lib/modules/" KERNEL
		"/extra/ib_core.ko\n"
		"drwxr-xr-x root/root         0 1970-01-01 00:00 ./usr/src/ofa_kernel/\n"
		"drwxr-xr-x root/root         0 1970-01-01 00:00 ./usr/src/ofa_kernel/x86_64/\n"
		"drwxr-xr-x root/root         0 1970-01-01 00:00 ." HEADERS "/include/rdma/\n"
		"-rwxr-xr-x root/root         7 1970-01-01 00:00 ." HEADERS "/compat/configure\n"
		"-rw-r--r-- root/root         7 1970-01-01 00:00 ." HEADERS "/Module.symvers\n"
		"-rw-r--r-- root/root       100 1970-01-01 00:00 ./usr/share/ofed-init/modules/x.json\n";
	struct oi_strv modules = { 0 };
	OI_FREE char *headers = NULL;
	OI_FREE char *foreign = NULL;

	(void)state;
	foreign = oi_modset_parse_contents(good, KERNEL, &modules, &headers);
	assert_null(foreign);
	assert_int_equal(modules.n, 2);
	assert_string_equal(modules.v[0], "updates/dkms/mlx5_core.ko.xz");
	assert_string_equal(modules.v[1], "extra/ib_core.ko");
	assert_string_equal(headers, HEADERS);
	oi_strv_clear(&modules);
}

static void test_contents_foreign(void **state)
{
	/* a line, and what has to be said of it */
	static const char *const foreign[][2] = {
		{ "-rwxr-xr-x root/root 1 1970-01-01 00:00 ./usr/bin/x", "usr/bin/x" },
		{ "-rw-r--r-- root/root 1 1970-01-01 00:00 ./etc/ld.so.preload", "etc/ld.so.preload" },
		{ "drwxr-xr-x root/root 0 1970-01-01 00:00 ./etc/", "etc/" },
		{ "-rw-r--r-- root/root 1 1970-01-01 00:00 ./lib/modules/5.4.0/updates/dkms/a.ko", "5.4.0" },
		{ "-rw-r--r-- root/root 1 1970-01-01 00:00 ./lib/modules/" KERNEL "/modules.dep", "modules.dep" },
		/* in place of the kernel's own, which dpkg would take away with the set */
		{ "-rw-r--r-- root/root 1 1970-01-01 00:00 ./lib/modules/" KERNEL "/kernel/net/a.ko", "kernel/net" },
		{ "-rw-r--r-- root/root 1 1970-01-01 00:00 ./lib/modules/" KERNEL "/updates/a.sh", "a.sh" },
		{ "lrwxrwxrwx root/root 0 1970-01-01 00:00 ./lib/modules/" KERNEL "/updates/a.ko -> /etc/shadow",
		  "a.ko" },
		{ "hrw-r--r-- root/root 0 1970-01-01 00:00 ./lib/modules/" KERNEL "/updates/a.ko link to ./b", "a.ko" },
		{ "-rw-r--r-- root/root 1 1970-01-01 00:00 ./lib/modules/" KERNEL "/updates/../../../a.ko", "../" },
		{ "crw-r--r-- root/root 1,3 1970-01-01 00:00 ./lib/modules/" KERNEL "/updates/a.ko", "a.ko" },
		{ "-rwsr-xr-x root/root 1 1970-01-01 00:00 ./lib/modules/" KERNEL "/updates/a.ko", "special" },
		{ "-rwxr-sr-x root/root 1 1970-01-01 00:00 ." HEADERS "/ofed_scripts/a", "special" },
		{ "-rwSr--r-- root/root 1 1970-01-01 00:00 ." HEADERS "/ofed_scripts/a", "special" },
		{ "drwxr-xr-t root/root 0 1970-01-01 00:00 ." HEADERS "/include/", "special" },
		{ "-rw-rw-r-- root/root 1 1970-01-01 00:00 ." HEADERS "/a", "others to write" },
		{ "-rw-r--rw- root/root 1 1970-01-01 00:00 ." HEADERS "/a", "others to write" },
		{ "-rw-r--r-- evil/root 1 1970-01-01 00:00 ." HEADERS "/a", "not root's" },
		{ "-rw-r--r-- root/evil 1 1970-01-01 00:00 ." HEADERS "/a", "not root's" },
		{ "-rw-r--r-- root/root 1 1970-01-01 00:00 ./usr/src/ofa_kernel/x86_64/5.4.0/a", "5.4.0" },
		{ "-rw-r--r-- root/root 1 1970-01-01 00:00 ./usr/src/ofa_kernel/default", "default" },
		{ "-rw-r--r-- root/root 1 1970-01-01 00:00 ./usr/src/ofa_kernel/../" KERNEL "/a", "../" },
		{ "drwxr-xr-x root/root 0 1970-01-01 00:00 ./usr/src/linux/", "usr/src/linux" },
		{ "-rw-r--r-- root/root 1 1970-01-01 00:00 ./usr/share/ofed-init/modules/a/b", "modules/a/b" },
		{ "-rw-r--r--", "" },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(foreign); i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv modules = { 0 };
		OI_FREE char *headers = NULL;
		OI_FREE char *what =
			oi_modset_parse_contents(foreign[i][0], KERNEL, &modules, &headers);

		if (!what || !strstr(what, foreign[i][1]))
			fail_msg("%s: \"%s\"", foreign[i][0], what ? what : "nothing is wrong");
	}
}

/* All headers are for one architecture: the link leads to one folder. */
static void test_contents_two_folders(void **state)
{
	static const char text[] =
		"-rw-r--r-- root/root 1 1970-01-01 00:00 ." HEADERS "/a\n"
		"-rw-r--r-- root/root 1 1970-01-01 00:00 ./usr/src/ofa_kernel/aarch64/" KERNEL "/a\n";
	OI_CLEANUP(oi_strv_clear) struct oi_strv modules = { 0 };
	OI_FREE char *headers = NULL;
	OI_FREE char *what = oi_modset_parse_contents(text, KERNEL, &modules, &headers);

	(void)state;
	assert_non_null(what);
	assert_non_null(strstr(what, "aarch64"));
}

#define CONTROL                                                                                    \
	"Package: ofed-init-modules-" KERNEL "\nVersion: 3.2.3\nArchitecture: amd64\n"             \
	"Maintainer: ofed-init <root@localhost>\nSection: kernel\nPriority: optional\n"            \
	"Depends: kmod\n"
#define PROVIDES "Provides: a-dkms (= 1.0-1), b-dkms (= 2)\n"
#define OURS OI_MODSET_KEY_FIELD ": " KEY "\n"
#define ABOUT "Description: modules\n Conflicts: in a text\n"

static void test_control(void **state)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_FREE char *wrong =
		oi_modset_parse_control(CONTROL PROVIDES OURS ABOUT, KERNEL, KEY, &names);

	(void)state;
	assert_null(wrong);
	assert_int_equal(names.n, 2);
	assert_string_equal(names.v[0], "a-dkms");
	assert_string_equal(names.v[1], "b-dkms");
}

static void test_control_foreign(void **state)
{
	/* a whole file, and what has to be said of it */
	static const char *const texts[][2] = {
		{ "", "no Package" },
		{ CONTROL PROVIDES ABOUT, "no " OI_MODSET_KEY_FIELD },
		{ CONTROL OURS ABOUT, "no Provides" },
		{ CONTROL PROVIDES ABOUT OI_MODSET_KEY_FIELD ": other\n", "for other modules" },
		{ "Package: openssh-server\n" PROVIDES OURS, "for other modules" },
		{ CONTROL PROVIDES OURS "Conflicts: openssh-server\n" ABOUT, "Conflicts: openssh-server" },
		{ CONTROL PROVIDES OURS "Replaces: bash\n", "Replaces" },
		{ CONTROL PROVIDES OURS "Breaks: bash\n", "Breaks" },
		{ CONTROL PROVIDES OURS "Essential: yes\n", "Essential" },
		{ CONTROL PROVIDES OURS "Pre-Depends: bash\n", "Pre-Depends" },
		{ CONTROL PROVIDES OURS "conflicts: bash\n", "conflicts" },
		{ "Package: ofed-init-modules-" KERNEL "\nDepends: kmod, x\n" PROVIDES OURS, "Depends: kmod, x" },
		{ CONTROL PROVIDES OURS PROVIDES, "Provides" },
		{ CONTROL PROVIDES OURS OURS, OI_MODSET_KEY_FIELD },
		/* a continued line would be read by nobody but dpkg */
		{ CONTROL PROVIDES " , bash (= 1)\n" OURS, ", bash" },
		{ CONTROL OURS "Provides: bash (= 1)\n", "stands in for bash" },
		{ CONTROL OURS "Provides: a-dkms\n", "stands in for a-dkms" },
		{ CONTROL OURS "Provides: -dkms (= 1)\n", "stands in for -dkms" },
		{ CONTROL OURS "Provides: \n", "stands in for none" },
		{ CONTROL PROVIDES OURS "words\n", "words" },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(texts); i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
		OI_FREE char *wrong = oi_modset_parse_control(texts[i][0], KERNEL, KEY, &names);

		if (!wrong || !strstr(wrong, texts[i][1]))
			fail_msg("%s: \"%s\"", texts[i][0], wrong ? wrong : "nothing is wrong");
	}
}

/* Others find the headers by the link, as after a compilation; who goes takes it back. */
static void test_scripts(void **state)
{
	OI_FREE char *postinst = oi_modset_script("postinst", KERNEL, HEADERS);
	OI_FREE char *prerm = oi_modset_script("prerm", KERNEL, HEADERS);
	OI_FREE char *postrm = oi_modset_script("postrm", KERNEL, HEADERS);
	OI_FREE char *plain = oi_modset_script("postinst", KERNEL, NULL);

	(void)state;
	assert_non_null(strstr(postinst, "depmod -a " KERNEL "\n"));
	assert_non_null(strstr(postinst, "update-alternatives --install /usr/src/ofa_kernel/default "
					 "ofa_kernel_headers " HEADERS " 17\n"));
	assert_non_null(strstr(prerm, "update-alternatives --remove ofa_kernel_headers " HEADERS "\n"));
	assert_non_null(strstr(postrm, "depmod -a " KERNEL "\n"));
	assert_null(strstr(plain, "alternatives"));
	assert_null(oi_modset_script("prerm", KERNEL, NULL));
	assert_null(oi_modset_script("preinst", KERNEL, HEADERS));
	assert_null(oi_modset_script("config", KERNEL, HEADERS));
}

static void test_symbol(void **state)
{
	OI_FREE char *good = oi_symbols_parse("0x4829a47e\tmemcpy");

	(void)state;
	assert_string_equal(good, "memcpy 0x4829a47e");
	assert_null(oi_symbols_parse("modprobe: ERROR: could not get modversions"));
	assert_null(oi_symbols_parse("0x\tmemcpy"));
	assert_null(oi_symbols_parse("0x12\t"));
	assert_null(oi_symbols_parse(""));
}

static void test_module(void **state)
{
	OI_FREE char *name = oi_modset_module_name("updates/dkms/ib-core.ko.xz");
	OI_FREE char *plain = oi_modset_module_name("mlx5_core.ko");

	(void)state;
	assert_string_equal(name, "ib_core");
	assert_string_equal(plain, "mlx5_core");
	assert_true(oi_modset_is_for("6.1.0-50-amd64 SMP preempt mod_unload ", "6.1.0-50-amd64"));
	assert_false(oi_modset_is_for("6.1.0-50-amd64 SMP preempt mod_unload ", "6.1.0-50"));
	assert_false(oi_modset_is_for("6.1.0-50-amd64 SMP preempt mod_unload ", "6.1.0-50-amd64-extra"));
	assert_false(oi_modset_is_for(NULL, "6.1.0-50-amd64"));
}

static void test_names(void **state)
{
	OI_FREE char *name = oi_modset_package_name("5.15.0_Azure+x");
	OI_FREE char *file = oi_modset_file_name(KEY, SHA);

	(void)state;
	assert_string_equal(name, "ofed-init-modules-5.15.0-azure+x");
	assert_string_equal(file, FILE_NAME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pointer_signed),
		cmocka_unit_test(test_pointer),	 cmocka_unit_test(test_pointer_unfit),
		cmocka_unit_test(test_contents),
		cmocka_unit_test(test_contents_foreign),
		cmocka_unit_test(test_contents_two_folders),
		cmocka_unit_test(test_control),	 cmocka_unit_test(test_control_foreign),
		cmocka_unit_test(test_scripts),	 cmocka_unit_test(test_symbol),
		cmocka_unit_test(test_module),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
