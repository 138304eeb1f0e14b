/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the page of `ofed-init report` looks. */
#ifndef OI_REPORT_HTML_STYLE_H
#define OI_REPORT_HTML_STYLE_H

/* The style sheet of `ofed-init report`. */
extern const char oi_html_style[];

#endif
