/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text in HTML. */
#ifndef OI_REPORT_HTML_TEXT_H
#define OI_REPORT_HTML_TEXT_H

#include "base/buf.h"

/** oi_html_escape() - append @text as it is to be read, whatever it holds */
void oi_html_escape(struct oi_buf *out, const char *text);

#endif
