/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door to libyaml: events become a tree, with limits, places and YAML 1.1 scalars. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "base/doc.h"
#include "base/mem.h"

struct anchor {
	char *name;
	struct oi_doc *doc; /* borrowed: a node of the tree under construction */
};

struct reader {
	yaml_parser_t parser;
	const char *file;
	int code;
	struct oi_err *err;
	struct anchor *anchors;
	size_t n_anchors;
	size_t n_nodes;
};

static int fail_at(struct reader *r, const yaml_mark_t *mark, const char *what)
{
	return oi_err_set(r->err, r->code, "%s:%zu:%zu: %s", r->file, mark->line + 1,
			  mark->column + 1, what);
}

/* Tells bad YAML from bad bytes; libyaml has a place for both. */
static int fail_parser(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem ? p->problem : "not YAML";

	/* libyaml's words for it; nearly always somebody's editor has put it there */
	if (strstr(problem, "character that cannot start any token"))
		problem = "found character that cannot start any token; a tab does not indent in YAML, blanks do";
	if (p->error == YAML_READER_ERROR)
		return oi_err_set(r->err, r->code, "%s: %s (at byte %zu)", r->file, problem,
				  p->problem_offset);
	if (p->context)
		return oi_err_set(r->err, r->code, "%s:%zu:%zu: %s, %s", r->file,
				  p->problem_mark.line + 1, p->problem_mark.column + 1, p->context,
				  problem);
	return fail_at(r, &p->problem_mark, problem);
}

static int next_event(struct reader *r, yaml_event_t *event)
{
	return yaml_parser_parse(&r->parser, event) ? 0 : fail_parser(r);
}

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(text, words[i]))
			return true;
	return false;
}

static bool parse_integer(const char *text, int64_t *value)
{
	const char *digits = text + (*text == '-' || *text == '+');
	char *end;
	int base = 10;

	if (!*digits)
		return false;
	if (digits[0] == '0' && digits[1] == 'x')
		base = 16;
	else if (digits[0] == '0' && digits[1])
		base = 8; /* 0755 is a number of YAML 1.1, and 0899 is not */
	else if (digits[0] < '0' || digits[0] > '9')
		return false;
	errno = 0;
	*value = strtoll(text, &end, base);
	return !*end && !errno;
}

static bool parse_real(const char *text, double *value)
{
	char *end;

	/* YAML 1.1 wants a point in it; "inf", "nan" and hexadecimal are words here */
	if (strspn(text, "+-0123456789.eE") != strlen(text) || !strchr(text, '.') ||
	    !strpbrk(text, "0123456789"))
		return false;
	*value = strtod(text, &end);
	return !*end;
}

/* Source: YAML 1.1 types as PyYAML resolves them, since cloud-init reads with it */
static void resolve_plain(struct oi_doc *doc)
{
	static const char *const yes[] = { "true", "True", "TRUE", "yes", "Yes",
					   "YES",  "on",   "On",   "ON" };
	static const char *const no[] = { "false", "False", "FALSE", "no", "No",
					  "NO",	   "off",   "Off",   "OFF" };
	static const char *const nothing[] = { "", "~", "null", "Null", "NULL" };

	if (is_one_of(doc->text, nothing, OI_ARRAY_SIZE(nothing))) {
		doc->kind = OI_DOC_NULL;
	} else if (is_one_of(doc->text, yes, OI_ARRAY_SIZE(yes))) {
		doc->kind = OI_DOC_BOOL;
		doc->boolean = true;
	} else if (is_one_of(doc->text, no, OI_ARRAY_SIZE(no))) {
		doc->kind = OI_DOC_BOOL;
	} else if (parse_integer(doc->text, &doc->integer)) {
		doc->kind = OI_DOC_INT;
		doc->real = (double)doc->integer;
	} else if (parse_real(doc->text, &doc->real)) {
		doc->kind = OI_DOC_REAL;
	}
}

static int count_node(struct reader *r, const yaml_mark_t *mark)
{
	if (++r->n_nodes > OI_DOC_MAX_NODES)
		return fail_at(r, mark, "too many values");
	return 0;
}

static struct oi_doc *new_node(struct reader *r, enum oi_doc_kind kind, const yaml_mark_t *mark)
{
	struct oi_doc *doc = oi_doc_new(kind);

	doc->file = r->file;
	doc->line = (unsigned int)mark->line + 1;
	doc->column = (unsigned int)mark->column + 1;
	return doc;
}

static void remember(struct reader *r, const yaml_char_t *name, struct oi_doc *doc)
{
	if (!name)
		return;
	r->anchors = oi_mem_grow(r->anchors, r->n_anchors + 1, sizeof(*r->anchors));
	r->anchors[r->n_anchors].name = oi_mem_dup((const char *)name);
	r->anchors[r->n_anchors++].doc = doc;
}

static size_t count_tree(const struct oi_doc *doc, size_t limit)
{
	size_t n = 1;

	for (size_t i = 0; i < doc->n && n <= limit; i++)
		n += count_tree(doc->items[i], limit - n);
	return n;
}

/* An alias is copied out, and its nodes count: a "billion laughs" ends at the limit. */
static int read_alias(struct reader *r, const yaml_event_t *event, struct oi_doc **out)
{
	const char *name = (const char *)event->data.alias.anchor;

	for (size_t i = r->n_anchors; i > 0; i--) {
		const struct oi_doc *doc = r->anchors[i - 1].doc;

		if (strcmp(r->anchors[i - 1].name, name) != 0)
			continue;
		r->n_nodes += count_tree(doc, OI_DOC_MAX_NODES);
		if (r->n_nodes > OI_DOC_MAX_NODES)
			return fail_at(r, &event->start_mark, "too many values behind aliases");
		*out = oi_doc_copy(doc);
		return 0;
	}
	return fail_at(r, &event->start_mark, "alias of an unknown anchor");
}

static int read_node(struct reader *r, const yaml_event_t *event, unsigned int depth,
		     struct oi_doc **out);

static int read_list(struct reader *r, struct oi_doc *list, unsigned int depth)
{
	for (;;) {
		struct oi_doc *item = NULL;
		yaml_event_t event;
		int rc;

		if (next_event(r, &event))
			return -1;
		if (event.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&event);
			return 0;
		}
		rc = read_node(r, &event, depth + 1, &item);
		yaml_event_delete(&event);
		if (rc)
			return -1;
		oi_doc_add(list, item);
	}
}

static int read_map(struct reader *r, struct oi_doc *map, unsigned int depth)
{
	for (;;) {
		OI_FREE char *key = NULL;
		struct oi_doc *item = NULL;
		yaml_event_t event;
		yaml_mark_t mark;
		int rc;

		if (next_event(r, &event))
			return -1;
		if (event.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&event);
			return 0;
		}
		if (event.type != YAML_SCALAR_EVENT) {
			fail_at(r, &event.start_mark, "a key must be a plain word");
			yaml_event_delete(&event);
			return -1;
		}
		if (map->n == OI_DOC_MAX_KEYS) {
			fail_at(r, &event.start_mark, "too many keys in one map");
			yaml_event_delete(&event);
			return -1;
		}
		key = oi_mem_dup((const char *)event.data.scalar.value);
		mark = event.start_mark;
		yaml_event_delete(&event);
		if (next_event(r, &event))
			return -1;
		rc = read_node(r, &event, depth + 1, &item);
		yaml_event_delete(&event);
		if (rc)
			return -1;
		item->key_line = (unsigned int)mark.line + 1;
		item->key_column = (unsigned int)mark.column + 1;
		oi_doc_put(map, key, item);
	}
}

static int read_node(struct reader *r, const yaml_event_t *event, unsigned int depth,
		     struct oi_doc **out)
{
	OI_DOC_AUTO *doc = NULL;

	if (depth > OI_DOC_MAX_DEPTH)
		return fail_at(r, &event->start_mark, "nested too deeply");
	if (count_node(r, &event->start_mark))
		return -1;
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return read_alias(r, event, out);
	case YAML_SCALAR_EVENT:
		doc = new_node(r, OI_DOC_STRING, &event->start_mark);
		doc->text = oi_mem_dup((const char *)event->data.scalar.value);
		if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		    !event->data.scalar.tag)
			resolve_plain(doc);
		remember(r, event->data.scalar.anchor, doc);
		break;
	case YAML_SEQUENCE_START_EVENT:
		doc = new_node(r, OI_DOC_LIST, &event->start_mark);
		if (read_list(r, doc, depth))
			return -1;
		/* only now: an alias inside its own anchor has no end */
		remember(r, event->data.sequence_start.anchor, doc);
		break;
	case YAML_MAPPING_START_EVENT:
		doc = new_node(r, OI_DOC_MAP, &event->start_mark);
		if (read_map(r, doc, depth))
			return -1;
		remember(r, event->data.mapping_start.anchor, doc);
		break;
	default:
		return fail_at(r, &event->start_mark, "a value is missing here");
	}
	*out = doc;
	doc = NULL;
	return 0;
}

static int read_document(struct reader *r, struct oi_doc **out)
{
	for (;;) {
		yaml_event_t event;
		yaml_event_type_t type;
		int rc = 0;

		if (next_event(r, &event))
			return -1;
		type = event.type;
		if (type == YAML_STREAM_END_EVENT)
			*out = new_node(r, OI_DOC_NULL, &event.start_mark);
		else if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT)
			rc = read_node(r, &event, 0, out);
		yaml_event_delete(&event);
		if (rc || *out)
			return rc;
	}
}

/* Reads on to the end, so that a mistake behind the first value is not passed over. */
static int read_rest(struct reader *r)
{
	for (;;) {
		yaml_event_t event;
		yaml_event_type_t type;

		if (next_event(r, &event))
			return -1;
		type = event.type;
		yaml_event_delete(&event);
		if (type == YAML_STREAM_END_EVENT || type == YAML_DOCUMENT_END_EVENT)
			return 0;
	}
}

int oi_doc_from_yaml(const char *bytes, size_t len, const char *file, int code,
		     struct oi_doc **out, struct oi_err *err)
{
	struct reader r = { .file = file, .code = code, .err = err };
	struct oi_doc *doc = NULL;
	int rc;

	if (len > OI_DOC_MAX_BYTES)
		return oi_err_set(err, code, "%s: larger than %u bytes", file, OI_DOC_MAX_BYTES);
	if (!yaml_parser_initialize(&r.parser))
		abort(); /* out of memory */
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)bytes, len);
	rc = read_document(&r, &doc);
	if (!rc && !r.parser.stream_end_produced)
		rc = read_rest(&r);
	yaml_parser_delete(&r.parser);
	for (size_t i = 0; i < r.n_anchors; i++)
		free(r.anchors[i].name);
	free(r.anchors);
	if (rc) {
		oi_doc_free(doc);
		return -1;
	}
	*out = doc;
	return 0;
}
