/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mounts: what a table says, and that ours are seen by nobody else. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "model/reasons.h"
#include "sys/mnt.h"
#include "tree.h"

/* As on an Azure VM; source: proc(5) for the form */
static const char table[] =
	"25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,discard\n"
	"30 25 0:25 / /tmp rw,nosuid,nodev,noexec shared:5 - tmpfs tmpfs rw\n"
	"31 25 8:17 / /mnt/resource rw,relatime shared:6 - ext4 /dev/sdb1 rw\n"
	"32 25 0:40 / /srv rw,relatime shared:7 - nfs4 server:/export rw\n"
	"33 25 8:33 / /data rw,noexec,relatime shared:8 - xfs /dev/sdc1 rw\n"
	"34 33 8:49 / /data ro,relatime shared:9 - xfs /dev/sdd1 ro\n";

static int setup(void **state)
{
	struct tree *tree = oi_mem_zalloc(1, sizeof(*tree));

	tree_make(tree);
	*state = tree;
	return 0;
}

static int teardown(void **state)
{
	tree_drop(*state);
	free(*state);
	return 0;
}

static void places(void **state)
{
	static const struct {
		const char *path;
		struct oi_mnt_place place;
	} rows[] = {
		{ "/", { true, true, false, false } },
		{ "/mnt", { false, true, false, false } },
		{ "/mnt/resource", { true, true, false, false } },
		{ "/mnt/resource/x/y", { false, true, false, false } },
		{ "/tmp", { true, false, true, false } },
		{ "/srv", { true, false, false, false } },
		/* the upper one of two counts */
		{ "/data", { true, true, false, true } },
	};
	const struct tree *tree = *state;
	OI_FREE char *file = tree_name(tree, "/mountinfo");
	struct oi_err err;

	tree_put(tree, "/mountinfo", table);
	for (size_t i = 0; i < OI_ARRAY_SIZE(rows); i++) {
		struct oi_mnt_place place;

		if (oi_mnt_look(file, rows[i].path, &place, &err))
			fail_msg("%s: %s", rows[i].path, err.text);
		if (place.is_mount != rows[i].place.is_mount ||
		    place.on_device != rows[i].place.on_device ||
		    place.noexec != rows[i].place.noexec ||
		    place.read_only != rows[i].place.read_only)
			fail_msg("%s: mount %d device %d noexec %d ro %d", rows[i].path,
				 place.is_mount, place.on_device, place.noexec, place.read_only);
	}
}

static void no_table(void **state)
{
	struct oi_mnt_place place;
	struct oi_err err;

	(void)state;
	assert_int_equal(oi_mnt_look("/nonexistent", "/", &place, &err), -1);
	assert_int_equal(err.code, OI_R_READ_FAILED);
	assert_int_equal(oi_mnt_look(OI_MNT_TABLE, "/proc", &place, &err), 0);
	assert_true(place.is_mount);
	assert_false(place.on_device);
}

/* Whoever may not (no root, a strict container) cannot test it. */
static int enter(struct oi_mnt_space *space)
{
	struct oi_err err;

	if (!oi_mnt_enter(space, &err))
		return 1;
	if (geteuid() == 0)
		print_message("not tested: %s\n", err.text);
	assert_int_equal(err.code, OI_R_CHILD_FAILED);
	return 0;
}

static void mounts_are_ours_alone(void **state)
{
	const struct tree *tree = *state;
	struct oi_mnt_space space = { .back_fd = -1 };
	OI_FREE char *point = tree_name(tree, "/point");
	OI_FREE char *file = tree_name(tree, "/point/inside");
	struct oi_err err;
	FILE *f;

	tree_folder(tree, "/point/below"); /* the test has its own beneath */
	if (!enter(&space))
		skip();
	tree_need(mount("tmpfs", point, "tmpfs", 0, NULL) == 0, point);
	f = fopen(file, "w");
	tree_need(f && !fclose(f), file);
	assert_int_equal(access(file, F_OK), 0);
	assert_int_equal(oi_mnt_leave(&space, &err), 0);
	assert_int_equal(space.back_fd, -1);
	assert_int_equal(access(file, F_OK), -1);
	assert_true(oi_root_exists(&tree->root, "/point/below"));
	assert_int_equal(oi_mnt_leave(&space, &err), 0); /* nothing to leave */
}

static void no_image(void **state)
{
	const struct tree *tree = *state;
	struct oi_mnt_space space = { .back_fd = -1 };
	OI_FREE char *image = tree_name(tree, "/image");
	OI_FREE char *point = tree_name(tree, "/point");
	struct oi_err err;

	tree_put(tree, "/image", "no image at all");
	tree_folder(tree, "/point");
	if (!enter(&space))
		skip();
	assert_int_equal(oi_mnt_image(image, point, &err), -1);
	assert_int_equal(err.code, OI_R_CHILD_FAILED);
	assert_non_null(strstr(err.text, image));
	assert_int_equal(oi_mnt_leave(&space, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(places, setup, teardown),
		cmocka_unit_test(no_table),
		cmocka_unit_test_setup_teardown(mounts_are_ours_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(no_image, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
