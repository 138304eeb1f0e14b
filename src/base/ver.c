/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/ver.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

static size_t run_length(const char *s, int (*kind)(int))
{
	size_t n = 0;

	while (kind((unsigned char)s[n]))
		n++;
	return n;
}

/* Leading zeros do not count, so the longer run of digits is the larger number. */
static int compare_numbers(const char *a, size_t a_len, const char *b, size_t b_len)
{
	while (a_len && *a == '0')
		a++, a_len--;
	while (b_len && *b == '0')
		b++, b_len--;
	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	return memcmp(a, b, a_len);
}

static int compare_words(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	if (order || a_len == b_len)
		return order;
	return a_len < b_len ? -1 : 1;
}

static const char *skip_separators(const char *s)
{
	while (*s && !isalnum((unsigned char)*s))
		s++;
	return s;
}

int oi_ver_compare(const char *a, const char *b)
{
	for (;;) {
		size_t a_len;
		size_t b_len;
		int order;

		a = skip_separators(a);
		b = skip_separators(b);
		if (!*a || !*b)
			return *a ? 1 : *b ? -1 : 0;
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			a_len = run_length(a, isdigit);
			b_len = run_length(b, isdigit);
			order = compare_numbers(a, a_len, b, b_len);
		} else if (!isdigit((unsigned char)*a) && !isdigit((unsigned char)*b)) {
			a_len = run_length(a, isalpha);
			b_len = run_length(b, isalpha);
			order = compare_words(a, a_len, b, b_len);
		} else {
			return isdigit((unsigned char)*a) ? 1 : -1; /* a number follows a word */
		}
		if (order)
			return order;
		a += a_len;
		b += b_len;
	}
}

bool oi_ver_below(const char *a, const char *b)
{
	return oi_ver_compare(a, b) < 0;
}

bool oi_ver_same_major(const char *a, const char *b)
{
	size_t a_len = run_length(a, isdigit);
	size_t b_len = run_length(b, isdigit);

	return a_len && b_len && !compare_numbers(a, a_len, b, b_len);
}
