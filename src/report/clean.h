/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text for files that people and other programs read. */
#ifndef OI_REPORT_CLEAN_H
#define OI_REPORT_CLEAN_H

#include <stddef.h>

#include "base/doc.h"

/**
 * oi_report_clean() - one line of valid UTF-8 without control characters
 *
 * Terminal colours vanish, blanks of any kind become one space each, other
 * control characters, broken bytes and marks that mislead the eye become '?'.
 * Return: owned by the caller.
 */
char *oi_report_clean(const char *text);

/**
 * oi_report_cut() - shorten to @limit_bytes, "..." at the end, no character split
 * @text: changed in place; valid UTF-8
 * @limit_bytes: without the NUL; at least 3
 */
void oi_report_cut(char *text, size_t limit_bytes);

/** oi_report_redact_doc() - oi_redact() on every string of a tree; what a key says is a secret goes whole */
void oi_report_redact_doc(struct oi_doc *doc);

#endif
