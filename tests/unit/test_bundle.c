/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bundles: what they are, where they are unpacked, what their installer says. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "execute/bundle/bundle.h"
#include "fakehost.h"
#include "model/reasons.h"
#include "sys/mnt.h"
#include "tree.h"

#define KERNEL "6.1.0-50-amd64"
#define NEED_BYTES (1 << 20)

/* --- words --- */

static void words(void **state)
{
	static const struct {
		const char *line;
		int status;
		enum oi_reason reason;
	} rows[] = {
		{ "Installation failed", 1, OI_R_BUNDLE_FAILED },
		{ "", 22, OI_R_BUNDLE_FAILED },
		{ "", 171, OI_R_BUNDLE_DEVICE },
		{ "\033[1;31mERROR: Unsupported device found\033[0;39m", 1, OI_R_BUNDLE_DEVICE },
		{ "", 28, OI_R_DISK_SPACE },
		{ "ERROR: Not enough disk space in the /tmp directory. Required 614400KB", 1,
		  OI_R_DISK_SPACE },
		{ "kernel-devel-4.18.0-348.el8.x86_64 is required to build MLNX_OFED", 172,
		  OI_R_HEADERS_MISSING },
		{ "kernel sources were not found under /lib/modules/5.4/build", 1,
		  OI_R_HEADERS_MISSING },
		/* no complaint: they are only named */
		{ "Installing kernel-devel", 1, OI_R_BUNDLE_FAILED },
		{ "Current operation system is not supported!", 1, OI_R_BUNDLE_DISTRO },
		{ "Error: The current MLNX_OFED_LINUX is intended for rhel8.7", 1,
		  OI_R_BUNDLE_DISTRO },
		{ "Failed to install mlnx-ofed-kernel-dkms DEB", 1, OI_R_DKMS_FAILED },
		{ "Installing mlnx-ofed-kernel-dkms-5.8...", 1, OI_R_BUNDLE_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(rows); i++) {
		struct oi_bundle_words w = { 0 };

		oi_bundle_words_add(&w, rows[i].line);
		if (oi_bundle_words_reason(&w, rows[i].status) != rows[i].reason)
			fail_msg("%s (%d): %s", rows[i].line, rows[i].status,
				 oi_reason_text(oi_bundle_words_reason(&w, rows[i].status))->id);
		oi_bundle_words_clear(&w);
	}
}

static void logs_that_it_names(void **state)
{
	struct oi_bundle_words w = { 0 };

	(void)state;
	oi_bundle_words_add(&w, "Logs dir: /tmp/MLNX_OFED_LINUX.3031997.logs");
	oi_bundle_words_add(&w, "See /tmp/MLNX_OFED_LINUX.3031997.logs/general.log.");
	oi_bundle_words_add(&w, "ERROR: See \"/tmp/x/mlnx_ofed_iso.14699.log\"");
	oi_bundle_words_add(&w, "See /tmp/x.logs/../../etc/shadow.log and /etc/shadow");
	oi_bundle_words_add(&w, "See /tmp/MLNX_OFED_LINUX.3031997.logs/general.log again");
	assert_int_equal(w.logs.n, 3);
	assert_string_equal(w.logs.v[0], "/tmp/MLNX_OFED_LINUX.3031997.logs");
	assert_string_equal(w.logs.v[1], "/tmp/MLNX_OFED_LINUX.3031997.logs/general.log");
	assert_string_equal(w.logs.v[2], "/tmp/x/mlnx_ofed_iso.14699.log");
	assert_int_equal(w.errors.n, 1);
	oi_bundle_words_clear(&w);
}

static void only_the_first_errors(void **state)
{
	struct oi_bundle_words w = { 0 };

	(void)state;
	oi_bundle_words_add(&w, "  \033[1;31mERROR: the cause\033[0;39m");
	for (int i = 0; i < 100; i++)
		oi_bundle_words_add(&w, "error: a consequence");
	assert_true(w.errors.n < 10);
	assert_string_equal(w.errors.v[0], "ERROR: the cause");
	oi_bundle_words_clear(&w);
}

/* --- what it is --- */

static int tree_setup(void **state)
{
	struct tree *tree = oi_mem_zalloc(1, sizeof(*tree));

	tree_make(tree);
	*state = tree;
	return 0;
}

static int tree_teardown(void **state)
{
	tree_drop(*state);
	free(*state);
	return 0;
}

static void put_bundle(const struct tree *tree, const char *folder, const char *kind)
{
	OI_FREE char *installer = oi_mem_printf("%s/mlnxofedinstall", folder);
	OI_FREE char *version = oi_mem_printf("%s/.mlnx", folder);
	OI_FREE char *distro = oi_mem_printf("%s/distro", folder);
	OI_FREE char *package = oi_mem_printf("%s/%s/package", folder, kind);
	OI_FREE char *name = tree_name(tree, installer);

	tree_put(tree, installer, "#!/bin/sh\n");
	tree_need(chmod(name, 0755) == 0, name);
	tree_put(tree, version, "MLNX_OFED_LINUX-5.8-1.1.2.1 (OFED-5.8-1.1.2):\n");
	tree_put(tree, distro, "ubuntu20.04\n");
	tree_put(tree, package, "x");
}

static void look_at_an_archive(void **state)
{
	const struct tree *tree = *state;
	OI_CLEANUP(oi_bundle_facts_clear) struct oi_bundle_facts facts = { 0 };
	struct oi_err err;

	put_bundle(tree, "/MLNX_OFED_LINUX-5.8", "DEBS");
	assert_int_equal(oi_bundle_look(&tree->root, KERNEL, &facts, &err), 0);
	assert_string_equal(facts.folder, "/MLNX_OFED_LINUX-5.8");
	assert_string_equal(facts.version, "MLNX_OFED_LINUX-5.8-1.1.2.1 (OFED-5.8-1.1.2):");
	assert_string_equal(facts.distro, "ubuntu20.04");
	assert_true(facts.deb);
	assert_false(facts.lists_kernels);
}

static void look_at_an_image(void **state)
{
	const struct tree *tree = *state;
	static const struct {
		const char *file, *kernels;
		bool has;
	} rows[] = {
		{ "/.supported_kernels", "4.18.0-1\n" KERNEL "\n", true },
		{ "/.supported_kernels", "4.18.0-1\n" KERNEL "-rt\n", false },
		{ "/supported_kernels", KERNEL, true },
		{ "/.supported_kernels", "", false },
	};

	put_bundle(tree, "", "RPMS");
	for (size_t i = 0; i < OI_ARRAY_SIZE(rows); i++) {
		OI_CLEANUP(oi_bundle_facts_clear) struct oi_bundle_facts facts = { 0 };
		struct oi_err err;

		tree_put(tree, rows[i].file, rows[i].kernels);
		assert_int_equal(oi_bundle_look(&tree->root, KERNEL, &facts, &err), 0);
		assert_string_equal(facts.folder, "");
		assert_false(facts.deb);
		assert_true(facts.lists_kernels);
		assert_int_equal(facts.has_kernel, rows[i].has);
		tree_remove(tree, rows[i].file);
	}
}

static void look_at_what_is_none(void **state)
{
	const struct tree *tree = *state;
	static const char *const parts[] = { "mlnxofedinstall", ".mlnx", "distro", "DEBS" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(parts); i++) {
		OI_CLEANUP(oi_bundle_facts_clear) struct oi_bundle_facts facts = { 0 };
		OI_FREE char *part = oi_mem_printf("/b/%s", parts[i]);
		struct oi_err err;

		put_bundle(tree, "/b", "DEBS");
		tree_remove(tree, part);
		assert_int_equal(oi_bundle_look(&tree->root, KERNEL, &facts, &err), -1);
		assert_int_equal(err.code, OI_R_BUNDLE_MALFORMED);
		assert_non_null(strstr(err.text, parts[i]));
	}
}

/* A link in it leads nowhere but into it. */
static void links_stay_inside(void **state)
{
	const struct tree *tree = *state;
	OI_CLEANUP(oi_bundle_facts_clear) struct oi_bundle_facts facts = { 0 };
	struct oi_err err;

	put_bundle(tree, "/b", "DEBS");
	tree_remove(tree, "/b/distro");
	tree_link(tree, "/b/distro", "/etc/hostname");
	assert_int_equal(oi_bundle_look(&tree->root, KERNEL, &facts, &err), -1);
	assert_int_equal(err.code, OI_R_BUNDLE_MALFORMED);
}

static void distros(void **state)
{
	struct fakehost *f = *state;
	static const struct {
		const char *theirs, *ours;
		int ret;
	} rows[] = {
		{ "ubuntu20.04", "ubuntu20.04", 0 }, { "ubuntu22.04", "ubuntu20.04", -1 },
		{ "debian12.1", "debian12", 0 },     { "debian11.3", "debian12", -1 },
		{ "rhel8.7", "rhel8.7", 0 },	     { "rhel8.70", "rhel8.7", -1 },
		{ "rhel8.7.1", "rhel8.7", -1 },	     { "skip-distro-check", "rhel8.7", 0 },
	};
	struct oi_err err;

	for (size_t i = 0; i < OI_ARRAY_SIZE(rows); i++) {
		if (oi_bundle_check_distro(&f->host, rows[i].theirs, rows[i].ours, &err) != rows[i].ret)
			fail_msg("%s on %s", rows[i].theirs, rows[i].ours);
		if (rows[i].ret)
			assert_int_equal(err.code, OI_R_BUNDLE_DISTRO);
	}
	assert_true(fakehost_logged(f, 'W', "does not name its distribution"));
}

/* --- where it is unpacked --- */

/* Mounts as @rows says, with the scratch root's own paths. */
static char *put_table(struct fakehost *f, const char *state_options, const char *resource)
{
	const char *root = f->host.change.path;
	OI_FREE char *text = oi_mem_printf(
		"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:2 / %s %s - ext4 /dev/sda2 rw\n%s%s%s", root,
		state_options, resource ? "3 2 8:17 / " : "", resource ? root : "",
		resource ? resource : "");

	fakehost_write(f, "/table", text);
	return oi_mem_printf("%s/table", root);
}

static void assert_scratch(struct fakehost *f, const char *table, const char *folder)
{
	OI_FREE char *path = NULL;
	OI_FREE char *record = NULL;
	OI_FREE char *inside = NULL;
	struct oi_err err;

	if (oi_bundle_scratch(&f->host, table, NEED_BYTES, &path, &err))
		fail_msg("%s", err.text);
	assert_int_equal(strncmp(path, folder, strlen(folder)), 0);
	assert_int_equal(strncmp(path + strlen(folder), "/ofed-init-bundle.", 18), 0);
	assert_true(fakehost_exists(f, path));
	record = fakehost_read(f, OI_BUNDLE_RECORD);
	assert_string_equal(record, path);
	inside = oi_mem_printf("%s/deep/file", path);
	fakehost_write(f, inside, "x");
	oi_bundle_forget(&f->host);
	assert_false(fakehost_exists(f, path));
	assert_false(fakehost_exists(f, OI_BUNDLE_RECORD));
}

static void resource_disk_first(void **state)
{
	struct fakehost *f = *state;
	static const char *const unfit[] = {
		"/mnt rw - tmpfs tmpfs rw\n", /* no disk */
		"/mnt rw,noexec - ext4 /dev/sdb1 rw\n",
		"/mnt ro - ext4 /dev/sdb1 ro\n",
		"/elsewhere rw - ext4 /dev/sdb1 rw\n", /* /mnt is a folder of the OS disk */
	};
	OI_FREE char *table = NULL;

	fakehost_write(f, "/mnt/DATALOSS_WARNING_README.txt", "x");
	table = put_table(f, "rw", "/mnt rw,relatime - ext4 /dev/sdb1 rw\n");
	assert_scratch(f, table, "/mnt");
	for (size_t i = 0; i < OI_ARRAY_SIZE(unfit); i++) {
		OI_FREE char *other = put_table(f, "rw", unfit[i]);

		assert_scratch(f, other, OI_STATE_DIR);
	}
}

static void others_may_write_there(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *mnt = oi_mem_printf("%s/mnt", f->host.change.path);
	OI_FREE char *table = put_table(f, "rw", "/mnt rw - ext4 /dev/sdb1 rw\n");

	fakehost_write(f, "/mnt/x", "x");
	tree_need(chmod(mnt, 0777) == 0, mnt);
	assert_scratch(f, table, OI_STATE_DIR);
	tree_need(chmod(mnt, 01777) == 0, mnt); /* nobody can rename ours */
	assert_scratch(f, table, "/mnt");
}

static void nowhere(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *noexec = put_table(f, "rw,noexec", NULL);
	OI_FREE char *path = NULL;
	OI_FREE char *table = NULL;
	struct oi_err err;

	assert_int_equal(oi_bundle_scratch(&f->host, noexec, NEED_BYTES, &path, &err), -1);
	assert_int_equal(err.code, OI_R_SCRATCH_NOEXEC);
	table = put_table(f, "rw", NULL);
	assert_int_equal(oi_bundle_scratch(&f->host, table, INT64_MAX, &path, &err), -1);
	assert_int_equal(err.code, OI_R_DISK_SPACE);
	assert_null(path);
	assert_false(fakehost_exists(f, OI_BUNDLE_RECORD));
}

/* A complete one is found by its digest alone, and only while its record says the same. */
static void kept_for_the_run(void **state)
{
	struct fakehost *f = *state;
	const char *path = "/mnt/ofed-init-bundle.0123456789abcdef";
	OI_FREE char *found = NULL;
	struct oi_err err;

	fakehost_write(f, "/mnt/ofed-init-bundle.0123456789abcdef/bundle/x", "x");
	assert_false(oi_bundle_kept(&f->host, "abc", &found));
	if (oi_bundle_keep(&f->host, path, "abc", &err))
		fail_msg("%s", err.text);
	assert_false(oi_bundle_kept(&f->host, "abc", &found)); /* no record of it */
	fakehost_write(f, OI_BUNDLE_RECORD, path);
	assert_false(oi_bundle_kept(&f->host, "abd", &found));
	assert_false(oi_bundle_kept(&f->host, "ab", &found));
	assert_true(oi_bundle_kept(&f->host, "abc", &found));
	assert_string_equal(found, path);
	oi_mem_set(&found, NULL);
	fakehost_write(f, OI_BUNDLE_RECORD, "/mnt/ofed-init-bundle.fedcba9876543210");
	assert_false(oi_bundle_kept(&f->host, "abc", &found));
	fakehost_write(f, OI_BUNDLE_RECORD, path);
	oi_bundle_forget(&f->host);
	assert_false(fakehost_exists(f, path));
	assert_false(fakehost_exists(f, OI_BUNDLE_KEPT));
	/* what is not ours is not taken, whatever is written */
	fakehost_write(f, OI_BUNDLE_RECORD, "/etc");
	fakehost_write(f, OI_BUNDLE_KEPT, "abc /etc");
	assert_false(oi_bundle_kept(&f->host, "abc", &found));
	assert_null(found);
}

/* What another run has left goes; what the record has no business to name stays. */
static void forget_only_ours(void **state)
{
	struct fakehost *f = *state;
	static const char *const not_ours[] = {
		"/etc", "/mnt", "/mnt/ofed-init-bundle.", "/mnt/../etc/ofed-init-bundle.0123456789abcdef",
		"/home/ofed-init-bundle.0123456789abcdef", "/mnt/ofed-init-bundle.0123456789abcde/",
		"",
	};

	fakehost_write(f, "/mnt/ofed-init-bundle.0123456789abcdef/x", "x");
	fakehost_write(f, "/home/ofed-init-bundle.0123456789abcdef/x", "x");
	fakehost_write(f, "/etc/x", "x");
	for (size_t i = 0; i < OI_ARRAY_SIZE(not_ours); i++) {
		fakehost_write(f, OI_BUNDLE_RECORD, not_ours[i]);
		oi_bundle_forget(&f->host);
		assert_true(fakehost_exists(f, "/etc/x"));
		assert_true(fakehost_exists(f, "/home/ofed-init-bundle.0123456789abcdef/x"));
		assert_true(fakehost_exists(f, "/mnt/ofed-init-bundle.0123456789abcdef/x"));
		assert_false(fakehost_exists(f, OI_BUNDLE_RECORD));
	}
	fakehost_write(f, OI_BUNDLE_RECORD, "/mnt/ofed-init-bundle.0123456789abcdef");
	oi_bundle_forget(&f->host);
	assert_false(fakehost_exists(f, "/mnt/ofed-init-bundle.0123456789abcdef"));
	oi_bundle_forget(&f->host); /* none */
}

/* --- its modules --- */

static int check_modules(struct fakehost *f, struct oi_err *err)
{
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict = { 0 };
	struct oi_step *step =
		oi_verdict_step(&verdict, OI_ACTION_MODULE_CHECK, "check-modules", "-");

	oi_strv_add(&step->built.dkms, "mlnx-ofed-kernel");
	oi_mem_set(&step->built.files, "ib_core mlx5_core");
	return oi_bundle_check_modules(&f->host, KERNEL, step, err);
}

static void modules_as_files(void **state)
{
	struct fakehost *f = *state;
	static const char *const files[] = {
		"/lib/modules/" KERNEL "/updates/dkms/mlx5_core.ko",
		"/lib/modules/" KERNEL "/updates/mlx5_core.ko.zst",
		"/lib/modules/" KERNEL "/extra/mlnx-ofa_kernel/drivers/net/mlx5/core/mlx5_core.ko.xz",
		"/lib/modules/" KERNEL "/weak-updates/mlnx-ofa_kernel/mlx5_core.ko",
	};
	struct oi_err err;

	fakehost_write(f, "/lib/modules/" KERNEL "/updates/ib_core.ko", "x");
	for (size_t i = 0; i < OI_ARRAY_SIZE(files); i++) {
		fakehost_write(f, files[i], "x");
		if (check_modules(f, &err))
			fail_msg("%s: %s", files[i], err.text);
		assert_true(fakehost_logged(f, 'I', files[i]));
		assert_int_equal(oi_root_remove(&f->host.change, files[i], &err), 0);
	}
	fakehost_check_calls(f);
}

/* The kernel's own, another kernel's, another module: none of them is it. dkms is asked then. */
static void modules_missing(void **state)
{
	struct fakehost *f = *state;
	struct oi_err err;

	fakehost_write(f, "/lib/modules/" KERNEL "/updates/ib_core.ko", "x");
	fakehost_write(f, "/lib/modules/" KERNEL "/kernel/mlx5_core.ko", "x");
	fakehost_write(f, "/lib/modules/" KERNEL "/updates/mlx5_core.kobject", "x");
	fakehost_write(f, "/lib/modules/" KERNEL "/updates/mlx5_core_x.ko", "x");
	fakehost_write(f, "/lib/modules/6.1.0-49-amd64/updates/mlx5_core.ko", "x");
	fakehost_expect_text(f, "dkms", 0,
			     "mlnx-ofed-kernel/5.8, " KERNEL ", x86_64: installed\n", "status");
	if (check_modules(f, &err))
		fail_msg("%s", err.text);
	fakehost_expect_text(f, "dkms", 0, "", "status");
	assert_int_equal(check_modules(f, &err), -1);
	assert_int_equal(err.code, OI_R_DKMS_FAILED);
	fakehost_check_calls(f);
}

int main(void)
{
#define ON_TREE(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
#define ON_HOST(name) cmocka_unit_test_setup_teardown(name, fakehost_set_up, fakehost_tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(logs_that_it_names),
		cmocka_unit_test(only_the_first_errors),
		ON_TREE(look_at_an_archive),
		ON_TREE(look_at_an_image),
		ON_TREE(look_at_what_is_none),
		ON_TREE(links_stay_inside),
		ON_HOST(distros),
		ON_HOST(resource_disk_first),
		ON_HOST(others_may_write_there),
		ON_HOST(nowhere),
		ON_HOST(forget_only_ours),
		ON_HOST(kept_for_the_run),
		ON_HOST(modules_as_files),
		ON_HOST(modules_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
