/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The form of a catalog file: tab-separated, a header line that names the
 * columns, "-" for no value, '#' lines and empty lines skipped. What the
 * columns mean is catalog.c's.
 */
#ifndef OI_MODEL_CATALOG_TABLE_H
#define OI_MODEL_CATALOG_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

/* Untrusted input ends here: no table that people write comes near. */
#define OI_TABLE_MAX_LINE_BYTES 16384
#define OI_TABLE_MAX_ROWS 20000
#define OI_TABLE_MAX_COLUMNS 32

struct oi_table_column {
	const char *name;
	bool required; /* the header must name it */
	bool value; /* "-" is not allowed */
};

struct oi_table {
	const char *file; /* borrowed; for errors */
	const struct oi_table_column *columns; /* that are read; borrowed */
	size_t n_columns;
	unsigned int line; /* of the row last read, from 1 */
	char *rest; /* not read yet */
	char *end;
	size_t n_fields; /* what the header has, and so each row */
	size_t wanted[OI_TABLE_MAX_COLUMNS]; /* field -> index into columns, or n_columns */
	size_t n_rows;
};

/**
 * oi_table_begin() - read the header
 * @table: file, columns and n_columns set, the rest zeroed
 * @text: @len bytes with a NUL behind them; written to; must outlive all that points into it
 * Return: 0, or -1 with OI_R_CATALOG_MALFORMED "FILE:LINE: ...".
 */
OI_MUST_CHECK
int oi_table_begin(struct oi_table *table, char *text, size_t len, struct oi_err *err);

/**
 * oi_table_next() - read a row
 * @fields: filled, one for each of the table's columns; points into the text;
 *          NULL: "-", or the header has no such column
 * Return: 1 a row, 0 the end, -1 with OI_R_CATALOG_MALFORMED.
 */
OI_MUST_CHECK
int oi_table_next(struct oi_table *table, char **fields, struct oi_err *err);

/** oi_table_error() - OI_R_CATALOG_MALFORMED "FILE:LINE: ..." at the row last read; returns -1 */
int oi_table_error(const struct oi_table *table, struct oi_err *err, const char *fmt, ...)
	OI_PRINTF(3, 4);

#endif
