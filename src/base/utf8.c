/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/utf8.h"

#include "base/mem.h"

size_t oi_utf8_length(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned int code, least;
	size_t len;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] < 0xe0) {
		len = 2;
		code = s[0] & 0x1f;
		least = 0x80;
	} else if (s[0] >= 0xe0 && s[0] < 0xf0) {
		len = 3;
		code = s[0] & 0x0f;
		least = 0x800;
	} else if (s[0] >= 0xf0 && s[0] < 0xf5) {
		len = 4;
		code = s[0] & 0x07;
		least = 0x10000;
	} else {
		return 0;
	}
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0; /* also stops at the NUL */
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return len;
}

char *oi_utf8_repair(const char *text)
{
	char *copy = oi_mem_dup(text);

	for (char *c = copy; *c;) {
		size_t len = oi_utf8_length(c);

		if (!len)
			*c = '?';
		c += len ? len : 1;
	}
	return copy;
}
