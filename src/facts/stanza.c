/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/stanza.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/suggest.h"
#include "facts/stanza_places.h"
#include "model/config.h"
#include "model/reasons.h"
#include "sys/trust.h"

#define KEY OI_STANZA_KEY
#define REPORTING "reporting" /* cloud-init's own */

void oi_stanza_clear(struct oi_stanza *stanza)
{
	oi_doc_free(stanza->doc);
	oi_strv_clear(&stanza->sources);
	oi_strv_clear(&stanza->names);
	memset(stanza, 0, sizeof(*stanza));
}

/* --- one file --- */

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

static bool line_is(const char *text, const char *line)
{
	size_t len = strlen(line);

	return !strncmp(text, line, len) &&
	       text[len + strspn(text + len, " \t\r")] == (strchr(text, '\n') ? '\n' : '\0');
}

/* User-data of cloud-init's own kind, in which our key is one of many. */
static bool is_cloud_config(const struct oi_buf *buf)
{
	const char *text = oi_buf_str(buf);

	if (!strncmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	if (line_is(text, "## template: jinja") && strchr(text, '\n'))
		text = strchr(text, '\n') + 1;
	return line_is(text, "#cloud-config");
}

/* A name that lives as long as the stanza, for the nodes that point to it. */
static const char *keep_name(struct oi_stanza *stanza, const char *name)
{
	oi_strv_add(&stanza->names, name);
	return stanza->names.v[stanza->names.n - 1];
}

static void add(struct oi_stanza *stanza, const char *name, struct oi_doc *doc)
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

static int unreadable(struct oi_err *err)
{
	size_t len = strlen(err->text);

	/* cloud-init's files are root's alone, and plan does not need to be root's. */
	if (geteuid() && oi_stanza_ends_with(err->text, "Permission denied"))
		snprintf(err->text + len, sizeof(err->text) - len,
			 " (run it as root, or name the stanza with --config)");
	err->code = OI_R_STANZA_UNREADABLE;
	return -1;
}

/* --- cloud-init's files: the key is one of many --- */

/* Return: 0 looked at, 1 there is none, -1 error. */
static int add_from_cloud(const struct oi_root *root, const char *path, const char *key,
			  struct oi_stanza *stanza, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf buf = { 0 };
	OI_DOC_AUTO *doc = NULL;
	OI_FREE char *full = NULL;
	const char *name;
	int got = oi_root_read(root, path, OI_DOC_MAX_BYTES, &buf, err);

	if (got < 0)
		return unreadable(err);
	if (got || !oi_stanza_mentions(&buf, key))
		return got;
	full = oi_root_name(root, path);
	name = keep_name(stanza, full);
	got = oi_stanza_ends_with(path, ".json") ? oi_doc_from_json(buf.data, buf.len, name,
							  OI_R_STANZA_SYNTAX, &doc, err) :
					 oi_doc_from_yaml(buf.data, buf.len, name,
							  OI_R_STANZA_SYNTAX, &doc, err);
	if (got)
		return -1;
	add(stanza, name, oi_doc_take(doc, key));
	return 0;
}

int oi_stanza_system_files(const struct oi_root *root, struct oi_strv *paths, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	oi_strv_add(paths, OI_SYSTEM_CONFIG);
	if (oi_root_list(root, OI_SYSTEM_FOLDER, &names, err) < 0)
		return unreadable(err);
	for (size_t i = 0; i < names.n; i++)
		if (oi_stanza_ends_with(names.v[i], ".cfg"))
			oi_strv_addf(paths, OI_SYSTEM_FOLDER "/%s", names.v[i]);
	oi_strv_add(paths, OI_VENDOR_CONFIG);
	oi_strv_add(paths, OI_VENDOR2_CONFIG);
	oi_strv_add(paths, OI_USER_CONFIG);
	return 0;
}

/* Before 23.3, and where the user-data broke cloud-init, there is no merged file. */
static int add_from_system_files(const struct oi_root *root, const char *key,
				 struct oi_stanza *stanza, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv paths = { 0 };

	if (oi_stanza_system_files(root, &paths, err))
		return -1;
	for (size_t i = 0; i < paths.n; i++)
		if (add_from_cloud(root, paths.v[i], key, stanza, err) < 0)
			return -1;
	return 0;
}

static int add_merged(const struct oi_host *host, const char *key, struct oi_stanza *stanza,
		      struct oi_err *err)
{
	int got = add_from_cloud(&host->look, OI_MERGED_CONFIG, key, stanza, err);

	return got < 0 || (got && add_from_system_files(&host->change, key, stanza, err)) ? -1 : 0;
}

int oi_stanza_find_reporting(const struct oi_host *host, struct oi_stanza *section,
			     struct oi_err *err)
{
	return add_merged(host, REPORTING, section, err);
}

/* --- our own files: nobody else's key may be there --- */

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
	else if (oi_near_word(key, known, 1))
		help = "no such key; did you mean " KEY "?";
	return oi_err_set(err, OI_R_STANZA_UNKNOWN_KEY, "%s:%u:%u: %s: %s", at->file,
			  at->key_line, at->key_column, key, help);
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

/* @is_part: the keys of the stanza themselves may be at the top. */
static int add_own(const struct oi_buf *buf, const char *name, bool is_part,
		   struct oi_stanza *stanza, struct oi_err *err)
{
	bool foreign_may = is_cloud_config(buf);
	OI_DOC_AUTO *doc = NULL;

	if (foreign_may && !oi_stanza_mentions(buf, KEY))
		return 0;
	name = keep_name(stanza, name);
	if (oi_doc_from_yaml(oi_buf_str(buf), buf->len, name, OI_R_STANZA_SYNTAX, &doc, err))
		return -1;
	if (doc->kind == OI_DOC_NULL)
		return 0;
	if (doc->kind != OI_DOC_MAP)
		return oi_err_set(err, OI_R_STANZA_TYPE,
				  "%s:%u:%u: a map with the key " KEY " is wanted, not %s", name,
				  doc->line, doc->column, oi_doc_kind_name(doc->kind));
	if (is_part && !oi_doc_get(doc, KEY)) {
		if (refuse_twice(doc, KEY, err))
			return -1;
		add(stanza, name, doc);
		doc = NULL;
		return 0;
	}
	for (size_t i = 0; !foreign_may && i < doc->n; i++)
		if (strcmp(doc->keys[i], KEY))
			return foreign_key(doc->keys[i], doc->items[i], err);
	/* Beside foreign keys, cloud-init's rule holds for those: the last counts. */
	if (refuse_twice(foreign_may ? oi_doc_get(doc, KEY) : doc, foreign_may ? KEY : "", err))
		return -1;
	add(stanza, name, oi_doc_take(doc, KEY));
	return 0;
}

static int add_own_file(const struct oi_root *root, const char *path, bool is_part,
			struct oi_stanza *stanza, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf buf = { 0 };
	OI_FREE char *name = oi_root_name(root, path);
	int got;

	if (oi_guard_path(root, path, err))
		return -1;
	got = oi_root_read_guarded(root, path, OI_DOC_MAX_BYTES, &buf, err);
	if (got < 0)
		return unreadable(err);
	return got ? 0 : add_own(&buf, name, is_part, stanza, err);
}

static int add_own_folder(const struct oi_host *host, struct oi_stanza *stanza,
			  struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	if (oi_root_list(&host->change, OI_CONF_FOLDER, &names, err) < 0)
		return unreadable(err);
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i];
		OI_FREE char *path = oi_mem_printf(OI_CONF_FOLDER "/%s", name);

		if (*name == '.')
			continue;
		if (oi_stanza_ends_with(name, ".yaml")) {
			if (add_own_file(&host->change, path, false, stanza, err))
				return -1;
		} else if (oi_stanza_ends_with(name, ".yml") || oi_stanza_ends_with(name, ".cfg") ||
			   oi_stanza_ends_with(name, ".json")) {
			oi_log_warn(&host->log, "%s: not read, since its name does not end in .yaml",
				    path);
		}
	}
	return 0;
}

/* --- all of them --- */

int oi_stanza_find(const struct oi_host *host, struct oi_stanza *stanza, struct oi_err *err)
{
	if (add_merged(host, KEY, stanza, err))
		return -1;
	if (add_own_folder(host, stanza, err) ||
	    add_own_file(&host->change, OI_STANZA_PART, true, stanza, err))
		return -1;
	/* Once more: what came in between may be the image's, and user data beats that. */
	return add_from_cloud(&host->change, OI_USER_CONFIG, KEY, stanza, err) < 0 ? -1 : 0;
}

int oi_stanza_read(const struct oi_strv *files, struct oi_stanza *stanza, struct oi_err *err)
{
	for (size_t i = 0; i < files->n; i++) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf buf = { 0 };

		if (oi_root_read_named(files->v[i], OI_DOC_MAX_BYTES, &buf, err))
			return unreadable(err);
		if (add_own(&buf, files->v[i], false, stanza, err))
			return -1;
	}
	return 0;
}

/* --- places --- */

/* Prefixes the place of @key_path in @path; false when it is not there. */
static bool place_in(const struct oi_root *root, const char *path, const char *key_path,
		     struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf buf = { 0 };
	OI_DOC_AUTO *doc = NULL;
	OI_FREE char *name = oi_root_name(root, path);
	OI_FREE char *tail = NULL;
	const struct oi_doc *at;
	struct oi_err ignored; /* the error that is to be placed matters more */
	const char *from;
	bool of_key;

	if (oi_root_read(root, path, OI_DOC_MAX_BYTES, &buf, &ignored) || !oi_stanza_mentions(&buf, KEY))
		return false;
	/* Of user-data only the plain form has the lines that its author sees. */
	if (!strcmp(path, OI_USER_DATA) && !is_cloud_config(&buf))
		return false;
	if (oi_doc_from_yaml(buf.data, buf.len, name, OI_R_STANZA_SYNTAX, &doc, &ignored))
		return false;
	at = oi_doc_at(doc, key_path);
	if (!at || !at->line)
		return false;
	of_key = at->key_line && (err->code == OI_R_STANZA_UNKNOWN_KEY ||
				  err->code == OI_R_STANZA_DUPLICATE_KEY);
	from = strstr(err->text, key_path);
	tail = oi_mem_dup(from ? from : err->text);
	/* cloud-init's copy has lost more than the line: 24.10 is 24.1 there */
	if (err->code == OI_R_STANZA_QUOTE_VERSION && at->text) {
		OI_FREE char *hint = oi_config_version_hint(key_path, at->text);

		free(tail);
		tail = oi_mem_printf("%s: %s", key_path, hint);
	}
	oi_err_set(err, err->code, "%s:%u:%u: %s", name, of_key ? at->key_line : at->line,
		   of_key ? at->key_column : at->column, tail);
	return true;
}

static bool is_about(const struct oi_err *err, const struct oi_root *root, const char *path)
{
	OI_FREE char *name = oi_root_name(root, path);
	size_t len = strlen(name);

	return !strncmp(err->text, name, len) && err->text[len] == ':';
}

void oi_stanza_place(const struct oi_host *host, const char *key_path, struct oi_err *err)
{
	const struct oi_root *root = &host->change;
	OI_CLEANUP(oi_strv_clear) struct oi_strv paths = { 0 };
	struct oi_err ignored;

	/* cloud-config.txt is cloud-init's writing: its lines are nobody's either. */
	if (!is_about(err, &host->look, OI_MERGED_CONFIG) && !is_about(err, root, OI_USER_CONFIG))
		return;
	if (place_in(root, OI_USER_DATA, key_path, err) || !is_about(err, &host->look, OI_MERGED_CONFIG) ||
	    oi_stanza_system_files(root, &paths, &ignored))
		return;
	for (size_t i = paths.n; i-- > 0;)
		if (place_in(root, paths.v[i], key_path, err))
			return;
}
