/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/suggest.h"
#include "model/config_fault.h"
#include "model/config_keys.h"
#include "model/reasons.h"

const char *oi_driver_name(enum oi_driver driver)
{
	static const char *const names[] = { "auto", "doca-ofed", "mlnx-ofed", "inbox" };

	_Static_assert(OI_ARRAY_SIZE(names) == OI_DRIVER_COUNT, "every driver has its name");
	return names[driver];
}

void oi_config_init(struct oi_config *config)
{
	memset(config, 0, sizeof(*config));
	config->enabled = true;
	config->persistent_names = true;
	config->verify.wait_seconds = 120;
	config->verify.network_wait_seconds = 60;
	config->verify.ports = OI_AUTO_NUMBER;
	config->verify.min_rate_gbps = OI_AUTO_NUMBER;
	config->tuning.memlock = true;
	config->timeout_seconds = 1800;
}

static void *member(struct oi_config *config, const struct oi_config_key *key)
{
	return (char *)config + key->offset;
}

void oi_config_clear(struct oi_config *config)
{
	for (size_t i = 0; i < oi_config_n_keys; i++) {
		const struct oi_config_key *key = &oi_config_keys[i];

		if (key->type == OI_KEY_TEXT || key->type == OI_KEY_VERSION)
			free(*(char **)member(config, key));
		else if (key->type == OI_KEY_STRINGS)
			oi_strv_clear(member(config, key));
	}
	memset(config, 0, sizeof(*config));
}

/* --- reading --- */

static const struct oi_config_key *find_key(const char *path)
{
	for (size_t i = 0; i < oi_config_n_keys; i++)
		if (!strcmp(oi_config_keys[i].path, path))
			return &oi_config_keys[i];
	return NULL;
}

bool oi_config_is_key(const char *name)
{
	return !strchr(name, '.') && find_key(name);
}

static bool in_group(const char *path, const char *group)
{
	size_t len = strlen(group);

	if (!len)
		return !strchr(path, '.');
	return !strncmp(path, group, len) && path[len] == '.';
}

/* Says what was probably meant: a key near by, or the same word in another group. */
static int unknown_key(struct oi_config_reader *r, const struct oi_doc *at, const char *group,
		       const char *name)
{
	OI_FREE const char **words = oi_mem_zalloc(oi_config_n_keys, sizeof(*words));
	OI_FREE char *path = oi_mem_printf("%s%s%s", group, *group ? "." : "", name);
	struct oi_buf all = { 0 };
	const char *near;
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < oi_config_n_keys; i++)
		if (in_group(oi_config_keys[i].path, group))
			words[n++] = oi_config_leaf(oi_config_keys[i].path);
	near = oi_suggest_word(name, words, n);
	if (near)
		return oi_config_wrong(r, OI_R_STANZA_UNKNOWN_KEY, at, path,
				       "unknown key; did you mean \"%s\"?", near);
	for (size_t i = 0; i < oi_config_n_keys; i++)
		if (!strcmp(oi_config_leaf(oi_config_keys[i].path), name))
			return oi_config_wrong(r, OI_R_STANZA_UNKNOWN_KEY, at, path,
					       "unknown key here; did you mean infiniband.%s?",
					       oi_config_keys[i].path);
	for (size_t i = 0; i < n; i++)
		oi_buf_addf(&all, "%s%s", i ? ", " : "", words[i]);
	rc = oi_config_wrong(r, OI_R_STANZA_UNKNOWN_KEY, at, path, "unknown key; there are %s",
			     oi_buf_str(&all));
	oi_buf_clear(&all);
	return rc;
}

/* What a value of the wrong type was probably meant as; "": nothing comes to mind */
static const char *type_hint(const struct oi_doc *at, const struct oi_config_key *key)
{
	const char *text = oi_doc_string(at);
	bool number = key->type == OI_KEY_NUMBER || key->type == OI_KEY_AUTO_NUMBER;

	if (text && key->type == OI_KEY_STRINGS)
		return ": put it in brackets";
	if (text && number && *text && text[strspn(text, "0123456789")] == '\0')
		return ": take the quotes off";
	if (text && number && strspn(text, "0123456789"))
		return ": only the digits, the unit is in the key's name";
	if (text && (key->type == OI_KEY_BOOL || key->type == OI_KEY_AUTO_BOOL) &&
	    (!strcasecmp(text, "true") || !strcasecmp(text, "false")))
		return ": take the quotes off";
	if (at->kind == OI_DOC_BOOL && (key->type == OI_KEY_TEXT || key->type == OI_KEY_CHOICE))
		return ": YAML takes yes, no, on and off for that; quote it if it is a word";
	return "";
}

static int wrong_type(struct oi_config_reader *r, const struct oi_doc *at,
		      const struct oi_config_key *key, const char *wanted)
{
	return oi_config_wrong(r, OI_R_STANZA_TYPE, at, key->path, "expected %s, got %s%s%s%s%s", wanted,
			       oi_doc_kind_name(at->kind), at->text && *at->text ? " (" : "",
			       at->text ? at->text : "", at->text && *at->text ? ")" : "",
			       type_hint(at, key));
}

static int read_number(struct oi_config_reader *r, const struct oi_doc *at,
		       const struct oi_config_key *key)
{
	if (key->type == OI_KEY_AUTO_NUMBER && oi_doc_string(at) && !strcmp(at->text, "auto")) {
		*(int *)member(r->config, key) = OI_AUTO_NUMBER;
		return 0;
	}
	if (at->kind != OI_DOC_INT)
		return wrong_type(r, at, key,
				  key->type == OI_KEY_AUTO_NUMBER ? "auto or a whole number" :
								    "a whole number");
	if (at->integer < key->low || at->integer > key->high)
		return oi_config_wrong(r, OI_R_STANZA_VALUE, at, key->path,
				       "%s is out of range, %d to %d", at->text, key->low, key->high);
	*(int *)member(r->config, key) = (int)at->integer;
	return 0;
}

static int read_choice(struct oi_config_reader *r, const struct oi_doc *at,
		       const struct oi_config_key *key)
{
	struct oi_buf all = { 0 };
	const char *near;
	size_t n = 0;
	int rc;

	for (; key->choices[n]; n++)
		oi_buf_addf(&all, "%s%s", n ? ", " : "", key->choices[n]);
	if (!oi_doc_string(at)) {
		OI_FREE char *wanted = oi_mem_printf("one of %s", oi_buf_str(&all));

		oi_buf_clear(&all);
		return wrong_type(r, at, key, wanted);
	}
	for (size_t i = 0; i < n; i++) {
		unsigned int choice = (unsigned int)i;

		if (strcmp(at->text, key->choices[i]) != 0)
			continue;
		if (key->type == OI_KEY_TWO_WAYS)
			*(bool *)member(r->config, key) = i == 1;
		else /* whichever enum it is */
			memcpy(member(r->config, key), &choice, sizeof(choice));
		oi_buf_clear(&all);
		return 0;
	}
	near = oi_suggest_word(at->text, key->choices, n);
	rc = near ? oi_config_wrong(r, OI_R_STANZA_VALUE, at, key->path,
				    "\"%s\" is not known; did you mean \"%s\"?", at->text, near) :
		    oi_config_wrong(r, OI_R_STANZA_VALUE, at, key->path, "\"%s\" is not one of %s",
				    at->text, oi_buf_str(&all));
	oi_buf_clear(&all);
	return rc;
}

static bool printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

char *oi_config_version_hint(const char *key_path, const char *text)
{
	return oi_mem_printf("%s without quotes is a number in YAML; quote it: %s: \"%s\"", text,
			     oi_config_leaf(key_path), text);
}

static int read_text(struct oi_config_reader *r, const struct oi_doc *at,
		     const struct oi_config_key *key)
{
	if (at->kind == OI_DOC_NULL && key->type == OI_KEY_TEXT)
		return 0;
	if (key->type == OI_KEY_VERSION &&
	    (at->kind == OI_DOC_INT || at->kind == OI_DOC_REAL || at->kind == OI_DOC_DATE)) {
		OI_FREE char *hint = oi_config_version_hint(key->path, at->text);

		return oi_config_wrong(r, OI_R_STANZA_QUOTE_VERSION, at, key->path, "%s", hint);
	}
	if (!oi_doc_string(at))
		return wrong_type(r, at, key, "a string");
	if (!*at->text || !printable(at->text))
		return oi_config_wrong(r, OI_R_STANZA_VALUE, at, key->path, "%s",
				       *at->text ? "control characters are not allowed" :
						   "the text is empty");
	if (key->type == OI_KEY_VERSION && !strcmp(at->text, "default"))
		return 0;
	oi_mem_set(member(r->config, key), at->text);
	return 0;
}

static int read_strings(struct oi_config_reader *r, const struct oi_doc *at,
			const struct oi_config_key *key)
{
	struct oi_strv *list = member(r->config, key);

	if (at->kind == OI_DOC_NULL)
		return 0;
	if (at->kind != OI_DOC_LIST)
		return wrong_type(r, at, key, "a list of strings");
	for (size_t i = 0; i < at->n; i++) {
		const char *text = oi_doc_string(at->items[i]);

		if (!text)
			return wrong_type(r, at->items[i], key, "a list of strings");
		if (!*text || !printable(text))
			return oi_config_wrong(r, OI_R_STANZA_VALUE, at->items[i], key->path,
					       "an empty text or control characters are not allowed");
		oi_strv_add(list, text);
	}
	return 0;
}

static int read_auto_bool(struct oi_config_reader *r, const struct oi_doc *at,
			  const struct oi_config_key *key)
{
	enum oi_auto *value = member(r->config, key);

	if (at->kind == OI_DOC_BOOL)
		*value = at->boolean ? OI_AUTO_TRUE : OI_AUTO_FALSE;
	else if (oi_doc_string(at) && !strcmp(at->text, "auto"))
		*value = OI_AUTO;
	else
		return wrong_type(r, at, key, "auto, true or false");
	return 0;
}

static int read_map(struct oi_config_reader *r, const struct oi_doc *map, const char *group);

static int read_key(struct oi_config_reader *r, const struct oi_doc *at,
		    const struct oi_config_key *key)
{
	switch (key->type) {
	case OI_KEY_MAP:
		if (at->kind == OI_DOC_NULL)
			return 0;
		if (at->kind != OI_DOC_MAP)
			return wrong_type(r, at, key, "a map");
		return read_map(r, at, key->path);
	case OI_KEY_BOOL:
		if (at->kind != OI_DOC_BOOL)
			return wrong_type(r, at, key, "true or false");
		*(bool *)member(r->config, key) = at->boolean;
		return 0;
	case OI_KEY_AUTO_BOOL:
		return read_auto_bool(r, at, key);
	case OI_KEY_NUMBER:
	case OI_KEY_AUTO_NUMBER:
		return read_number(r, at, key);
	case OI_KEY_CHOICE:
	case OI_KEY_TWO_WAYS:
		return read_choice(r, at, key);
	case OI_KEY_TEXT:
	case OI_KEY_VERSION:
		return read_text(r, at, key);
	case OI_KEY_STRINGS:
		return read_strings(r, at, key);
	}
	return 0;
}

static int read_item(struct oi_config_reader *r, const struct oi_doc *map, size_t i,
		     const char *group)
{
	OI_FREE char *path = oi_mem_printf("%s%s%s", group, *group ? "." : "", map->keys[i]);
	const struct oi_config_key *key = strchr(map->keys[i], '.') ? NULL : find_key(path);

	if (!key)
		return unknown_key(r, map->items[i], group, map->keys[i]);
	for (size_t j = 0; j < i; j++)
		if (!strcmp(map->keys[i], map->keys[j]))
			return oi_config_wrong(r, OI_R_STANZA_DUPLICATE_KEY, map->items[i], path,
					       "the key is given twice, first in line %u",
					       map->items[j]->key_line);
	return read_key(r, map->items[i], key);
}

static int read_map(struct oi_config_reader *r, const struct oi_doc *map, const char *group)
{
	int ret = 0;

	for (size_t i = 0; i < map->n && (!ret || r->faults); i++)
		if (read_item(r, map, i, group))
			ret = -1;
	return ret;
}

static int read_stanza(struct oi_config_reader *r)
{
	const struct oi_doc *stanza = r->stanza;

	if (!stanza || stanza->kind == OI_DOC_NULL)
		return 0;
	if (stanza->kind != OI_DOC_MAP)
		return oi_config_wrong(r, OI_R_STANZA_TYPE, stanza, "", "expected a map, got %s",
				       oi_doc_kind_name(stanza->kind));
	r->whole = !read_map(r, stanza, "");
	if ((!r->whole && !r->faults) || oi_config_check(r) || !r->whole)
		return -1;
	r->config->present = true;
	return 0;
}

int oi_config_from_doc(const struct oi_doc *stanza, struct oi_config *config, char **culprit,
		       struct oi_err *err)
{
	struct oi_config_reader r = { .stanza = stanza, .config = config, .culprit = culprit,
				      .err = err };

	return read_stanza(&r);
}

void oi_config_find_faults(const struct oi_doc *stanza, struct oi_config_faults *faults)
{
	OI_CLEANUP(oi_config_clear) struct oi_config config;
	struct oi_err err;
	struct oi_config_reader r = { .stanza = stanza, .config = &config, .err = &err,
				      .faults = faults };

	oi_config_init(&config);
	(void)!read_stanza(&r);
}

void oi_config_take_readable(const struct oi_doc *stanza, struct oi_config *config)
{
	OI_CLEANUP(oi_config_faults_clear) struct oi_config_faults faults = { 0 };
	struct oi_err err;
	struct oi_config_reader r = { .stanza = stanza, .config = config, .err = &err,
				      .faults = &faults };

	oi_config_clear(config);
	oi_config_init(config);
	if (stanza && stanza->kind == OI_DOC_MAP)
		(void)!read_map(&r, stanza, "");
	oi_config_drop_bad_report(config);
	oi_config_drop_bad_units(config);
}

void oi_config_faults_clear(struct oi_config_faults *faults)
{
	free(faults->v);
	*faults = (struct oi_config_faults){ 0 };
}

/* --- writing --- */

struct oi_doc *oi_config_to_doc(const struct oi_config *config)
{
	struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);

	for (size_t i = 0; i < oi_config_n_keys; i++) {
		const struct oi_config_key *key = &oi_config_keys[i];

		oi_doc_put(oi_config_group_of(doc, key->path), oi_config_leaf(key->path),
			   oi_config_value_to_doc(config, key));
	}
	return doc;
}
