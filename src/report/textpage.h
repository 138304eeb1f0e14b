/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A page for a terminal or a pipe: headings, fields, rows, wrapped at its width.
 * What is put on it is cleaned: no value can bring control sequences of its own.
 */
#ifndef OI_REPORT_TEXTPAGE_H
#define OI_REPORT_TEXTPAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/strv.h"

enum oi_tone {
	OI_TONE_PLAIN,
	OI_TONE_STRONG,
	OI_TONE_DIM,
	OI_TONE_GOOD,
	OI_TONE_WARN,
	OI_TONE_BAD,
};

struct oi_textpage {
	int columns; /* no line is longer */
	bool colour; /* tones show; the words say the same without */
	struct oi_buf text;
};

/* How wide and colourful, without what is on it. */
#define OI_PAPER_PLAIN ((struct oi_textpage){ .columns = 80 })

/** oi_textpage_heading() - a blank line, unless it is the first, and a title */
void oi_textpage_heading(struct oi_textpage *paper, const char *title);

/**
 * oi_textpage_row() - a word, and what there is to say about it, wrapped beside it
 * @indent: columns before the word
 * @width: columns that the word is given; a longer one takes what it needs
 * @tone: of the word
 * A word longer than the line is parted at '/', ',', '&' and the like; one without
 * those loses its middle: no line ends within an id.
 */
void oi_textpage_row(struct oi_textpage *paper, int indent, int width, enum oi_tone tone,
		  const char *word, const char *text);

/** oi_textpage_field() - "label       value"; nothing for a value of NULL */
void oi_textpage_field(struct oi_textpage *paper, const char *label, enum oi_tone tone,
		    const char *value);

/**
 * oi_textpage_table() - cells in columns as wide as they need
 * @cells: row by row; the first row is the heading
 * @across: cells of a row; those on the right that have no room are left out
 * @tone: NULL, or what the tone of row @row, from 1, is
 */
void oi_textpage_table(struct oi_textpage *paper, const struct oi_strv *cells, size_t across,
		    enum oi_tone (*tone)(const char *const *row));

/** oi_textpage_elide() - at most @columns of it, without its middle if need be; owned by the caller */
char *oi_textpage_elide(const char *text, size_t columns);

/** oi_textpage_width() - columns that a text takes */
size_t oi_textpage_width(const char *text);

#endif
