/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/strv.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static void add_owned(struct oi_strv *list, char *s)
{
	list->v = oi_mem_grow(list->v, list->n + 2, sizeof(*list->v));
	list->v[list->n++] = s;
	list->v[list->n] = NULL;
}

void oi_strv_add(struct oi_strv *list, const char *s)
{
	add_owned(list, oi_mem_dup(s));
}

void oi_strv_addf(struct oi_strv *list, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_owned(list, oi_mem_vprintf(fmt, ap));
	va_end(ap);
}

void oi_strv_add_all(struct oi_strv *list, const struct oi_strv *from)
{
	for (size_t i = 0; i < from->n; i++)
		oi_strv_add(list, from->v[i]);
}

void oi_strv_split(struct oi_strv *list, const char *s, const char *separators)
{
	while (*s) {
		size_t len;

		s += strspn(s, separators);
		len = strcspn(s, separators);
		if (len)
			add_owned(list, oi_mem_ndup(s, len));
		s += len;
	}
}

bool oi_strv_has(const struct oi_strv *list, const char *s)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->v[i], s))
			return true;
	return false;
}

char *oi_strv_join(const struct oi_strv *list, const char *separator)
{
	struct oi_buf buf = { 0 };

	for (size_t i = 0; i < list->n; i++) {
		if (i)
			oi_buf_adds(&buf, separator);
		oi_buf_adds(&buf, list->v[i]);
	}
	return oi_buf_take(&buf);
}

char *oi_strv_join_few(const struct oi_strv *list, size_t most, const char *separator)
{
	struct oi_strv few = { 0 };
	char *text;

	for (size_t i = 0; i < list->n && few.n < most; i++)
		if (!oi_strv_has(&few, list->v[i]))
			oi_strv_add(&few, list->v[i]);
	text = oi_strv_join(&few, separator);
	oi_strv_clear(&few);
	return text;
}

static int by_bytes(const void *a, const void *b)
{
	const char *const *x = a;
	const char *const *y = b;

	return strcmp(*x, *y);
}

void oi_strv_sort(struct oi_strv *list)
{
	if (list->n > 1)
		qsort(list->v, list->n, sizeof(*list->v), by_bytes);
}

void oi_strv_clear(struct oi_strv *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i]);
	free(list->v);
	memset(list, 0, sizeof(*list));
}
