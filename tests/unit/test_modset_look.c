/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole sets of modules, packed by the real dpkg-deb: ours, and what others put in their place. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "execute/cache/modset.h"
#include "execute/cache/refused.h"
#include "execute/cache/text.h"
#include "execute/state/record.h"
#include "execute/steps/steps.h"
#include "fakehost.h"
#include "model/reasons.h"
#include "sys/run.h"

#define KERNEL "6.1.0-50-amd64"
#define KEY "doca-ofed_3.2.3_6.1.0-50-amd64_x86_64_debian-12_0123456789abcdef"
#define MODULES "/lib/modules/" KERNEL
#define HEADERS "/usr/src/ofa_kernel/x86_64/" KERNEL
#define MAGIC "6.1.0-50-amd64 SMP preempt mod_unload modversions \n"
#define DPKG_DEB "/usr/bin/dpkg-deb"
#define PACKED "/packed"
#define CONTROL                                                                                    \
	"Package: ofed-init-modules-" KERNEL "\nVersion: 1\nArchitecture: amd64\n"                  \
	"Maintainer: ofed-init <root@localhost>\nDepends: kmod\n"                                   \
	"Provides: mlnx-ofed-kernel-dkms (= 1)\n" OI_MODSET_KEY_FIELD ": " KEY "\n"                 \
	"Description: modules\n"

static void put_script(struct fakehost *f, const char *name, const char *text)
{
	OI_FREE char *path = oi_mem_printf(PACKED "/DEBIAN/%s", name);
	OI_FREE char *whole = oi_mem_printf("%s%s", f->host.change.path, path);

	fakehost_write(f, path, text);
	assert_int_equal(chmod(whole, 0755), 0);
}

/* A set as it should be, not packed yet. */
static void lay_out(struct fakehost *f)
{
	static const char *const names[] = { "postinst", "prerm", "postrm" };

	if (access(DPKG_DEB, X_OK)) {
		print_message("there is no " DPKG_DEB " on this machine\n");
		skip();
	}
	f->host.tools.path[OI_TOOL_DPKG_DEB] = DPKG_DEB;
	f->host.tools.path[OI_TOOL_SHA256SUM] = "/usr/bin/sha256sum";
	fakehost_write(f, PACKED "/DEBIAN/control", CONTROL);
	for (size_t i = 0; i < OI_ARRAY_SIZE(names); i++) {
		OI_FREE char *text = oi_modset_script(names[i], KERNEL, HEADERS);

		put_script(f, names[i], text);
	}
	fakehost_write(f, PACKED MODULES "/updates/dkms/mlx5_core.ko", "a module");
	fakehost_write(f, PACKED HEADERS "/Module.symvers", "0x1\tsymbol\n");
	fakehost_write(f, PACKED "/usr/share/ofed-init/modules/" KEY ".json", "{}");
	fakehost_write(f, "/var/lib/ofed-init/staging/x", "");
}

static void pack(struct fakehost *f)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv argv = { 0 };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	const struct oi_run_options options = { .deadline_ms = f->host.deadline_ms };
	struct oi_err err;

	oi_strv_add(&argv, DPKG_DEB);
	oi_strv_add(&argv, "--root-owner-group");
	oi_strv_add(&argv, "--nocheck");
	oi_strv_add(&argv, "--build");
	oi_strv_addf(&argv, "%s" PACKED, f->host.change.path);
	oi_strv_addf(&argv, "%s/var/lib/ofed-init/staging/set.deb", f->host.change.path);
	if (oi_run(argv.v, &options, &result, &err))
		fail_msg("%s", err.text);
}

/* Return: the error's text, "" when it is fit; owned by the caller. */
static char *open_set(struct fakehost *f, struct oi_modset *set)
{
	struct oi_err err = { 0 };

	memset(set, 0, sizeof(*set));
	oi_mem_set(&set->key, KEY);
	oi_mem_set(&set->file, "set.deb");
	if (!oi_modset_open(&f->host, KERNEL, set, &err))
		return oi_mem_dup("");
	assert_int_equal(err.code, OI_R_MODULES_UNFIT);
	return oi_mem_dup(err.text);
}

static void assert_unfit(struct fakehost *f, const char *why)
{
	OI_CLEANUP(oi_modset_clear) struct oi_modset set = { 0 };
	OI_FREE char *said = NULL;

	pack(f);
	said = open_set(f, &set);
	if (!strstr(said, why))
		fail_msg("expected \"%s\", got \"%s\"", why, said);
	/* nothing of it is left for others to stumble over */
	assert_false(fakehost_exists(f, "/var/lib/ofed-init/staging/modules.files"));
	assert_false(fakehost_exists(f, "/var/lib/ofed-init/staging/modules.control"));
}

static void a_good_one_is_taken(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_modset_clear) struct oi_modset set = { 0 };
	OI_FREE char *said = NULL;

	lay_out(f);
	pack(f);
	fakehost_expect_text(f, "modinfo", 0, MAGIC, "-F vermagic */updates/dkms/mlx5_core.ko");
	said = open_set(f, &set);
	assert_string_equal(said, "");
	assert_int_equal(set.modules.n, 1);
	assert_string_equal(set.provides.v[0], "mlnx-ofed-kernel-dkms");
	assert_string_equal(set.headers, HEADERS);
	fakehost_check_calls(f);
}

static void what_is_not_ours_is_not_used(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *bad = NULL;
	struct oi_err err;

	lay_out(f);
	put_script(f, "postinst", "#!/bin/sh\ntouch /tmp/somebody-was-here\n");
	assert_unfit(f, "a postinst that is not ofed-init's");
	assert_int_equal(oi_root_remove(&f->host.change, PACKED "/DEBIAN/postinst", &err), 0);
	assert_unfit(f, "no postinst");
	lay_out(f);
	put_script(f, "preinst", "#!/bin/sh\n");
	assert_unfit(f, "a preinst that is not ofed-init's");
	assert_int_equal(oi_root_remove(&f->host.change, PACKED "/DEBIAN/preinst", &err), 0);
	fakehost_write(f, PACKED "/DEBIAN/triggers", "interest /etc\n");
	assert_unfit(f, "a triggers that is not ofed-init's");
	assert_int_equal(oi_root_remove(&f->host.change, PACKED "/DEBIAN/triggers", &err), 0);
	fakehost_write(f, PACKED "/DEBIAN/control", CONTROL "Conflicts: openssh-server\n");
	assert_unfit(f, "Conflicts: openssh-server");
	fakehost_write(f, PACKED "/DEBIAN/control", CONTROL);
	fakehost_write(f, PACKED "/etc/cron.d/x", "* * * * * root id\n");
	assert_unfit(f, "etc/");
	assert_int_equal(oi_root_remove(&f->host.change, PACKED "/etc", &err), 0);
	bad = oi_mem_printf("%s" PACKED HEADERS "/tool", f->host.change.path);
	fakehost_write(f, PACKED HEADERS "/tool", "");
	assert_int_equal(chmod(bad, 04755), 0);
	assert_unfit(f, "special rights");
	assert_int_equal(unlink(bad), 0);
	assert_int_equal(symlink("/etc/shadow", bad), 0);
	assert_unfit(f, &HEADERS[1]);
	assert_int_equal(unlink(bad), 0);
	fakehost_check_calls(f); /* no module was looked at: what is not even extracted does no harm */
}

/* The kernel of the machine, as modules.order, modules.symbols and its own module tell. */
static void put_own(struct fakehost *f)
{
	fakehost_write(f, MODULES "/modules.order", "kernel/drivers/mlx5/mlx5_core.ko\n"
						    "kernel/drivers/ib/ib_core.ko\n");
	fakehost_write(f, MODULES "/kernel/drivers/mlx5/mlx5_core.ko.xz", "the kernel's");
	fakehost_write(f, MODULES "/modules.symbols",
		       "# Aliases\nalias symbol:ib_dealloc ib_core\nalias symbol:mlx5_cmd mlx5_core\n");
}

#define THEIRS "0x11111111\tmodule_layout\n0x22222222\tib_dealloc\n0x33333333\tmlx5_cmd\n0x44444444\tkfree\n"

static void expect_versions(struct fakehost *f, const char *magic, const char *of_set)
{
	fakehost_expect_text(f, "modinfo", 0, MAGIC, "-F vermagic */updates/dkms/mlx5_core.ko");
	fakehost_expect_text(f, "modinfo", 0, magic, "-F vermagic */kernel/drivers/mlx5/mlx5_core.ko.xz");
	if (!of_set)
		return;
	fakehost_expect_text(f, "modprobe", 0, THEIRS, "--dump-modversions */kernel/drivers/mlx5/mlx5_core.ko.xz");
	fakehost_expect_text(f, "modprobe", 0, of_set, "--dump-modversions */updates/dkms/mlx5_core.ko");
}

/* Same release, another build: what the kernel would say when it is too late. */
static void another_build_is_not_used(void **state)
{
	struct fakehost *f = *state;

	lay_out(f);
	put_own(f);
	expect_versions(f, "6.1.0-50-amd64 SMP mod_unload modversions \n", NULL);
	assert_unfit(f, "updates/dkms/mlx5_core.ko is for \"6.1.0-50-amd64 SMP preempt");
	expect_versions(f, MAGIC, "0x11111112\tmodule_layout\n");
	assert_unfit(f, "updates/dkms/mlx5_core.ko: built against another build of the kernel: "
			"module_layout 0x11111112, expected 0x11111111");
	expect_versions(f, MAGIC, "0x11111111\tmodule_layout\n0x44444440\tkfree\n");
	assert_unfit(f, "kfree 0x44444440, expected 0x44444444");
	fakehost_check_calls(f);
}

/* What the set's own modules export has other versions by right; what is new is nobody's business. */
static void versions_that_agree_are_taken(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_modset_clear) struct oi_modset set = { 0 };
	OI_FREE char *said = NULL;

	lay_out(f);
	put_own(f);
	pack(f);
	expect_versions(f, MAGIC, "0x11111111\tmodule_layout\n0x99999999\tmlx5_cmd\n0x5\tnew_one\n");
	said = open_set(f, &set);
	assert_string_equal(said, "");
	fakehost_check_calls(f);
}

/* --- packed by us --- */

static void note_ours(struct fakehost *f)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv fresh = { 0 };
	struct oi_err err;

	oi_strv_add(&fresh, "mlnx-ofed-kernel-dkms 1");
	assert_int_equal(oi_record_note_packages(&f->host.change, &fresh, &err), 0);
}

/* What a compilation leaves goes in, and comes out of what we ourselves would look into. */
static void a_compiled_one_is_packed_whole(void **state)
{
	struct fakehost *f = *state;
	OI_CLEANUP(oi_modset_clear) struct oi_modset made = { .key = oi_mem_dup(KEY) };
	OI_CLEANUP(oi_modset_clear) struct oi_modset set = { .key = oi_mem_dup(KEY) };
	OI_FREE char *whole = NULL;
	struct oi_err err;

	lay_out(f);
	note_ours(f);
	fakehost_write(f, "/var/lib/dkms/mlnx-ofed-kernel/1/" KERNEL "/x86_64/module/mlx5_core.ko", "m");
	fakehost_write(f, "/usr/src/mlnx-ofed-kernel-1/dkms.conf", "");
	fakehost_write(f, MODULES "/updates/dkms/mlx5_core.ko", "m");
	fakehost_write(f, MODULES "/modules.dep", "updates/dkms/mlx5_core.ko:\n");
	fakehost_write(f, HEADERS "/Module.symvers", "0x1\tsymbol\n");
	fakehost_write(f, HEADERS "/include/rdma/ib_verbs.h", "#define X\n");
	fakehost_write(f, HEADERS "/ofed_scripts/tool.sh", "#!/bin/sh\n");
	whole = oi_mem_printf("%s" HEADERS "/ofed_scripts/tool.sh", f->host.change.path);
	assert_int_equal(chmod(whole, 0775), 0);
	free(whole);
	whole = oi_mem_printf("%s" HEADERS "/link", f->host.change.path);
	assert_int_equal(symlink("/etc/passwd", whole), 0);
	/* another kernel's, which is not of this set */
	fakehost_write(f, "/usr/src/ofa_kernel/x86_64/5.4.0/Module.symvers", "other\n");
	fakehost_expect_text(f, "dkms", 0, "mlnx-ofed-kernel/1, " KERNEL ", x86_64: installed\n", "status");
	fakehost_expect_text(f, "dpkg-query", 0, "mlnx-ofed-kernel-dkms: /x\n", "--search *");
	fakehost_expect_text(f, "modinfo", 0, MAGIC, "-F vermagic *");
	fakehost_expect_text(f, "modinfo", 0, "ABC\n", "-F srcversion *");
	fakehost_expect_text(f, "modinfo", 0, "", "-F signer *");
	fakehost_expect_text(f, "dpkg-query", 0, "mlnx-ofed-kernel-dkms: /x\n", "--search *");
	fakehost_expect_text(f, "dpkg-query", 0, "1\n", "--show *");
	fakehost_expect_text(f, "gcc", 0, "gcc 12\n", "--version");
	fakehost_expect_text(f, "dpkg", 0, "amd64\n", "--print-architecture");
	if (oi_modset_create(&f->host, KERNEL, "3.2.3", &made, &err))
		fail_msg("%s", err.text);
	assert_string_equal(made.headers, HEADERS);
	oi_mem_set(&set.file, made.file);
	fakehost_expect_text(f, "modinfo", 0, MAGIC, "-F vermagic *");
	if (oi_modset_open(&f->host, KERNEL, &set, &err))
		fail_msg("%s", err.text);
	assert_string_equal(set.headers, HEADERS);
	assert_string_equal(set.provides.v[0], "mlnx-ofed-kernel-dkms");
	fakehost_check_calls(f);
}

/* --- of no use --- */

static int n_simulated, n_installed;

static int simulate(struct oi_packages *p, const struct oi_step *step OI_UNUSED, struct oi_err *err OI_UNUSED)
{
	assert_false(p->modules_given); /* what compiles is wanted now */
	n_simulated++;
	return 0;
}

static int install(struct oi_packages *p OI_UNUSED, const struct oi_step *step OI_UNUSED,
		   struct oi_err *err OI_UNUSED)
{
	n_installed++;
	return 0;
}

static const struct oi_packages_ops fake_ops = { .method = "apt", .simulate = simulate, .install = install };

/* Installed, and kmod does not take it: it goes, and the driver is compiled in the same run. */
static void what_is_of_no_use_is_compiled(void **state)
{
	struct fakehost *f = *state;
	struct oi_execution run = { .ctx = { .host = &f->host, .config = &f->config, .verdict = &f->verdict } };
	OI_FREE char *why = NULL;
	const struct oi_step *check;
	struct oi_err err;

	n_simulated = n_installed = 0;
	run.packages.ctx = &run.ctx;
	run.packages.ops = &fake_ops;
	oi_verdict_step(&f->verdict, OI_ACTION_PACKAGES_SIMULATE, "simulate-packages", "x");
	oi_verdict_step(&f->verdict, OI_ACTION_PACKAGES_INSTALL, "install-packages", "x");
	check = oi_verdict_step(&f->verdict, OI_ACTION_MODULE_CHECK, "check-modules", "x");
	oi_mem_set(&run.modset.file, "set.deb");
	oi_mem_set(&run.modset.sha256, "00ff");
	oi_strv_add(&run.modset.modules, "updates/dkms/mlx5_core.ko");
	fakehost_write(f, MODULES "/modules.dep", "kernel/drivers/mlx5/mlx5_core.ko:\n");
	fakehost_expect(f, "dpkg", 0, NULL, "--force-depends --purge ofed-init-modules-" KERNEL);
	fakehost_expect_text(f, "dkms", 0, "mlnx-ofed-kernel/1, " KERNEL ", x86_64: installed\n", "status");
	fakehost_expect(f, "depmod", 0, NULL, "-a -b * " KERNEL);
	if (oi_step_module_check(&run, check, &err))
		fail_msg("%s", err.text);
	assert_null(run.modset.file);
	assert_int_equal(n_simulated, 1);
	assert_int_equal(n_installed, 1);
	why = oi_refused_why(&f->host, "00ff");
	assert_non_null(why);
	assert_non_null(strstr(why, "mlx5_core"));
	assert_null(oi_refused_why(&f->host, "00fe"));
	fakehost_check_calls(f);
}

/* The next run does not even fetch it. */
static void what_was_of_no_use_is_remembered(void **state)
{
	struct fakehost *f = *state;
	struct oi_execution run = { .ctx = { .host = &f->host, .config = &f->config, .verdict = &f->verdict } };
	OI_CLEANUP(oi_modset_clear) struct oi_modset set = { 0 };
	OI_FREE char *pointer = NULL;
	struct oi_step *step;
	struct oi_err err;

	oi_mem_set(&set.key, KEY);
	oi_mem_set(&set.sha256, "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
	set.file = oi_modset_file_name(KEY, set.sha256);
	set.bytes = 5;
	pointer = oi_modset_pointer_text(&set);
	oi_mem_set(&f->config.modules_cache.url, "/srv/modules");
	fakehost_write(f, "/srv/modules/" KEY ".json", pointer);
	step = oi_verdict_step(&f->verdict, OI_ACTION_MODULES_FETCH, "fetch-modules", "x");
	oi_mem_set(&step->cache.name, KEY ".json");
	oi_mem_set(&step->cache.key, KEY);
	oi_refused_note(&f->host, set.sha256, "it has a postinst of its own");
	assert_int_equal(oi_step_modules_fetch(&run, step, &err), 0);
	assert_null(run.modset.file);
	assert_true(fakehost_logged(f, 'W', "they were tried before: it has a postinst of its own"));
	fakehost_check_calls(f); /* nothing was fetched */
}

/* dpkg keeps them, and /lib/modules with them, for ever. */
static void sets_of_gone_kernels_go(void **state)
{
	static const char info[] = "/var/lib/dpkg/info/ofed-init-modules-";
	struct fakehost *f = *state;
	OI_FREE char *gone = oi_mem_printf("%s5.4.0-azure.list", info);
	OI_FREE char *here = oi_mem_printf("%s" KERNEL ":amd64.list", info);
	OI_FREE char *stays = oi_mem_printf("%s5.15.0.list", info);

	fakehost_write(f, gone, "/.\n/lib\n/lib/modules\n/lib/modules/5.4.0-Azure\n"
				"/lib/modules/5.4.0-Azure/updates/dkms/mlx5_core.ko\n");
	fakehost_write(f, "/lib/modules/5.4.0-Azure/updates/dkms/mlx5_core.ko", "");
	fakehost_write(f, here, "/lib/modules/" KERNEL "/updates/dkms/mlx5_core.ko\n");
	fakehost_write(f, MODULES "/modules.builtin", "");
	fakehost_write(f, stays, "/lib/modules/5.15.0/updates/mlx5_core.ko\n");
	fakehost_write(f, "/boot/vmlinuz-5.15.0", "");
	fakehost_write(f, "/var/lib/dpkg/info/ofed-init.list", "/lib/modules/1.0/x\n");
	fakehost_expect(f, "dpkg", 0, NULL, "--purge ofed-init-modules-5.4.0-azure");
	oi_modset_prune(&f->host);
	assert_true(fakehost_logged(f, 'I', "kernel 5.4.0-Azure is gone"));
	fakehost_check_calls(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fakehost_set_up, fakehost_tear_down)
		TEST(a_good_one_is_taken),
		TEST(what_is_not_ours_is_not_used),
		TEST(another_build_is_not_used),
		TEST(versions_that_agree_are_taken),
		TEST(a_compiled_one_is_packed_whole),
		TEST(what_is_of_no_use_is_compiled),
		TEST(sets_of_gone_kernels_go),
		TEST(what_was_of_no_use_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
