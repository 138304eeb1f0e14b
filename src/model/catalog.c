/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/catalog.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "model/catalog_builtin.h"
#include "model/catalog_rows.h"
#include "model/catalog_table.h"
#include "model/reasons.h"

/* --- the lists of rows, whatever they hold --- */

static char *list_of(const struct oi_catalog *catalog, const struct oi_table_kind *kind)
{
	char *list;

	memcpy(&list, (const char *)catalog + kind->list_at, sizeof(list));
	return list;
}

static size_t count_of(const struct oi_catalog *catalog, const struct oi_table_kind *kind)
{
	size_t n;

	memcpy(&n, (const char *)catalog + kind->count_at, sizeof(n));
	return n;
}

static void set_list(struct oi_catalog *catalog, const struct oi_table_kind *kind, char *list,
		     size_t n)
{
	memcpy((char *)catalog + kind->list_at, &list, sizeof(list));
	memcpy((char *)catalog + kind->count_at, &n, sizeof(n));
}

static char *row_at(const struct oi_catalog *catalog, const struct oi_table_kind *kind, size_t i)
{
	return list_of(catalog, kind) + i * kind->row_bytes;
}

/* Rows are read from files, from line 1 on: 0 marks one that has to give way to its twin. */
static unsigned int line_of(const struct oi_table_kind *kind, const char *row)
{
	struct oi_row_source from;

	memcpy(&from, row + kind->from_at, sizeof(from));
	return from.line;
}

static const char *file_of(const struct oi_table_kind *kind, const char *row)
{
	struct oi_row_source from;

	memcpy(&from, row + kind->from_at, sizeof(from));
	return from.file;
}

static void set_from(const struct oi_table_kind *kind, char *row, const char *file,
		     unsigned int line)
{
	struct oi_row_source from = { .file = file, .line = line };

	memcpy(row + kind->from_at, &from, sizeof(from));
}

/* The room doubles whenever it is used up: at 0 and at each power of two. */
static size_t append_row(struct oi_catalog *catalog, const struct oi_table_kind *kind,
			 const char *row)
{
	char *list = list_of(catalog, kind);
	size_t n = count_of(catalog, kind);

	if (!(n & (n - 1)))
		list = oi_mem_grow(list, n ? 2 * n : 1, kind->row_bytes);
	memcpy(list + n * kind->row_bytes, row, kind->row_bytes);
	set_list(catalog, kind, list, n + 1);
	return n;
}

/* --- which row has a key --- */

struct index {
	size_t *slots; /* row + 1; 0 is free */
	size_t n_slots; /* a power of two, more than twice the rows */
	struct oi_buf other; /* room to build keys in */
};

static void index_clear(struct index *index)
{
	free(index->slots);
	oi_buf_clear(&index->other);
}

/* FNV-1a, 64 bits: offset basis and prime */
static uint64_t hash_of(const struct oi_buf *key)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < key->len; i++)
		h = (h ^ (unsigned char)key->data[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* The slot of the row with @key, or the free one where it belongs. */
static size_t *index_slot(struct index *index, const struct oi_catalog *catalog,
			  const struct oi_table_kind *kind, const struct oi_buf *key)
{
	for (size_t i = hash_of(key);; i++) {
		size_t *slot = &index->slots[i & (index->n_slots - 1)];

		if (!*slot)
			return slot;
		oi_buf_reset(&index->other);
		kind->key(row_at(catalog, kind, *slot - 1), &index->other);
		if (key->len == index->other.len &&
		    !memcmp(key->data, index->other.data, key->len))
			return slot;
	}
}

/* @more: how many rows may come */
static void index_build(struct index *index, const struct oi_catalog *catalog,
			const struct oi_table_kind *kind, size_t more)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf key = { 0 };
	size_t n = count_of(catalog, kind);

	index->n_slots = 16;
	while (index->n_slots <= 2 * (n + more))
		index->n_slots *= 2;
	index->slots = oi_mem_zalloc(index->n_slots, sizeof(*index->slots));
	for (size_t i = 0; i < n; i++) {
		oi_buf_reset(&key);
		kind->key(row_at(catalog, kind, i), &key);
		*index_slot(index, catalog, kind, &key) = i + 1;
	}
}

/* --- adding --- */

static const struct oi_table_kind *kind_of_file(const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *last = slash ? slash + 1 : name;
	size_t len = strlen(last);

	for (size_t i = 0; i < OI_TABLE_KIND_COUNT; i++) {
		size_t want = strlen(oi_table_kinds[i].file);

		if (len >= want && !strcmp(last + len - want, oi_table_kinds[i].file) &&
		    (len == want || last[len - want - 1] == '.'))
			return &oi_table_kinds[i];
	}
	return NULL;
}

/* A size is either with or without InfiniBand: the table that its other row may be in. */
static const struct oi_table_kind *twin_of(const struct oi_table_kind *kind)
{
	if (kind == &oi_table_kinds[OI_TABLE_SIZES])
		return &oi_table_kinds[OI_TABLE_OTHERS];
	if (kind == &oi_table_kinds[OI_TABLE_OTHERS])
		return &oi_table_kinds[OI_TABLE_SIZES];
	return NULL;
}

static void sweep(struct oi_catalog *catalog, const struct oi_table_kind *kind)
{
	char *list = list_of(catalog, kind);
	size_t n = count_of(catalog, kind);
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		char *row = list + i * kind->row_bytes;

		if (line_of(kind, row))
			memmove(list + kept++ * kind->row_bytes, row, kind->row_bytes);
		else
			kind->drop(row);
	}
	set_list(catalog, kind, list, kept);
}

static size_t most_rows(const char *text, size_t len)
{
	size_t n = 1;

	for (const char *end = text + len; (text = memchr(text, '\n', (size_t)(end - text))); text++)
		n++;
	return n < OI_TABLE_MAX_ROWS ? n : OI_TABLE_MAX_ROWS;
}

struct adding {
	struct oi_catalog *catalog;
	const struct oi_table_kind *kind;
	const struct oi_table_kind *twin; /* NULL: none */
	const char *file; /* as rows point to it: tells this file's rows from earlier ones */
	struct index index, twin_index;
	struct oi_buf key; /* of the row at hand */
};

/* The twin's row gives way: both tables' keys are the sizes' names. */
static void oust_twin(struct adding *adding)
{
	size_t *slot;

	if (!adding->twin)
		return;
	slot = index_slot(&adding->twin_index, adding->catalog, adding->twin, &adding->key);
	if (*slot)
		set_from(adding->twin, row_at(adding->catalog, adding->twin, *slot - 1), NULL, 0);
}

/* Takes what @row points to when it succeeds. */
static int add_row(struct adding *adding, const struct oi_table *table, char *row,
		   struct oi_err *err)
{
	const struct oi_table_kind *kind = adding->kind;
	size_t *slot;

	set_from(kind, row, adding->file, table->line);
	oi_buf_reset(&adding->key);
	kind->key(row, &adding->key);
	slot = index_slot(&adding->index, adding->catalog, kind, &adding->key);
	if (*slot) {
		char *earlier = row_at(adding->catalog, kind, *slot - 1);

		if (file_of(kind, earlier) == adding->file)
			return oi_table_error(table, err, "the row repeats that of line %u",
					      line_of(kind, earlier));
		kind->drop(earlier);
		memcpy(earlier, row, kind->row_bytes);
	} else {
		*slot = append_row(adding->catalog, kind, row) + 1;
	}
	oust_twin(adding);
	return 0;
}

static int add_rows(struct adding *adding, struct oi_table *table, struct oi_err *err)
{
	union {
		struct oi_size size;
		struct oi_other_size other;
		struct oi_release release;
		struct oi_inbox inbox;
		struct oi_pci_id pci;
		struct oi_signing_key key;
	} row;
	char *fields[OI_TABLE_MAX_COLUMNS];
	int found;

	while ((found = oi_table_next(table, fields, err)) > 0) {
		memset(&row, 0, sizeof(row));
		if (adding->kind->fill(table, fields, &row, err) < 0 ||
		    add_row(adding, table, (char *)&row, err) < 0) {
			adding->kind->drop(&row);
			return -1;
		}
	}
	return found;
}

int oi_catalog_add_table(struct oi_catalog *catalog, const char *name, const char *text,
			 size_t len, struct oi_err *err)
{
	const struct oi_table_kind *kind = kind_of_file(name);
	struct adding adding = { .catalog = catalog, .kind = kind };
	struct oi_table table = { .file = name };
	char *copy;
	int result;

	if (!kind)
		return oi_err_set(err, OI_R_CATALOG_MALFORMED,
				  "%s:1: the name tells no table; it must end in vm-sizes.tsv, other-sizes.tsv, releases.tsv, inbox.tsv, pci-ids.tsv or signing-keys.tsv",
				  name);
	copy = oi_mem_ndup(text, len);
	catalog->texts = oi_mem_grow(catalog->texts, catalog->n_texts + 1,
				     sizeof(*catalog->texts));
	catalog->texts[catalog->n_texts++] = copy;
	oi_strv_add(&catalog->files, name);
	adding.file = catalog->files.v[catalog->files.n - 1];
	table.columns = kind->columns;
	table.n_columns = kind->n_columns;
	if (oi_table_begin(&table, copy, len, err) < 0)
		return -1;

	index_build(&adding.index, catalog, kind, most_rows(text, len));
	adding.twin = twin_of(kind);
	if (adding.twin)
		index_build(&adding.twin_index, catalog, adding.twin, 0);
	result = add_rows(&adding, &table, err);
	if (adding.twin)
		sweep(catalog, adding.twin);
	index_clear(&adding.index);
	index_clear(&adding.twin_index);
	oi_buf_clear(&adding.key);
	return result;
}

int oi_catalog_add_builtin(struct oi_catalog *catalog, struct oi_err *err)
{
	for (const struct oi_catalog_builtin *table = oi_catalog_builtin; table->name; table++)
		if (oi_catalog_add_table(catalog, table->name, table->text, table->len, err) < 0)
			return -1;
	return 0;
}

void oi_catalog_clear(struct oi_catalog *catalog)
{
	for (size_t i = 0; i < OI_TABLE_KIND_COUNT; i++) {
		const struct oi_table_kind *kind = &oi_table_kinds[i];

		for (size_t row = 0; row < count_of(catalog, kind); row++)
			kind->drop(row_at(catalog, kind, row));
		free(list_of(catalog, kind));
	}
	for (size_t i = 0; i < catalog->n_texts; i++)
		free(catalog->texts[i]);
	free(catalog->texts);
	oi_strv_clear(&catalog->files);
	memset(catalog, 0, sizeof(*catalog));
}

/* --- looking --- */

/* Without the "_Promo" that a size's name may end in; the same hardware at another price. */
static size_t bare_length(const char *name)
{
	static const char promo[] = "_Promo";
	size_t len = strlen(name);
	size_t tail = sizeof(promo) - 1;

	return len > tail && !strcasecmp(name + len - tail, promo) ? len - tail : len;
}

static bool same_name(const char *row_name, const char *name, size_t len)
{
	return !strncasecmp(row_name, name, len) && !row_name[len];
}

static const struct oi_size *size_named(const struct oi_catalog *catalog, const char *name,
					size_t len)
{
	for (size_t i = 0; i < catalog->n_sizes; i++)
		if (same_name(catalog->sizes[i].name, name, len))
			return &catalog->sizes[i];
	return NULL;
}

static const struct oi_other_size *other_named(const struct oi_catalog *catalog,
					       const char *name, size_t len)
{
	for (size_t i = 0; i < catalog->n_others; i++)
		if (same_name(catalog->others[i].name, name, len))
			return &catalog->others[i];
	return NULL;
}

const struct oi_size *oi_catalog_find_size(const struct oi_catalog *catalog, const char *name)
{
	const struct oi_size *size;

	if (!name)
		return NULL;
	size = size_named(catalog, name, strlen(name));
	return size ? size : size_named(catalog, name, bare_length(name));
}

const struct oi_other_size *oi_catalog_find_other(const struct oi_catalog *catalog,
						  const char *name)
{
	const struct oi_other_size *other;

	if (!name)
		return NULL;
	other = other_named(catalog, name, strlen(name));
	return other ? other : other_named(catalog, name, bare_length(name));
}

const struct oi_pci_id *oi_catalog_find_pci(const struct oi_catalog *catalog,
					    unsigned int device)
{
	for (size_t i = 0; i < catalog->n_pci_ids; i++)
		if (catalog->pci_ids[i].device == device)
			return &catalog->pci_ids[i];
	return NULL;
}

bool oi_generation_is_mlx4(const char *generation)
{
	return generation && !strcmp(generation, OI_GENERATION_MLX4);
}
