/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times are per cent of the width and heights are pixels, so that a narrow screen gets
 * shorter bars and not smaller letters.
 */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "report/html.h"
#include "report/html_text.h"
#include "report/timeline.h"

#define ROW_HEIGHT 36
#define BAR_HEIGHT 8
#define TEXT_DOWN 14 /* from a row's top to its letters' feet */
#define BAR_DOWN 20
#define AXIS_HEIGHT 24
#define TICKS_MOST 6
#define NAME_MOST 48 /* letters that a phone has room for beside the times */

static const char *const classes[] = {
	[OI_SPAN_CLOUD] = "cloud",
	[OI_SPAN_RUN] = "run",
	[OI_SPAN_PHASE] = "phase",
	[OI_SPAN_UNIT] = "unit",
};

/* The page has the same colours under the same names. Letters stand before the grid's lines. */
static const char style[] =
	"<style>\n"
	"svg{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--back:#fff;"
	"--cloud:#2f6fb7;--run:#1a7f37;--phase:#5aa469;--unit:#8250df;background:var(--back);"
	"font:13px system-ui,sans-serif}\n"
	"@media(prefers-color-scheme:dark){svg{--ink:#e6edf3;--soft:#9aa4af;--line:#30363d;"
	"--back:#0d1117;--cloud:#6cb0ff;--run:#3fb950;--phase:#2b7a3b;--unit:#b794f6}}\n"
	"text{fill:var(--ink);paint-order:stroke;stroke:var(--back);stroke-width:4px}.soft{fill:var(--soft)}.grid{stroke:var(--line)}\n"
	".cloud{fill:var(--cloud)}.run{fill:var(--run)}.phase{fill:var(--phase)}.unit{fill:var(--unit)}\n"
	"</style>\n";

/* 1, 2 or 5 times a power of ten: the smallest with which few enough ticks suffice. */
static int64_t tick_ms(int64_t end_ms)
{
	static const int64_t steps[] = { 1, 2, 5 };

	for (int64_t power = 1;; power *= 10)
		for (size_t i = 0; i < OI_ARRAY_SIZE(steps); i++)
			if (end_ms / (steps[i] * power) < TICKS_MOST)
				return steps[i] * power;
}

static void add_axis(const struct oi_timeline *timeline, int height, struct oi_buf *out)
{
	int64_t step_ms = tick_ms(timeline->end_ms);

	for (int64_t ms = 0; ms <= timeline->end_ms; ms += step_ms) {
		double x = 100.0 * (double)ms / (double)timeline->end_ms;
		/* the last one would reach beyond the edge */
		const char *anchor = !ms ? "start" : x > 90 ? "end" : "middle";

		oi_buf_addf(out, "<line class=\"grid\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%d\" y2=\"%d\"/>\n",
			    x, x, AXIS_HEIGHT - 4, height);
		oi_buf_addf(out, "<text class=\"soft\" x=\"%.2f%%\" y=\"%d\" text-anchor=\"%s\">%g s</text>\n",
			    x, TEXT_DOWN, anchor, (double)ms / 1000);
	}
}

static void add_span(const struct oi_timeline *timeline, const struct oi_span *span, int top,
		     struct oi_buf *out)
{
	const char *class = classes[span->kind];
	double x = 100.0 * (double)span->at_ms / (double)timeline->end_ms;
	double width = 100.0 * (double)span->took_ms / (double)timeline->end_ms;
	int indent = span->kind == OI_SPAN_PHASE ? 14 : 0;
	OI_FREE char *name = oi_textpage_elide(span->name, NAME_MOST);

	oi_buf_addf(out, "<text x=\"%d\" y=\"%d\">", indent, top + TEXT_DOWN);
	oi_html_escape(out, name);
	oi_buf_addf(out, "</text><text class=\"soft\" x=\"100%%\" y=\"%d\" text-anchor=\"end\">",
		    top + TEXT_DOWN);
	if (span->kind == OI_SPAN_UNIT)
		oi_buf_addf(out, "at %.3f s</text>\n", (double)span->at_ms / 1000);
	else
		oi_buf_addf(out, "%.3f s</text>\n", (double)span->took_ms / 1000);
	/* what is too short to be seen is still a stroke */
	oi_buf_addf(out, "<svg x=\"%.2f%%\" y=\"%d\" width=\"2\" height=\"%d\" overflow=\"visible\">"
		    "<rect class=\"%s\" x=\"%s\" width=\"2\" height=\"%d\"/></svg>",
		    x, top + BAR_DOWN, BAR_HEIGHT, class, x > 99.5 ? "-2" : "0", BAR_HEIGHT);
	oi_buf_addf(out, "<rect class=\"%s\" x=\"%.2f%%\" y=\"%d\" width=\"%.2f%%\" height=\"%d\" rx=\"2\">",
		    class, x, top + BAR_DOWN, width, BAR_HEIGHT);
	oi_buf_adds(out, "<title>");
	oi_html_escape(out, span->name);
	oi_buf_addf(out, ": from %.3f s to %.3f s</title></rect>\n", (double)span->at_ms / 1000,
		    (double)(span->at_ms + span->took_ms) / 1000);
}

void oi_timeline_svg(const struct oi_timeline *timeline, bool alone, struct oi_buf *out)
{
	int height = AXIS_HEIGHT + (int)timeline->n * ROW_HEIGHT;

	oi_buf_addf(out, "<svg %s height=\"%d\" role=\"img\" aria-label=\"timeline of the boot\">\n",
		    alone ? "xmlns=\"http://www.w3.org/2000/svg\" width=\"960\"" : "width=\"100%\"", height);
	if (alone)
		oi_buf_adds(out, style);
	add_axis(timeline, height, out);
	for (size_t i = 0; i < timeline->n; i++)
		add_span(timeline, &timeline->v[i], AXIS_HEIGHT + (int)i * ROW_HEIGHT, out);
	oi_buf_adds(out, "</svg>\n");
}
