/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `on_failure: block`, read out of a stanza that may be wrong in any other way. dist/gate looks
 * for the same words where this program does not get as far.
 */
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "facts/stanza.h"
#include "facts/stanza_places.h"
#include "model/reasons.h"
#include "sys/trust.h"

enum word { SAYS_NOTHING, SAYS_BLOCK, SAYS_CONTINUE };

/* As in YAML and JSON, in any style, also with a tag or an anchor before the value. */
#define PATTERN \
	"(^|[^[:alnum:]_-])[\"']?on_failure[\"']?[[:space:]]*:[[:space:]]*([!&][^[:space:]]*[[:space:]]+)*" \
	"[\"']?block([^[:alnum:]_-]|$)"

/* A copy without YAML's comments; a # behind a quote may be none. Owned by the caller. */
static char *without_comments(const char *text)
{
	char *copy = oi_mem_dup(text), *out = copy;
	bool comment = false, quoted = false;
	char last = '\n';

	for (const char *c = text; *c; last = *c++) {
		if (*c == '\n')
			comment = quoted = false;
		else if (*c == '#' && !quoted && strchr(" \t\n", last))
			comment = true;
		quoted |= *c == '"' || *c == '\'';
		if (!comment)
			*out++ = *c;
	}
	*out = '\0';
	return copy;
}

bool oi_stanza_text_asks_block(const char *text)
{
	OI_FREE char *words = without_comments(text);
	regex_t pattern;
	bool found;

	if (regcomp(&pattern, PATTERN, REG_EXTENDED | REG_NOSUB))
		abort(); /* out of memory */
	found = !regexec(&pattern, words, 0, NULL, 0);
	regfree(&pattern);
	return found;
}

/* @stanza: a map, or anything else that has taken its place */
static enum word word_of(const struct oi_doc *stanza)
{
	const char *value = oi_doc_string(oi_doc_get(stanza, "on_failure"));

	/* of a key that is given twice, one is enough */
	for (size_t i = 0; stanza && stanza->kind == OI_DOC_MAP && i < stanza->n; i++)
		if (!strcmp(stanza->keys[i], "on_failure") &&
		    !strcmp(oi_doc_string(stanza->items[i]) ?: "", "block"))
			return SAYS_BLOCK;
	if (!value)
		return SAYS_NOTHING;
	return !strcmp(value, "continue") ? SAYS_CONTINUE : SAYS_NOTHING;
}

/* @is_part: the stanza's own keys may be at the top */
static enum word look_into(const struct oi_buf *buf, const char *name, bool is_part)
{
	const char *text = oi_buf_str(buf);
	OI_DOC_AUTO *doc = NULL;
	struct oi_err ignored;
	enum word word = SAYS_NOTHING;
	bool json = oi_stanza_ends_with(name, ".json");

	if (!is_part && !oi_stanza_mentions(buf, OI_STANZA_KEY))
		return SAYS_NOTHING;
	if (json ? oi_doc_from_json(text, buf->len, name, OI_R_STANZA_SYNTAX, &doc, &ignored) :
		   oi_doc_from_yaml(text, buf->len, name, OI_R_STANZA_SYNTAX, &doc, &ignored))
		return oi_stanza_text_asks_block(text) ? SAYS_BLOCK : SAYS_NOTHING;
	for (size_t i = 0; doc->kind == OI_DOC_MAP && i < doc->n && word != SAYS_BLOCK; i++)
		if (!strcmp(doc->keys[i], OI_STANZA_KEY))
			word = word_of(doc->items[i]);
	return is_part && word == SAYS_NOTHING ? word_of(doc) : word;
}

static void look_at(const struct oi_root *root, const char *path, bool guarded, enum word *so_far)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf buf = { 0 }, again = { 0 };
	struct oi_err ignored;
	enum word word;

	if (oi_root_read(root, path, OI_DOC_MAX_BYTES, &buf, &ignored))
		return;
	word = look_into(&buf, path, !strcmp(path, OI_STANZA_PART));
	if (word == SAYS_CONTINUE && guarded &&
	    (oi_trust_path(root, path, &ignored) ||
	     oi_root_read_guarded(root, path, OI_DOC_MAX_BYTES, &again, &ignored)))
		return;
	if (word != SAYS_NOTHING)
		*so_far = word;
}

static void look_at_cloud_init(const struct oi_host *host, enum word *so_far)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv paths = { 0 };
	struct oi_err ignored;

	if (oi_root_exists(&host->look, OI_MERGED_CONFIG)) {
		look_at(&host->look, OI_MERGED_CONFIG, false, so_far);
		return;
	}
	if (oi_stanza_system_files(&host->change, &paths, &ignored))
		oi_strv_add(&paths, OI_USER_CONFIG);
	for (size_t i = 0; i < paths.n; i++)
		look_at(&host->change, paths.v[i], false, so_far);
}

bool oi_stanza_asks_block(const struct oi_host *host, const struct oi_strv *files)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	enum word word = SAYS_NOTHING;
	struct oi_err ignored;

	for (size_t i = 0; i < files->n; i++) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf buf = { 0 };
		enum word found;

		if (oi_root_read_named(files->v[i], OI_DOC_MAX_BYTES, &buf, &ignored))
			continue;
		found = look_into(&buf, files->v[i], false);
		if (found != SAYS_NOTHING)
			word = found;
	}
	if (files->n)
		return word == SAYS_BLOCK;
	look_at_cloud_init(host, &word);
	if (!oi_root_list(&host->change, OI_CONF_FOLDER, &names, &ignored))
		for (size_t i = 0; i < names.n; i++) {
			OI_FREE char *path = oi_mem_printf(OI_CONF_FOLDER "/%s", names.v[i]);

			if (*names.v[i] != '.' && oi_stanza_ends_with(path, ".yaml"))
				look_at(&host->change, path, true, &word);
		}
	look_at(&host->change, OI_STANZA_PART, true, &word);
	look_at(&host->change, OI_USER_CONFIG, false, &word);
	return word == SAYS_BLOCK;
}
