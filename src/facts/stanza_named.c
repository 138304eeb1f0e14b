/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stanza of files that the user names, in whatever form they go to cloud-init. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/suggest.h"
#include "facts/stanza_places.h"
#include "facts/stanza_text.h"
#include "facts/userdata.h"
#include "model/config.h"
#include "model/reasons.h"

#define KEY OI_STANZA_KEY
#define BOM "\xef\xbb\xbf"

/* One file that is named. */
struct named {
	const struct oi_host *host;
	struct oi_stanza *stanza;
	struct oi_err *err;
	struct oi_doc *cloud; /* the key of its cloud-configs, as cloud-init merges them */
	const char *cloud_name; /* of the part that it is from */
};

OI_PRINTF(2, 3)
static int fault(struct named *n, const char *fmt, ...)
{
	OI_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = oi_mem_vprintf(fmt, ap);
	va_end(ap);
	oi_err_set(n->err, OI_R_STANZA_SYNTAX, "%s", text);
	if (!n->stanza->faults)
		return -1;
	oi_config_add_fault(n->stanza->faults, n->err);
	return 0;
}

/* --- templates --- */

/* Takes out what cloud-init will fill in: nobody can judge it before. */
static void prune(struct oi_doc *doc, const char *path, struct oi_strv *notes)
{
	size_t kept = 0;

	for (size_t i = 0; i < doc->n; i++) {
		OI_FREE char *here = doc->keys ? oi_mem_printf("%s%s%s", path, *path ? "." : "", doc->keys[i]) :
						 oi_mem_printf("%s[%zu]", path, i);
		struct oi_doc *item = doc->items[i];
		bool filled = (item->text && strstr(item->text, OI_TEMPLATE_MARK)) ||
			      (doc->keys && strstr(doc->keys[i], OI_TEMPLATE_MARK));

		/* of branches both are there */
		for (size_t j = 0; doc->keys && j < kept && !filled; j++)
			filled = !strcmp(doc->keys[j], doc->keys[i]);
		if (filled) {
			if (item->text && strstr(item->text, OI_TEMPLATE_MARK))
				oi_strv_addf(notes, "%s:%u:%u: %s: not judged: cloud-init fills it in",
					     item->file, item->line, item->column, here);
			oi_doc_free(item);
			if (doc->keys)
				free(doc->keys[i]);
			continue;
		}
		prune(item, here, notes);
		doc->items[kept] = item;
		if (doc->keys)
			doc->keys[kept] = doc->keys[i];
		kept++;
	}
	doc->n = kept;
}

/* --- how cloud-init merges parts; source: cloudinit/mergers --- */

struct how {
	bool merge_maps; /* dict(no_replace): maps go together, the first of two values counts */
	bool lists_too; /* recurse_array or recurse_list: what the lists' own word says */
	bool append, prepend, replace_lists;
};

static bool word_in(const char *text, const char *merger, const char *word)
{
	const char *at = strstr(text, merger);
	const char *end = at ? strchr(at, ')') : NULL;
	const char *found = at ? strstr(at, word) : NULL;

	return found && end && found < end;
}

static void how_of(const char *text, struct how *how)
{
	memset(how, 0, sizeof(*how));
	how->merge_maps = strstr(text, "dict(") && !(word_in(text, "dict(", "replace") &&
						     !word_in(text, "dict(", "no_replace"));
	how->lists_too = word_in(text, "dict(", "recurse_array") || word_in(text, "dict(", "recurse_list");
	how->append = word_in(text, "list(", "append");
	how->prepend = word_in(text, "list(", "prepend");
	how->replace_lists = word_in(text, "list(", "replace") && !word_in(text, "list(", "no_replace");
}

/* merge_how of the part itself: a text, or a list of maps. Owned by the caller; NULL: none */
static char *merge_how(const struct oi_doc *doc)
{
	const struct oi_doc *how = oi_doc_get(doc, "merge_how") ?: oi_doc_get(doc, "merge_type");
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };

	if (oi_doc_string(how))
		return oi_mem_dup(how->text);
	for (size_t i = 0; how && how->kind == OI_DOC_LIST && i < how->n; i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv settings = { 0 };
		OI_FREE char *joined = NULL;

		oi_doc_take_strings(oi_doc_get(how->items[i], "settings"), &settings);
		joined = oi_strv_join(&settings, ",");
		oi_buf_addf(&text, "%s%s(%s)", i ? "+" : "",
			    oi_doc_string(oi_doc_get(how->items[i], "name")) ?: "", joined);
	}
	return text.len ? oi_buf_take(&text) : NULL;
}

/* Takes both. */
static struct oi_doc *merge_lists(const struct how *how, struct oi_doc *old, struct oi_doc *new)
{
	struct oi_doc *first = how->prepend ? new : old, *second = how->prepend ? old : new;

	if (how->replace_lists || (!how->append && !how->prepend)) {
		oi_doc_free(how->replace_lists ? old : new);
		return how->replace_lists ? new : old;
	}
	for (size_t i = 0; i < second->n; i++) {
		oi_doc_add(first, second->items[i]);
		second->items[i] = NULL;
	}
	second->n = 0;
	oi_doc_free(second);
	return first;
}

static struct oi_doc *merge_part(const struct how *how, struct oi_doc *old, struct oi_doc *new)
{
	if (old->kind == OI_DOC_LIST && new->kind == OI_DOC_LIST && how->lists_too)
		return merge_lists(how, old, new);
	for (size_t i = 0; old->kind == OI_DOC_MAP && new->kind == OI_DOC_MAP && i < new->n; i++) {
		struct oi_doc *item = new->items[i];
		size_t at = 0;

		new->items[i] = oi_doc_new(OI_DOC_NULL);
		while (at < old->n && strcmp(old->keys[at], new->keys[i]) != 0)
			at++;
		if (at < old->n)
			old->items[at] = merge_part(how, old->items[at], item);
		else
			oi_doc_put(old, new->keys[i], item);
	}
	oi_doc_free(new);
	return old;
}

/* Takes @doc: the key's value in the next part. */
static void next_part(struct named *n, const char *name, const char *merge_type, struct oi_doc *doc)
{
	struct how how;

	if (!doc)
		return;
	how_of(merge_type ? merge_type : "dict(replace)+list()+str()", &how);
	if (n->cloud && how.merge_maps) {
		n->cloud = merge_part(&how, n->cloud, doc);
		return;
	}
	if (n->cloud) {
		oi_strv_addf(&n->stanza->notes,
			     "%s:%u: this " KEY ": takes the place of the whole one of %s:%u; with merge_how: 'dict(recurse_array,no_replace)+list(append)' in this part cloud-init merges both",
			     name, doc->key_line, n->cloud_name, n->cloud->key_line);
		oi_doc_free(n->cloud);
	}
	n->cloud = doc;
	n->cloud_name = name;
}

/* --- one part --- */

/* Source: cloud-init from 23.3 sorts the keys of all it has merged, and Python cannot sort these. */
static int refuse_mixed_keys(struct named *n, const struct oi_doc *doc)
{
	size_t odd = 0;

	for (size_t i = 0; doc->keys && i < doc->n; i++)
		odd += doc->items[i]->key_is_no_text;
	for (size_t i = 0; i < doc->n; i++) {
		if (odd && odd < doc->n && doc->items[i]->key_is_no_text &&
		    fault(n, "%s:%u:%u: %s: a key that is not text stands beside others, and cloud-init from 23.3 fails on that; quote it",
			  doc->items[i]->file, doc->items[i]->key_line, doc->items[i]->key_column,
			  doc->keys[i]))
			return -1;
		if (refuse_mixed_keys(n, doc->items[i]))
			return -1;
	}
	return 0;
}

/* A stanza's key at the top, or a key near ours: of no use there. */
static int refuse_near(struct named *n, const struct oi_doc *doc)
{
	static const char *const known[] = { KEY };

	for (size_t i = 0; !oi_doc_get(doc, KEY) && i < doc->n; i++) {
		if (!oi_suggest_word(doc->keys[i], known, 1))
			continue;
		oi_err_set(n->err, OI_R_STANZA_UNKNOWN_KEY, "%s:%u:%u: %s: no such key; did you mean " KEY "?",
			   doc->items[i]->file, doc->items[i]->key_line, doc->items[i]->key_column,
			   doc->keys[i]);
		if (!n->stanza->faults)
			return -1;
		oi_config_add_fault(n->stanza->faults, n->err);
	}
	return 0;
}

static bool is_conf_file(const char *path)
{
	return !strncmp(path, OI_CONF_FOLDER "/", strlen(OI_CONF_FOLDER) + 1) &&
	       oi_stanza_ends_with(path, ".yaml");
}

/* A stanza that cloud-init writes into our folder. */
static int add_written(struct named *n, const struct oi_part *part, const struct oi_doc *file)
{
	const char *path = oi_doc_string(oi_doc_get(file, "path"));
	const char *encoding = oi_doc_string(oi_doc_get(file, "encoding"));
	const struct oi_doc *content = oi_doc_get(file, "content");
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_FREE char *name = NULL;
	bool in_place = false;

	if (!path || !is_conf_file(path) || !content || !content->text)
		return 0;
	if (oi_doc_is_true(oi_doc_get(file, "defer")) &&
	    fault(n, "%s:%u: %s with defer: true is written after the run; remove defer", part->name,
		  content->line, path))
		return -1;
	name = oi_mem_printf("%s (%s)", part->name, path);
	if (content->kind == OI_DOC_BYTES)
		encoding = encoding ? encoding : "b64";
	if (encoding) {
		if (oi_userdata_decode(n->host, name, encoding, content->text, &text, n->err))
			return -1;
	} else {
		in_place = oi_userdata_embedded(oi_buf_str(&part->text), content->line, content->text, &text);
	}
	if (part->is_template && strstr(oi_buf_str(&text), OI_TEMPLATE_MARK)) {
		oi_strv_addf(&n->stanza->notes, "%s: not judged: cloud-init fills it in", name);
		return 0;
	}
	return oi_stanza_add_own(&text, in_place ? part->name : name, false, n->stanza, n->err);
}

static int add_cloud_config(struct named *n, const struct oi_part *part)
{
	const char *name = oi_stanza_keep_name(n->stanza, part->name);
	const struct oi_doc *files;
	OI_FREE char *how = NULL;
	OI_DOC_AUTO *doc = NULL;

	if (oi_doc_from_yaml(oi_buf_str(&part->text), part->text.len, name, OI_R_STANZA_SYNTAX, &doc,
			     n->err))
		return -1;
	if (doc->kind != OI_DOC_MAP)
		return oi_err_set(n->err, OI_R_STANZA_TYPE, "%s:%u:%u: expected a map, got %s", name,
				  doc->line, doc->column, oi_doc_kind_name(doc->kind));
	if (refuse_mixed_keys(n, doc))
		return -1;
	if (part->is_template)
		prune(doc, "", &n->stanza->notes);
	files = oi_doc_get(doc, "write_files");
	for (size_t i = 0; files && files->kind == OI_DOC_LIST && i < files->n; i++)
		if (add_written(n, part, files->items[i]))
			return -1;
	if (!n->stanza->doc && refuse_near(n, doc))
		return -1;
	/* cloud-init takes the last of two, and whoever wrote them does not know that */
	if (oi_stanza_refuse_twice(doc, n->stanza, n->err))
		return -1;
	how = merge_how(doc);
	next_part(n, name, how ? how : part->merge_type, oi_doc_take(doc, KEY));
	return 0;
}

/* Maps with a path and a content, wherever they are. */
static int add_files_of(struct named *n, const struct oi_part *part, const struct oi_doc *doc)
{
	if (oi_doc_get(doc, "path") && add_written(n, part, doc))
		return -1;
	for (size_t i = 0; i < doc->n; i++)
		if (add_files_of(n, part, doc->items[i]))
			return -1;
	return 0;
}

/* An object of Kubernetes', such as Cluster API's KubeadmConfig, has the files of a node. */
static int add_object(struct named *n, const struct oi_part *part)
{
	const char *name = oi_stanza_keep_name(n->stanza, part->name);
	OI_DOC_AUTO *doc = NULL;

	if (oi_doc_from_yaml(oi_buf_str(&part->text), part->text.len, name, OI_R_STANZA_SYNTAX, &doc,
			     n->err) ||
	    add_files_of(n, part, doc))
		return -1;
	return n->stanza->doc || (n->stanza->faults && n->stanza->faults->n) ? 0 :
	       oi_err_set(n->err, OI_R_STANZA_TYPE,
			  "%s: a Kubernetes object with no file for " OI_CONF_FOLDER " in it", name);
}

/* A file of ours: without cloud-init's word at its beginning. */
static int add_plain(struct named *n, const struct oi_part *part)
{
	/* The schema that an editor is told is the stanza's own, with its keys at the top, or that of a whole document. */
	bool bare = strstr(oi_buf_str(&part->text), "yaml-language-server:") &&
		    !strstr(oi_buf_str(&part->text), "\n" KEY ":");
	const char *word = strstr(oi_buf_str(&part->text), "\n#cloud-config");

	if (word && oi_stanza_mentions(&part->text, KEY)) {
		unsigned int line = 2;

		for (const char *c = oi_buf_str(&part->text); c < word; c++)
			line += *c == '\n';
		if (fault(n, "%s:%u: #cloud-config has to be the first line: cloud-init drops the whole text",
			  part->name, line))
			return -1;
		return add_cloud_config(n, part);
	}
	if (oi_stanza_mentions(&part->text, "\napiVersion:"))
		return add_object(n, part);
	return oi_stanza_add_own(&part->text, part->name, bare, n->stanza, n->err);
}

static int add_part(struct named *n, const struct oi_part *part)
{
	switch (part->kind) {
	case OI_PART_CLOUD_CONFIG:
		return add_cloud_config(n, part);
	case OI_PART_STANZA:
		return oi_stanza_add_own(&part->text, part->name, true, n->stanza, n->err);
	case OI_PART_PLAIN:
		return add_plain(n, part);
	case OI_PART_INCLUDE:
		oi_strv_addf(&n->stanza->notes, "%s: not judged: cloud-init fetches what it names", part->name);
		return 0;
	case OI_PART_OTHER:
		break;
	}
	return 0;
}

/* cloud-init looks at the very first bytes, and a byte order mark is none of its words. */
static int refuse_mark(struct named *n, const char *name, struct oi_buf *bytes)
{
	bool is_template;

	if (bytes->len < 3 || memcmp(bytes->data, BOM, 3) != 0)
		return 0;
	oi_buf_drop(bytes, 3);
	if (oi_userdata_kind(oi_buf_str(bytes), &is_template) == OI_PART_PLAIN)
		return 0;
	return fault(n, "%s:1:1: a byte order mark stands before the first word, and cloud-init drops the whole text; save it as UTF-8 without one",
		     name);
}

static int add_file(struct named *n, const char *name, struct oi_buf *bytes)
{
	OI_CLEANUP(oi_parts_clear) struct oi_parts parts = { 0 };

	if (refuse_mark(n, name, bytes) || oi_userdata_split(n->host, name, bytes, &parts, n->err))
		return -1;
	for (size_t i = 0; i < parts.n; i++)
		if (add_part(n, &parts.v[i]))
			return -1;
	if (n->cloud)
		oi_stanza_add(n->stanza, n->cloud_name, n->cloud);
	n->cloud = NULL;
	return 0;
}

int oi_stanza_read(const struct oi_host *host, const struct oi_strv *files, struct oi_stanza *stanza,
		   struct oi_err *err)
{
	struct named n = { .host = host, .stanza = stanza, .err = err };
	int rc = 0;

	for (size_t i = 0; !rc && i < files->n; i++) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf buf = { 0 };

		if (oi_root_read_named(files->v[i], OI_DOC_MAX_BYTES, &buf, err))
			return oi_stanza_unreadable(err);
		rc = add_file(&n, files->v[i], &buf);
		oi_doc_free_p(&n.cloud);
	}
	return rc;
}
