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

static void test_contents(void **state)
{
	static const char good[] =
		"drwxr-xr-x root/root         0 1970-01-01 00:00 ./\n"
		"drwxr-xr-x root/root         0 1970-01-01 00:00 ./lib/modules/" KERNEL "/updates/dkms/\n"
		"-rw-r--r-- root/root      9028 1970-01-01 00:00 ./lib/modules/" KERNEL
		"/updates/dkms/mlx5_core.ko.xz\n"
		"-rw-r--r-- root/root      9028 1970-01-01 00:00 ./lib/modules/" KERNEL
		"/updates/dkms/ib_core.ko\n"
		"-rw-r--r-- root/root       100 1970-01-01 00:00 ./usr/share/ofed-init/modules/x.json\n";
	static const char *const foreign[] = {
		"-rwsr-xr-x root/root 1 1970-01-01 00:00 ./usr/bin/x\n",
		"-rw-r--r-- root/root 1 1970-01-01 00:00 ./lib/modules/5.4.0/updates/dkms/mlx5_core.ko\n",
		"-rw-r--r-- root/root 1 1970-01-01 00:00 ./lib/modules/" KERNEL "/modules.dep\n",
		"lrwxrwxrwx root/root 0 1970-01-01 00:00 ./lib/modules/" KERNEL "/a.ko -> /etc/shadow\n",
		"-rw-r--r-- root/root 1 1970-01-01 00:00 ./lib/modules/" KERNEL "/../a.ko\n",
		"crw-r--r-- root/root 1,3 1970-01-01 00:00 ./lib/modules/" KERNEL "/a.ko\n",
	};
	struct oi_strv modules = { 0 };

	(void)state;
	assert_null(oi_modset_parse_contents(good, KERNEL, &modules));
	assert_int_equal(modules.n, 2);
	assert_string_equal(modules.v[0], "updates/dkms/mlx5_core.ko.xz");
	assert_string_equal(modules.v[1], "updates/dkms/ib_core.ko");
	oi_strv_clear(&modules);
	for (size_t i = 0; i < OI_ARRAY_SIZE(foreign); i++) {
		char *what = oi_modset_parse_contents(foreign[i], KERNEL, &modules);

		assert_non_null(what);
		free(what);
		oi_strv_clear(&modules);
	}
}

static void test_provides(void **state)
{
	struct oi_strv names = { 0 };

	(void)state;
	oi_modset_parse_provides("a-dkms (= 1.0-1), b-dkms (= 2), c\n", &names);
	assert_int_equal(names.n, 3);
	assert_string_equal(names.v[0], "a-dkms");
	assert_string_equal(names.v[1], "b-dkms");
	assert_string_equal(names.v[2], "c");
	oi_strv_clear(&names);
	oi_modset_parse_provides("", &names);
	assert_int_equal(names.n, 0);
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
		cmocka_unit_test(test_contents), cmocka_unit_test(test_provides),
		cmocka_unit_test(test_module),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
