/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/textpage.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/clean.h"

#define LABEL_WIDTH 12
#define INDENT 2
#define GAP 2 /* between the cells of a table */

/* Less than that beside a word is no room for a text: it goes below. */
#define ROOM_LEAST 24

#define CELL_MOST 32
#define DOTS "..."

static bool begins_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

size_t oi_textpage_width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += begins_character(*text);
	return n;
}

/* Bytes of the first @columns characters. */
static size_t bytes_of(const char *text, size_t columns)
{
	size_t at = 0;

	while (text[at]) {
		if (begins_character(text[at]) && !columns--)
			break;
		at++;
	}
	return at;
}

static void spaces(struct oi_textpage *paper, int n)
{
	oi_buf_addf(&paper->text, "%*s", n > 0 ? n : 0, "");
}

static void toned(struct oi_textpage *paper, enum oi_tone tone, const char *text, size_t len)
{
	static const char *const codes[] = {
		[OI_TONE_PLAIN] = "",	  [OI_TONE_STRONG] = "\033[1m", [OI_TONE_DIM] = "\033[2m",
		[OI_TONE_GOOD] = "\033[32m", [OI_TONE_WARN] = "\033[33m",
		[OI_TONE_BAD] = "\033[31m",
	};
	bool colour = paper->colour && tone != OI_TONE_PLAIN && len;

	if (colour)
		oi_buf_adds(&paper->text, codes[tone]);
	oi_buf_add(&paper->text, text, len);
	if (colour)
		oi_buf_adds(&paper->text, "\033[m");
}

char *oi_textpage_elide(const char *text, size_t columns)
{
	size_t width = oi_textpage_width(text);
	size_t head = (columns - strlen(DOTS)) / 2;
	size_t tail = columns - strlen(DOTS) - head;

	if (width <= columns)
		return oi_mem_dup(text);
	return oi_mem_printf("%.*s" DOTS "%s", (int)bytes_of(text, head), text,
			     text + bytes_of(text, width - tail));
}

/*
 * How much of a word too long for a line goes on this one: up to where a path, a
 * list or a query may be parted. 0: nowhere.
 */
static size_t parting(const char *word, size_t len, size_t room)
{
	size_t limit = bytes_of(word, room);

	if (limit > len)
		limit = len;
	while (limit && !strchr("/,;&?=", word[limit - 1]))
		limit--;
	return limit;
}

static void new_line(struct oi_textpage *paper, int indent)
{
	oi_buf_adds(&paper->text, "\n");
	spaces(paper, indent);
}

/* Words of a text, from column @at on, which is the indent of the lines that follow. */
static void wrapped(struct oi_textpage *paper, int at, enum oi_tone tone, const char *text)
{
	size_t room = (size_t)(paper->columns - at);
	size_t left = room;

	while (*(text += strspn(text, " "))) {
		size_t len = strcspn(text, " ");
		OI_FREE char *word = oi_mem_ndup(text, len);
		size_t width = oi_textpage_width(word);
		size_t space = left < room ? 1 : 0;

		if (width + space > left && left < room) {
			new_line(paper, at);
			left = room;
			continue;
		}
		if (width > left) {
			size_t part = parting(text, len, left);
			OI_FREE char *cut = NULL;

			if (part) {
				toned(paper, tone, text, part);
				text += part;
				new_line(paper, at);
				continue;
			}
			cut = oi_textpage_elide(word, left);
			toned(paper, tone, cut, strlen(cut));
			left = 0;
		} else {
			spaces(paper, (int)space);
			toned(paper, tone, text, len);
			left -= width + space;
		}
		text += len;
	}
}

void oi_textpage_heading(struct oi_textpage *paper, const char *title)
{
	if (paper->text.len)
		oi_buf_adds(&paper->text, "\n");
	toned(paper, OI_TONE_STRONG, title, strlen(title));
	oi_buf_adds(&paper->text, "\n");
}

/* @word_tone, @text_tone: of the two halves */
static void row(struct oi_textpage *paper, int indent, int width, enum oi_tone word_tone,
		const char *word, enum oi_tone text_tone, const char *text)
{
	OI_FREE char *clean = oi_report_clean(text);
	OI_FREE char *clean_word = oi_report_clean(word);
	size_t word_room = (size_t)(paper->columns - indent);
	OI_FREE char *head = oi_textpage_elide(clean_word, word_room);
	int after = indent + (int)oi_textpage_width(head);
	int at = indent + width;

	spaces(paper, indent);
	toned(paper, word_tone, head, strlen(head));
	if (paper->columns - at < ROOM_LEAST)
		at = indent + INDENT;
	if (*clean && after < at)
		spaces(paper, at - after);
	else if (*clean && *head)
		new_line(paper, at);
	wrapped(paper, at, text_tone, clean);
	oi_buf_adds(&paper->text, "\n");
}

void oi_textpage_row(struct oi_textpage *paper, int indent, int width, enum oi_tone tone,
		  const char *word, const char *text)
{
	row(paper, indent, width, tone, word, OI_TONE_PLAIN, text);
}

void oi_textpage_field(struct oi_textpage *paper, const char *label, enum oi_tone tone,
		    const char *value)
{
	if (value)
		row(paper, 0, LABEL_WIDTH, OI_TONE_PLAIN, label, tone, value);
}

void oi_textpage_table(struct oi_textpage *paper, const struct oi_strv *cells, size_t across,
		    enum oi_tone (*tone)(const char *const *row))
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv clean = { 0 };
	size_t *widths = oi_mem_zalloc(across, sizeof(*widths));
	size_t total = INDENT, shown = 0;

	for (size_t i = 0; i < cells->n; i++) {
		OI_FREE char *text = oi_report_clean(cells->v[i]);
		OI_FREE char *cut = oi_textpage_elide(text, CELL_MOST);
		size_t width = oi_textpage_width(cut);

		oi_strv_add(&clean, cut);
		if (width > widths[i % across])
			widths[i % across] = width;
	}
	while (shown < across && total + widths[shown] <= (size_t)paper->columns)
		total += widths[shown++] + GAP;
	for (size_t i = 0; i + across <= clean.n; i += across) {
		const char *const *cell = (const char *const *)clean.v + i;
		enum oi_tone look = !i ? OI_TONE_DIM : tone ? tone(cell) : OI_TONE_PLAIN;

		spaces(paper, INDENT);
		for (size_t c = 0; c < shown; c++) {
			toned(paper, look, cell[c], strlen(cell[c]));
			if (c + 1 < shown)
				spaces(paper, (int)(widths[c] - oi_textpage_width(cell[c]) + GAP));
		}
		oi_buf_adds(&paper->text, "\n");
	}
	free(widths);
}
