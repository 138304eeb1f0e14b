/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts come from files, servers and programs: not all of them are what JSON and people want. */
#ifndef OI_BASE_UTF8_H
#define OI_BASE_UTF8_H

#include <stddef.h>

/** oi_utf8_length() - bytes of the well-formed character at @s; 0: it is none. Source: RFC 3629 */
size_t oi_utf8_length(const char *s);

/** oi_utf8_repair() - a copy with '?' for each byte that is of no character; owned by the caller */
char *oi_utf8_repair(const char *text);

#endif
