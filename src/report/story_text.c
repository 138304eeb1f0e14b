/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `ofed-init report --format text`: what the page for browsers says, for a mail or a ticket. */
#include "report/html.h"
#include "report/report.h"
#include "report/view.h"

void oi_report_text(const struct oi_story *story, struct oi_textpage *paper)
{
	oi_report_status_page(story->result, paper);
	if (story->timeline->n) {
		oi_textpage_heading(paper, "the boot, in seconds");
		oi_timeline_text(story->timeline, paper);
	}
	oi_report_rules(oi_doc_get(story->result, "verdict"), "how it was decided", paper);
	if (story->log->n)
		oi_textpage_heading(paper, "from the log");
	for (size_t i = 0; i < story->log->n; i++)
		oi_textpage_row(paper, 2, 2, OI_TONE_PLAIN, "", story->log->v[i]);
}
