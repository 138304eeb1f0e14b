/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/catalog_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/reasons.h"

int oi_table_error(const struct oi_table *table, struct oi_err *err, const char *fmt, ...)
{
	char what[OI_ERR_TEXT_BYTES];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(what, sizeof(what), fmt, ap) < 0)
		what[0] = '\0';
	va_end(ap);
	return oi_err_set(err, OI_R_CATALOG_MALFORMED, "%s:%u: %s", table->file, table->line,
			  what);
}

static bool is_fine(unsigned char c)
{
	return (c >= 0x20 && c <= 0x7e) || c == '\t';
}

static int bad_byte(const struct oi_table *table, const char *line, struct oi_err *err)
{
	size_t i = 0;

	while (is_fine((unsigned char)line[i]))
		i++;
	if (line[i] == '\r')
		return oi_table_error(table, err, "a carriage return; lines end with a newline alone");
	return oi_table_error(table, err, "byte 0x%02x at column %zu is not printable ASCII",
			      (unsigned char)line[i], i + 1);
}

/*
 * Tables end up in logs and on terminals, so control bytes stop here. No branch
 * for each byte: the tables are read on every boot.
 */
static int check_bytes(const struct oi_table *table, const char *line, size_t len,
		       struct oi_err *err)
{
	unsigned int bad = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned int c = (unsigned char)line[i];

		bad |= (c - 0x20 > 0x7e - 0x20) & (c != '\t');
	}
	return bad ? bad_byte(table, line, err) : 0;
}

/* The next line that is no comment and not empty, NUL-terminated. Returns as oi_table_next(). */
static int next_line(struct oi_table *table, char **line, struct oi_err *err)
{
	while (table->rest < table->end) {
		char *start = table->rest;
		size_t left = (size_t)(table->end - start);
		char *newline = memchr(start, '\n', left);
		size_t len = newline ? (size_t)(newline - start) : left;

		table->line++;
		table->rest = newline ? newline + 1 : table->end;
		if (len > OI_TABLE_MAX_LINE_BYTES)
			return oi_table_error(table, err, "the line is longer than %d bytes",
					      OI_TABLE_MAX_LINE_BYTES);
		if (check_bytes(table, start, len, err) < 0)
			return -1;
		if (!len || *start == '#')
			continue;
		start[len] = '\0';
		*line = start;
		return 1;
	}
	return 0;
}

/* Cuts @rest at the next tab: returns the field, and NULL in @rest behind the last one. */
static char *cut_field(char **rest)
{
	char *field = *rest;
	char *tab = strchr(field, '\t');

	if (tab)
		*tab++ = '\0';
	*rest = tab;
	return field;
}

static size_t count_fields(const char *line)
{
	size_t n = 1;

	for (; (line = strchr(line, '\t')); line++)
		n++;
	return n;
}

static size_t column_index(const struct oi_table *table, const char *name)
{
	size_t i;

	for (i = 0; i < table->n_columns; i++)
		if (!strcmp(table->columns[i].name, name))
			break;
	return i;
}

int oi_table_begin(struct oi_table *table, char *text, size_t len, struct oi_err *err)
{
	bool seen[OI_TABLE_MAX_COLUMNS] = { false };
	char *line;
	int found;

	table->rest = text;
	table->end = text + len;
	found = next_line(table, &line, err);
	if (found < 0)
		return -1;
	if (!found) {
		table->line = 1;
		return oi_table_error(table, err, "there is no header line that names the columns");
	}
	table->n_fields = count_fields(line);
	if (table->n_fields > OI_TABLE_MAX_COLUMNS)
		return oi_table_error(table, err, "there are %zu columns; %d are allowed",
				      table->n_fields, OI_TABLE_MAX_COLUMNS);
	for (size_t i = 0; line; i++) {
		const char *name = cut_field(&line);
		size_t column = column_index(table, name);

		table->wanted[i] = column;
		if (column == table->n_columns)
			continue; /* somebody else's */
		if (seen[column])
			return oi_table_error(table, err, "column \"%s\" is named twice", name);
		seen[column] = true;
	}
	for (size_t i = 0; i < table->n_columns; i++)
		if (table->columns[i].required && !seen[i])
			return oi_table_error(table, err, "the header does not name column \"%s\"",
					      table->columns[i].name);
	return 0;
}

int oi_table_next(struct oi_table *table, char **fields, struct oi_err *err)
{
	char *line;
	size_t n;
	int found = next_line(table, &line, err);

	if (found <= 0)
		return found;
	if (++table->n_rows > OI_TABLE_MAX_ROWS)
		return oi_table_error(table, err, "there are more than %d rows", OI_TABLE_MAX_ROWS);
	n = count_fields(line);
	if (n != table->n_fields)
		return oi_table_error(table, err, "the row has %zu fields; the header names %zu columns",
				      n, table->n_fields);
	for (size_t i = 0; i < table->n_columns; i++)
		fields[i] = NULL;
	for (size_t i = 0; line; i++) {
		char *field = cut_field(&line);
		const struct oi_table_column *column;

		if (table->wanted[i] == table->n_columns)
			continue;
		column = &table->columns[table->wanted[i]];
		if (!*field)
			return oi_table_error(table, err, "%s is empty; \"-\" means no value", column->name);
		if (strcmp(field, "-"))
			fields[table->wanted[i]] = field;
		else if (column->value)
			return oi_table_error(table, err, "%s must have a value", column->name);
	}
	return 1;
}
