/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last run, told to people: one line for the log's end, a page for `status`. */
#include "report/record.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "report/view.h"

#define RESULT_WIDTH 14 /* "not verified", the longest word that a check begins with */
#define BAR_WIDTH 24
#define PHASE_WIDTH (10 + 2 + BAR_WIDTH + 2)
#define PART_WIDTH 17
#define LINK_CELLS 7
#define NEVER_RUN "ofed-init has not run on this machine.\nWhat it would do, and why: ofed-init plan\n"

char *oi_report_final_line(int exit_code, enum oi_reason reason, const char *message,
			   const char *remedy)
{
	const struct oi_reason_text *text = oi_reason_text(reason);
	struct oi_buf line = { 0 };

	if (!message || !*message)
		message = text->sentence;
	oi_buf_addf(&line, "exit %d (%s): %s: %s", exit_code, oi_exit_meaning(exit_code), text->id,
		    message);
	if (remedy) {
		if (!strchr(".!?", message[strlen(message) - 1]))
			oi_buf_adds(&line, ".");
		oi_buf_addf(&line, " Remedy: %s", remedy);
	}
	return oi_buf_take(&line);
}

static enum oi_tone link_tone(const char *const *row)
{
	return oi_view_link_tone(row[1]);
}

static void add_links(struct oi_textpage *paper, const struct oi_doc *result)
{
	static const char *const heads[LINK_CELLS] = { "port", "state",	"physical", "Gb/s",
						       "NUMA", "link layer", "PCI function" };
	const struct oi_doc *links = oi_view_list(result, "links");
	OI_CLEANUP(oi_strv_clear) struct oi_strv cells = { 0 };

	if (!links->n)
		return;
	for (size_t i = 0; i < LINK_CELLS; i++)
		oi_strv_add(&cells, heads[i]);
	for (size_t i = 0; i < links->n; i++) {
		struct oi_view_link link = oi_view_link_of(links->items[i]);

		oi_strv_addf(&cells, "%s/%" PRId64, link.device, link.port);
		oi_strv_add(&cells, link.state);
		oi_strv_add(&cells, link.phys_state);
		oi_strv_add(&cells, link.rate);
		if (link.numa_node >= 0)
			oi_strv_addf(&cells, "%" PRId64, link.numa_node);
		else
			oi_strv_add(&cells, "-");
		oi_strv_add(&cells, link.link_layer);
		oi_strv_add(&cells, link.address);
	}
	oi_textpage_heading(paper, "links");
	oi_textpage_table(paper, &cells, LINK_CELLS, link_tone);
}

static void add_checks(struct oi_textpage *paper, const struct oi_doc *result)
{
	const struct oi_doc *checks = oi_view_list(result, "checks");

	if (checks->n)
		oi_textpage_heading(paper, "checks");
	for (size_t i = 0; i < checks->n; i++) {
		const char *word = oi_view_or_dash(oi_view_text(checks->items[i], "result"));
		OI_FREE char *text =
			oi_mem_printf("%s: %s",
				      oi_view_or_dash(oi_view_text(checks->items[i], "id")),
				      oi_view_or_dash(oi_view_text(checks->items[i], "detail")));

		oi_textpage_row(paper, 2, RESULT_WIDTH, oi_view_word_tone(word), oi_view_check_word(word), text);
	}
}

/* "   4.681 s  ########            ", a bar as long as its part of @longest_ms */
static char *took_text(int64_t ms, int64_t longest_ms)
{
	char bar[BAR_WIDTH + 1];
	int64_t n = longest_ms > 0 ? (ms * BAR_WIDTH + longest_ms / 2) / longest_ms : 0;

	memset(bar, '#', BAR_WIDTH);
	bar[n] = '\0';
	return oi_mem_printf("%4" PRId64 ".%03d s  %-*s", ms / 1000, (int)(ms % 1000), BAR_WIDTH, bar);
}

static void add_phases(struct oi_textpage *paper, const struct oi_doc *result)
{
	const struct oi_doc *phases = oi_view_list(result, "phases");
	int64_t longest_ms = 0;

	if (phases->n)
		oi_textpage_heading(paper, "time");
	for (size_t i = 0; i < phases->n; i++) {
		int64_t ms = oi_view_ms(phases->items[i]);

		longest_ms = ms > longest_ms ? ms : longest_ms;
	}
	for (size_t i = 0; i < phases->n; i++) {
		OI_FREE char *took = took_text(oi_view_ms(phases->items[i]), longest_ms);

		oi_textpage_row(paper, 2, PHASE_WIDTH, OI_TONE_PLAIN, took,
			     oi_view_or_dash(oi_view_text(phases->items[i], "name")));
	}
}

static void add_outcome(struct oi_textpage *paper, const struct oi_doc *result)
{
	OI_FREE char *exit_code = oi_view_exit(result);

	oi_textpage_field(paper, "outcome", oi_view_outcome_tone(result), oi_view_outcome(result));
	oi_textpage_field(paper, "reason", OI_TONE_PLAIN, oi_view_text(result, "reason"));
	oi_textpage_field(paper, "message", OI_TONE_PLAIN, oi_view_text(result, "message"));
	oi_textpage_field(paper, "remedy", OI_TONE_STRONG, oi_view_text(result, "remedy"));
	oi_textpage_field(paper, "exit code", OI_TONE_PLAIN, exit_code);
}

void oi_report_outcome_page(const struct oi_doc *result, struct oi_textpage *paper)
{
	add_outcome(paper, result);
	add_links(paper, result);
}

void oi_report_status_page(const struct oi_doc *result, struct oi_textpage *paper)
{
	OI_FREE char *vm = oi_view_vm(result);
	OI_FREE char *driver = oi_view_driver(result);
	OI_FREE char *ended = oi_view_ended(result);

	if (!result) {
		oi_buf_adds(&paper->text, NEVER_RUN);
		return;
	}
	add_outcome(paper, result);
	oi_textpage_field(paper, "VM size", OI_TONE_PLAIN, vm);
	oi_textpage_field(paper, "driver", OI_TONE_PLAIN, driver);
	oi_textpage_field(paper, "started", OI_TONE_PLAIN, oi_view_text(result, "started"));
	oi_textpage_field(paper, "ended", OI_TONE_PLAIN, ended);
	add_links(paper, result);
	add_checks(paper, result);
	add_phases(paper, result);
	oi_buf_adds(&paper->text, "\n");
	oi_textpage_field(paper, "log", OI_TONE_PLAIN, OI_STATUS_LOG);
	oi_textpage_field(paper, "more", OI_TONE_PLAIN, "ofed-init report --output report.html");
}

static void add_part(struct oi_textpage *paper, const char *name, int64_t ms, int64_t of_ms)
{
	int64_t percent = of_ms ? (ms * 100 + of_ms / 2) / of_ms : 100;
	OI_FREE char *word = oi_mem_printf("%4" PRId64 ".%03d s %3" PRId64 " %%", ms / 1000,
					   (int)(ms % 1000), percent);

	oi_textpage_row(paper, 2, PART_WIDTH, OI_TONE_PLAIN, word, name);
}

void oi_report_timings_page(const struct oi_doc *result, struct oi_textpage *paper)
{
	const struct oi_doc *phases = oi_view_list(result, "phases");
	int64_t sum_ms = 0;

	if (!result || !phases->n) {
		oi_buf_adds(&paper->text, result ? "The last run has ended no phase.\n" : NEVER_RUN);
		return;
	}
	for (size_t i = 0; i < phases->n; i++)
		sum_ms += oi_view_ms(phases->items[i]);
	for (size_t i = 0; i < phases->n; i++)
		add_part(paper, oi_view_or_dash(oi_view_text(phases->items[i], "name")),
			 oi_view_ms(phases->items[i]), sum_ms);
	add_part(paper, "in all", sum_ms, sum_ms);
}
