/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Documents: YAML and JSON in, places kept, merged, written; hostile input refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/doc.h"
#include "base/mem.h"

#define CODE 42

static struct oi_doc *yaml(const char *text)
{
	struct oi_doc *doc = NULL;
	struct oi_err err = { 0 };

	if (oi_doc_from_yaml(text, strlen(text), "f.yaml", CODE, &doc, &err))
		fail_msg("%s", err.text);
	return doc;
}

static struct oi_doc *json(const char *text)
{
	struct oi_doc *doc = NULL;
	struct oi_err err = { 0 };

	if (oi_doc_from_json(text, strlen(text), "f.json", CODE, &doc, &err))
		fail_msg("%s", err.text);
	return doc;
}

static void refuse(int (*parse)(const char *, size_t, const char *, int, struct oi_doc **,
				struct oi_err *),
		   const char *text, size_t len, const char *expected)
{
	struct oi_doc *doc = NULL;
	struct oi_err err = { 0 };

	assert_int_equal(parse(text, len, "f", CODE, &doc, &err), -1);
	assert_null(doc);
	assert_int_equal(err.code, CODE);
	if (!strstr(err.text, expected))
		fail_msg("\"%s\" is not in \"%s\"", expected, err.text);
}

static void yaml_scalars_are_those_of_cloud_init(void **state)
{
	static const struct {
		const char *text;
		enum oi_doc_kind kind;
	} cases[] = {
		{ "24.10", OI_DOC_REAL },   { "\"24.10\"", OI_DOC_STRING }, { "'1'", OI_DOC_STRING },
		{ "23.10-3.2", OI_DOC_STRING }, { "3.2.3", OI_DOC_STRING }, { "yes", OI_DOC_BOOL },
		{ "Off", OI_DOC_BOOL },	    { "yEs", OI_DOC_STRING },	    { "12", OI_DOC_INT },
		{ "-7", OI_DOC_INT },	    { "0755", OI_DOC_INT },	    { "0899", OI_DOC_STRING },
		{ "0x10", OI_DOC_INT },	    { "~", OI_DOC_NULL },	    { "null", OI_DOC_NULL },
		{ ".5", OI_DOC_REAL },	    { "nan", OI_DOC_STRING },	    { "+", OI_DOC_STRING },
		{ "1e5", OI_DOC_STRING },   { "auto", OI_DOC_STRING },	    { "!!str 5", OI_DOC_STRING },
		{ "99999999999999999999", OI_DOC_REAL }, { "1_000", OI_DOC_INT }, { "0b11", OI_DOC_INT },
		{ "30:00", OI_DOC_INT },    { "1:30.5", OI_DOC_REAL },	    { "1_0.5", OI_DOC_REAL },
		{ ".inf", OI_DOC_REAL },    { "089", OI_DOC_STRING },	    { "1.e+3", OI_DOC_REAL },
		{ "1.5e3", OI_DOC_STRING }, { "!!int \"60\"", OI_DOC_INT }, { "!!bool Yes", OI_DOC_BOOL },
		{ "2026-12-01", OI_DOC_DATE }, { "2026-1-1", OI_DOC_STRING }, { "! \"yes\"", OI_DOC_BOOL },
		{ "2026-1-1 10:00:00", OI_DOC_DATE }, { "!!binary aGFsbG8=", OI_DOC_BYTES },
		{ "!", OI_DOC_NULL },	    { "'<<'", OI_DOC_STRING },	    { "\"=\"", OI_DOC_STRING },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		OI_DOC_AUTO *doc = yaml(cases[i].text);

		if (doc->kind != cases[i].kind)
			fail_msg("%s became %s", cases[i].text, oi_doc_kind_name(doc->kind));
	}
}

static void yaml_is_refused_where_cloud_init_refuses_it(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "a:\n  - x\t# c\n", "f:2:6: a tab" }, { "a:\t1\n", "f:1:3: a tab" },
		{ "a: b\n\t\nc: d\n", "a tab" },	 { "a: \"\xc3\xa9\"\t\n", "f:1:7: a tab" },
		{ "a: &x\t'b'\n", "a tab" },		 { "a: |\t\n  b\n", "a tab" },
		{ "a: 1\n---\nb: 2\n", "f:2:1: a second document" },
		{ "a: 1\n---\n", "a second document" },	 { "a: 1\n...\nb\n", "f:3:1: " },
		{ "a: !vault x\n", "!vault: an unknown tag" }, { "a: !t {b: 1}\n", "an unknown tag" },
		{ "a: 2026-13-45\n", "no such date" },	 { "a: =\n", "quote it" },
		{ "a: <<\n", "quote it" },		 { "a: !!int x\n", "not a whole number" },
		{ "a: !!binary x\n", "no base64" },	 { "a: {<<: 5}\n", "expected a map" },
		{ "a: {<<: [{}, 5]}\n", "expected a map" }, { "a: [https://x/?y]\n", "quote the word" },
		{ "a: &x 1\nb: &x 2\n", "an anchor of this name" }, { "\xff\xfe" "a", "UTF-16" },
		{ "a: 1\n\xef\xbb\xbf" "b: 2\n", "byte order mark" }, { "a: 0b_\n", "not a number" },
		{ "%YAML 2.0\n---\na: 1\n", "incompatible" }, { "a: \"\\0\"\n", "NUL" },
		{ "a: >-# c\n  x\n", "f:1:6: a blank" }, { "[1]: 2\n", "a plain word" },	 { "&a [1]: 2\n*a : 3\n", "a plain word" },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++)
		refuse(oi_doc_from_yaml, cases[i].text, strlen(cases[i].text), cases[i].expected);
}

static void yaml_merges_and_directives_are_cloud_inits(void **state)
{
	static const struct {
		const char *text, *json;
	} cases[] = {
		{ "a: &x {k: 1, l: 1}\nb: {<<: *x, l: 2}\n", "{\"a\":{\"k\":1,\"l\":1},\"b\":{\"l\":2,\"k\":1}}" },
		{ "b: {<<: [{k: 1}, {k: 2, m: 3}]}\n", "{\"b\":{\"k\":1,\"m\":3}}" },
		{ "b:\n  <<: {k: 1}\n  <<: {k: 2}\n", "{\"b\":{\"k\":2}}" },
		{ "b: {<<: &x {k: 1}}\nc: *x\n", "{\"b\":{\"k\":1},\"c\":{\"k\":1}}" },
		{ "&x key: 1\nb: *x\n*x : 3\n", "{\"key\":3,\"b\":\"key\"}" }, { "{=: 1}", "{\"=\":1}" },
		{ "%YAML 1.3\n%FOO x\n# c\n---\na: 1\n...\n", "{\"a\":1}" }, { "\xef\xbb\xbf" "a: 1\n", "{\"a\":1}" },
		{ "a: |\n  y\n  \tx\n# \tc\nb: \"\t\"\n", "{\"a\":\"y\\n\\tx\\n\",\"b\":\"\\t\"}" },
	};

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(cases); i++) {
		OI_DOC_AUTO *doc = yaml(cases[i].text);
		OI_FREE char *json = oi_doc_to_json(doc, false);

		assert_string_equal(json, cases[i].json);
	}
}

static void yaml_nodes_know_their_place(void **state)
{
	OI_DOC_AUTO *doc = yaml("a: 1\ninfiniband:\n  driver: inbox\n  list: [x, y]\n");
	const struct oi_doc *driver = oi_doc_at(doc, "infiniband.driver");

	(void)state;
	assert_string_equal(oi_doc_string(driver), "inbox");
	assert_string_equal(driver->file, "f.yaml");
	assert_int_equal(driver->line, 3);
	assert_int_equal(driver->column, 11);
	assert_int_equal(driver->key_line, 3);
	assert_int_equal(driver->key_column, 3);
	assert_int_equal(oi_doc_at(doc, "infiniband.list")->n, 2);
	assert_null(oi_doc_at(doc, "infiniband.driver.x"));
	assert_null(oi_doc_at(doc, "infini"));
	assert_null(oi_doc_get(NULL, "x"));
}

static void a_value_of_another_kind_is_none(void **state)
{
	OI_DOC_AUTO *doc = yaml("yes: true\nno: false\nword: 'true'\nseven: 7\nhalf: 7.5\nlist: [1]\n");

	(void)state;
	assert_true(oi_doc_is_true(oi_doc_get(doc, "yes")));
	assert_false(oi_doc_is_true(oi_doc_get(doc, "no")));
	assert_false(oi_doc_is_true(oi_doc_get(doc, "word")));
	assert_false(oi_doc_is_true(oi_doc_get(doc, "seven")));
	assert_false(oi_doc_is_true(NULL));
	assert_int_equal(oi_doc_int(oi_doc_get(doc, "seven"), -1), 7);
	assert_int_equal(oi_doc_int(oi_doc_get(doc, "half"), -1), -1);
	assert_int_equal(oi_doc_int(oi_doc_get(doc, "yes"), -1), -1);
	assert_int_equal(oi_doc_int(oi_doc_get(doc, "list"), -1), -1);
	assert_int_equal(oi_doc_int(NULL, -1), -1);
}

static void yaml_aliases_are_copied(void **state)
{
	OI_DOC_AUTO *doc = yaml("a: &id001 {x: [1, 2]}\nb: *id001\n");

	(void)state;
	assert_int_equal(oi_doc_at(doc, "b.x")->n, 2);
	assert_ptr_not_equal(oi_doc_at(doc, "b.x"), oi_doc_at(doc, "a.x"));
}

static void yaml_that_is_broken_is_refused_with_its_place(void **state)
{
	(void)state;
	refuse(oi_doc_from_yaml, "a: [1\n", 6, "f:2:1:");
	refuse(oi_doc_from_yaml, "a: 1\n b: 2\n", 11, "f:2:");
	refuse(oi_doc_from_yaml, "a: \xff\xfe\n", 6, "f: ");
	refuse(oi_doc_from_yaml, "a: *nobody\n", 11, "f:1:4: alias of an unknown anchor");
	refuse(oi_doc_from_yaml, "? [a]\n: 1\n", 10, "f:1:3: a key must be a plain word");
	refuse(oi_doc_from_yaml, "a: &x [*x]\n", 11, "unknown anchor");
	refuse(oi_doc_from_yaml, "a: 1\n}\n", 7, "f:2:1:");
}

static void yaml_bombs_end_at_the_limits(void **state)
{
	struct oi_buf text = { 0 };

	(void)state;
	oi_buf_adds(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 12; i++) {
		oi_buf_addf(&text, "a%d: &a%d [", i, i);
		for (int j = 0; j < 10; j++)
			oi_buf_addf(&text, "*a%d,", i - 1);
		oi_buf_adds(&text, "]\n");
	}
	refuse(oi_doc_from_yaml, text.data, text.len, "too many values");
	oi_buf_reset(&text);
	for (int i = 0; i < 1000; i++)
		oi_buf_adds(&text, "[");
	refuse(oi_doc_from_yaml, text.data, text.len, "nested too deeply");
	refuse(oi_doc_from_json, text.data, text.len, "nest");
	oi_buf_reset(&text);
	oi_buf_adds(&text, "[");
	for (int i = 0; i < OI_DOC_MAX_NODES; i++)
		oi_buf_adds(&text, "1,");
	oi_buf_adds(&text, "1]");
	refuse(oi_doc_from_yaml, text.data, text.len, "too many values");
	refuse(oi_doc_from_json, text.data, text.len, "more than");
	oi_buf_reset(&text);
	oi_buf_adds(&text, "{");
	for (int i = 0; i <= OI_DOC_MAX_KEYS; i++)
		oi_buf_addf(&text, "%s\"k%d\": 1", i ? "," : "", i);
	oi_buf_adds(&text, "}");
	refuse(oi_doc_from_yaml, text.data, text.len, "too many keys");
	refuse(oi_doc_from_json, text.data, text.len, "more than");
	oi_buf_clear(&text);
}

static void too_large_is_refused_unread(void **state)
{
	(void)state;
	refuse(oi_doc_from_yaml, "", (size_t)OI_DOC_MAX_BYTES + 1, "larger than");
	refuse(oi_doc_from_json, "", (size_t)OI_DOC_MAX_BYTES + 1, "larger than");
}

static void empty_yaml_is_nothing(void **state)
{
	static const char *const texts[] = { "", "\n", "# only words\n", "---\n" };

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(texts); i++) {
		OI_DOC_AUTO *doc = yaml(texts[i]);

		assert_int_equal(doc->kind, OI_DOC_NULL);
	}
}

static void json_keeps_kinds(void **state)
{
	OI_DOC_AUTO *doc = json("{\"a\": null, \"b\": true, \"c\": 5, \"d\": 2.5, \"e\": \"\\u00fc\","
				" \"f\": [], \"g\": {}}");

	(void)state;
	assert_int_equal(oi_doc_get(doc, "a")->kind, OI_DOC_NULL);
	assert_true(oi_doc_get(doc, "b")->boolean);
	assert_int_equal(oi_doc_get(doc, "c")->integer, 5);
	assert_true(oi_doc_get(doc, "d")->real == 2.5);
	assert_string_equal(oi_doc_string(oi_doc_get(doc, "e")), "\xc3\xbc");
	assert_int_equal(oi_doc_get(doc, "f")->kind, OI_DOC_LIST);
	assert_int_equal(oi_doc_get(doc, "g")->kind, OI_DOC_MAP);
}

static void json_that_is_broken_is_refused_with_its_place(void **state)
{
	(void)state;
	refuse(oi_doc_from_json, "{\"a\": 1,\n x}", 12, "f:2:2:");
	refuse(oi_doc_from_json, "{\"a\": 1", 7, "ends too early");
	refuse(oi_doc_from_json, "", 0, "ends too early");
	refuse(oi_doc_from_json, "{} {}", 5, "f:1:4: more text");
	refuse(oi_doc_from_json, "{}\0", 3, "more text");
}

static void merge_is_cloud_inits(void **state)
{
	/* the table of a measured boot: system under vendor under user data */
	struct oi_doc *sys = yaml("{a: sys, s: 1, list: [sys], sub: {a: sys, s: 1}}");
	struct oi_doc *vendor = yaml("{a: ven, v: 1, list: [ven], sub: {a: ven, v: 1}}");
	struct oi_doc *user = yaml("{a: user2, list: [user2], sub: {a: user2, u2: 1}, u2: 1}");
	OI_DOC_AUTO *all = oi_doc_merge(oi_doc_merge(sys, vendor), user);

	(void)state;
	assert_string_equal(oi_doc_string(oi_doc_at(all, "a")), "user2");
	assert_int_equal(oi_doc_at(all, "list")->n, 1);
	assert_string_equal(oi_doc_string(oi_doc_at(all, "sub.a")), "user2");
	assert_non_null(oi_doc_at(all, "sub.s"));
	assert_non_null(oi_doc_at(all, "sub.v"));
	assert_non_null(oi_doc_at(all, "sub.u2"));
	assert_non_null(oi_doc_at(all, "v"));
	assert_null(oi_doc_merge(NULL, NULL));
}

static void what_is_written_can_be_read(void **state)
{
	OI_DOC_AUTO *doc = oi_doc_new(OI_DOC_MAP);
	OI_DOC_AUTO *back = NULL;
	OI_DOC_AUTO *taken = NULL;
	struct oi_doc *list = oi_doc_new(OI_DOC_LIST);
	OI_FREE char *text = NULL;
	OI_FREE char *again = NULL;

	(void)state;
	oi_doc_put_string(doc, "s", "a \"quoted\" / line\n");
	oi_doc_put_string(doc, "none", NULL);
	oi_doc_put_int(doc, "n", INT64_C(-53687091200));
	oi_doc_put_bool(doc, "b", true);
	oi_doc_add(list, oi_doc_new_string("x"));
	oi_doc_put(doc, "l", list);
	text = oi_doc_to_json(doc, false);
	back = json(text);
	again = oi_doc_to_json(back, false);
	assert_string_equal(text, again);
	assert_int_equal(oi_doc_get(back, "n")->integer, INT64_C(-53687091200));
	assert_int_equal(oi_doc_get(back, "none")->kind, OI_DOC_NULL);
	taken = oi_doc_take(back, "l");
	assert_int_equal(taken->n, 1);
	assert_null(oi_doc_take(back, "nobody"));
}

/* Who reads JSON strictly, as Python does, takes nothing of a file that has one such byte. */
static void what_others_read_is_utf8(void **state)
{
	static const char odd[] = "Standard_\xff\xc3\xa9\xed\xa0\x80\xc3";
	OI_DOC_AUTO *doc = oi_doc_new(OI_DOC_MAP);
	OI_FREE char *ours = NULL;
	OI_FREE char *theirs = NULL;

	(void)state;
	oi_doc_put_string(doc, "size\xfe", odd);
	ours = oi_doc_to_json(doc, false);
	theirs = oi_doc_to_public_json(doc, false);
	assert_non_null(strstr(ours, odd));
	assert_string_equal(theirs, "{\"size?\":\"Standard_?\xc3\xa9????\"}");
}

static void the_last_of_equal_keys_counts(void **state)
{
	OI_DOC_AUTO *doc = yaml("a: 1\na: 2\n");

	(void)state;
	assert_int_equal(doc->n, 2);
	assert_int_equal(oi_doc_get(doc, "a")->integer, 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(yaml_scalars_are_those_of_cloud_init),
		cmocka_unit_test(yaml_is_refused_where_cloud_init_refuses_it),
		cmocka_unit_test(yaml_merges_and_directives_are_cloud_inits),
		cmocka_unit_test(yaml_nodes_know_their_place),
		cmocka_unit_test(a_value_of_another_kind_is_none),
		cmocka_unit_test(yaml_aliases_are_copied),
		cmocka_unit_test(yaml_that_is_broken_is_refused_with_its_place),
		cmocka_unit_test(yaml_bombs_end_at_the_limits),
		cmocka_unit_test(too_large_is_refused_unread),
		cmocka_unit_test(empty_yaml_is_nothing),
		cmocka_unit_test(json_keeps_kinds),
		cmocka_unit_test(json_that_is_broken_is_refused_with_its_place),
		cmocka_unit_test(merge_is_cloud_inits),
		cmocka_unit_test(what_is_written_can_be_read),
		cmocka_unit_test(what_others_read_is_utf8),
		cmocka_unit_test(the_last_of_equal_keys_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
