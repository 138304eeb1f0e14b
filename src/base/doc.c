/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/doc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const char *oi_doc_kind_name(enum oi_doc_kind kind)
{
	static const char *const names[] = {
		[OI_DOC_NULL] = "nothing",
		[OI_DOC_BOOL] = "true or false",
		[OI_DOC_INT] = "a whole number",
		[OI_DOC_REAL] = "a number",
		[OI_DOC_STRING] = "a string",
		[OI_DOC_DATE] = "a date",
		[OI_DOC_BYTES] = "bytes",
		[OI_DOC_LIST] = "a list",
		[OI_DOC_MAP] = "a map",
	};

	return names[kind];
}

struct oi_doc *oi_doc_new(enum oi_doc_kind kind)
{
	struct oi_doc *doc = oi_mem_zalloc(1, sizeof(*doc));

	doc->kind = kind;
	return doc;
}

struct oi_doc *oi_doc_new_string(const char *s)
{
	struct oi_doc *doc = oi_doc_new(s ? OI_DOC_STRING : OI_DOC_NULL);

	doc->text = oi_mem_dup(s);
	return doc;
}

struct oi_doc *oi_doc_new_int(int64_t value)
{
	struct oi_doc *doc = oi_doc_new(OI_DOC_INT);

	doc->integer = value;
	doc->real = (double)value;
	doc->text = oi_mem_printf("%" PRId64, value);
	return doc;
}

struct oi_doc *oi_doc_new_bool(bool value)
{
	struct oi_doc *doc = oi_doc_new(OI_DOC_BOOL);

	doc->boolean = value;
	doc->text = oi_mem_dup(value ? "true" : "false");
	return doc;
}

/* Room for one more, doubling: a hostile list costs no quadratic time. */
static void make_room(struct oi_doc *doc)
{
	if (doc->n & (doc->n - 1))
		return; /* room is left until n reaches a power of two */
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): a list of pointers */
	doc->items = oi_mem_grow(doc->items, doc->n ? doc->n * 2 : 1, sizeof(*doc->items));
	if (doc->kind == OI_DOC_MAP)
		doc->keys = oi_mem_grow(doc->keys, doc->n ? doc->n * 2 : 1, sizeof(*doc->keys));
}

void oi_doc_put(struct oi_doc *map, const char *key, struct oi_doc *item)
{
	make_room(map);
	map->keys[map->n] = oi_mem_dup(key);
	map->items[map->n++] = item;
}

struct oi_doc *oi_doc_new_strings(const struct oi_strv *strings)
{
	struct oi_doc *list = oi_doc_new(OI_DOC_LIST);

	for (size_t i = 0; strings && i < strings->n; i++)
		oi_doc_add(list, oi_doc_new_string(strings->v[i]));
	return list;
}

void oi_doc_take_strings(const struct oi_doc *list, struct oi_strv *strings)
{
	for (size_t i = 0; list && list->kind == OI_DOC_LIST && i < list->n; i++)
		if (oi_doc_string(list->items[i]))
			oi_strv_add(strings, oi_doc_string(list->items[i]));
}

void oi_doc_put_string(struct oi_doc *map, const char *key, const char *s)
{
	oi_doc_put(map, key, oi_doc_new_string(s));
}

void oi_doc_put_int(struct oi_doc *map, const char *key, int64_t value)
{
	oi_doc_put(map, key, oi_doc_new_int(value));
}

void oi_doc_put_bool(struct oi_doc *map, const char *key, bool value)
{
	oi_doc_put(map, key, oi_doc_new_bool(value));
}

void oi_doc_add(struct oi_doc *list, struct oi_doc *item)
{
	make_room(list);
	list->items[list->n++] = item;
}

/* The last of equal keys counts, as in cloud-init. Return: index, or n when there is none. */
static size_t find_key(const struct oi_doc *map, const char *key, size_t key_len)
{
	for (size_t i = map->n; i > 0; i--)
		if (!strncmp(map->keys[i - 1], key, key_len) && !map->keys[i - 1][key_len])
			return i - 1;
	return map->n;
}

const struct oi_doc *oi_doc_get(const struct oi_doc *doc, const char *key)
{
	size_t i;

	if (!doc || doc->kind != OI_DOC_MAP)
		return NULL;
	i = find_key(doc, key, strlen(key));
	return i < doc->n ? doc->items[i] : NULL;
}

const struct oi_doc *oi_doc_at(const struct oi_doc *doc, const char *path)
{
	while (doc && *path) {
		size_t len = strcspn(path, ".");
		size_t i;

		if (doc->kind != OI_DOC_MAP)
			return NULL;
		i = find_key(doc, path, len);
		doc = i < doc->n ? doc->items[i] : NULL;
		path += len;
		path += *path == '.';
	}
	return doc;
}

const char *oi_doc_string(const struct oi_doc *doc)
{
	return doc && doc->kind == OI_DOC_STRING ? doc->text : NULL;
}

int64_t oi_doc_int(const struct oi_doc *doc, int64_t otherwise)
{
	return doc && doc->kind == OI_DOC_INT ? doc->integer : otherwise;
}

bool oi_doc_is_true(const struct oi_doc *doc)
{
	return doc && doc->kind == OI_DOC_BOOL && doc->boolean;
}

struct oi_doc *oi_doc_take(struct oi_doc *map, const char *key)
{
	struct oi_doc *item;
	size_t i;

	if (!map || map->kind != OI_DOC_MAP)
		return NULL;
	i = find_key(map, key, strlen(key));
	if (i == map->n)
		return NULL;
	item = map->items[i];
	map->items[i] = oi_doc_new(OI_DOC_NULL); /* order and number of keys stay */
	return item;
}

struct oi_doc *oi_doc_copy(const struct oi_doc *doc)
{
	struct oi_doc *copy;

	if (!doc)
		return NULL;
	copy = oi_doc_new(doc->kind);
	copy->file = doc->file;
	copy->line = doc->line;
	copy->column = doc->column;
	copy->key_line = doc->key_line;
	copy->key_column = doc->key_column;
	copy->text = oi_mem_dup(doc->text);
	copy->boolean = doc->boolean;
	copy->integer = doc->integer;
	copy->real = doc->real;
	for (size_t i = 0; i < doc->n; i++) {
		if (doc->kind == OI_DOC_MAP)
			oi_doc_put(copy, doc->keys[i], oi_doc_copy(doc->items[i]));
		else
			oi_doc_add(copy, oi_doc_copy(doc->items[i]));
	}
	return copy;
}

struct oi_doc *oi_doc_merge(struct oi_doc *base, struct oi_doc *over)
{
	if (!base)
		return over;
	if (!over)
		return base;
	if (base->kind != OI_DOC_MAP || over->kind != OI_DOC_MAP) {
		oi_doc_free(base);
		return over;
	}
	for (size_t i = 0; i < over->n; i++) {
		size_t at = find_key(base, over->keys[i], strlen(over->keys[i]));

		if (at < base->n)
			base->items[at] = oi_doc_merge(base->items[at], over->items[i]);
		else
			oi_doc_put(base, over->keys[i], over->items[i]);
		over->items[i] = NULL;
	}
	oi_doc_free(over);
	return base;
}

void oi_doc_free(struct oi_doc *doc)
{
	if (!doc)
		return;
	for (size_t i = 0; i < doc->n; i++) {
		oi_doc_free(doc->items[i]);
		if (doc->keys)
			free(doc->keys[i]);
	}
	free(doc->items);
	free(doc->keys);
	free(doc->text);
	free(doc);
}

void oi_doc_free_p(struct oi_doc **doc)
{
	oi_doc_free(*doc);
	*doc = NULL;
}
