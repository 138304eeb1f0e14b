/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/keyfile.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BLANKS " \t"

/* Return: what follows the "=" of a line that sets @key; else NULL */
static const char *value_of(const char *line, size_t len, const char *key)
{
	static const char word[] = "export";
	size_t key_len = strlen(key);
	const char *at = line + strspn(line, BLANKS);

	if (!strncmp(at, word, strlen(word)) && strchr(BLANKS, at[strlen(word)]) && at[strlen(word)]) {
		at += strlen(word);
		at += strspn(at, BLANKS);
	}
	if ((size_t)(at - line) + key_len >= len || strncmp(at, key, key_len) != 0)
		return NULL;
	at += key_len;
	at += strspn(at, BLANKS);
	return *at == '=' ? at + 1 : NULL;
}

char *oi_keyfile_get(const char *text, const char *key, size_t *line)
{
	char *found = NULL;

	for (size_t number = 1; *text; number++) {
		size_t len = strcspn(text, "\n");
		const char *value = value_of(text, len, key);

		if (value) {
			value += strspn(value, BLANKS "\"'");
			free(found);
			found = oi_mem_ndup(value, strcspn(value, BLANKS "\"'#;\r\n"));
			if (line)
				*line = number;
		}
		text += len;
		text += *text == '\n';
	}
	return found;
}

void oi_keyfile_set(const char *text, const char *key, const char *value, struct oi_buf *out)
{
	bool found = false;

	while (*text) {
		size_t len = strcspn(text, "\n");

		if (value_of(text, len, key)) {
			oi_buf_addf(out, "%s=%s", key, value);
			found = true;
		} else {
			oi_buf_add(out, text, len);
		}
		text += len;
		oi_buf_adds(out, "\n");
		text += *text == '\n';
	}
	if (!found)
		oi_buf_addf(out, "%s=%s\n", key, value);
}
