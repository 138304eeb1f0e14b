/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who could have written what root is about to obey. Needs root, or has nothing to refuse. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>

#include "model/reasons.h"
#include "sys/trust.h"
#include "tree.h"

#define FILE_PATH "/etc/ofed-init/conf.d/50.yaml"
#define SOMEBODY 12345

static struct tree tree;
static struct oi_err err;

static int setup(void **state OI_UNUSED)
{
	tree_make(&tree);
	tree_put(&tree, FILE_PATH, "x");
	memset(&err, 0, sizeof(err));
	return 0;
}

static int teardown(void **state OI_UNUSED)
{
	tree_drop(&tree);
	return 0;
}

static void mode(const char *path, mode_t mode)
{
	OI_FREE char *name = tree_name(&tree, path);

	tree_need(chmod(name, mode) == 0, name);
}

static void give(const char *path, uid_t owner)
{
	OI_FREE char *name = tree_name(&tree, path);

	tree_need(chown(name, owner, (gid_t)-1) == 0, name);
}

static void give_link(const char *path, uid_t owner)
{
	OI_FREE char *name = tree_name(&tree, path);

	tree_need(lchown(name, owner, (gid_t)-1) == 0, name);
}

static void refused(int ret, const char *path, const char *why)
{
	OI_FREE char *text = oi_mem_printf("%s%s: %s", tree.top, path, why);

	assert_int_equal(ret, -1);
	assert_int_equal(err.code, OI_R_CONFIG_UNTRUSTED);
	assert_string_equal(err.text, text);
}

static int guard(void)
{
	return oi_trust_path(&tree.root, FILE_PATH, &err);
}

static bool not_root(void)
{
	if (!geteuid())
		return false;
	assert_int_equal(guard(), 0);
	return true;
}

static void test_roots_own(void **state OI_UNUSED)
{
	assert_int_equal(guard(), 0);
	mode(FILE_PATH, 0600);
	assert_int_equal(guard(), 0);
	/* nothing there is nothing to distrust */
	assert_int_equal(oi_trust_path(&tree.root, "/etc/nothing/here", &err), 0);
	assert_int_equal(oi_trust_path(&tree.root, "/", &err), 0);
}

static void test_file(void **state OI_UNUSED)
{
	if (not_root())
		return;
	mode(FILE_PATH, 0664);
	refused(guard(), FILE_PATH, "writable by its group or by others");
	mode(FILE_PATH, 0646);
	refused(guard(), FILE_PATH, "writable by its group or by others");
	mode(FILE_PATH, 0600);
	give(FILE_PATH, SOMEBODY);
	refused(guard(), FILE_PATH, "not owned by root");
}

static void test_folders_above(void **state OI_UNUSED)
{
	static const char *const folders[] = { "/etc/ofed-init/conf.d", "/etc/ofed-init", "/etc" };

	if (not_root())
		return;
	for (size_t i = 0; i < OI_ARRAY_SIZE(folders); i++) {
		mode(folders[i], 0775);
		refused(guard(), folders[i], "writable by its group or by others");
		mode(folders[i], 0777);
		refused(guard(), folders[i], "writable by its group or by others");
		mode(folders[i], 0755);
		give(folders[i], SOMEBODY);
		refused(guard(), folders[i], "not owned by root");
		give(folders[i], 0);
		/* as /tmp: others may add to it */
		mode(folders[i], 01777);
		assert_int_equal(guard(), 0);
		mode(folders[i], 0755);
	}
}

static void test_link_to_somebodys(void **state OI_UNUSED)
{
	if (not_root())
		return;
	tree_put(&tree, "/home/x.yaml", "x");
	give("/home/x.yaml", SOMEBODY);
	tree_remove(&tree, FILE_PATH);
	tree_link(&tree, FILE_PATH, "/home/x.yaml");
	refused(guard(), "/home/x.yaml", "not owned by root");
	/* root's own file, where a link leads through somebody's folder */
	give("/home/x.yaml", 0);
	assert_int_equal(guard(), 0);
	give("/home", SOMEBODY);
	refused(guard(), "/home", "not owned by root");
	give("/home", 0);
	mode("/home", 0777);
	refused(guard(), "/home", "writable by its group or by others");
	/* and a link that somebody may replace, whatever it leads to now */
	mode("/home", 0755);
	tree_put(&tree, "/srv/own/x.yaml", "x");
	tree_remove(&tree, "/home/x.yaml");
	tree_link(&tree, "/home/x.yaml", "/srv/own/x.yaml");
	assert_int_equal(guard(), 0);
	mode("/home", 0777);
	refused(guard(), "/home", "writable by its group or by others");
	/* in a sticky folder it is somebody's own link that he may turn */
	mode("/home", 01777);
	assert_int_equal(guard(), 0);
	give_link("/home/x.yaml", SOMEBODY);
	refused(guard(), "/home", "a folder in which others may put a symbolic link");
}

/* What we write goes nowhere that others have chosen. */
static void test_writing(void **state OI_UNUSED)
{
	if (not_root())
		return;
	tree_put(&tree, "/srv/victim/x", "x");
	tree_put(&tree, "/var/log/x", "x");
	tree_link(&tree, "/var/log/azure", "/srv/victim");
	/* root's own link in root's own folder is his choice */
	assert_int_equal(oi_root_write(&tree.root, "/var/log/azure/x", 0644, "new", 3, &err), 0);
	mode("/var/log", 0777);
	assert_int_equal(oi_root_write(&tree.root, "/var/log/azure/x", 0644, "y", 1, &err), -1);
	assert_non_null(strstr(err.text, "symbolic link"));
	assert_int_equal(oi_root_mkdirs(&tree.root, "/var/log/azure/y/z", 0755, &err), -1);
	assert_int_equal(oi_root_remove(&tree.root, "/var/log/azure/x", &err), -1);
	assert_int_equal(oi_root_openat(&tree.root, "/var/log/azure/y", O_WRONLY | O_CREAT, 0644), -1);
	assert_false(oi_root_name_again(&tree.root, "/var/log/x", "/var/log/azure/x"));
	assert_int_equal(oi_root_remove(&tree.root, "/srv/victim/x", &err), 0); /* nothing else is there */
	assert_int_equal(oi_root_remove(&tree.root, "/var/log/azure", &err), 0);
	/* a folder of somebody's is none that he has chosen for us, where it is no link */
	give("/srv/victim", SOMEBODY);
	assert_int_equal(oi_root_write(&tree.root, "/srv/victim/x", 0644, "y", 1, &err), 0);
}

static void test_secret(void **state OI_UNUSED)
{
	if (not_root())
		return;
	refused(oi_trust_secret(&tree.root, FILE_PATH, &err), FILE_PATH,
		"others than root may read it (chmod 0600)");
	mode(FILE_PATH, 0640);
	refused(oi_trust_secret(&tree.root, FILE_PATH, &err), FILE_PATH,
		"others than root may read it (chmod 0600)");
	mode(FILE_PATH, 0600);
	assert_int_equal(oi_trust_secret(&tree.root, FILE_PATH, &err), 0);
	mode("/etc/ofed-init", 0777);
	refused(oi_trust_secret(&tree.root, FILE_PATH, &err), "/etc/ofed-init",
		"writable by its group or by others");
}

static void test_named(void **state OI_UNUSED)
{
	OI_FREE char *name = tree_name(&tree, FILE_PATH);
	OI_FREE char *folder = tree_name(&tree, "/etc/ofed-init/conf.d");

	assert_int_equal(oi_trust_named(name, &err), 0);
	assert_int_equal(oi_trust_named("/dev/null", &err), 0);
	assert_int_equal(oi_trust_named("/nothing", &err), 0);
	if (not_root())
		return;
	/* whoever owns one further above may put another folder in the place of those below */
	give("/etc", SOMEBODY);
	refused(oi_trust_named(name, &err), "/etc", "not owned by root");
	refused(oi_trust_named(folder, &err), "/etc", "not owned by root");
	give("/etc", 0);
	mode("/etc/ofed-init/conf.d", 0777);
	refused(oi_trust_named(name, &err), "/etc/ofed-init/conf.d",
		"writable by its group or by others");
	refused(oi_trust_named(folder, &err), "/etc/ofed-init/conf.d",
		"writable by its group or by others");
	mode("/etc/ofed-init/conf.d", 0755);
	mode(FILE_PATH, 0666);
	refused(oi_trust_named(name, &err), FILE_PATH, "writable by its group or by others");
}

/* Whoever is not root obeys with his own powers only. */
static void test_not_root(void **state OI_UNUSED)
{
	int ret;

	mode(FILE_PATH, 0666);
	if (!geteuid()) {
		tree_need(seteuid(SOMEBODY) == 0, "seteuid");
		ret = guard();
		tree_need(seteuid(0) == 0, "seteuid");
	} else {
		ret = guard();
	}
	assert_int_equal(ret, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_roots_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folders_above, setup, teardown),
		cmocka_unit_test_setup_teardown(test_link_to_somebodys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_writing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_secret, setup, teardown),
		cmocka_unit_test_setup_teardown(test_named, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_root, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
