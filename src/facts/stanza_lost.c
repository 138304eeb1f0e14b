/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stanza that somebody wrote and cloud-init did not hand over: where it is, for who looks for it. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/suggest.h"
#include "facts/stanza.h"
#include "facts/stanza_places.h"
#include "facts/userdata.h"
#include "model/reasons.h"

/* The key of a line, without quotes; owned by the caller, NULL: it has none */
static char *key_of_line(const char *line)
{
	size_t len;

	line += strspn(line, " \t{\"'");
	len = strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
	if (!len || *line == '#' || line[len + strspn(line + len, "\"' \t")] != ':')
		return NULL;
	return oi_mem_ndup(line, len);
}

/* Why cloud-init has dropped it; owned by the caller */
static char *why_lost(const struct oi_part *part, const char *key)
{
	OI_DOC_AUTO *doc = NULL;
	struct oi_err err;

	if (!strncmp(oi_buf_str(&part->text), "\xef\xbb\xbf", 3))
		return oi_mem_dup("a byte order mark stands before the first word");
	if (oi_doc_from_yaml(oi_buf_str(&part->text), part->text.len, part->name, OI_R_STANZA_SYNTAX, &doc, &err))
		return oi_mem_dup(err.text);
	if (strcmp(key, OI_STANZA_KEY) != 0)
		return oi_mem_printf("did you mean " OI_STANZA_KEY "?");
	if (part->kind == OI_PART_PLAIN)
		return oi_mem_dup("the text does not begin with #cloud-config");
	if (oi_doc_get(doc, OI_STANZA_KEY) && oi_doc_get(doc, OI_STANZA_KEY)->kind == OI_DOC_NULL)
		return oi_mem_dup("it has no value; {} asks for all defaults");
	return oi_mem_dup("cloud-init did not hand it over; see /var/log/cloud-init.log");
}

/* Return: the line, and what it is; owned by the caller, NULL: nothing like our key is there */
static char *look_into_part(const struct oi_part *part, bool *asks_block)
{
	static const char *const known[] = { OI_STANZA_KEY };
	unsigned int number = 1;

	if (part->kind != OI_PART_CLOUD_CONFIG && part->kind != OI_PART_PLAIN)
		return NULL;
	for (const char *line = oi_buf_str(&part->text); *line; number++) {
		OI_FREE char *key = key_of_line(line);

		if (key && oi_suggest_word(key, known, 1)) {
			OI_FREE char *why = why_lost(part, key);

			*asks_block = !strcmp(key, OI_STANZA_KEY) && oi_stanza_text_asks_block(oi_buf_str(&part->text));
			return oi_mem_printf("%s has `%s:` in line %u: %s", part->name, key, number, why);
		}
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return NULL;
}

char *oi_stanza_find_lost(const struct oi_host *host, bool *asks_block)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf bytes = { 0 };
	OI_CLEANUP(oi_parts_clear) struct oi_parts parts = { 0 };
	OI_FREE char *name = oi_root_name(&host->change, OI_USER_DATA);
	struct oi_err ignored;
	char *found = NULL;

	*asks_block = false;
	if (oi_root_read(&host->change, OI_USER_DATA, OI_DOC_MAX_BYTES, &bytes, &ignored) || !bytes.len ||
	    oi_userdata_split(host, name, &bytes, &parts, &ignored))
		return NULL;
	for (size_t i = 0; i < parts.n && !found; i++)
		found = look_into_part(&parts.v[i], asks_block);
	return found;
}
