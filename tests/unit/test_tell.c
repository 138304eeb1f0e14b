/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reporters at their limits; tests/fleet has them in real runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "report/record.h"
#include "report/sinks.h"

#define POOL "/var/lib/hyperv/.kvp_pool_1"
#define PROM "/prom/ofed_init.prom"
#define KEY_BYTES 512
#define RECORD_BYTES 2560
#define LIMIT_BYTES (1u << 20)

static char top[64];
static struct oi_root root;

static int set_up(void **state OI_UNUSED)
{
	struct oi_err err;

	snprintf(top, sizeof(top), "/tmp/oi-test-tell.XXXXXX");
	return mkdtemp(top) ? oi_root_open(top, &root, &err) : -1;
}

static int tear_down(void **state OI_UNUSED)
{
	OI_CLEANUP(oi_root_close) struct oi_root slash = { .fd = -1 };
	struct oi_err err;

	oi_root_close(&root);
	return oi_root_open("/", &slash, &err) || oi_root_remove(&slash, top, &err);
}

static struct oi_buf content(const char *path)
{
	struct oi_buf text = { 0 };
	struct oi_err err;

	assert_int_equal(oi_root_read(&root, path, LIMIT_BYTES, &text, &err), 0);
	return text;
}

static struct oi_doc *result_with(const char *message)
{
	struct oi_run_record record = {
		.state = OI_STATE_FINISHED,
		.reason = OI_R_DKMS_FAILED,
		.exit_code = 14,
		.message = (char *)(uintptr_t)message,
		.started = "2026-11-22T10:31:02Z",
	};

	return oi_report_result_doc(&record);
}

/* Of the longest messages there can be, and of letters that double when they are quoted. */
static void a_value_fits(void **state OI_UNUSED)
{
	static const char *const units[] = { "x", "\"", "\\", "\xc3\xbc", "\xe2\x82\xac", "/" };
	struct oi_err err;

	for (size_t i = 0; i < OI_ARRAY_SIZE(units); i++) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf message = { 0 };
		OI_CLEANUP(oi_buf_clear) struct oi_buf pool = { 0 };
		OI_DOC_AUTO *result = NULL;
		OI_DOC_AUTO *value = NULL;
		const char *text;

		while (message.len < 4000)
			oi_buf_adds(&message, units[i]);
		result = result_with(message.data);
		assert_int_equal(oi_root_write(&root, POOL, 0644, "", 0, &err), 0);
		assert_int_equal(oi_sink_kvp(&root, result, &err), 0);
		pool = content(POOL);
		assert_int_equal(pool.len, RECORD_BYTES);
		assert_string_equal(pool.data, "OFED_INIT|status");
		text = pool.data + KEY_BYTES;
		assert_true(strlen(text) <= 1022);
		/* all the rest of the record is zero */
		for (const char *c = text + strlen(text); c < pool.data + RECORD_BYTES; c++)
			assert_int_equal(*c, 0);
		assert_int_equal(oi_doc_from_json(text, strlen(text), "value", 1, &value, &err), 0);
		assert_int_equal(oi_doc_get(value, "exit_code")->integer, 14);
		assert_non_null(strstr(oi_doc_string(oi_doc_get(value, "msg")), units[i]));
	}
}

static void no_secret_gets_out(void **state OI_UNUSED)
{
	OI_DOC_AUTO *result =
		result_with("fetch: https://u:hunter2@h/x?sv=1&sig=hunter2 with AccountKey=hunter2;");
	OI_CLEANUP(oi_buf_clear) struct oi_buf pool = { 0 };
	struct oi_err err;

	assert_int_equal(oi_root_write(&root, POOL, 0644, "", 0, &err), 0);
	assert_int_equal(oi_sink_kvp(&root, result, &err), 0);
	pool = content(POOL);
	assert_non_null(memmem(pool.data, pool.len, "REDACTED", 8));
	assert_null(memmem(pool.data, pool.len, "hunter2", 7));
}

/* What the format gives a meaning is escaped, and a series comes once. */
static void labels_are_escaped(void **state OI_UNUSED)
{
	static const char json[] =
		"{\"state\": \"finished\", \"exit_code\": 0, \"key\": {\"vm_size\": \"a\\\"b\\\\c\\nd\"},"
		" \"phases\": [{\"name\": \"x\", \"ms\": 1001}, {\"name\": \"x\", \"ms\": 9}]}";
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_DOC_AUTO *result = NULL;
	struct oi_err err;

	assert_int_equal(oi_doc_from_json(json, strlen(json), "r", 1, &result, &err), 0);
	assert_int_equal(oi_sink_prometheus(&root, "/prom", result, &err), 0);
	text = content(PROM);
	assert_non_null(strstr(text.data, "vm_size=\"a\\\"b\\\\c d\""));
	assert_non_null(strstr(text.data, "{phase=\"x\"} 1.010\n"));
	assert_null(strstr(strstr(text.data, "{phase=\"x\"}") + 1, "{phase=\"x\"}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_value_fits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_secret_gets_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(labels_are_escaped, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
