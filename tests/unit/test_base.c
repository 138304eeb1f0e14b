/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small things of src/base but documents, which have test_doc.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/suggest.h"
#include "base/strv.h"
#include "base/ver.h"

static void err_keeps_cause_and_prefix(void **state)
{
	struct oi_err err = { 0 };

	(void)state;
	assert_int_equal(oi_err_set(&err, 7, "no %s", "such file"), -1);
	assert_int_equal(oi_err_prefix(&err, "mount: %s", "/opt"), -1);
	assert_string_equal(err.text, "mount: /opt: no such file");
	assert_int_equal(err.code, 7);
}

static void err_says_when_it_was_cut(void **state)
{
	struct oi_err err = { 0 };
	char *long_text = oi_mem_zalloc(3000, 1);

	(void)state;
	memset(long_text, 'x', 2999);
	oi_err_set(&err, 1, "%s", long_text);
	assert_int_equal(strlen(err.text), OI_ERR_TEXT_BYTES - 1);
	assert_string_equal(err.text + OI_ERR_TEXT_BYTES - 4, "...");
	oi_err_prefix(&err, "%s", "short");
	assert_int_equal(strncmp(err.text, "short: xxx", 10), 0);
	assert_string_equal(err.text + OI_ERR_TEXT_BYTES - 4, "...");
	oi_err_set(&err, 1, "cause");
	oi_err_prefix(&err, "%s", long_text);
	assert_string_equal(err.text, "cause");
	free(long_text);
}

static void buf_grows_and_is_handed_over(void **state)
{
	struct oi_buf buf = { 0 };
	char *text;

	(void)state;
	assert_string_equal(oi_buf_str(&buf), "");
	for (int i = 0; i < 1000; i++)
		oi_buf_addf(&buf, "%d,", i);
	assert_int_equal(buf.len, 3890);
	oi_buf_drop(&buf, 3886);
	assert_string_equal(oi_buf_str(&buf), "999,");
	oi_buf_drop(&buf, 100);
	assert_string_equal(oi_buf_str(&buf), "");
	oi_buf_add(&buf, "a\0b", 3);
	assert_int_equal(buf.len, 3);
	text = oi_buf_take(&buf);
	assert_memory_equal(text, "a\0b", 4);
	assert_int_equal(buf.len, 0);
	free(text);
	text = oi_buf_take(&buf);
	assert_string_equal(text, "");
	free(text);
}

static void strv_splits_joins_sorts(void **state)
{
	struct oi_strv list = { 0 };
	char *text;

	(void)state;
	oi_strv_split(&list, ",,cx6,cx5,,cx7,", ",");
	assert_int_equal(list.n, 3);
	assert_null(list.v[3]);
	oi_strv_sort(&list);
	text = oi_strv_join(&list, " ");
	assert_string_equal(text, "cx5 cx6 cx7");
	assert_true(oi_strv_has(&list, "cx6"));
	assert_false(oi_strv_has(&list, "cx"));
	free(text);
	oi_strv_clear(&list);
	oi_strv_clear(&list);
	text = oi_strv_join(&list, ",");
	assert_string_equal(text, "");
	free(text);
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void versions_have_an_order(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} pairs[] = {
		{ "3.2.3", "3.2.3", 0 },
		{ "24.10", "24.1", 1 }, /* the one that YAML eats */
		{ "3.2.10", "3.2.9", 1 },
		{ "3.1.0-091513", "3.1.0", 1 },
		{ "5.0-1.0.0.0", "4.9-4.1.7.0", 1 },
		{ "5.9-0.5.6.0.107", "5.9-0.5.6.0", 1 },
		{ "24.10-0.7.0.0", "23.10-3.2.2.0", 1 },
		{ "007", "7", 0 },
		{ "1.0", "1.0rc", -1 },
		{ "unversioned", "24.10", -1 },
		{ "5.15.0-1015-azure", "5.6", 1 },
		{ "4.15.0-1113-azure", "5.6", -1 },
		{ "5.5.99", "5.6", -1 },
		{ "", "", 0 },
		{ "", "1", -1 },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(pairs); i++) {
		assert_int_equal(sign(oi_ver_compare(pairs[i].a, pairs[i].b)), pairs[i].order);
		assert_int_equal(sign(oi_ver_compare(pairs[i].b, pairs[i].a)), -pairs[i].order);
	}
	assert_true(oi_ver_same_major("9", "9.8"));
	assert_true(oi_ver_same_major("8.10", "8.1"));
	assert_false(oi_ver_same_major("9.4", "8.4"));
	assert_false(oi_ver_same_major("", ""));
}

static void near_words_are_found(void **state)
{
	static const char *const words[] = { "driver", "version", "verify", "enabled", "source" };
	const size_t n = OI_ARRAY_SIZE(words);

	(void)state;
	assert_string_equal(oi_suggest_word("drvier", words, n), "driver");
	assert_string_equal(oi_suggest_word("Driver", words, n), "driver");
	assert_string_equal(oi_suggest_word("verison", words, n), "version");
	assert_string_equal(oi_suggest_word("enable", words, n), "enabled");
	assert_null(oi_suggest_word("mirrors", words, n));
	assert_null(oi_suggest_word("", words, n));
	assert_null(oi_suggest_word("a-word-that-is-far-too-long-to-be-a-slip-of-the-finger", words, n));
}

static void hash_tells_texts_apart(void **state)
{
	char a[OI_HASH_TEXT_BYTES];
	char b[OI_HASH_TEXT_BYTES];

	(void)state;
	oi_hash_text("", a);
	assert_string_equal(a, "cbf29ce484222325"); /* the offset basis: published test vector */
	oi_hash_text("foobar", a);
	assert_string_equal(a, "85944171f73967e8"); /* published test vector */
	oi_hash_text("foobaz", b);
	assert_string_not_equal(a, b);
}

struct heard {
	int n;
	enum oi_log_level level;
	char line[64];
};

static void hear(void *data, enum oi_log_level level, const char *line)
{
	struct heard *heard = data;

	heard->n++;
	heard->level = level;
	snprintf(heard->line, sizeof(heard->line), "%s", line);
}

static void log_is_one_line_an_event(void **state)
{
	struct heard heard = { 0 };
	struct oi_log log = { .write = hear, .data = &heard, .least = OI_LOG_INFO };

	(void)state;
	oi_log_debug(&log, "not heard");
	assert_int_equal(heard.n, 0);
	oi_log_warn(&log, "two\nlines %d", 1);
	assert_int_equal(heard.n, 1);
	assert_int_equal(heard.level, OI_LOG_WARN);
	assert_string_equal(heard.line, "two lines 1");
	oi_log_error(NULL, "nobody listens");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(err_keeps_cause_and_prefix),
		cmocka_unit_test(err_says_when_it_was_cut),
		cmocka_unit_test(buf_grows_and_is_handed_over),
		cmocka_unit_test(strv_splits_joins_sorts),
		cmocka_unit_test(versions_have_an_order),
		cmocka_unit_test(near_words_are_found),
		cmocka_unit_test(hash_tells_texts_apart),
		cmocka_unit_test(log_is_one_line_an_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
