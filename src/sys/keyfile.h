/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of KEY=value lines, as shells read them: openib.conf. */
#ifndef OI_SYS_KEYFILE_H
#define OI_SYS_KEYFILE_H

#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"

/**
 * oi_keyfile_get() - the value that counts: of the last line that sets @key
 * @line: its number, from 1; may be NULL
 * Return: without blanks and quotes around it, owned by the caller; NULL: no line sets it.
 * A comment sets nothing.
 */
OI_MUST_CHECK
char *oi_keyfile_get(const char *text, const char *key, size_t *line);

/** oi_keyfile_set() - the text with KEY=value in the place of each line that sets KEY, else at its end */
void oi_keyfile_set(const char *text, const char *key, const char *value, struct oi_buf *out);

#endif
