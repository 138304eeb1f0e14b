/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/keylines.h"

#include <ctype.h>
#include <string.h>

#define PEM_BEGIN "-----BEGIN "
#define PEM_END "-----END "

/* A line of key material: base64, or a header of the old form such as "Proc-Type: 4,ENCRYPTED". */
static bool is_key_line(const char *text)
{
	size_t len = strlen(text);

	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	if (!strncmp(text, "Proc-Type:", 10) || !strncmp(text, "DEK-Info:", 9) ||
	    !strncmp(text, "Comment:", 8) || !strncmp(text, "Version:", 8))
		return true;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("+/=", text[i]))
			return false;
	return true;
}

bool oi_key_lines_skip(struct oi_key_lines *key, const char *line)
{
	const char *begin = strstr(line, PEM_BEGIN), *end = strstr(line, PEM_END);

	if (begin) {
		key->inside = !strstr(begin, PEM_END);
		key->column = (size_t)(begin - line);
		return false;
	}
	if (!key->inside)
		return false;
	if (end) {
		key->inside = false;
		return true;
	}
	key->inside = strlen(line) < key->column || is_key_line(line + key->column);
	return key->inside;
}
