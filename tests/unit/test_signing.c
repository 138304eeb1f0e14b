/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signatures of built modules: whose key it is, who signs, and what is made of the result. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "execute/modules/signing.h"
#include "fakehost.h"
#include "model/reasons.h"

#define KERNEL "6.1.0-50-amd64"
#define MODULES "/lib/modules/" KERNEL
#define KEY "/etc/keys/mok.priv"
#define CERTIFICATE "/etc/keys/mok.der"
#define SERIAL "0A:1B"

static char *outside(struct fakehost *f, const char *path)
{
	return oi_mem_printf("%s/root%s", f->home, path);
}

static void set_mode(struct fakehost *f, const char *path, mode_t mode)
{
	OI_FREE char *name = outside(f, path);

	assert_int_equal(chmod(name, mode), 0);
}

static void pair(struct fakehost *f)
{
	fakehost_write(f, KEY, "the key\n");
	set_mode(f, KEY, 0600);
	fakehost_write(f, CERTIFICATE, "\x30z");
}

/* What stands in for ofed-fetch sees what the real one does: the bytes, and the key's file. */
static void expect_pair(struct fakehost *f)
{
	fakehost_expect_run(f, "ofed-fetch", 0,
			    "[ \"$(cat <&5)\" = 'the key' ] || exit 9\n"
			    "grep -q '\"certificate\": *\"307a\"' <&3 || exit 8\n"
			    "echo '{\"event\":\"document\",\"text\":\"{\\\"signer\\\": \\\"me\\\", "
			    "\\\"serial\\\": \\\"" SERIAL "\\\"}\"}' >&4\n"
			    "echo '{\"event\":\"done\",\"source\":\"\",\"bytes\":0,\"sha256\":null,"
			    "\"cached\":false}' >&4\n",
			    "");
}

static int check(struct fakehost *f, struct oi_err *err)
{
	struct oi_signer signer = { 0 };
	int ret = oi_signing_check(&f->host, KEY, CERTIFICATE, &signer, err);

	if (!ret) {
		assert_string_equal(signer.name, "me");
		assert_string_equal(signer.serial, SERIAL);
	}
	oi_signer_clear(&signer);
	return ret;
}

static void test_pair(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	pair(f);
	expect_pair(f);
	if (check(f, &err))
		fail_msg("%s", err.text);
	set_mode(f, KEY, 0400);
	expect_pair(f);
	assert_int_equal(check(f, &err), 0);
	for (size_t i = 0; i < f->log.n; i++)
		assert_null(strstr(f->log.v[i], "the key\n"));
	fakehost_check_calls(f);
}

static void refused(struct fakehost *f, const char *why)
{
	struct oi_err err;

	assert_int_equal(check(f, &err), -1);
	assert_int_equal(err.code, OI_R_SIGNING_KEY);
	if (!strstr(err.text, why))
		fail_msg("no \"%s\" in: %s", why, err.text);
}

/* Nobody looks at what is in it: no call of ofed-fetch is expected in any of these. */
static void test_key_of_others(void **state)
{
	static const mode_t open[] = { 0640, 0604, 0620, 0602, 0610, 0644, 0666 };
	struct fakehost *f = *state;
	OI_FREE char *key = outside(f, KEY);
	OI_FREE char *aside = outside(f, "/etc/keys/aside");
	OI_FREE char *certificate = outside(f, CERTIFICATE);

	refused(f, "No such file");
	pair(f);
	for (size_t i = 0; i < OI_ARRAY_SIZE(open); i++) {
		set_mode(f, KEY, open[i]);
		refused(f, "chmod 600");
	}
	set_mode(f, KEY, 0600);
	assert_int_equal(rename(key, aside), 0);
	assert_int_equal(symlink("aside", key), 0);
	refused(f, "it is a link");
	assert_int_equal(unlink(key), 0);
	assert_int_equal(mkdir(key, 0700), 0);
	refused(f, "not a regular file");
	assert_int_equal(rmdir(key), 0);
	assert_int_equal(mkfifo(key, 0600), 0); /* and nobody waits for a writer */
	refused(f, "not a regular file");
	assert_int_equal(unlink(key), 0);
	assert_int_equal(rename(aside, key), 0);
	assert_int_equal(unlink(certificate), 0);
	refused(f, CERTIFICATE);
	fakehost_write(f, CERTIFICATE, "");
	refused(f, "empty");
	if (geteuid() == 0) {
		fakehost_write(f, CERTIFICATE, "\x30z");
		set_mode(f, CERTIFICATE, 0666);
		refused(f, CERTIFICATE);
		set_mode(f, CERTIFICATE, 0644);
		assert_int_equal(chown(key, 1, 0), 0);
		refused(f, "not owned by root");
	}
	fakehost_check_calls(f);
}

static void test_pair_is_none(void **state)
{
	struct fakehost *f = *state;

	pair(f);
	fakehost_expect_run(f, "ofed-fetch", 1,
			    "echo '{\"event\":\"failed\",\"reason\":\"signing-key-unusable\","
			    "\"detail\":\"the certificate is not of this key\"}' >&4",
			    "");
	refused(f, "not of this key");
	fakehost_check_calls(f);
}

/* --- the modules --- */

static void modules(struct fakehost *f)
{
	pair(f);
	expect_pair(f);
	fakehost_write(f, MODULES "/modules.dep",
		       "updates/dkms/ib_core.ko: updates/dkms/mlx_compat.ko\n"
		       "updates/dkms/mlx_compat.ko:\n"
		       "updates/other.ko:\n"
		       "kernel/net/mlx5_core.ko: kernel/net/mlxfw.ko\n");
}

static void signature(struct fakehost *f, const char *file, const char *serial)
{
	OI_FREE char *pattern = oi_mem_printf("-F sig_key *" MODULES "/%s", file);

	fakehost_expect_text(f, "modinfo", 0, serial, pattern);
}

static int sign(struct fakehost *f, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	oi_strv_split(&names, "mlx5_core ib_core not_there", " ");
	return oi_signing_modules(&f->host, KERNEL, &names, KEY, CERTIFICATE, err);
}

static void test_all_signed(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	modules(f);
	signature(f, "updates/dkms/ib_core.ko", SERIAL "\n");
	signature(f, "updates/dkms/mlx_compat.ko", SERIAL "\n");
	if (sign(f, &err))
		fail_msg("%s", err.text);
	assert_true(fakehost_logged(f, 'I', "2 modules are signed by me, " SERIAL));
	fakehost_check_calls(f);
}

#define SIGN_FILE MODULES "/build/scripts/sign-file"

static void test_signed_now(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *program = oi_mem_printf("#!/bin/sh\necho \"$@\" >%s/signed\n", f->home);
	OI_FREE char *signed_file = oi_mem_printf("%s/signed", f->home);
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_err err;

	modules(f);
	fakehost_write(f, "/boot/config-" KERNEL,
		       "# CONFIG_MODULE_SIG_SHA1 is not set\nCONFIG_MODULE_SIG_HASH=\"sha384\"\n");
	fakehost_write(f, SIGN_FILE, program);
	set_mode(f, SIGN_FILE, 0755);
	signature(f, "updates/dkms/ib_core.ko", SERIAL "\n");
	signature(f, "updates/dkms/mlx_compat.ko", "");
	signature(f, "updates/dkms/mlx_compat.ko", SERIAL "\n");
	if (sign(f, &err))
		fail_msg("%s", err.text);
	assert_true(fakehost_logged(f, 'I', "(1 of them just now)"));
	assert_int_equal(oi_root_read_named(signed_file, 4096, &text, &err), 0);
	assert_int_equal(strncmp(oi_buf_str(&text), "sha384 /", 8), 0);
	assert_non_null(strstr(oi_buf_str(&text), KEY " "));
	assert_non_null(strstr(oi_buf_str(&text), CERTIFICATE " "));
	assert_non_null(strstr(oi_buf_str(&text), MODULES "/updates/dkms/mlx_compat.ko\n"));
	fakehost_check_calls(f);
}

static void unsigned_for(struct fakehost *f, const char *why)
{
	struct oi_err err;

	assert_int_equal(sign(f, &err), -1);
	assert_int_equal(err.code, OI_R_MODULES_UNSIGNED);
	if (!strstr(err.text, why))
		fail_msg("no \"%s\" in: %s", why, err.text);
	fakehost_check_calls(f);
}

static void test_signed_by_another(void **state)
{
	struct fakehost *f = *state;

	modules(f);
	signature(f, "updates/dkms/ib_core.ko", "0A:1C\n");
	fakehost_expect_text(f, "modinfo", 0, "DKMS module signing key\n", "-F signer *ib_core.ko");
	unsigned_for(f, "signed by DKMS module signing key (0A:1C), and not by me (" SERIAL ")");
}

static void test_nothing_signs(void **state)
{
	struct fakehost *f = *state;

	f->host.tools.path[OI_TOOL_KMODSIGN] = NULL;
	modules(f);
	signature(f, "updates/dkms/ib_core.ko", "");
	unsigned_for(f, "no scripts/sign-file");
}

/* Ubuntu's: where there are no headers, and the hash is nobody's wish. */
static void test_kmodsign(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	modules(f);
	signature(f, "updates/dkms/ib_core.ko", "");
	fakehost_expect(f, "kmodsign", 0, NULL, "sha256 *" KEY " *" CERTIFICATE " *ib_core.ko");
	signature(f, "updates/dkms/ib_core.ko", SERIAL "\n");
	signature(f, "updates/dkms/mlx_compat.ko", SERIAL "\n");
	if (sign(f, &err))
		fail_msg("%s", err.text);
	fakehost_check_calls(f);
}

static void test_signing_fails(void **state)
{
	struct fakehost *f = *state;

	modules(f);
	signature(f, "updates/dkms/ib_core.ko", "");
	fakehost_expect_text(f, "kmodsign", 1, "kmodsign: cannot\n", "*");
	unsigned_for(f, "ib_core.ko: ");
	assert_true(fakehost_logged(f, 'I', "signing: kmodsign: cannot"));
}

static void test_compressed(void **state)
{
	struct fakehost *f = *state;

	modules(f);
	fakehost_write(f, MODULES "/modules.dep", "extra/ib_core.ko.xz:\n");
	signature(f, "extra/ib_core.ko.xz", "");
	unsigned_for(f, "compressed");
}

static void test_nothing_added(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	modules(f);
	fakehost_write(f, MODULES "/modules.dep", "kernel/ib_core.ko:\n");
	assert_int_equal(sign(f, &err), -1);
	assert_int_equal(err.code, OI_R_MODULES_MISSING);
	fakehost_check_calls(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fakehost_set_up, fakehost_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pair),
		TEST(test_key_of_others),
		TEST(test_pair_is_none),
		TEST(test_all_signed),
		TEST(test_signed_now),
		TEST(test_signed_by_another),
		TEST(test_nothing_signs),
		TEST(test_kmodsign),
		TEST(test_signing_fails),
		TEST(test_compressed),
		TEST(test_nothing_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
