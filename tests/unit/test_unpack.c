/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unpacking: archives that libarchive writes here, good ones and such as nobody should make. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "fetch/protocol.h"
#include "fetch/retry.h"
#include "fetch/unpack.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/fetcher.h"
#include "tree.h"

#define LONG_MS 120000
#define MIB (1 << 20)

enum packing { PLAIN, GZIP, BZIP2, XZ, ZSTD };

struct writer {
	struct archive *a;
	char *path;
};

static char home[PATH_MAX];

static int group_setup(void **state)
{
	int fd = open("/dev/null", O_WRONLY);

	(void)state;
	/* Where ofed-fetch's answers go. */
	return fd < 0 || dup2(fd, OI_FETCH_ANSWER_FD) < 0 || !getcwd(home, sizeof(home)) ? -1 : 0;
}

static int setup(void **state)
{
	struct tree *tree = oi_mem_zalloc(1, sizeof(*tree));

	tree_make(tree);
	*state = tree;
	return 0;
}

static int teardown(void **state)
{
	struct tree *tree = *state;

	tree_need(chdir(home) == 0, home); /* oi_unpack() has left it */
	tree_drop(tree);
	free(tree);
	return 0;
}

/* --- writing archives --- */

static struct writer begin(const struct tree *tree, const char *name, enum packing packing,
			   int (*format)(struct archive *))
{
	static int (*const filters[])(struct archive *) = {
		[PLAIN] = archive_write_add_filter_none,   [GZIP] = archive_write_add_filter_gzip,
		[BZIP2] = archive_write_add_filter_bzip2, [XZ] = archive_write_add_filter_xz,
		[ZSTD] = archive_write_add_filter_zstd,
	};
	struct writer w = { archive_write_new(), oi_mem_printf("%s/%s", tree->top, name) };

	tree_need(format(w.a) == ARCHIVE_OK, "format");
	tree_need(filters[packing](w.a) == ARCHIVE_OK, "filter");
	tree_need(archive_write_open_filename(w.a, w.path) == ARCHIVE_OK, w.path);
	return w;
}

static void end(struct writer *w)
{
	tree_need(archive_write_close(w->a) == ARCHIVE_OK, "close");
	archive_write_free(w->a);
	free(w->path);
}

static struct archive_entry *entry_new(const char *path, unsigned int type, unsigned int perm)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, path);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, (mode_t)perm);
	archive_entry_set_uid(entry, 4711);
	archive_entry_set_gid(entry, 4711);
	return entry;
}

static void put(struct writer *w, struct archive_entry *entry, const char *bytes, size_t len)
{
	archive_entry_set_size(entry, (la_int64_t)len);
	tree_need(archive_write_header(w->a, entry) == ARCHIVE_OK, "header");
	if (len)
		tree_need(archive_write_data(w->a, bytes, len) == (la_ssize_t)len, "data");
	archive_entry_free(entry);
}

static void put_file(struct writer *w, const char *path, unsigned int perm, const char *text)
{
	put(w, entry_new(path, AE_IFREG, perm), text, strlen(text));
}

static void put_link(struct writer *w, const char *path, const char *target)
{
	struct archive_entry *entry = entry_new(path, AE_IFLNK, 0777);

	archive_entry_set_symlink(entry, target);
	put(w, entry, NULL, 0);
}

/* What every good one has. */
static void put_bundle(struct writer *w)
{
	put(w, entry_new("top", AE_IFDIR, 0777), NULL, 0);
	put_file(w, "top/run", 06755, "#!/bin/sh\n");
	put_file(w, "top/data", 0666, "text");
	put_link(w, "top/link", "/etc/shadow");
}

/* --- unpacking them --- */

static int unpack(const struct tree *tree, const char *name, struct oi_err *err)
{
	struct oi_fetch_request request = {
		.op = OI_FETCH_UNPACK,
		.name = oi_mem_dup(name),
		.into = oi_mem_dup("out"),
		.deadline_ms = oi_retry_now_ms() + LONG_MS,
		.max_entries = 20,
		.max_bytes = 512 * (int64_t)MIB,
	};
	int fd = open(tree->top, O_RDONLY | O_DIRECTORY);
	int ret;

	memset(err, 0, sizeof(*err));
	tree_need(fd >= 0, tree->top);
	ret = oi_unpack(&request, fd, err);
	close(fd);
	oi_fetch_request_clear(&request);
	return ret;
}

static void assert_refused(const struct tree *tree, const char *name, enum oi_reason reason,
			   const char *words)
{
	struct oi_err err;

	assert_int_equal(unpack(tree, name, &err), -1);
	assert_string_equal(oi_reason_text((enum oi_reason)err.code)->id, oi_reason_text(reason)->id);
	if (!strstr(err.text, words))
		fail_msg("not \"%s\": %s", words, err.text);
	assert_false(oi_root_exists(&tree->root, "/out"));
}

static void assert_text(const struct tree *tree, const char *path, const char *text)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf buf = { 0 };
	struct oi_err err;

	assert_int_equal(oi_root_read(&tree->root, path, 4096, &buf, &err), 0);
	assert_string_equal(oi_buf_str(&buf), text);
}

static mode_t mode_at(const struct tree *tree, const char *path)
{
	OI_FREE char *name = oi_mem_printf("%s%s", tree->top, path);
	struct stat st;

	tree_need(lstat(name, &st) == 0, name);
	assert_int_equal(st.st_uid, geteuid());
	assert_int_equal(st.st_gid, getegid());
	return st.st_mode & 07777;
}

static void assert_bundle(const struct tree *tree)
{
	OI_FREE char *link = oi_mem_printf("%s/out/top/link", tree->top);
	char target[64] = "";

	assert_text(tree, "/out/top/data", "text");
	assert_int_equal(mode_at(tree, "/out/top/run"), 0755);
	assert_int_equal(mode_at(tree, "/out/top/data"), 0644);
	assert_int_equal(mode_at(tree, "/out/top"), 0755);
	assert_int_equal(mode_at(tree, "/out"), 0700);
	assert_true(readlink(link, target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "/etc/shadow");
	assert_false(oi_root_exists(&tree->root, "/out.part-dir"));
}

static void every_packing(void **state)
{
	const struct tree *tree = *state;
	struct oi_err err;

	for (int packing = PLAIN; packing <= ZSTD; packing++) {
		struct writer w = begin(tree, "a", (enum packing)packing,
					archive_write_set_format_pax_restricted);

		put_bundle(&w);
		end(&w);
		if (unpack(tree, "a", &err))
			fail_msg("packing %d: %s", packing, err.text);
		assert_bundle(tree);
		tree_need(chdir(home) == 0, home);
		tree_remove(tree, "/out");
	}
}

static void iso_with_real_names(void **state)
{
	const struct tree *tree = *state;
	struct writer w = begin(tree, "a.iso", PLAIN, archive_write_set_format_iso9660);
	struct oi_err err;

	put_bundle(&w);
	put_file(&w, "top/a-long-name.with.Capital_Letters-and_5.8-1.1.2.1.deb", 0444, "x");
	end(&w);
	if (unpack(tree, "a.iso", &err))
		fail_msg("%s", err.text);
	assert_text(tree, "/out/top/data", "text");
	assert_text(tree, "/out/top/a-long-name.with.Capital_Letters-and_5.8-1.1.2.1.deb", "x");
	assert_true(mode_at(tree, "/out/top/run") & 0100);
}

/* lead, signature header, header, each as short as the format allows; then the payload.
 * Source: LSB 5.0 core, "RPM package format" */
static void rpm(void **state)
{
	const struct tree *tree = *state;
	static const char lead[96] = "\xed\xab\xee\xdb\x03";
	static const char header[16 + 16 + 8] = "\x8e\xad\xe8\x01\0\0\0\0\0\0\0\x01\0\0\0\x08";
	struct writer w = begin(tree, "payload", GZIP, archive_write_set_format_cpio_newc);
	OI_CLEANUP(oi_buf_clear) struct oi_buf all = { 0 };
	struct oi_err err;

	put(&w, entry_new("./etc", AE_IFDIR, 0755), NULL, 0);
	put_file(&w, "./etc/doca.repo", 0644, "[doca]\n");
	end(&w);
	oi_buf_add(&all, lead, sizeof(lead));
	oi_buf_add(&all, header, sizeof(header));
	oi_buf_add(&all, header, sizeof(header));
	assert_int_equal(oi_root_read(&tree->root, "/payload", 4096, &all, &err), 0);
	tree_put_bytes(tree, "/a.rpm", all.data, all.len);
	if (unpack(tree, "a.rpm", &err))
		fail_msg("%s", err.text);
	assert_text(tree, "/out/etc/doca.repo", "[doca]\n");
}

static void absolute_name_is_taken(void **state)
{
	const struct tree *tree = *state;
	struct writer w = begin(tree, "a", PLAIN, archive_write_set_format_ustar);
	OI_FREE char *name = oi_mem_printf("%s/a", tree->top);
	struct oi_err err;

	put_bundle(&w);
	end(&w);
	assert_int_equal(unpack(tree, name, &err), 0);
	assert_bundle(tree);
}

/* --- what is refused --- */

static void refuse_path(const struct tree *tree, const char *path)
{
	struct writer w = begin(tree, "a", GZIP, archive_write_set_format_pax_restricted);

	put_file(&w, "first", 0644, "x");
	put_file(&w, path, 0644, "evil");
	end(&w);
	assert_refused(tree, "a", OI_R_ARCHIVE_UNSAFE, path);
	tree_need(chdir(home) == 0, home);
	tree_remove(tree, "/out.part-dir");
}

static void ways_out(void **state)
{
	const struct tree *tree = *state;
	OI_FREE char *absolute = oi_mem_printf("%s/climbed", tree->top);

	refuse_path(tree, "../climbed");
	refuse_path(tree, "a/../../climbed");
	refuse_path(tree, "a/..");
	refuse_path(tree, "..");
	refuse_path(tree, absolute);
	assert_false(oi_root_exists(&tree->root, "/climbed"));
}

static void way_out_through_a_link(void **state)
{
	const struct tree *tree = *state;
	struct writer w = begin(tree, "a", PLAIN, archive_write_set_format_ustar);

	put_link(&w, "door", tree->top);
	put_file(&w, "door/climbed", 0644, "evil");
	end(&w);
	assert_refused(tree, "a", OI_R_ARCHIVE_UNSAFE, "door/climbed");
	assert_false(oi_root_exists(&tree->root, "/climbed"));
}

/* The link itself gives way; what it led to stays as it was. */
static void file_in_place_of_a_link(void **state)
{
	const struct tree *tree = *state;
	struct writer w = begin(tree, "a", PLAIN, archive_write_set_format_ustar);
	OI_FREE char *victim = oi_mem_printf("%s/victim", tree->top);
	struct oi_err err;

	tree_put(tree, "/victim", "as it was");
	put_link(&w, "door", victim);
	put_file(&w, "door", 0644, "evil");
	end(&w);
	if (!unpack(tree, "a", &err))
		assert_text(tree, "/out/door", "evil");
	assert_text(tree, "/victim", "as it was");
}

static void hard_link_to_elsewhere(void **state)
{
	const struct tree *tree = *state;
	static const char *const targets[] = { "/etc/passwd", "../victim" };

	tree_put(tree, "/victim", "as it was");
	for (size_t i = 0; i < OI_ARRAY_SIZE(targets); i++) {
		struct writer w = begin(tree, "a", PLAIN, archive_write_set_format_ustar);
		struct archive_entry *entry = entry_new("door", AE_IFREG, 0644);

		archive_entry_set_hardlink(entry, targets[i]);
		put(&w, entry, NULL, 0);
		end(&w);
		assert_refused(tree, "a", OI_R_ARCHIVE_UNSAFE, targets[i]);
		tree_need(chdir(home) == 0, home);
		tree_remove(tree, "/out.part-dir");
	}
}

static void special_files(void **state)
{
	const struct tree *tree = *state;
	static const unsigned int types[] = { AE_IFIFO, AE_IFCHR, AE_IFBLK };

	for (size_t i = 0; i < OI_ARRAY_SIZE(types); i++) {
		struct writer w = begin(tree, "a", PLAIN, archive_write_set_format_ustar);

		put(&w, entry_new("dev/odd", types[i], 0666), NULL, 0);
		end(&w);
		assert_refused(tree, "a", OI_R_ARCHIVE_UNSAFE, "dev/odd");
		tree_need(chdir(home) == 0, home);
		tree_remove(tree, "/out.part-dir");
	}
}

static void bomb(void **state)
{
	const struct tree *tree = *state;
	struct writer w = begin(tree, "a", GZIP, archive_write_set_format_ustar);
	struct archive_entry *entry = entry_new("zeros", AE_IFREG, 0644);
	OI_FREE char *zeros = oi_mem_zalloc(MIB, 1);

	archive_entry_set_size(entry, 128 * (la_int64_t)MIB);
	tree_need(archive_write_header(w.a, entry) == ARCHIVE_OK, "header");
	for (int i = 0; i < 128; i++)
		tree_need(archive_write_data(w.a, zeros, MIB) == MIB, "data");
	archive_entry_free(entry);
	end(&w);
	assert_refused(tree, "a", OI_R_ARCHIVE_TOO_LARGE, "no driver shrinks like that");
}

/* A hole costs nothing in the archive and nothing on the disk, and is a file all the same. */
static void bomb_of_holes(void **state)
{
	const struct tree *tree = *state;
	struct writer w = begin(tree, "a", PLAIN, archive_write_set_format_pax);
	struct archive_entry *entry = entry_new("holes", AE_IFREG, 0644);

	archive_entry_set_size(entry, 400 * (la_int64_t)MIB + 1);
	archive_entry_sparse_add_entry(entry, 400 * (la_int64_t)MIB, 1);
	tree_need(archive_write_header(w.a, entry) == ARCHIVE_OK, "header");
	for (int i = 0; i < 400; i++) {
		OI_FREE char *zeros = oi_mem_zalloc(MIB, 1);

		tree_need(archive_write_data(w.a, zeros, MIB) == MIB, "data");
	}
	tree_need(archive_write_data(w.a, "x", 1) == 1, "data");
	archive_entry_free(entry);
	end(&w);
	assert_refused(tree, "a", OI_R_ARCHIVE_TOO_LARGE, "no driver shrinks like that");
}

/* One that says it has 8 GiB, in a tape archive of 10 kB. */
static void too_many_bytes(void **state)
{
	const struct tree *tree = *state;
	struct writer w = begin(tree, "a", PLAIN, archive_write_set_format_ustar);
	OI_CLEANUP(oi_buf_clear) struct oi_buf all = { 0 };
	unsigned int sum = 0;
	struct oi_err err;

	put_file(&w, "huge", 0644, "x");
	end(&w);
	assert_int_equal(oi_root_read(&tree->root, "/a", 1 << 20, &all, &err), 0);
	memcpy(all.data + 124, "77777777777", 11);
	/* the checksum counts its own field as blanks; Source: tar(5) */
	memcpy(all.data + 148, "        ", 8);
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)all.data[i];
	snprintf(all.data + 148, 8, "%06o", sum);
	tree_put_bytes(tree, "/a", all.data, all.len);
	assert_refused(tree, "a", OI_R_ARCHIVE_TOO_LARGE, "huge alone has");
}

static void too_many_entries(void **state)
{
	const struct tree *tree = *state;
	struct writer w = begin(tree, "a", GZIP, archive_write_set_format_ustar);

	for (int i = 0; i < 21; i++) {
		OI_FREE char *name = oi_mem_printf("f%d", i);

		put_file(&w, name, 0644, "");
	}
	end(&w);
	assert_refused(tree, "a", OI_R_ARCHIVE_TOO_LARGE, "more than 20 entries");
}

static void damaged_ones(void **state)
{
	const struct tree *tree = *state;
	struct writer w = begin(tree, "a", GZIP, archive_write_set_format_ustar);
	OI_FREE char *name = oi_mem_printf("%s/a", tree->top);
	struct stat st;

	put_bundle(&w);
	end(&w);
	tree_need(stat(name, &st) == 0 && truncate(name, st.st_size - 20) == 0, name);
	assert_refused(tree, "a", OI_R_ARCHIVE_MALFORMED, "");
	tree_need(chdir(home) == 0, home);
	tree_remove(tree, "/out.part-dir");

	tree_put(tree, "/b", "<html>Sign in to download</html>\n");
	assert_refused(tree, "b", OI_R_ARCHIVE_MALFORMED, "");
	tree_need(chdir(home) == 0, home);
	tree_remove(tree, "/out.part-dir");

	tree_put(tree, "/c", "");
	assert_refused(tree, "c", OI_R_ARCHIVE_MALFORMED, "");
	tree_need(chdir(home) == 0, home);
	tree_remove(tree, "/out.part-dir");

	w = begin(tree, "d", GZIP, archive_write_set_format_ustar);
	end(&w);
	assert_refused(tree, "d", OI_R_ARCHIVE_MALFORMED, "there is nothing in it");
}

static void no_archive_to_read(void **state)
{
	const struct tree *tree = *state;

	assert_refused(tree, "none", OI_R_READ_FAILED, "none");
	tree_link(tree, "/link", "a");
	tree_put(tree, "/a", "x");
	assert_refused(tree, "link", OI_R_READ_FAILED, "link");
	tree_folder(tree, "/folder");
	assert_refused(tree, "folder", OI_R_READ_FAILED, "not a regular file");
}

/* --- the request --- */

static void requests(void **state)
{
	static const struct {
		const char *name, *into, *culprit; /* NULL: it is good */
	} rows[] = {
		{ "a.tgz", "a", NULL },	       { "/var/x/a.tgz", "a", NULL },
		{ "../a.tgz", "a", "name" },   { "a/b.tgz", "a", "name" },
		{ "a.tgz", "../a", "into" },   { "a.tgz", "/a", "into" },
		{ "a.tgz", "a/b", "into" },    { "a.tgz", ".a", "into" },
		{ "a.tgz", "a.part-dir", "into" },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(rows); i++) {
		OI_CLEANUP(oi_fetch_request_clear) struct oi_fetch_request r = { 0 };
		OI_FREE char *text = oi_mem_printf(
			"{\"schema\": 1, \"op\": \"unpack\", \"name\": \"%s\", \"into\": \"%s\", \"deadline_ms\": 5, \"max_entries\": 7, \"max_bytes\": 9}",
			rows[i].name, rows[i].into);
		struct oi_err err = { 0 };
		int ret = oi_fetch_request_parse(text, strlen(text), 100, &r, &err);

		assert_int_equal(ret, rows[i].culprit ? -1 : 0);
		if (rows[i].culprit) {
			assert_non_null(strstr(err.text, rows[i].culprit));
			continue;
		}
		assert_int_equal(r.op, OI_FETCH_UNPACK);
		assert_string_equal(r.name, rows[i].name);
		assert_string_equal(r.into, rows[i].into);
		assert_int_equal(r.deadline_ms, 105);
		assert_int_equal(r.max_entries, 7);
		assert_int_equal(r.max_bytes, 9);
	}
}

/* --- by the program itself --- */

static void drop_line(void *data, enum oi_log_level level, const char *line)
{
	(void)level;
	oi_buf_addf(data, "%s\n", line);
}

static void by_ofed_fetch(void **state)
{
	const struct tree *tree = *state;
	OI_FREE char *tool = oi_mem_printf("%s/ofed-fetch", home); /* tests run in the build folder */
	OI_CLEANUP(oi_buf_clear) struct oi_buf log = { 0 };
	struct oi_host host = {
		.change = tree->root,
		.log = { drop_line, &log, OI_LOG_DEBUG },
		.deadline_ms = oi_clock_ms() + LONG_MS,
	};
	struct writer w;
	struct oi_err err;
	int fd;

	host.tools.path[OI_TOOL_FETCH] = tool;
	assert_int_equal(oi_root_mkdirs(&tree->root, OI_STAGING_DIR, 0700, &err), 0);
	w = begin(tree, "var/lib/ofed-init/staging/a.tgz", GZIP, archive_write_set_format_ustar);
	put_bundle(&w);
	end(&w);
	/* Twice: what an earlier run has left gives way. */
	for (int i = 0; i < 2; i++) {
		if (oi_fetcher_unpack(&host, "a.tgz", "tree", &err))
			fail_msg("%s", err.text);
		assert_text(tree, OI_STAGING_DIR "/tree/top/data", "text");
		tree_put(tree, OI_STAGING_DIR "/tree/older", "x");
		tree_put(tree, OI_STAGING_DIR "/tree.part-dir/cut-off", "x");
	}
	assert_int_equal(oi_fetcher_unpack(&host, "a.tgz", "tree", &err), 0);
	assert_false(oi_root_exists(&tree->root, OI_STAGING_DIR "/tree/older"));
	assert_false(oi_root_exists(&tree->root, OI_STAGING_DIR "/tree.part-dir"));

	tree_folder(tree, "/elsewhere");
	fd = oi_root_openat(&tree->root, "/elsewhere", O_RDONLY | O_DIRECTORY, 0);
	assert_true(fd >= 0);
	assert_int_equal(oi_fetcher_unpack_to(&host, "a.tgz", fd, "tree", &err), 0);
	close(fd);
	assert_text(tree, "/elsewhere/tree/top/data", "text");

	tree_put(tree, OI_STAGING_DIR "/b.tgz", "none");
	assert_int_equal(oi_fetcher_unpack(&host, "b.tgz", "tree", &err), -1);
	assert_int_equal(err.code, OI_R_ARCHIVE_MALFORMED);
	assert_false(oi_root_exists(&tree->root, OI_STAGING_DIR "/tree"));
	assert_false(oi_root_exists(&tree->root, OI_STAGING_DIR "/tree.part-dir"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(every_packing),
		TEST(iso_with_real_names),
		TEST(rpm),
		TEST(absolute_name_is_taken),
		TEST(ways_out),
		TEST(way_out_through_a_link),
		TEST(file_in_place_of_a_link),
		TEST(hard_link_to_elsewhere),
		TEST(special_files),
		TEST(bomb),
		TEST(bomb_of_holes),
		TEST(too_many_bytes),
		TEST(too_many_entries),
		TEST(damaged_ones),
		TEST(no_archive_to_read),
		TEST(requests),
		TEST(by_ofed_fetch),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
