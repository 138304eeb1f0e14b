/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the columns of each catalog table mean: from fields to rows, strictly. */
#ifndef OI_MODEL_CATALOG_ROWS_H
#define OI_MODEL_CATALOG_ROWS_H

#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/catalog.h"
#include "model/catalog_table.h"

enum oi_table_name {
	OI_TABLE_SIZES,
	OI_TABLE_OTHERS,
	OI_TABLE_RELEASES,
	OI_TABLE_INBOX,
	OI_TABLE_PCI_IDS,
	OI_TABLE_KEYS,
	OI_TABLE_KIND_COUNT
};

struct oi_table_kind {
	const char *file; /* "vm-sizes.tsv" */
	const struct oi_table_column *columns;
	size_t n_columns;
	size_t row_bytes;
	size_t from_at; /* where a row has its struct oi_row_source */
	size_t list_at; /* where struct oi_catalog has the pointer to the rows */
	size_t count_at; /* and where their number */
	/* fills a zeroed row from the fields; what it points to is theirs, but for the
	 * arrays of lists; Return: 0, or -1 with the error of oi_table_error() */
	int (*fill)(const struct oi_table *table, char **fields, void *row, struct oi_err *err);
	void (*key)(const void *row, struct oi_buf *key); /* appends what tells rows apart */
	void (*drop)(void *row); /* frees the arrays of lists; fine on a half-filled row */
};

extern const struct oi_table_kind oi_table_kinds[OI_TABLE_KIND_COUNT];

#endif
