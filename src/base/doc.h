/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A document: the tree that YAML and JSON both become, with the place where
 * each node was written, so that an error can name it. Also used to build
 * what we write as JSON.
 */
#ifndef OI_BASE_DOC_H
#define OI_BASE_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"

enum oi_doc_kind {
	OI_DOC_NULL,
	OI_DOC_BOOL,
	OI_DOC_INT,
	OI_DOC_REAL,
	OI_DOC_STRING,
	OI_DOC_DATE, /* YAML only; the text as written */
	OI_DOC_BYTES, /* YAML only; the text is base64 */
	OI_DOC_LIST,
	OI_DOC_MAP,
};

struct oi_doc {
	enum oi_doc_kind kind;
	const char *file; /* borrowed from whoever parsed; NULL when built by us */
	unsigned int line; /* from 1; 0 is unknown */
	unsigned int column; /* from 1 */
	unsigned int key_line, key_column; /* of the key that the node stands under; 0: none */
	bool key_is_no_text; /* that key is a number, a date, ... in YAML */
	char *text; /* scalars: as written; strings: the value */
	bool boolean;
	int64_t integer;
	double real;
	char **keys; /* maps only, beside items; a repeated key is kept, the last counts */
	struct oi_doc **items; /* maps and lists */
	size_t n;
};

/** oi_doc_kind_name() - "a string", "a number", ... for error texts */
const char *oi_doc_kind_name(enum oi_doc_kind kind);

/* Building. Every new node is owned by the caller until it is put into another. */
struct oi_doc *oi_doc_new(enum oi_doc_kind kind);
/** oi_doc_new_string() - @s is copied; NULL gives a null node */
struct oi_doc *oi_doc_new_string(const char *s);
struct oi_doc *oi_doc_new_int(int64_t value);
struct oi_doc *oi_doc_new_bool(bool value);
/** oi_doc_new_strings() - a list of copies; NULL gives an empty one */
struct oi_doc *oi_doc_new_strings(const struct oi_strv *strings);
/** oi_doc_take_strings() - append copies of a list's strings; what is no list or no string is passed over */
void oi_doc_take_strings(const struct oi_doc *list, struct oi_strv *strings);
/** oi_doc_put() - append @item under @key to a map; takes @item */
void oi_doc_put(struct oi_doc *map, const char *key, struct oi_doc *item);
/** oi_doc_put_string(), _int(), _bool() - shorthands; a NULL string becomes null */
void oi_doc_put_string(struct oi_doc *map, const char *key, const char *s);
void oi_doc_put_int(struct oi_doc *map, const char *key, int64_t value);
void oi_doc_put_bool(struct oi_doc *map, const char *key, bool value);
/** oi_doc_add() - append @item to a list; takes @item */
void oi_doc_add(struct oi_doc *list, struct oi_doc *item);

/* Looking. All returned nodes and strings are borrowed. @doc may be NULL everywhere. */
/** oi_doc_get() - the item under @key of a map, else NULL */
const struct oi_doc *oi_doc_get(const struct oi_doc *doc, const char *key);
/** oi_doc_at() - follow a path such as "ds.meta_data.imds", else NULL */
const struct oi_doc *oi_doc_at(const struct oi_doc *doc, const char *path);
/** oi_doc_string() - the value of a string node, else NULL */
const char *oi_doc_string(const struct oi_doc *doc);
/** oi_doc_int() - the value of a whole number's node, else @otherwise */
int64_t oi_doc_int(const struct oi_doc *doc, int64_t otherwise);
/** oi_doc_is_true() - is it a boolean, and true */
bool oi_doc_is_true(const struct oi_doc *doc);
/** oi_doc_take() - cut the item under @key out of a map; owned by the caller, or NULL */
struct oi_doc *oi_doc_take(struct oi_doc *map, const char *key);
/** oi_doc_copy() - a deep copy, owned by the caller */
struct oi_doc *oi_doc_copy(const struct oi_doc *doc);

/**
 * oi_doc_merge() - lay @over over @base: maps merge key by key, all else is replaced
 * @base: taken; may be NULL
 * @over: taken; may be NULL
 * Return: the merged tree, owned by the caller.
 * Source: how cloud-init merges system, vendor and user data
 */
struct oi_doc *oi_doc_merge(struct oi_doc *base, struct oi_doc *over);

/** oi_doc_free(), oi_doc_free_p() - free a tree; NULL is fine */
void oi_doc_free(struct oi_doc *doc);
void oi_doc_free_p(struct oi_doc **doc);

#define OI_DOC_AUTO OI_CLEANUP(oi_doc_free_p) struct oi_doc

/* Untrusted input ends here: beyond these a document is refused. */
#define OI_DOC_MAX_BYTES (8u << 20) /* cloud-config is 64 KiB on Azure, more with includes */
#define OI_DOC_MAX_DEPTH 64
#define OI_DOC_MAX_KEYS 4096 /* of one map: looking for keys given twice compares each with each */
#define OI_DOC_MAX_NODES 200000 /* after aliases are expanded */

/**
 * oi_doc_from_yaml() - parse a YAML text of one document, as cloud-init does
 * @code: error code for a malformed text
 * @file: name for error texts and nodes; borrowed, must outlive the tree
 * @out: the tree, owned by the caller; an empty text gives a null node
 *
 * What PyYAML gives up is refused too: a tab between words, a second document, an unknown tag, a
 * date that is none, UTF-16. What it resolves is resolved: YAML 1.1's scalars (yes, 0b11, 1_000, 1:30),
 * merge keys, aliases. Layer userdata compares the two.
 * Return: 0, or -1 with @err "FILE:LINE:COLUMN: ...".
 */
OI_MUST_CHECK
int oi_doc_from_yaml(const char *bytes, size_t len, const char *file, int code,
		     struct oi_doc **out, struct oi_err *err);

/**
 * oi_doc_from_json() - parse a JSON text; as oi_doc_from_yaml(), but nodes have no line
 */
OI_MUST_CHECK
int oi_doc_from_json(const char *bytes, size_t len, const char *file, int code,
		     struct oi_doc **out, struct oi_err *err);

/** oi_doc_to_json() - JSON text of a tree, owned by the caller; @pretty for people */
char *oi_doc_to_json(const struct oi_doc *doc, bool pretty);

/**
 * oi_doc_to_public_json() - the same for others to read: always valid UTF-8, as JSON has to be
 * Not for what we read back ourselves, where a path is what its bytes are.
 */
char *oi_doc_to_public_json(const struct oi_doc *doc, bool pretty);

#endif
