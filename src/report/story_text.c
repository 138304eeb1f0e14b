/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `ofed-init report --format text`: what the page for browsers says, for a mail or a ticket. */
#include "base/mem.h"
#include "report/html.h"
#include "report/report.h"
#include "report/view.h"

#define RESULT_WIDTH 10

void oi_report_text(const struct oi_story *story, struct oi_paper *paper)
{
	const struct oi_doc *rules = oi_view_list(oi_doc_get(story->result, "verdict"), "rules");
	const char *outcome = oi_view_text(story->result, "verdict.outcome");

	oi_report_status_page(story->result, paper);
	if (story->timeline->n) {
		oi_paper_heading(paper, "the boot, in seconds");
		oi_timeline_text(story->timeline, paper);
	}
	if (rules->n)
		oi_paper_heading(paper, "how it was decided");
	for (size_t i = 0; i < rules->n; i++) {
		const char *word = oi_view_or_dash(oi_view_text(rules->items[i], "result"));
		OI_FREE char *text =
			oi_mem_printf("%s: %s", oi_view_or_dash(oi_view_text(rules->items[i], "id")),
				      oi_view_or_dash(oi_view_text(rules->items[i], "detail")));

		oi_paper_row(paper, 2, RESULT_WIDTH, oi_view_rule_tone(word, outcome), word, text);
	}
	if (story->log->n)
		oi_paper_heading(paper, "from the log");
	for (size_t i = 0; i < story->log->n; i++)
		oi_paper_row(paper, 2, 2, OI_TONE_PLAIN, "", story->log->v[i]);
}
