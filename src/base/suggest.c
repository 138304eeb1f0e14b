/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/suggest.h"

#include <ctype.h>
#include <string.h>

/* Keys are short; a longer word is nobody's slip of the finger. */
#define NEAR_MAX_LETTERS 40

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static int letter(char c)
{
	return c == '-' ? '_' : tolower((unsigned char)c);
}

/* Edits between two words: insert, delete, replace, each counts 1. */
static unsigned int distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned int row[NEAR_MAX_LETTERS + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned int above = row[j];
			unsigned int replaced = diagonal + (letter(a[i - 1]) != letter(b[j - 1]));

			row[j] = least(replaced, least(above, row[j - 1]) + 1);
			diagonal = above;
		}
	}
	return row[b_len];
}

const char *oi_suggest_word(const char *typed, const char *const *words, size_t n)
{
	const char *best = NULL;
	unsigned int best_edits = 0;
	size_t typed_len = strlen(typed);

	if (!typed_len || typed_len > NEAR_MAX_LETTERS)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(words[i]);
		unsigned int edits;

		if (len > NEAR_MAX_LETTERS)
			continue;
		edits = distance(typed, typed_len, words[i], len);
		if (edits * 3 > (typed_len > len ? typed_len : len) + 1)
			continue;
		if (!best || edits < best_edits) {
			best = words[i];
			best_edits = edits;
		}
	}
	return best;
}
