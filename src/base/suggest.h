/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nearest known word to a misspelt one. */
#ifndef OI_BASE_SUGGEST_H
#define OI_BASE_SUGGEST_H

#include <stddef.h>

/**
 * oi_suggest_word() - the word that somebody probably meant
 * @typed: what was written
 * @words: @n candidates, borrowed
 * Return: the nearest candidate by edit distance, or NULL when none is near
 * enough to be a help (more than a third of the letters differ).
 */
const char *oi_suggest_word(const char *typed, const char *const *words, size_t n);

#endif
