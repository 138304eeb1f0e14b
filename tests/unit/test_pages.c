/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages for people: their width, their colours, and what they make of hostile words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "report/html.h"
#include "report/html_text.h"
#include "report/report.h"
#include "report/view.h"
#include "report/waiting.h"

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" in:\n%s", part, text);
}

static void assert_width(const char *text, size_t columns)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };

	oi_strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (oi_textpage_width(lines.v[i]) > columns)
			fail_msg("more than %zu columns: %s", columns, lines.v[i]);
}

static struct oi_doc *parse(const char *json)
{
	struct oi_doc *doc = NULL;
	struct oi_err err;

	assert_int_equal(oi_doc_from_json(json, strlen(json), "test", OI_R_READ_FAILED, &doc, &err), 0);
	return doc;
}

static char *field(int columns, const char *value)
{
	struct oi_textpage paper = { .columns = columns };

	oi_textpage_field(&paper, "label", OI_TONE_BAD, value);
	return oi_buf_take(&paper.text);
}

static void test_wrapping(void **state OI_UNUSED)
{
	OI_FREE char *words = field(40, "one two three four five six seven eight");
	OI_FREE char *path = field(40, "https://example.com/a/long/path/to/some/thing.deb");
	OI_FREE char *blob = field(40, "0123456789012345678901234567890123456789");
	OI_FREE char *wide = field(40, "\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4 x");
	OI_FREE char *none = field(40, NULL);
	OI_FREE char *empty = field(40, "");

	assert_string_equal(words, "label       one two three four five six\n"
				   "            seven eight\n");
	assert_string_equal(path, "label       https://example.com/a/long/\n"
				  "            path/to/some/thing.deb\n");
	assert_string_equal(blob, "label       012345678901...7890123456789\n");
	assert_width(wide, 40);
	assert_string_equal(none, "");
	assert_string_equal(empty, "label\n");
}

static void test_colours(void **state OI_UNUSED)
{
	struct oi_textpage paper = { .columns = 80, .colour = true };
	OI_FREE char *plain = field(80, "\033[31mred\033[0m \a\u202eback");
	OI_FREE char *text = NULL;

	/* what somebody wrote brings none, with and without ours */
	assert_string_equal(plain, "label       red ??back\n");
	oi_textpage_field(&paper, "label", OI_TONE_BAD, "\033[5mbad");
	text = oi_buf_take(&paper.text);
	assert_string_equal(text, "label       \033[31mbad\033[m\n");
}

static void test_table(void **state OI_UNUSED)
{
	static const char *const cells[] = { "port", "state", "a-cell-that-is-forty-columns-wide-exactly",
					     "mlx5_ib0/1", "ACTIVE", "x" };
	OI_CLEANUP(oi_strv_clear) struct oi_strv list = { 0 };
	struct oi_textpage paper = { .columns = 40 };
	OI_FREE char *text = NULL;

	for (size_t i = 0; i < OI_ARRAY_SIZE(cells); i++)
		oi_strv_add(&list, cells[i]);
	oi_textpage_table(&paper, &list, 3, NULL);
	text = oi_buf_take(&paper.text);
	assert_string_equal(text, "  port        state\n"
				  "  mlx5_ib0/1  ACTIVE\n");
}

static void test_escape(void **state OI_UNUSED)
{
	struct oi_buf out = { 0 };
	OI_FREE char *text = NULL;

	oi_html_escape(&out, "<a href='x' title=\"y\">&amp;\xff\033[1m\u202e\u00e4</a>");
	text = oi_buf_take(&out);
	assert_string_equal(text, "&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;amp;??\u00e4&lt;/a&gt;");
}

/* 2026-11-22T10:00:00Z, and a minute after the machine started */
#define RESULT \
	"{\"state\":\"finished\",\"exit_code\":0,\"started\":\"2026-11-22T10:00:00Z\"," \
	"\"started_ms\":1795341600000,\"started_uptime_ms\":60000," \
	"\"phases\":[{\"name\":\"facts\",\"ms\":10},{\"name\":\"verify\",\"ms\":990}]}"

static void assert_boot(const char *cloud, size_t spans)
{
	OI_CLEANUP(oi_timeline_clear) struct oi_timeline timeline = { 0 };
	OI_DOC_AUTO *result = parse(RESULT);
	OI_DOC_AUTO *status = parse(cloud);

	oi_timeline_add_run(&timeline, result);
	oi_timeline_add_cloud(&timeline, status, result);
	oi_timeline_finish(&timeline);
	assert_int_equal(timeline.n, spans);
	if (spans != 5)
		return;
	assert_string_equal(timeline.v[0].name, "cloud-init: local");
	assert_int_equal(timeline.v[0].at_ms, 0);
	assert_int_equal(timeline.v[0].took_ms, 1000);
	assert_string_equal(timeline.v[1].name, "ofed-init");
	assert_int_equal(timeline.v[1].at_ms, 5000);
	assert_int_equal(timeline.v[1].took_ms, 1000);
	assert_string_equal(timeline.v[2].name, "facts");
	assert_int_equal(timeline.v[3].at_ms, 5010);
	assert_int_equal(timeline.v[4].at_ms, 7000);
	assert_int_equal(timeline.end_ms, 9500);
}

static void test_boot(void **state OI_UNUSED)
{
	/* as cloud-init 22.4 writes it, and as 25.1 does */
	assert_boot("{\"v1\":{\"init-local\":{\"start\":1795341595.0,\"finished\":1795341596.0},"
		    "\"modules-final\":{\"start\":1795341602.0,\"finished\":1795341604.5}}}", 5);
	assert_boot("{\"v1\":{\"init-local\":{\"start\":55.0,\"finished\":56.0},"
		    "\"modules-final\":{\"start\":62.0,\"finished\":64.5}}}", 5);
	/* not at its end yet; another boot; of another kind; nothing */
	assert_boot("{\"v1\":{\"init-local\":{\"start\":55.0,\"finished\":56.0},"
		    "\"modules-final\":{\"start\":62.0,\"finished\":null}}}", 4);
	assert_boot("{\"v1\":{\"init-local\":{\"start\":1795000000.0,\"finished\":1795000001.0}}}", 3);
	assert_boot("{\"v1\":{\"init-local\":{\"start\":1e300,\"finished\":-1e300}}}", 3);
	assert_boot("{\"v1\":[1]}", 3);
	assert_boot("[7]", 3);
}

static void test_drawing(void **state OI_UNUSED)
{
	OI_CLEANUP(oi_timeline_clear) struct oi_timeline timeline = { 0 };
	struct oi_textpage paper = { .columns = 80 };
	struct oi_buf out = { 0 };
	OI_FREE char *alone = NULL;
	OI_FREE char *text = NULL;

	oi_timeline_add(&timeline, OI_SPAN_RUN, "<b>run</b>", 1000, 4000);
	oi_timeline_add(&timeline, OI_SPAN_UNIT, "some.target", 6000, 0);
	oi_timeline_finish(&timeline);
	oi_timeline_svg(&timeline, true, &out);
	alone = oi_buf_take(&out);
	assert_has(alone, "<svg xmlns=");
	assert_has(alone, "&lt;b&gt;run&lt;/b&gt;");
	assert_has_not(alone, "<b>");
	assert_has(alone, "x=\"0.00%\" y=\"44\" width=\"80.00%\"");
	assert_has(alone, "at 5.000 s");
	oi_timeline_text(&timeline, &paper);
	text = oi_buf_take(&paper.text);
	assert_has(text, "   0.000      4.000  ###################      <b>run</b>\n");
	assert_has(text, "   5.000      0.000                         | some.target\n");
}

static void test_links(void **state OI_UNUSED)
{
	OI_DOC_AUTO *result = parse(
		"{\"links\":[{\"device\":\"mlx5_ib1\",\"port\":1,\"state\":\"DOWN\",\"numa_node\":1},"
		"{\"device\":\"mlx5_ib0\",\"port\":1,\"state\":\"ACTIVE\",\"rate_gbps\":200,\"numa_node\":0,"
		"\"address\":\"0101:00:00.0\"},{\"device\":\"rxe0\",\"numa_node\":-9223372036854775807}]}");
	struct oi_textpage paper = { .columns = 80 };
	struct oi_buf out = { 0 };
	OI_FREE char *html = NULL;
	OI_FREE char *page = NULL;
	const char *none, *zero, *one;

	oi_report_links_html(result, &out);
	html = oi_buf_take(&out);
	none = strstr(html, "no node known");
	zero = strstr(html, "NUMA node 0");
	one = strstr(html, "NUMA node 1");
	assert_true(none && none < zero && zero < one);
	assert_true(strstr(html, "rxe0") < zero && strstr(html, "mlx5_ib1") > one);
	oi_report_outcome_page(result, &paper);
	page = oi_buf_take(&paper.text);
	assert_has(page, "  mlx5_ib0/1  ACTIVE  -         200   0     -           0101:00:00.0\n");
	assert_has(page, "  rxe0/1      -       -         -     -     -           -\n");
}

static void test_plan(void **state OI_UNUSED)
{
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict = {
		.outcome = OI_OUTCOME_REFUSE, .reason = OI_R_DEVICE_MISSING, .exit_code = 11
	};
	OI_CLEANUP(oi_facts_clear) struct oi_facts facts = { 0 };
	struct oi_textpage paper = { .columns = 60, .colour = true };
	OI_FREE char *page = NULL;

	verdict.message = oi_mem_dup("No function.");
	verdict.remedy = oi_mem_dup("Stop and start the VM.");
	oi_verdict_rule(&verdict, "installed", OI_RESULT_FAIL, "no driver stack");
	oi_verdict_rule(&verdict, "device", OI_RESULT_FAIL, "none on the bus");
	oi_text_set(&facts.vm.size, "Standard_HB120rs_v3");
	oi_report_plan_page(&verdict, &facts, &paper);
	page = oi_buf_take(&paper.text);
	assert_has(page, "plan        \033[31mrefused:\033[m");
	assert_has(page, "VM size       Standard_HB120rs_v3\n");
	assert_has(page, "Secure Boot   not known\n");
	assert_has(page, "\033[31mno\033[m        device: none on the bus <- this one decided\n");
	assert_has(page, "  no        installed: no driver stack\n");
	assert_has(page, "what to change\033[m\n  Stop and start the VM.\n");
}

static void assert_decides(const char *json, int rule)
{
	OI_DOC_AUTO *verdict = parse(json);

	assert_int_equal(oi_view_deciding(verdict), rule);
}

/* The last rule, also where it only does not know; but not what the stanza makes of it. */
static void test_deciding(void **state OI_UNUSED)
{
#define FAIL "{\"id\":\"a\",\"result\":\"fail\"}"
#define PASS "{\"id\":\"b\",\"result\":\"pass\"}"
#define UNKNOWN "{\"id\":\"c\",\"result\":\"unknown\"}"
#define SKIPPED "{\"id\":\"on-unsupported\",\"result\":\"pass\"}"
	assert_decides("{\"outcome\":\"refuse\",\"rules\":[" FAIL "," PASS "," FAIL "]}", 2);
	assert_decides("{\"outcome\":\"refuse\",\"rules\":[" FAIL "," UNKNOWN "]}", 1);
	assert_decides("{\"outcome\":\"skip\",\"rules\":[" PASS "," FAIL "," SKIPPED "]}", 1);
	assert_decides("{\"outcome\":\"refuse\",\"rules\":[" FAIL "," PASS "]}", -1);
	assert_decides("{\"outcome\":\"install\",\"rules\":[" FAIL "]}", -1);
	assert_decides("{\"outcome\":\"refuse\",\"rules\":[" SKIPPED "]}", -1);
	assert_decides("{\"outcome\":\"refuse\",\"rules\":7}", -1);
	assert_int_equal(oi_view_deciding(NULL), -1);
}

static void test_html(void **state OI_UNUSED)
{
	OI_DOC_AUTO *result = parse(
		"{\"state\":\"finished\",\"exit_code\":14,\"reason\":\"<i>\",\"message\":\"<script>\","
		"\"remedy\":\"\\\"><img src=x>\",\"verdict\":{\"outcome\":\"install\",\"rules\":[{\"result\":\"pass\\\" x=\\\"\","
		"\"id\":\"<\",\"detail\":\"</td>\"}]},\"checks\":[7,null,{\"id\":7}]}");
	OI_CLEANUP(oi_timeline_clear) struct oi_timeline timeline = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv log = { 0 };
	struct oi_story story = { result, &timeline, &log };
	OI_FREE char *page = NULL;
	OI_FREE char *again = NULL;

	oi_strv_add(&log, "x ofed-init[1] error: </pre><script>");
	oi_timeline_finish(&timeline);
	page = oi_report_html(&story);
	again = oi_report_html(&story);
	assert_string_equal(page, again);
	assert_has_not(page, "<script");
	assert_has_not(page, "<img");
	assert_has_not(page, "pass\" x=");
	assert_has(page, "<span class=\"bad\">x ofed-init[1] error: &lt;/pre&gt;&lt;script&gt;</span>");
	assert_has(page, "<strong>What to do:</strong> &quot;&gt;&lt;img src=x&gt;</div>");
	assert_has(page, "default-src 'none'");
}

#define MIB (INT64_C(1) << 20)

static void test_waiting(void **state OI_UNUSED)
{
	static const char *const lines[] = {
		"1 min 5 s: fetching d...-ubuntu.deb, 50%",
		"1 min 5 s: fetching doca-host_3.2.3-ubuntu.deb, 50%",
		"1 min 5 s: fetching doca-host_3.2.3-ubuntu.deb, step 2 of 3, 50%",
		"1 min 5 s: fetching doca-host_3.2.3-ubuntu.deb, step 2 of 3, 50%, 4.0 MiB/s, 1 s left",
	};
	OI_DOC_AUTO *result = parse(
		"{\"state\":\"running\",\"phases\":[{\"name\":\"facts\"},{\"name\":\"check-key\"},{}],"
		"\"verdict\":{\"steps\":[{\"id\":\"check-key\"},{\"id\":\"fetch\"},{\"id\":7}]}}");
	struct oi_waiting waiting = { .elapsed_ms = 65999, .what = "fetching doca-host_3.2.3-ubuntu.deb" };
	size_t shown = 0;

	oi_report_waiting_step(result, &waiting);
	oi_progress_at(&waiting.progress, 0, 8 * MIB, 0);
	oi_progress_at(&waiting.progress, 4 * MIB, 8 * MIB, 1000);
	for (size_t columns = 40; columns <= 132; columns++) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf line = { 0 };

		oi_report_waiting_line(&waiting, columns, &line);
		assert_true(line.len <= columns);
		while (shown < OI_ARRAY_SIZE(lines) - 1 && strlen(lines[shown + 1]) <= columns)
			shown++;
		/* a name that is cut grows with the line */
		if (shown || columns == 40)
			assert_string_equal(oi_buf_str(&line), lines[shown]);
	}
	assert_int_equal(shown, OI_ARRAY_SIZE(lines) - 1);
}

static void test_waiting_for_little(void **state OI_UNUSED)
{
	struct oi_waiting waiting = { .what = "a\033[31m\nb", .step = 1, .steps = 1 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf line = { 0 };

	/* no record yet, and a plan that is done */
	oi_report_waiting_step(NULL, &waiting);
	assert_int_equal(waiting.steps, 0);
	oi_report_waiting_line(&waiting, 40, &line);
	assert_string_equal(oi_buf_str(&line), "0 s: a b");
	oi_buf_reset(&line);
	waiting.elapsed_ms = 7322000;
	oi_progress_at(&waiting.progress, 3 * MIB / 2, 0, 0); /* how much there is was not said */
	oi_report_waiting_line(&waiting, 40, &line);
	assert_string_equal(oi_buf_str(&line), "2 h 2 min: a b, 1.5 MiB");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrapping), cmocka_unit_test(test_colours),
		cmocka_unit_test(test_table),	 cmocka_unit_test(test_escape),
		cmocka_unit_test(test_boot),	 cmocka_unit_test(test_drawing),
		cmocka_unit_test(test_links),	 cmocka_unit_test(test_plan),
		cmocka_unit_test(test_html),	 cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_deciding),
		cmocka_unit_test(test_waiting_for_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
