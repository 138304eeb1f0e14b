/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that was read goes through this: a log may hold what others wrote. */
#include "report/html_text.h"

#include "base/mem.h"
#include "report/clean.h"

void oi_html_escape(struct oi_buf *out, const char *text)
{
	OI_FREE char *clean = oi_report_clean(text);

	for (const char *c = clean; *c; c++) {
		switch (*c) {
		case '&':
			oi_buf_adds(out, "&amp;");
			break;
		case '<':
			oi_buf_adds(out, "&lt;");
			break;
		case '>':
			oi_buf_adds(out, "&gt;");
			break;
		case '"':
			oi_buf_adds(out, "&quot;");
			break;
		case '\'':
			oi_buf_adds(out, "&#39;");
			break;
		default:
			oi_buf_add(out, c, 1);
		}
	}
}
