/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files on their way into the staging folder, and what is noted of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "fetch/headers.h"
#include "fetch/sidecar.h"
#include "fetch/record.h"
#include "fetch/staged.h"
#include "fetch/staged_find.h"
#include "model/reasons.h"

/* FIPS 180-2, appendix B.1 */
#define ABC_SHA256 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define OTHER_SHA256 "aa7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

struct folder {
	char path[64];
	int fd;
};

static const struct oi_mark mark = {
	.source = OTHER_SHA256, .etag = "\"one\"", .modified = "", .total = 3
};

static int setup(void **state)
{
	struct folder *f = oi_mem_zalloc(1, sizeof(*f));

	snprintf(f->path, sizeof(f->path), "/tmp/test_staged.XXXXXX");
	if (!mkdtemp(f->path))
		return -1;
	f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = f;
	return f->fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	struct folder *f = *state;
	int ret;

	unlinkat(f->fd, "a", 0);
	close(f->fd);
	ret = rmdir(f->path); /* fails when anything else was left */
	free(f);
	return ret;
}

static bool is_there(const struct folder *f, const char *name)
{
	return !faccessat(f->fd, name, F_OK, AT_SYMLINK_NOFOLLOW);
}

static void put(const struct folder *f, const char *name, const char *text)
{
	int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static enum oi_staged_find find(const struct folder *f, const char *sha256, int64_t *bytes)
{
	struct oi_fetch_record record = { 0 };
	enum oi_staged_find there = OI_THERE_NOT;
	struct oi_err err;

	assert_int_equal(oi_staged_find_find(f->fd, "a", sha256, &there, &record, bytes, &err), 0);
	return there;
}

/* An earlier run that wrote "ab" and was killed, or gave up. */
static void leave(const struct folder *f, const char *sha256, bool in_good_order)
{
	struct oi_staged s = { .fd = -1 };
	struct oi_err err;

	assert_int_equal(oi_staged_open(&s, f->fd, "a", sha256, &err), 0);
	assert_int_equal(s.bytes, 0);
	assert_int_equal(oi_staged_mark(&s, &mark, &err), 0);
	assert_int_equal(oi_staged_write(&s, "ab", 2, &err), 0);
	if (in_good_order)
		oi_staged_keep(&s);
	else
		s.part = (free(s.part), NULL); /* so that nothing tidies up */
	oi_staged_clear(&s);
	assert_true(is_there(f, "a.part") && is_there(f, "a.part.json"));
}

static void a_note_is_written_to_a_file_of_its_own(void **state)
{
	struct folder *f = *state;
	struct stat st;

	put(f, "another", "another's");
	assert_int_equal(linkat(f->fd, "another", f->fd, "a.part.json.new", 0), 0);
	leave(f, "", true);
	assert_int_equal(fstatat(f->fd, "another", &st, 0), 0);
	assert_int_equal(st.st_size, strlen("another's"));
	assert_int_equal(unlinkat(f->fd, "another", 0), 0);
	assert_int_equal(unlinkat(f->fd, "a.part", 0), 0);
	assert_int_equal(unlinkat(f->fd, "a.part.json", 0), 0);
}

static void commit_gives_the_name(void **state)
{
	struct folder *f = *state;
	OI_CLEANUP(oi_staged_clear) struct oi_staged s = { .fd = -1 };
	char actual[OI_DIGEST_TEXT_BYTES];
	struct stat st;
	struct oi_err err;
	int64_t bytes = 0;

	assert_int_equal(find(f, ABC_SHA256, &bytes), OI_THERE_NOT);
	assert_int_equal(oi_staged_open(&s, f->fd, "a", ABC_SHA256, &err), 0);
	assert_true(is_there(f, "a.part"));
	assert_int_equal(oi_staged_mark(&s, &mark, &err), 0);
	assert_int_equal(oi_staged_write(&s, "abc", 3, &err), 0);
	assert_false(is_there(f, "a"));
	assert_int_equal(oi_staged_commit(&s, actual, &err), 0);
	assert_string_equal(actual, ABC_SHA256);
	assert_false(is_there(f, "a.part") || is_there(f, "a.part.json"));
	assert_false(is_there(f, "a.kept.json"));
	assert_int_equal(fstatat(f->fd, "a", &st, 0), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(find(f, ABC_SHA256, &bytes), OI_THERE);
	assert_int_equal(bytes, 3);
}

static void mismatch_leaves_nothing(void **state)
{
	struct folder *f = *state;
	struct oi_staged s = { .fd = -1 };
	char actual[OI_DIGEST_TEXT_BYTES];
	struct oi_err err;

	assert_int_equal(oi_staged_open(&s, f->fd, "a", ABC_SHA256, &err), 0);
	assert_int_equal(oi_staged_mark(&s, &mark, &err), 0);
	assert_int_equal(oi_staged_write(&s, "abd", 3, &err), 0);
	assert_int_equal(oi_staged_commit(&s, actual, &err), -1);
	assert_int_equal(err.code, OI_R_DIGEST_MISMATCH);
	assert_non_null(strstr(err.text, actual));
	oi_staged_clear(&s);
	assert_false(is_there(f, "a") || is_there(f, "a.part") || is_there(f, "a.part.json"));
}

static void restart_after_a_mismatch(void **state)
{
	struct folder *f = *state;
	struct oi_staged s = { .fd = -1 };
	char actual[OI_DIGEST_TEXT_BYTES];
	struct oi_err err;

	assert_int_equal(oi_staged_open(&s, f->fd, "a", ABC_SHA256, &err), 0);
	assert_int_equal(oi_staged_write(&s, "abdef", 5, &err), 0);
	assert_int_equal(oi_staged_commit(&s, actual, &err), -1);
	assert_int_equal(oi_staged_restart(&s, &err), 0);
	assert_int_equal(oi_staged_write(&s, "abc", 3, &err), 0);
	assert_int_equal(oi_staged_commit(&s, actual, &err), 0);
	oi_staged_clear(&s);
	assert_true(is_there(f, "a"));
}

static void a_later_run_goes_on(void **state)
{
	struct folder *f = *state;

	for (int in_good_order = 0; in_good_order < 2; in_good_order++) {
		struct oi_staged s = { .fd = -1 };
		char actual[OI_DIGEST_TEXT_BYTES];
		struct oi_err err;

		leave(f, ABC_SHA256, in_good_order);
		assert_int_equal(oi_staged_open(&s, f->fd, "a", ABC_SHA256, &err), 0);
		assert_int_equal(s.bytes, 2);
		assert_int_equal(s.record.mark.total, 3);
		assert_string_equal(s.record.mark.etag, "\"one\"");
		assert_string_equal(s.record.mark.source, OTHER_SHA256);
		assert_int_equal(oi_staged_write(&s, "c", 1, &err), 0);
		assert_int_equal(oi_staged_commit(&s, actual, &err), 0);
		oi_staged_clear(&s);
		assert_false(is_there(f, "a.part") || is_there(f, "a.part.json"));
	}
}

/* What is left and cannot be gone on with: nothing of it is used. */
static void starts_empty(struct folder *f, const char *sha256)
{
	struct oi_staged s = { .fd = -1 };
	struct oi_err err;
	struct stat st;

	assert_int_equal(oi_staged_open(&s, f->fd, "a", sha256, &err), 0);
	assert_int_equal(s.bytes, 0);
	assert_int_equal(s.record.mark.total, -1);
	assert_string_equal(s.record.mark.etag, "");
	assert_int_equal(fstatat(f->fd, "a.part", &st, 0), 0);
	assert_int_equal(st.st_size, 0);
	oi_staged_clear(&s);
}

static void of_another_digest_it_is_useless(void **state)
{
	struct folder *f = *state;

	leave(f, ABC_SHA256, true);
	starts_empty(f, OTHER_SHA256);
	leave(f, ABC_SHA256, true);
	starts_empty(f, NULL);
	leave(f, NULL, true);
	starts_empty(f, ABC_SHA256);
}

static void without_a_sound_record_it_is_useless(void **state)
{
	static const char *const records[] = {
		"", "{", "[]", "{}", "{\"schema\":2}",
		"{\"schema\":1,\"source\":\"\",\"etag\":\"\",\"modified\":\"\",\"total\":3,"
		"\"sha256\":\"" ABC_SHA256 "\",\"synced\":-1,\"boot\":\"\"}",
		"{\"schema\":1,\"source\":\"\",\"etag\":1,\"modified\":\"\",\"total\":3,"
		"\"sha256\":\"" ABC_SHA256 "\",\"synced\":2,\"boot\":\"\"}",
		/* shorter than what was synced, longer than all of it */
		"{\"schema\":1,\"source\":\"\",\"etag\":\"\",\"modified\":\"\",\"total\":9,"
		"\"sha256\":\"" ABC_SHA256 "\",\"synced\":3,\"boot\":\"\"}",
		"{\"schema\":1,\"source\":\"\",\"etag\":\"\",\"modified\":\"\",\"total\":1,"
		"\"sha256\":\"" ABC_SHA256 "\",\"synced\":2,\"boot\":\"\"}",
	};
	struct folder *f = *state;

	for (size_t i = 0; i < OI_ARRAY_SIZE(records); i++) {
		leave(f, ABC_SHA256, true);
		put(f, "a.part.json", records[i]);
		starts_empty(f, ABC_SHA256);
	}
	leave(f, ABC_SHA256, true);
	unlinkat(f->fd, "a.part.json", 0);
	starts_empty(f, ABC_SHA256);
}

static void after_a_crash_only_what_was_synced(void **state)
{
	struct folder *f = *state;
	struct oi_staged s = { .fd = -1 };
	struct oi_err err;

	leave(f, ABC_SHA256, true);
	put(f, "a.part", "ab\1\1"); /* the same start, and what a crash makes of a file */
	put(f, "a.part.json",
	    "{\"schema\":1,\"source\":\"\",\"etag\":\"\",\"modified\":\"\",\"total\":9,"
	    "\"sha256\":\"" ABC_SHA256 "\",\"synced\":2,\"boot\":\"another\"}");
	assert_int_equal(oi_staged_open(&s, f->fd, "a", ABC_SHA256, &err), 0);
	assert_int_equal(s.bytes, 2);
	oi_staged_clear(&s);
}

static void one_process_at_a_time(void **state)
{
	struct folder *f = *state;
	struct oi_staged one = { .fd = -1 };
	struct oi_staged two = { .fd = -1 };
	struct oi_err err;

	assert_int_equal(oi_staged_open(&one, f->fd, "a", ABC_SHA256, &err), 0);
	assert_int_equal(oi_staged_open(&two, f->fd, "a", ABC_SHA256, &err), 1);
	oi_staged_clear(&two);
	assert_true(is_there(f, "a.part"));
	oi_staged_clear(&one);
	assert_int_equal(oi_staged_open(&two, f->fd, "a", ABC_SHA256, &err), 0);
	oi_staged_clear(&two);
}

static void what_is_wrong_goes_away(void **state)
{
	struct folder *f = *state;
	int64_t bytes = 0;

	for (int without = 0; without < 2; without++) {
		put(f, "a", "abd");
		put(f, "a.kept.json", "{}");
		assert_int_equal(find(f, without ? NULL : ABC_SHA256, &bytes), OI_THERE_NOT);
		assert_false(is_there(f, "a") || is_there(f, "a.kept.json"));
	}
}

static void without_a_digest_it_is_kept_with_its_tag(void **state)
{
	struct folder *f = *state;
	struct oi_fetch_record record = { 0 };
	enum oi_staged_find there = OI_THERE_NOT;
	struct oi_staged s = { .fd = -1 };
	char actual[OI_DIGEST_TEXT_BYTES];
	struct oi_err err;
	int64_t bytes = 0;

	assert_int_equal(oi_staged_open(&s, f->fd, "a", NULL, &err), 0);
	assert_int_equal(oi_staged_mark(&s, &mark, &err), 0);
	assert_int_equal(oi_staged_write(&s, "abc", 3, &err), 0);
	assert_int_equal(oi_staged_commit(&s, actual, &err), 0);
	oi_staged_clear(&s);
	assert_int_equal(oi_staged_find_find(f->fd, "a", NULL, &there, &record, &bytes, &err), 0);
	assert_int_equal(there, OI_THERE_IF_UNCHANGED);
	assert_int_equal(bytes, 3);
	assert_string_equal(record.sha256, ABC_SHA256);
	assert_string_equal(record.mark.etag, "\"one\"");
	/* Not when it has changed here. */
	put(f, "a", "abd");
	assert_int_equal(find(f, NULL, &bytes), OI_THERE_NOT);
	assert_false(is_there(f, "a.kept.json"));
}

static void no_room_is_said_beforehand(void **state)
{
	struct folder *f = *state;
	OI_CLEANUP(oi_staged_clear) struct oi_staged s = { .fd = -1 };
	struct oi_mark of = { .total = -1 };
	struct oi_err err;

	assert_int_equal(oi_staged_open(&s, f->fd, "a", ABC_SHA256, &err), 0);
	assert_int_equal(oi_staged_mark(&s, &of, &err), 0);
	of.total = 1;
	assert_int_equal(oi_staged_mark(&s, &of, &err), 0);
	of.total = INT64_C(1) << 60;
	assert_int_equal(oi_staged_mark(&s, &of, &err), -1);
	assert_int_equal(err.code, OI_R_DISK_SPACE);
}

/* --- heads of answers --- */

static void take(struct oi_headers *h, const char *line)
{
	oi_headers_take(h, line, strlen(line));
}

static void heads_are_read(void **state)
{
	struct oi_headers h = { 0 };
	char *longer = oi_mem_printf("ETag: \"%0*d\"", OI_HEADERS_VALUE_BYTES, 1);

	(void)state;
	take(&h, "HTTP/1.1 302 Found\r\n");
	take(&h, "ETag: \"old\"\r\n");
	take(&h, "HTTP/1.1 206 Partial Content\r\n");
	assert_string_equal(h.etag, "");
	take(&h, "etag:  \"a b\" \r\n");
	take(&h, "CONTENT-RANGE:bytes 1-2/3\r\n");
	take(&h, "ETagged: x\r\n");
	assert_string_equal(h.etag, "\"a b\"");
	assert_string_equal(h.content_range, "bytes 1-2/3");
	take(&h, "ETag: \"a\1b\"\r\n");
	assert_string_equal(h.etag, "");
	take(&h, longer);
	assert_string_equal(h.etag, "");
	free(longer);
}

static void strong_validators(void **state)
{
	struct oi_headers h = { .date = "Sun, 06 Nov 1994 08:49:37 GMT" };

	(void)state;
	assert_true(oi_headers_etag_is_strong("\"a\""));
	assert_false(oi_headers_etag_is_strong("W/\"a\""));
	assert_false(oi_headers_etag_is_strong(""));
	assert_false(oi_headers_etag_is_strong("\"\""));
	assert_false(oi_headers_etag_is_strong("\"a"));
	assert_false(oi_headers_etag_is_strong("\"a\"b\""));
	assert_false(oi_headers_modified_is_strong(&h));
	strcpy(h.modified, "Sun, 06 Nov 1994 08:48:37 GMT");
	assert_true(oi_headers_modified_is_strong(&h));
	strcpy(h.modified, "Sun, 06 Nov 1994 08:48:38 GMT");
	assert_false(oi_headers_modified_is_strong(&h));
	strcpy(h.modified, "Sun, 06 Nov 1984 08:48:38 GMT");
	strcpy(h.date, "today");
	assert_false(oi_headers_modified_is_strong(&h));
}

static void ranges_are_read(void **state)
{
	static const char *const bad[] = {
		"", "bytes", "bytes */3", "bytes 1-2", "bytes 1-2/", "bytes 1-2/3x", "bytes 2-1/3",
		"bytes -1-2/3", "bytes 1-3/3", "lines 1-2/3", "bytes 1-99999999999999999999/*",
		"bytes 1-2/ 3",
	};
	int64_t first = 0;
	int64_t last = 0;
	int64_t total = 0;

	(void)state;
	assert_true(oi_headers_range("bytes 1-2/3", &first, &last, &total));
	assert_true(first == 1 && last == 2 && total == 3);
	assert_true(oi_headers_range("Bytes 5-9/*", &first, &last, &total));
	assert_true(first == 5 && last == 9 && total == -1);
	for (size_t i = 0; i < OI_ARRAY_SIZE(bad); i++)
		if (oi_headers_range(bad[i], &first, &last, &total))
			fail_msg("taken: %s", bad[i]);
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_note_is_written_to_a_file_of_its_own),
		IN_FOLDER(commit_gives_the_name),
		IN_FOLDER(mismatch_leaves_nothing),
		IN_FOLDER(restart_after_a_mismatch),
		IN_FOLDER(a_later_run_goes_on),
		IN_FOLDER(of_another_digest_it_is_useless),
		IN_FOLDER(without_a_sound_record_it_is_useless),
		IN_FOLDER(after_a_crash_only_what_was_synced),
		IN_FOLDER(one_process_at_a_time),
		IN_FOLDER(what_is_wrong_goes_away),
		IN_FOLDER(without_a_digest_it_is_kept_with_its_tag),
		IN_FOLDER(no_room_is_said_beforehand),
		cmocka_unit_test(heads_are_read),
		cmocka_unit_test(strong_validators),
		cmocka_unit_test(ranges_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
