/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is there or the program is not: running out ends the program
 * (abort), and the "running" record tells the next run what happened.
 */
#ifndef OI_BASE_MEM_H
#define OI_BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

#include "base/attr.h"

/** oi_mem_zalloc() - @n objects of @size bytes, zeroed; owned by the caller */
void *oi_mem_zalloc(size_t n, size_t size);
/** oi_mem_grow() - realloc to @n objects of @size bytes; new bytes are not zeroed */
void *oi_mem_grow(void *p, size_t n, size_t size);
/** oi_mem_dup() - copy of a string, owned by the caller; NULL stays NULL */
char *oi_mem_dup(const char *s);
/** oi_mem_ndup() - copy of @len bytes with a NUL behind them, owned by the caller */
char *oi_mem_ndup(const char *s, size_t len);
/** oi_mem_printf() - formatted string, owned by the caller */
char *oi_mem_printf(const char *fmt, ...) OI_PRINTF(1, 2);
/** oi_mem_vprintf() - as oi_mem_printf() */
char *oi_mem_vprintf(const char *fmt, va_list ap) OI_PRINTF(1, 0);
/** oi_mem_set() - free *@at and put a copy of @s (or NULL) there */
void oi_mem_set(char **at, const char *s);
/** oi_mem_take() - hand over *@at: returns it and leaves NULL behind */
char *oi_mem_take(char **at);
/** oi_mem_free_p() - for OI_CLEANUP: free what a pointer variable points to */
void oi_mem_free_p(void *pointer_to_pointer);

#define OI_FREE OI_CLEANUP(oi_mem_free_p)

#endif
