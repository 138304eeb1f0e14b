/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of modules into a folder: on file systems that can little, and beside what others left there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "execute/cache/modset.h"
#include "execute/cache/text.h"
#include "fakehost.h"
#include "model/reasons.h"

#define KEY "doca-ofed_3.2.3_6.1.0-50-amd64_x86_64_debian-12_0123456789abcdef"
#define CONTENT "a package\n"
#define PLACE "/srv/modules"

/* --- a file system that lacks something --- */

static int no_link, no_exclusive_rename; /* the errno of one that has none; 0: it has */

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	if (no_link) {
		errno = no_link;
		return -1;
	}
	return (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned int flags)
{
	if (no_exclusive_rename) {
		errno = no_exclusive_rename;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

/* --- a set --- */

/* Digest of CONTENT, by the tool that the program asks too. */
static char *digest(struct fakehost *f)
{
	OI_FREE char *line = oi_mem_printf("sha256sum %s/var/lib/ofed-init/staging/x", f->host.change.path);
	char text[65] = "";
	FILE *pipe;

	fakehost_write(f, "/var/lib/ofed-init/staging/x", CONTENT);
	pipe = popen(line, "re");
	assert_non_null(pipe);
	assert_non_null(fgets(text, sizeof(text), pipe));
	assert_int_equal(pclose(pipe), 0);
	return oi_mem_dup(text);
}

static void make_set(struct fakehost *f, struct oi_modset *set)
{
	OI_FREE char *path = NULL;

	f->host.tools.path[OI_TOOL_SHA256SUM] = "/usr/bin/sha256sum";
	oi_modset_clear(set);
	set->key = oi_mem_dup(KEY);
	set->sha256 = digest(f);
	set->file = oi_modset_file_name(KEY, set->sha256);
	set->bytes = (int64_t)strlen(CONTENT);
	path = oi_mem_printf("/var/lib/ofed-init/staging/%s", set->file);
	fakehost_write(f, path, CONTENT);
}

static int publish(struct fakehost *f, const struct oi_modset *set)
{
	struct oi_err err;
	int ret = oi_modset_publish(&f->host, &f->config, PLACE, set, &err);

	if (ret < 0)
		fail_msg("%s", err.text);
	return ret;
}

/* Both files are there and right, and nothing else. */
static void assert_published(struct fakehost *f, const struct oi_modset *set)
{
	OI_CLEANUP(oi_modset_clear) struct oi_modset read = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_FREE char *package = oi_mem_printf(PLACE "/%s", set->file);
	OI_FREE char *content = fakehost_read(f, package);
	OI_FREE char *pointer = fakehost_read(f, PLACE "/" KEY ".json");
	struct oi_err err;

	assert_non_null(content);
	assert_string_equal(content, CONTENT);
	assert_non_null(pointer);
	assert_int_equal(oi_modset_pointer_read(pointer, strlen(pointer), KEY, &read, &err), 0);
	assert_string_equal(read.file, set->file);
	assert_int_equal(oi_root_list(&f->host.change, PLACE, &names, &err), 0);
	assert_int_equal(names.n, 2);
	assert_int_equal(oi_modset_is_published(&f->host, &f->config, PLACE, KEY, &err), 1);
}

#define SET OI_CLEANUP(oi_modset_clear) struct oi_modset set = { 0 }

static int tear_down(void **state)
{
	no_link = no_exclusive_rename = 0;
	return fakehost_tear_down(state);
}

static void each_file_system_will_do(void **state)
{
	/* ext4 and NFS; Azure Files by SMB; BlobFuse; and whatever says it in other words */
	static const int lacks[][2] = {
		{ 0, 0 }, { EOPNOTSUPP, 0 }, { EOPNOTSUPP, EINVAL }, { ENOSYS, ENOSYS },
		{ EPERM, EPERM }, { EACCES, EINVAL }, { EIO, EINVAL }, { EMLINK, ENOSYS },
	};
	struct fakehost *f = *state;
	struct oi_err err;
	SET;

	make_set(f, &set);
	for (size_t i = 0; i < OI_ARRAY_SIZE(lacks); i++) {
		no_link = lacks[i][0];
		no_exclusive_rename = lacks[i][1];
		assert_int_equal(oi_modset_is_published(&f->host, &f->config, PLACE, KEY, &err), 0);
		assert_int_equal(publish(f, &set), 0);
		assert_published(f, &set);
		/* who comes later finds it */
		assert_int_equal(publish(f, &set), 1);
		assert_published(f, &set);
		assert_int_equal(oi_root_remove(&f->host.change, PLACE, &err), 0);
	}
}

/* The other's pointer stays, also where only exclusive creation tells who was first. */
static void the_first_one_stays(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *before = NULL;
	OI_FREE char *after = NULL;
	OI_CLEANUP(oi_modset_clear) struct oi_modset other = { 0 };
	SET;

	make_set(f, &other);
	assert_int_equal(publish(f, &other), 0);
	before = fakehost_read(f, PLACE "/" KEY ".json");
	for (int i = 0; i < 2; i++) {
		OI_FREE char *path = NULL;

		no_link = no_exclusive_rename = i ? EOPNOTSUPP : 0;
		make_set(f, &set);
		set.sha256[0] = set.sha256[0] == '0' ? '1' : '0';
		free(set.file);
		set.file = oi_modset_file_name(KEY, set.sha256);
		path = oi_mem_printf("/var/lib/ofed-init/staging/%s", set.file);
		fakehost_write(f, path, "another build\n");
		assert_int_equal(publish(f, &set), 1);
	}
	after = fakehost_read(f, PLACE "/" KEY ".json");
	assert_string_equal(before, after);
}

static void put_old(struct fakehost *f, const char *path, const char *text)
{
	fakehost_write(f, path, text);
	fakehost_set_time(f, path, time(NULL) - 7200);
}

/* What leads nobody to a set is replaced; what somebody may be writing at this moment is not. */
static void broken_ones_are_mended(void **state)
{
	static const char *const broken[] = { "", "{", "{\"schema\": 1}", "\x01\x02" };
	struct fakehost *f = *state;
	OI_FREE char *package = NULL;
	SET;

	make_set(f, &set);
	package = oi_mem_printf(PLACE "/%s", set.file);
	for (size_t i = 0; i < OI_ARRAY_SIZE(broken); i++) {
		put_old(f, PLACE "/" KEY ".json", broken[i]);
		put_old(f, package, "half of a pack"); /* under the right name, by whoever was cut off */
		assert_int_equal(publish(f, &set), 0);
		assert_published(f, &set);
	}
	/* the pointer is right, and what it leads to is not */
	fakehost_write(f, package, "b package\n");
	assert_int_equal(publish(f, &set), 0);
	assert_published(f, &set);
	assert_true(fakehost_logged(f, 'I', "leads to no complete set: written again"));
	assert_true(fakehost_logged(f, 'I', "not what its name says: written again"));
	/* begun just now, on a file system that has nothing but exclusive creation */
	fakehost_write(f, PLACE "/" KEY ".json", "{\"sche");
	assert_int_equal(publish(f, &set), 1);
}

static void parts_of_the_gone_are_removed(void **state)
{
	struct fakehost *f = *state;
	OI_FREE char *old = NULL;
	OI_FREE char *of_other = oi_mem_dup(PLACE "/.other_key.json.part.0011223344556677");
	OI_FREE char *young = NULL;
	struct oi_err err;
	SET;

	make_set(f, &set);
	old = oi_mem_printf(PLACE "/.%s.part.0123456789abcdef", set.file);
	young = oi_mem_printf(PLACE "/.%s.part.fedcba9876543210", set.file);
	put_old(f, old, "half");
	put_old(f, of_other, "half");
	put_old(f, PLACE "/.hidden", "the user's");
	put_old(f, PLACE "/a.deb.part.1", "the user's");
	fakehost_write(f, young, "another is at it");
	assert_int_equal(publish(f, &set), 0);
	assert_false(fakehost_exists(f, old));
	assert_false(fakehost_exists(f, of_other));
	assert_true(fakehost_exists(f, young));
	assert_true(fakehost_exists(f, PLACE "/.hidden"));
	assert_true(fakehost_exists(f, PLACE "/a.deb.part.1"));
	assert_int_equal(oi_modset_is_published(&f->host, &f->config, PLACE, KEY, &err), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fakehost_set_up, tear_down)
		TEST(each_file_system_will_do),
		TEST(the_first_one_stays),
		TEST(broken_ones_are_mended),
		TEST(parts_of_the_gone_are_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
