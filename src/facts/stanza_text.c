/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/stanza_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/suggest.h"
#include "facts/stanza_places.h"
#include "facts/userdata.h"
#include "model/config.h"
#include "model/reasons.h"

#define KEY OI_STANZA_KEY

bool oi_stanza_mentions(const struct oi_buf *buf, const char *key)
{
	return buf->len && memmem(buf->data, buf->len, key, strlen(key));
}

bool oi_stanza_ends_with(const char *name, const char *suffix)
{
	size_t len = strlen(name);
	size_t end = strlen(suffix);

	return len > end && !strcmp(name + len - end, suffix);
}

const char *oi_stanza_keep_name(struct oi_stanza *stanza, const char *name)
{
	oi_strv_add(&stanza->names, name);
	return stanza->names.v[stanza->names.n - 1];
}

void oi_stanza_add(struct oi_stanza *stanza, const char *name, struct oi_doc *doc)
{
	if (doc && doc->kind == OI_DOC_NULL) {
		oi_doc_free(doc); /* `infiniband:` with nothing behind it asks for nothing */
		return;
	}
	if (!doc)
		return;
	stanza->doc = oi_doc_merge(stanza->doc, doc);
	if (!oi_strv_has(&stanza->sources, name))
		oi_strv_add(&stanza->sources, name);
}

int oi_stanza_unreadable(struct oi_err *err)
{
	size_t len = strlen(err->text);

	/* cloud-init's files are root's alone, and plan does not need to be root's. */
	if (geteuid() && oi_stanza_ends_with(err->text, "Permission denied"))
		snprintf(err->text + len, sizeof(err->text) - len,
			 " (run it as root, or name the stanza with --config)");
	err->code = OI_R_STANZA_UNREADABLE;
	return -1;
}

/* --- keys --- */

static bool is_stanza_key(const char *key)
{
	OI_DOC_AUTO *schema = oi_config_schema();

	return oi_doc_get(oi_doc_get(schema, "properties"), key);
}

/* @at is the value under the key. */
static int foreign_key(const char *key, const struct oi_doc *at, struct oi_err *err)
{
	static const char *const known[] = { KEY };
	const char *help = "only the key " KEY " may stand here";

	if (is_stanza_key(key))
		help = "this key belongs below " KEY ":";
	else if (oi_suggest_word(key, known, 1))
		help = "no such key; did you mean " KEY "?";
	return oi_err_set(err, OI_R_STANZA_UNKNOWN_KEY, "%s:%u:%u: %s: %s", at->file,
			  at->key_line, at->key_column, key, help);
}

/* Return: 0 where all faults are wanted, and this one is kept; else -1 */
static int fault(struct oi_stanza *stanza, const struct oi_err *err)
{
	if (!stanza->faults)
		return -1;
	oi_config_add_fault(stanza->faults, err);
	return 0;
}

/* Merging keeps the last of two equal keys: what was given twice is found before. */
static int refuse_twice(const struct oi_doc *doc, const char *path, struct oi_err *err)
{
	if (!doc || (doc->kind != OI_DOC_MAP && doc->kind != OI_DOC_LIST))
		return 0;
	for (size_t i = 0; i < doc->n; i++) {
		OI_FREE char *here =
			doc->keys ? oi_mem_printf("%s%s%s", path, *path ? "." : "", doc->keys[i]) :
				    oi_mem_printf("%s[%zu]", path, i);

		for (size_t j = 0; doc->keys && j < i; j++)
			if (!strcmp(doc->keys[i], doc->keys[j]))
				return oi_err_set(err, OI_R_STANZA_DUPLICATE_KEY,
						  "%s:%u:%u: %s: the key is given twice, first in line %u",
						  doc->items[i]->file, doc->items[i]->key_line,
						  doc->items[i]->key_column, here,
						  doc->items[j]->key_line);
		if (refuse_twice(doc->items[i], here, err))
			return -1;
	}
	return 0;
}

static int no_map(const struct oi_doc *doc, const char *name, struct oi_err *err)
{
	return oi_err_set(err, OI_R_STANZA_TYPE,
			  "%s:%u:%u: expected a map with the key " KEY ", got %s", name, doc->line,
			  doc->column, oi_doc_kind_name(doc->kind));
}

/* Nobody else's key may be at the top. */
static int refuse_foreign(const struct oi_doc *doc, struct oi_stanza *stanza, struct oi_err *err)
{
	for (size_t i = 0; i < doc->n; i++)
		if (strcmp(doc->keys[i], KEY) && foreign_key(doc->keys[i], doc->items[i], err) &&
		    fault(stanza, err))
			return -1;
	return 0;
}

int oi_stanza_refuse_twice(const struct oi_doc *doc, struct oi_stanza *stanza, struct oi_err *err)
{
	const struct oi_doc *first = NULL;

	for (size_t i = 0; i < doc->n; i++) {
		const struct oi_doc *item = doc->items[i];

		if (strcmp(doc->keys[i], KEY) != 0)
			continue;
		if (first && (oi_err_set(err, OI_R_STANZA_DUPLICATE_KEY,
					 "%s:%u:%u: " KEY ": the key is given twice, first in line %u",
					 item->file, item->key_line, item->key_column, first->key_line),
			      fault(stanza, err)))
			return -1;
		first = first ? first : item;
	}
	return stanza->faults ? 0 : refuse_twice(oi_doc_get(doc, KEY), KEY, err);
}

int oi_stanza_add_own(const struct oi_buf *buf, const char *name, bool is_part,
		      struct oi_stanza *stanza, struct oi_err *err)
{
	/* in a file of our own, which cloud-init does not read, a byte order mark does no harm */
	const char *text = oi_buf_str(buf) + (strncmp(oi_buf_str(buf), "\xef\xbb\xbf", 3) ? 0 : 3);
	bool is_template;
	bool foreign_may = oi_userdata_kind(text, &is_template) == OI_PART_CLOUD_CONFIG;
	OI_DOC_AUTO *doc = NULL;

	if (foreign_may && !oi_stanza_mentions(buf, KEY))
		return 0;
	name = oi_stanza_keep_name(stanza, name);
	if (oi_doc_from_yaml(oi_buf_str(buf), buf->len, name, OI_R_STANZA_SYNTAX, &doc, err))
		return -1;
	if (doc->kind == OI_DOC_NULL)
		return 0;
	if (doc->kind != OI_DOC_MAP)
		return no_map(doc, name, err);
	if (is_part && !oi_doc_get(doc, KEY)) {
		if (!stanza->faults && refuse_twice(doc, KEY, err))
			return -1;
		oi_stanza_add(stanza, name, doc);
		doc = NULL;
		return 0;
	}
	if ((!foreign_may && refuse_foreign(doc, stanza, err)) || oi_stanza_refuse_twice(doc, stanza, err))
		return -1;
	oi_stanza_add(stanza, name, oi_doc_take(doc, KEY));
	return 0;
}
