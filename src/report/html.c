/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/html.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/clean.h"
#include "report/html_style.h"
#include "report/html_text.h"
#include "report/report.h"
#include "report/view.h"

/* Nothing may be fetched and nothing may run, even if something slipped through. */
#define POLICY "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

static const char *class_of(enum oi_tone tone)
{
	switch (tone) {
	case OI_TONE_GOOD:
		return "good";
	case OI_TONE_WARN:
		return "warn";
	case OI_TONE_BAD:
		return "bad";
	default:
		return "";
	}
}

static void element(struct oi_buf *out, const char *name, const char *class, const char *text)
{
	oi_buf_addf(out, *class ? "<%s class=\"%s\">" : "<%s>", name, class);
	oi_html_escape(out, text);
	oi_buf_addf(out, "</%s>", name);
}

static void field(struct oi_buf *out, const char *label, const char *value)
{
	if (!value)
		return;
	element(out, "dt", "", label);
	element(out, "dd", "", value);
	oi_buf_adds(out, "\n");
}

static void add_head(const struct oi_doc *result, struct oi_buf *out)
{
	const char *outcome = oi_view_outcome(result);

	oi_buf_adds(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			 "<meta http-equiv=\"Content-Security-Policy\" content=\"" POLICY "\">\n"
			 "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
			 "<meta name=\"color-scheme\" content=\"light dark\">\n"
			 "<link rel=\"icon\" href=\"data:,\">\n<title>ofed-init: ");
	oi_html_escape(out, outcome);
	oi_buf_adds(out, "</title>\n<style>\n");
	oi_buf_adds(out, oi_html_style);
	oi_buf_adds(out, "</style>\n</head>\n<body>\n");
}

static void add_outcome(const struct oi_doc *result, struct oi_buf *out)
{
	OI_FREE char *exit_code = oi_view_exit(result);
	OI_FREE char *vm = oi_view_vm(result);
	OI_FREE char *driver = oi_view_driver(result);
	OI_FREE char *ended = oi_view_ended(result);
	const char *remedy = oi_view_text(result, "remedy");

	oi_buf_adds(out, "<header>\n<p class=\"soft\">InfiniBand set-up by ofed-init</p>\n<h1>");
	element(out, "span", class_of(oi_view_outcome_tone(result)), oi_view_outcome(result));
	if (oi_view_text(result, "verdict.vm.size")) {
		oi_buf_adds(out, " on ");
		oi_html_escape(out, oi_view_text(result, "verdict.vm.size"));
	}
	oi_buf_adds(out, "</h1>\n");
	element(out, "p", "", oi_view_text(result, "message") ?: "");
	if (remedy) {
		oi_buf_adds(out, "\n<div class=\"remedy\"><strong>What to do:</strong> ");
		oi_html_escape(out, remedy);
		oi_buf_adds(out, "</div>");
	}
	oi_buf_adds(out, "\n<dl>\n");
	field(out, "Reason", oi_view_text(result, "reason"));
	field(out, "Exit code", exit_code);
	field(out, "VM size", vm);
	field(out, "Driver", driver);
	field(out, "Started", oi_view_text(result, "started"));
	field(out, "Ended", ended);
	oi_buf_adds(out, "</dl>\n</header>\n");
}

static void add_timeline(const struct oi_timeline *timeline, struct oi_buf *out)
{
	static const char *const words[OI_SPAN_KINDS][2] = {
		[OI_SPAN_CLOUD] = { "cloud", "cloud-init" },
		[OI_SPAN_RUN] = { "run", "ofed-init" },
		[OI_SPAN_PHASE] = { "phase", "a phase of it" },
		[OI_SPAN_UNIT] = { "unit", "a unit starts" },
	};
	bool there[OI_SPAN_KINDS] = { false };

	if (!timeline->n)
		return;
	for (size_t i = 0; i < timeline->n; i++)
		there[timeline->v[i].kind] = true;
	oi_buf_adds(out, "<section>\n<h2>The boot, in seconds</h2>\n<ul class=\"key soft\">");
	for (size_t i = 0; i < OI_SPAN_KINDS; i++)
		if (there[i])
			oi_buf_addf(out, "<li><i class=\"%s\"></i>%s</li>", words[i][0], words[i][1]);
	oi_buf_adds(out, "</ul>\n");
	oi_timeline_svg(timeline, false, out);
	oi_buf_adds(out, "</section>\n");
}

/*
 * A table of what was judged: result, id and detail, as rules and checks have them.
 * @verdict: whose rules they are; NULL for checks: one that failed is always bad news
 */
static void add_judged(const struct oi_doc *list, const char *title, const char *what,
		       const struct oi_doc *verdict, struct oi_buf *out)
{
	int deciding = oi_view_deciding(verdict);

	if (!list->n)
		return;
	oi_buf_addf(out, "<section>\n<h2>%s</h2>\n<table class=\"rows\">\n<thead><tr><th>Result</th>"
		    "<th>%s</th><th>What it rests on</th></tr></thead>\n<tbody>\n",
		    title, what);
	for (size_t i = 0; i < list->n; i++) {
		const struct oi_doc *item = list->items[i];
		const char *word = oi_view_or_dash(oi_view_text(item, "result"));

		oi_buf_addf(out, "<tr><td class=\"word %s\">",
			    class_of(verdict ? oi_view_rule_tone(verdict, (int)i) : oi_view_word_tone(word)));
		oi_html_escape(out, verdict ? oi_view_rule_word(word) : oi_view_check_word(word));
		oi_buf_adds(out, "</td>");
		element(out, "td", "id", oi_view_or_dash(oi_view_text(item, "id")));
		oi_buf_adds(out, "<td>");
		oi_html_escape(out, oi_view_or_dash(oi_view_text(item, "detail")));
		oi_buf_adds(out, (int)i == deciding ? " <strong>\342\206\220 this one decided</strong></td></tr>\n" :
						       "</td></tr>\n");
	}
	oi_buf_adds(out, "</tbody>\n</table>\n</section>\n");
}

/* What a step was for: the verdict knows. */
static const char *detail_of(const struct oi_doc *result, const char *name)
{
	const struct oi_doc *steps = oi_view_list(oi_doc_get(result, "verdict"), "steps");

	for (size_t i = 0; i < steps->n; i++) {
		const char *id = oi_view_text(steps->items[i], "id");

		if (id && !strcmp(id, name))
			return oi_view_text(steps->items[i], "detail") ?: "";
	}
	return "";
}

static void add_phases(const struct oi_doc *result, struct oi_buf *out)
{
	const struct oi_doc *phases = oi_view_list(result, "phases");

	if (!phases->n)
		return;
	oi_buf_addf(out, "<section>\n<h2>Phases</h2>\n<table class=\"rows\">\n<thead><tr>"
			 "<th>Seconds</th><th>Phase</th><th>%s</th></tr></thead>\n<tbody>\n",
		    oi_view_list(oi_doc_get(result, "verdict"), "steps")->n ? "What it did" : "");
	for (size_t i = 0; i < phases->n; i++) {
		const char *name = oi_view_or_dash(oi_view_text(phases->items[i], "name"));

		oi_buf_addf(out, "<tr><td class=\"number\">%.3f</td>",
			    (double)oi_view_ms(phases->items[i]) / 1000);
		element(out, "td", "id", name);
		element(out, "td", "", detail_of(result, name));
		oi_buf_adds(out, "</tr>\n");
	}
	oi_buf_adds(out, "</tbody>\n</table>\n</section>\n");
}

static void add_versions(const struct oi_doc *result, struct oi_buf *out)
{
	const struct oi_doc *sources = oi_view_list(result, "stanza_sources");

	oi_buf_adds(out, "<section>\n<h2>Versions</h2>\n<dl>\n");
	field(out, "ofed-init", oi_view_text(result, "versions.ofed_init"));
	field(out, "Driver stack", oi_view_text(result, "versions.stack"));
	field(out, "Driver", oi_view_text(result, "versions.driver"));
	field(out, "System", oi_view_text(result, "versions.os"));
	field(out, "Kernel", oi_view_text(result, "key.kernel"));
	field(out, "Instance", oi_view_text(result, "key.instance_id"));
	for (size_t i = 0; i < sources->n; i++)
		field(out, i ? "" : "Stanza from", oi_doc_string(sources->items[i]));
	oi_buf_adds(out, "</dl>\n</section>\n");
}

static void add_log(const struct oi_strv *log, struct oi_buf *out)
{
	if (!log->n)
		return;
	oi_buf_adds(out, "<section>\n<h2>From the log</h2>\n<pre>");
	for (size_t i = 0; i < log->n; i++) {
		const char *class = strstr(log->v[i], "] error: ") ? "bad" :
				    strstr(log->v[i], "] warn: ")  ? "warn" :
								     "";

		element(out, "span", class, log->v[i]);
		oi_buf_adds(out, "\n");
	}
	oi_buf_adds(out, "</pre>\n</section>\n");
}

char *oi_report_html(const struct oi_story *story)
{
	const struct oi_doc *result = story->result;
	const struct oi_doc *verdict = oi_doc_get(result, "verdict");
	struct oi_buf out = { 0 };

	add_head(result, &out);
	add_outcome(result, &out);
	oi_buf_adds(&out, "<main>\n");
	add_timeline(story->timeline, &out);
	oi_report_links_html(result, &out);
	add_judged(oi_view_list(verdict, "rules"), "How it was decided", "Rule", verdict, &out);
	add_judged(oi_view_list(result, "checks"), "What was proven", "Check", NULL, &out);
	add_phases(result, &out);
	add_versions(result, &out);
	add_log(story->log, &out);
	oi_buf_adds(&out, "</main>\n<footer>All of the log: <code>" OI_STATUS_LOG
			  "</code>. What each reason means: ofed-init(8).</footer>\n</body>\n</html>\n");
	return oi_buf_take(&out);
}
