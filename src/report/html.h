/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `ofed-init report`: all there is to know about a run, on one page that needs nothing else. */
#ifndef OI_REPORT_HTML_H
#define OI_REPORT_HTML_H

#include "base/buf.h"
#include "base/doc.h"
#include "base/strv.h"
#include "report/timeline.h"

/* What a report is made of; all borrowed. */
struct oi_story {
	const struct oi_doc *result; /* as oi_report_read() gives it */
	const struct oi_timeline *timeline; /* finished */
	const struct oi_strv *log; /* lines of the run, redacted */
};

/** oi_report_html() - the page, owned by the caller; the same story gives the same bytes */
char *oi_report_html(const struct oi_story *story);

/** oi_report_links_html() - append the ports, grouped by NUMA node */
void oi_report_links_html(const struct oi_doc *result, struct oi_buf *out);

/** oi_report_text() - the same on paper */
void oi_report_text(const struct oi_story *story, struct oi_textpage *paper);

#endif
