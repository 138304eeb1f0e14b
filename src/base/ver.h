/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of versions and kernel releases. */
#ifndef OI_BASE_VER_H
#define OI_BASE_VER_H

#include <stdbool.h>

/**
 * oi_ver_compare() - order of two version strings
 *
 * Runs of digits compare as numbers, runs of letters as text, everything else
 * only separates; a longer version with an equal start is the later one.
 * "24.10" is therefore not "24.1", and "3.1.0-091513" follows "3.1.0".
 * Return: below, at or above 0, as strcmp().
 */
int oi_ver_compare(const char *a, const char *b);

/** oi_ver_below() - does kernel release or version @a come before @b, say "5.6" */
bool oi_ver_below(const char *a, const char *b);

/** oi_ver_same_major() - have "9.4" and "9.8" the same first number */
bool oi_ver_same_major(const char *a, const char *b);

#endif
