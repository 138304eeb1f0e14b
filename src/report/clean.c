/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/clean.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "report/report.h"

#define ESCAPE '\033'

/* ECMA-48 control sequence, as programs use for colours: 0 when @s is none. */
static size_t sequence_length(const char *s)
{
	size_t len = 2;

	if (s[0] != ESCAPE || s[1] != '[')
		return 0;
	while (s[len] >= 0x20 && s[len] < 0x40)
		len++;
	return s[len] >= 0x40 && s[len] < 0x7f ? len + 1 : len;
}

/*
 * Marks that turn the direction of what follows, or are not seen at all: a name with them
 * reads as another one. Source: Unicode Technical Report 36, "Bidirectional Text Spoofing"
 */
static bool misleads(const char *text)
{
	static const char *const marks[] = {
		"\u200b", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e",
		"\u2028", "\u2029", "\u2066", "\u2067", "\u2068", "\u2069", "\ufeff",
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(marks); i++)
		if (!strncmp(text, marks[i], strlen(marks[i])))
			return true;
	return false;
}

/* Nearly all of nearly every text: printable ASCII, taken in one piece. */
static size_t plain_length(const char *s)
{
	size_t len = 0;

	while (s[len] >= 0x20 && s[len] < 0x7f)
		len++;
	return len;
}

char *oi_report_clean(const char *text)
{
	struct oi_buf out = { 0 };

	while (*text) {
		const unsigned char *u = (const unsigned char *)text;
		size_t len = plain_length(text);

		oi_buf_add(&out, text, len);
		text += len;
		if (len)
			continue;
		len = sequence_length(text);
		if (len) {
			text += len;
			continue;
		}
		len = oi_utf8_length(text);
		if (*text == '\t' || *text == '\n' || *text == '\r' || *text == '\v' || *text == '\f')
			oi_buf_adds(&out, " ");
		else if (!len || u[0] < 0x20 || u[0] == 0x7f || (len == 2 && u[0] == 0xc2 && u[1] < 0xa0) ||
			 misleads(text))
			oi_buf_adds(&out, "?");
		else
			oi_buf_add(&out, text, len);
		text += len ? len : 1;
	}
	return oi_buf_take(&out);
}

void oi_report_cut(char *text, size_t limit_bytes)
{
	static const char dots[] = "...";
	size_t at;

	if (strlen(text) <= limit_bytes)
		return;
	at = limit_bytes - strlen(dots);
	while (at && ((unsigned char)text[at] & 0xc0) == 0x80)
		at--;
	memcpy(text + at, dots, sizeof(dots));
}
