/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/stanza.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "facts/stanza_places.h"
#include "facts/stanza_text.h"
#include "facts/userdata.h"
#include "model/config.h"
#include "model/reasons.h"
#include "sys/trust.h"

#define KEY OI_STANZA_KEY
#define REPORTING "reporting" /* cloud-init's own */
#define CLOUD_LOG "/var/log/cloud-init.log"
#define CLOUD_LOG_BYTES (16u << 20) /* some hundred boots */

void oi_stanza_clear(struct oi_stanza *stanza)
{
	oi_doc_free(stanza->doc);
	oi_strv_clear(&stanza->sources);
	oi_strv_clear(&stanza->names);
	oi_strv_clear(&stanza->notes);
	memset(stanza, 0, sizeof(*stanza));
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
		return oi_stanza_unreadable(err);
	if (got || !oi_stanza_mentions(&buf, key))
		return got;
	full = oi_root_name(root, path);
	name = oi_stanza_keep_name(stanza, full);
	got = oi_stanza_ends_with(path, ".json") ? oi_doc_from_json(buf.data, buf.len, name,
							  OI_R_STANZA_SYNTAX, &doc, err) :
					 oi_doc_from_yaml(buf.data, buf.len, name,
							  OI_R_STANZA_SYNTAX, &doc, err);
	if (got)
		return -1;
	oi_stanza_add(stanza, name, oi_doc_take(doc, key));
	return 0;
}

int oi_stanza_system_files(const struct oi_root *root, struct oi_strv *paths, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	oi_strv_add(paths, OI_SYSTEM_CONFIG);
	if (oi_root_list(root, OI_SYSTEM_FOLDER, &names, err) < 0)
		return oi_stanza_unreadable(err);
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

/*
 * A merged file that json-c cannot read, such as one with a number beyond 64 bits anywhere in it, is no
 * fault of the stanza's: the files that it was made of are there too.
 */
static int add_merged(const struct oi_host *host, const char *key, struct oi_stanza *stanza,
		      struct oi_err *err)
{
	int got = add_from_cloud(&host->look, OI_MERGED_CONFIG, key, stanza, err);
	struct oi_err again = { 0 };

	if (got > 0)
		return add_from_system_files(&host->change, key, stanza, err);
	if (!got || err->code != OI_R_STANZA_SYNTAX)
		return got;
	if (add_from_system_files(&host->change, key, stanza, &again) || !stanza->doc)
		return -1;
	oi_log_warn(&host->log, "%s; continuing with the files that cloud-init has made it of", err->text);
	return 0;
}

int oi_stanza_find_reporting(const struct oi_host *host, struct oi_stanza *section,
			     struct oi_err *err)
{
	return add_merged(host, REPORTING, section, err);
}

/* Source: cloud-init, cmd/main.py, welcome_format(): the same from 0.7 to 26.2 */
char *oi_stanza_cloud_version(const struct oi_host *host)
{
	static const char words[] = "Cloud-init v. ";
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	const char *last = NULL, *at;
	struct oi_err ignored;

	if (oi_root_read(&host->change, CLOUD_LOG, CLOUD_LOG_BYTES, &text, &ignored))
		return NULL;
	for (at = oi_buf_str(&text); (at = strstr(at, words)); at += strlen(words))
		last = at + strlen(words);
	return last ? oi_mem_ndup(last, strcspn(last, " \r\n")) : NULL;
}

/* Source: cloud-init, util.py, translate_bool() */
static bool is_said(const struct oi_doc *value)
{
	static const char *const words[] = { "true", "1", "on", "yes" };
	const char *text = oi_doc_string(value);

	for (size_t i = 0; text && i < OI_ARRAY_SIZE(words); i++)
		if (!strcasecmp(text, words[i]))
			return true;
	return oi_doc_is_true(value) || (value && value->kind == OI_DOC_INT && value->integer);
}

bool oi_stanza_cloud_says(const struct oi_host *host, const char *key, const char *old_key)
{
	const char *const keys[] = { key, old_key };
	bool said = false;

	for (size_t i = 0; i < OI_ARRAY_SIZE(keys); i++) {
		OI_CLEANUP(oi_stanza_clear) struct oi_stanza value = { 0 };
		struct oi_err ignored;

		if (!add_merged(host, keys[i], &value, &ignored))
			said |= is_said(value.doc);
	}
	return said;
}

/* --- our own files --- */

static int add_own_file(const struct oi_root *root, const char *path, bool is_part,
			struct oi_stanza *stanza, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf buf = { 0 };
	OI_FREE char *name = oi_root_name(root, path);
	int got;

	if (oi_trust_path(root, path, err))
		return -1;
	got = oi_root_read_guarded(root, path, OI_DOC_MAX_BYTES, &buf, err);
	if (got < 0)
		return oi_stanza_unreadable(err);
	return got ? 0 : oi_stanza_add_own(&buf, name, is_part, stanza, err);
}

static int add_own_folder(const struct oi_host *host, struct oi_stanza *stanza,
			  struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	if (oi_root_list(&host->change, OI_CONF_FOLDER, &names, err) < 0)
		return oi_stanza_unreadable(err);
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
	bool of_key, is_template;

	if (oi_root_read(root, path, OI_DOC_MAX_BYTES, &buf, &ignored) || !oi_stanza_mentions(&buf, KEY))
		return false;
	/* Of user-data only the plain form has the lines that its author sees. */
	if (!strcmp(path, OI_USER_DATA) &&
	    oi_userdata_kind(oi_buf_str(&buf), &is_template) != OI_PART_CLOUD_CONFIG)
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
