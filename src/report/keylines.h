/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key material that runs over lines, left out line by line. */
#ifndef OI_REPORT_KEYLINES_H
#define OI_REPORT_KEYLINES_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed: no key has begun. */
struct oi_key_lines {
	bool inside; /* between the first and last line of key material */
	size_t column; /* where that began in its line */
};

/**
 * oi_key_lines_skip() - is this line to be left out of what people read
 *
 * Key material runs over lines, and text comes line by line. The first line is
 * redacted as any other; those behind it are left out, as long as they look like
 * it: a beginning without an end must not swallow the rest.
 */
bool oi_key_lines_skip(struct oi_key_lines *key, const char *line);

#endif
