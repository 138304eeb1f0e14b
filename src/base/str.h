/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to text that the C library has no function for. */
#ifndef OI_BASE_STR_H
#define OI_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

/** oi_str_ends() - do the first @len bytes of @text end with @suffix */
bool oi_str_ends(const char *text, size_t len, const char *suffix);

#endif
