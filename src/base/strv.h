/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of strings. Zeroed is empty; v ends with NULL whenever it is not NULL itself. */
#ifndef OI_BASE_STRV_H
#define OI_BASE_STRV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct oi_strv {
	char **v;
	size_t n;
};

/** oi_strv_add() - append a copy of @s */
void oi_strv_add(struct oi_strv *list, const char *s);
/** oi_strv_addf() - append a formatted string */
void oi_strv_addf(struct oi_strv *list, const char *fmt, ...) OI_PRINTF(2, 3);
/** oi_strv_add_all() - append copies of all strings of @from */
void oi_strv_add_all(struct oi_strv *list, const struct oi_strv *from);
/** oi_strv_split() - append the non-empty fields of @s between any of @separators */
void oi_strv_split(struct oi_strv *list, const char *s, const char *separators);
/** oi_strv_has() - is @s in it, to the letter */
bool oi_strv_has(const struct oi_strv *list, const char *s);
/** oi_strv_join() - all strings with @separator between them, owned by the caller */
char *oi_strv_join(const struct oi_strv *list, const char *separator);
/** oi_strv_join_few() - as oi_strv_join(), of the first @most that differ; owned by the caller */
char *oi_strv_join_few(const struct oi_strv *list, size_t most, const char *separator);
/** oi_strv_sort() - in order of their bytes */
void oi_strv_sort(struct oi_strv *list);
/** oi_strv_clear() - free it; fine on a zeroed one, and for OI_CLEANUP */
void oi_strv_clear(struct oi_strv *list);

#endif
