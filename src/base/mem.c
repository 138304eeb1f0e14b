/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *oi_mem_zalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

void *oi_mem_grow(void *p, size_t n, size_t size)
{
	size_t bytes;
	void *bigger;

	if (__builtin_mul_overflow(n, size, &bytes))
		abort();
	bigger = realloc(p, bytes > 0 ? bytes : 1);
	if (!bigger)
		abort();
	return bigger;
}

char *oi_mem_dup(const char *s)
{
	return s ? oi_mem_ndup(s, strlen(s)) : NULL;
}

char *oi_mem_ndup(const char *s, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		abort();
	copy = oi_mem_zalloc(len + 1, 1);
	if (len)
		memcpy(copy, s, len);
	return copy;
}

char *oi_mem_vprintf(const char *fmt, va_list ap)
{
	char *s = NULL;

	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	return s;
}

char *oi_mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = oi_mem_vprintf(fmt, ap);
	va_end(ap);
	return s;
}

void oi_mem_set(char **at, const char *s)
{
	char *copy = oi_mem_dup(s);

	free(*at);
	*at = copy;
}

char *oi_mem_take(char **at)
{
	char *s = *at;

	*at = NULL;
	return s;
}

void oi_mem_free_p(void *pointer_to_pointer)
{
	void **p = pointer_to_pointer;

	free(*p);
	*p = NULL;
}
