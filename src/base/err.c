/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Says by its end that a text was cut, instead of ending mid-word in silence. */
static void mark_cut(char *text, size_t size, int wanted)
{
	if (wanted >= 0 && (size_t)wanted >= size)
		memcpy(text + size - 4, "...", 4);
}

int oi_err_set(struct oi_err *err, int code, const char *fmt, ...)
{
	va_list ap;
	int wanted;

	err->code = code;
	va_start(ap, fmt);
	wanted = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	mark_cut(err->text, sizeof(err->text), wanted);
	return -1;
}

int oi_err_prefix(struct oi_err *err, const char *fmt, ...)
{
	char whole[OI_ERR_TEXT_BYTES];
	va_list ap;
	int len;
	int wanted;

	va_start(ap, fmt);
	len = vsnprintf(whole, sizeof(whole), fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(whole))
		return -1; /* a prefix as long as the text says nothing: keep the cause */
	wanted = snprintf(whole + len, sizeof(whole) - (size_t)len, ": %s", err->text);
	mark_cut(whole, sizeof(whole), wanted < 0 ? wanted : wanted + len);
	memcpy(err->text, whole, sizeof(err->text));
	return -1;
}
