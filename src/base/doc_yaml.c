/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door to libyaml: events become a tree, with limits, places and YAML 1.1 scalars. */
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/doc.h"
#include "base/mem.h"
#include "base/yaml_scalar.h"

#define MAP_TAG "tag:yaml.org,2002:map"
#define LIST_TAG "tag:yaml.org,2002:seq"

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
	struct oi_doc *kept; /* keys and merges: in no tree, and an anchor may point to them */
	size_t n_nodes;
	unsigned int flow; /* brackets and braces that are open */
	const char *text;
	const char *looked; /* up to here check_text() has looked; NULL: there is nothing to be found */
	const char *end;
	size_t n_chars; /* characters before looked */
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

/* --- what only libyaml takes --- */

/* What libyaml takes and PyYAML, and with it cloud-init, does not. @at: in the text */
static int fail_text(struct reader *r, const char *at, const char *what)
{
	size_t line = 1, column = 1;

	for (const char *c = r->text; c < at; c++) {
		if (*c == '\n') {
			line++;
			column = 1;
		} else {
			column += ((unsigned char)*c & 0xc0) != 0x80;
		}
	}
	return oi_err_set(r->err, r->code, "%s:%zu:%zu: %s", r->file, line, column, what);
}

/* Moves on to a place that libyaml counts in characters. */
static const char *walk_to(struct reader *r, const char *from, size_t index)
{
	for (; r->n_chars < index && from < r->end; r->n_chars++)
		for (from++; from < r->end && ((unsigned char)*from & 0xc0) == 0x80; from++)
			;
	return from;
}

/* The first tab that stands in no comment; NULL: none */
static const char *find_tab(const char *from, const char *to)
{
	char last = '\n';

	for (; from < to; last = *from++) {
		if (*from == '\t')
			return from;
		if (*from == '#' && strchr(" \n\r", last))
			while (from + 1 < to && from[1] != '\n' && from[1] != '\r')
				from++;
	}
	return NULL;
}

/* Quotes and blocks may hold tabs; what is written before them may not. */
static const char *may_hold_tabs_from(const yaml_event_t *event, const char *from, const char *to)
{
	if (event->type != YAML_SCALAR_EVENT)
		return to;
	switch (event->data.scalar.style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		return memchr(from, '\'', (size_t)(to - from)) ?: to;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		return memchr(from, '"', (size_t)(to - from)) ?: to;
	case YAML_LITERAL_SCALAR_STYLE:
	case YAML_FOLDED_SCALAR_STYLE:
		return memchr(from, '\n', (size_t)(to - from)) ?: to;
	default:
		return to;
	}
}

/* ">-# comment": the comment of a block's first line wants a blank before it. */
static int check_block_head(struct reader *r, const yaml_event_t *event, const char *from, const char *to)
{
	if (event->type != YAML_SCALAR_EVENT ||
	    (event->data.scalar.style != YAML_LITERAL_SCALAR_STYLE &&
	     event->data.scalar.style != YAML_FOLDED_SCALAR_STYLE))
		return 0;
	for (const char *c = from; c < to && *c != '\n' && *c != '\r'; c++)
		if (*c == '#')
			return c > from && c[-1] != ' ' ?
				       fail_text(r, c, "a blank is missing before the comment") : 0;
	return 0;
}

/* Is there anything to be looked at between libyaml's events: a tab, or a "#" behind a block's head. */
static bool wants_a_look(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\t' || (text[i] == '#' && i && text[i - 1] && strchr("|>+-0123456789", text[i - 1])))
			return true;
	return false;
}

static int check_text(struct reader *r, const yaml_event_t *event)
{
	const char *gap = r->looked, *from, *to, *tab;

	if (!gap)
		return 0;
	from = walk_to(r, gap, event->start_mark.index);
	tab = find_tab(gap, from);
	to = walk_to(r, from, event->end_mark.index);
	if (!tab)
		tab = find_tab(from, may_hold_tabs_from(event, from, to));
	r->looked = to;
	if (tab)
		return fail_text(r, tab,
				 "a tab stands between words, where cloud-init takes only blanks");
	return check_block_head(r, event, from, to);
}

static int next_event(struct reader *r, yaml_event_t *event)
{
	if (!yaml_parser_parse(&r->parser, event))
		return fail_parser(r);
	if (!check_text(r, event))
		return 0;
	yaml_event_delete(event);
	return -1;
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

static int remember(struct reader *r, const yaml_event_t *event, const yaml_char_t *name,
		    struct oi_doc *doc)
{
	for (size_t i = 0; name && i < r->n_anchors; i++)
		if (!strcmp(r->anchors[i].name, (const char *)name))
			return fail_at(r, &event->start_mark, "an anchor of this name was there before");
	if (!name)
		return 0;
	r->anchors = oi_mem_grow(r->anchors, r->n_anchors + 1, sizeof(*r->anchors));
	r->anchors[r->n_anchors].name = oi_mem_dup((const char *)name);
	r->anchors[r->n_anchors++].doc = doc;
	return 0;
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

/* --- maps --- */

/* A word, as a key or a value. */
static int read_scalar(struct reader *r, const yaml_event_t *event, struct oi_doc **out)
{
	const char *tag = (const char *)event->data.scalar.tag;
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	OI_DOC_AUTO *doc = new_node(r, OI_DOC_STRING, &event->start_mark);
	OI_FREE char *what = NULL;
	const char *wrong;

	doc->text = oi_mem_dup((const char *)event->data.scalar.value);
	if (strlen(doc->text) != event->data.scalar.length)
		return fail_at(r, &event->start_mark, "a NUL byte stands in it");
	if (plain && r->flow && strchr(doc->text, '?'))
		return fail_at(r, &event->start_mark,
			       "a ? stands in a word within brackets or braces, and ends it; quote the word");
	wrong = oi_yaml_resolve(doc, tag, plain);
	if (wrong) {
		what = oi_mem_printf("%.60s: %s", tag ? tag : doc->text, wrong);
		return fail_at(r, &event->start_mark, what);
	}
	if (remember(r, event, event->data.scalar.anchor, doc))
		return -1;
	*out = doc;
	doc = NULL;
	return 0;
}

/* @merge: set when it is the key of a merge */
static int read_key(struct reader *r, const yaml_event_t *event, struct oi_doc **key, bool *merge)
{
	const char *text = (const char *)event->data.scalar.value;
	bool plain = event->type == YAML_SCALAR_EVENT && !event->data.scalar.tag &&
		     event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	*merge = plain && oi_yaml_is_merge(text);
	if (*merge || (plain && !strcmp(text, "="))) { /* both are no values, and good keys */
		*key = new_node(r, OI_DOC_STRING, &event->start_mark);
		(*key)->text = oi_mem_dup(text);
		return 0;
	}
	if (event->type == YAML_SCALAR_EVENT)
		return read_scalar(r, event, key);
	if (event->type != YAML_ALIAS_EVENT)
		return fail_at(r, &event->start_mark, "a key must be a plain word");
	if (read_alias(r, event, key))
		return -1;
	if ((*key)->kind != OI_DOC_LIST && (*key)->kind != OI_DOC_MAP)
		return 0;
	oi_doc_free(*key);
	*key = NULL;
	return fail_at(r, &event->start_mark, "a key must be a plain word");
}

static bool has_before(const struct oi_doc *map, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(map->keys[i], key))
			return true;
	return false;
}

/* Adds what the map does not say itself, nor one that was merged before. */
static int merge_map(struct reader *r, const struct oi_doc *from, struct oi_doc *into)
{
	for (size_t i = 0; i < from->n; i++) {
		bool again = false;

		for (size_t j = i + 1; j < from->n && !again; j++)
			again = !strcmp(from->keys[i], from->keys[j]);
		if (again || has_before(into, into->n, from->keys[i]))
			continue;
		if (into->n == OI_DOC_MAX_KEYS)
			return oi_err_set(r->err, r->code, "%s:%u:%u: too many keys in one map", r->file,
					  from->line, from->column);
		oi_doc_put(into, from->keys[i], oi_doc_copy(from->items[i]));
	}
	return 0;
}

/* Source: PyYAML, flatten_mapping(): of a list the first map counts, of two merges the last */
static int merge_all(struct reader *r, const struct oi_doc *merges, struct oi_doc *map)
{
	static const char wanted[] = "<<: expected a map or a list of maps";

	for (size_t i = merges->n; i-- > 0;) {
		const struct oi_doc *from = merges->items[i];
		const yaml_mark_t mark = { .line = from->line - 1, .column = from->column - 1 };

		if (from->kind == OI_DOC_MAP) {
			if (merge_map(r, from, map))
				return -1;
			continue;
		}
		if (from->kind != OI_DOC_LIST)
			return fail_at(r, &mark, wanted);
		for (size_t j = 0; j < from->n; j++) {
			if (from->items[j]->kind != OI_DOC_MAP)
				return fail_at(r, &mark, wanted);
			if (merge_map(r, from->items[j], map))
				return -1;
		}
	}
	return 0;
}

static int read_value(struct reader *r, unsigned int depth, struct oi_doc **item)
{
	yaml_event_t event;
	int rc;

	if (next_event(r, &event))
		return -1;
	rc = read_node(r, &event, depth + 1, item);
	yaml_event_delete(&event);
	return rc;
}

static int read_pair(struct reader *r, const yaml_event_t *event, struct oi_doc *map,
		     struct oi_doc *merges, unsigned int depth)
{
	OI_DOC_AUTO *key = NULL;
	struct oi_doc *item = NULL;
	bool merge;

	if (map->n == OI_DOC_MAX_KEYS)
		return fail_at(r, &event->start_mark, "too many keys in one map");
	if (read_key(r, event, &key, &merge) || read_value(r, depth, &item))
		return -1;
	item->key_line = (unsigned int)event->start_mark.line + 1;
	item->key_column = (unsigned int)event->start_mark.column + 1;
	item->key_is_no_text = key->kind != OI_DOC_STRING;
	if (merge)
		oi_doc_add(merges, item);
	else
		oi_doc_put(map, key->text, item);
	oi_doc_add(r->kept, key);
	key = NULL;
	return 0;
}

static int read_map(struct reader *r, struct oi_doc *map, unsigned int depth)
{
	struct oi_doc *merges = oi_doc_new(OI_DOC_LIST);

	oi_doc_add(r->kept, merges);
	for (;;) {
		yaml_event_t event;
		int rc;

		if (next_event(r, &event))
			return -1;
		if (event.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&event);
			return merge_all(r, merges, map);
		}
		rc = read_pair(r, &event, map, merges, depth);
		yaml_event_delete(&event);
		if (rc)
			return -1;
	}
}

/* --- nodes --- */

static int check_tag(struct reader *r, const yaml_event_t *event, const yaml_char_t *tag,
		     const char *wanted)
{
	OI_FREE char *what = NULL;

	if (!tag || !strcmp((const char *)tag, "!") || !strcmp((const char *)tag, wanted))
		return 0;
	what = oi_mem_printf("%.60s: an unknown tag", (const char *)tag);
	return fail_at(r, &event->start_mark, what);
}

static int read_node(struct reader *r, const yaml_event_t *event, unsigned int depth,
		     struct oi_doc **out)
{
	OI_DOC_AUTO *doc = NULL;
	bool flow = false;

	if (depth > OI_DOC_MAX_DEPTH)
		return fail_at(r, &event->start_mark, "nested too deeply");
	if (count_node(r, &event->start_mark))
		return -1;
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return read_alias(r, event, out);
	case YAML_SCALAR_EVENT:
		return read_scalar(r, event, out);
	case YAML_SEQUENCE_START_EVENT:
		doc = new_node(r, OI_DOC_LIST, &event->start_mark);
		flow = event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
		r->flow += flow;
		/* an alias inside its own anchor has no end: the anchor is there only afterwards */
		if (check_tag(r, event, event->data.sequence_start.tag, LIST_TAG) ||
		    read_list(r, doc, depth) ||
		    remember(r, event, event->data.sequence_start.anchor, doc))
			return -1;
		break;
	case YAML_MAPPING_START_EVENT:
		doc = new_node(r, OI_DOC_MAP, &event->start_mark);
		flow = event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
		r->flow += flow;
		if (check_tag(r, event, event->data.mapping_start.tag, MAP_TAG) ||
		    read_map(r, doc, depth) ||
		    remember(r, event, event->data.mapping_start.anchor, doc))
			return -1;
		break;
	default:
		return fail_at(r, &event->start_mark, "a value is missing here");
	}
	r->flow -= flow;
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

/* Reads on to the end: a mistake behind the first value, or a second document, ends it for cloud-init. */
static int read_rest(struct reader *r)
{
	for (;;) {
		yaml_event_t event;
		yaml_event_type_t type;

		if (next_event(r, &event))
			return -1;
		type = event.type;
		if (type == YAML_DOCUMENT_START_EVENT)
			fail_at(r, &event.start_mark,
				"a second document begins here, and cloud-init takes no text with two");
		yaml_event_delete(&event);
		if (type == YAML_STREAM_END_EVENT)
			return 0;
		if (type == YAML_DOCUMENT_START_EVENT)
			return -1;
	}
}

/* --- the text --- */

static bool line_begins(const char *line, const char *end, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(end - line) >= len && !memcmp(line, word, len);
}

static bool is_directive(const char *line, size_t len)
{
	return len > 1 && strspn(line + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					   "0123456789-_") == len - 1;
}

/*
 * A copy in which directives are as libyaml takes them: it refuses %YAML 1.3 and names that it does
 * not know, and PyYAML passes over both. No byte moves. Owned by the caller; NULL: as it is
 */
static char *mend_directives(const char *text, size_t len)
{
	char *copy, *line, *end, *next;

	if (!len || (*text != '%' && !memmem(text, len, "\n%", 2)))
		return NULL;
	copy = oi_mem_ndup(text, len);
	end = copy + len;
	/* up to the first line that is none, nor a comment, nor blank */
	for (line = copy; line < end && strchr("%# \r\n", *line); line = next) {
		size_t word = strcspn(line, " \r\n");
		char *digit = line + word;

		next = memchr(line, '\n', (size_t)(end - line));
		next = next ? next + 1 : end;
		if (*line == ' ' && line[strspn(line, " \r")] != '\n' && line[strspn(line, " ")] != '#')
			break;
		if (*line != '%')
			continue;
		if (word != 5 || !line_begins(line, end, "%YAML")) {
			if ((word != 4 || !line_begins(line, end, "%TAG")) && is_directive(line, word))
				*line = '#';
			continue;
		}
		while (digit < next && *digit != '.')
			digit++;
		if (digit + 1 < next && !strchr(" \r\n", digit[1 + strspn(digit + 1, "0123456789")]))
			digit[-1] = '9'; /* PyYAML wants a blank behind it: nobody's version */
		for (digit++; digit < next && *digit >= '0' && *digit <= '9'; digit++)
			*digit = digit + 1 < next && digit[1] >= '0' && digit[1] <= '9' ? '0' : '1';
	}
	if (line_begins(line, end, "---") && (line + 3 == end || strchr(" \t\r\n", line[3])))
		return copy;
	free(copy); /* directives of no document */
	return NULL;
}

static int parse(struct reader *r, const char *bytes, size_t len, struct oi_doc **doc)
{
	OI_FREE char *mended = mend_directives(bytes, len);
	int rc;

	r->text = mended ? mended : bytes;
	r->end = r->text + len;
	r->looked = wants_a_look(r->text, len) ? r->text : NULL;
	if (!yaml_parser_initialize(&r->parser))
		abort(); /* out of memory */
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->text, len);
	rc = read_document(r, doc);
	if (!rc && !r->parser.stream_end_produced)
		rc = read_rest(r);
	yaml_parser_delete(&r->parser);
	return rc;
}

int oi_doc_from_yaml(const char *bytes, size_t len, const char *file, int code,
		     struct oi_doc **out, struct oi_err *err)
{
	struct reader r = { .file = file, .code = code, .err = err };
	struct oi_doc *doc = NULL;
	int rc;

	if (len > OI_DOC_MAX_BYTES)
		return oi_err_set(err, code, "%s: larger than %u bytes", file, OI_DOC_MAX_BYTES);
	if (len >= 2 && (!memcmp(bytes, "\xff\xfe", 2) || !memcmp(bytes, "\xfe\xff", 2)))
		return oi_err_set(err, code, "%s: this is UTF-16; save it as UTF-8", file);
	if (len >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) {
		bytes += 3;
		len -= 3;
	}
	/* libyaml passes over one at the beginning of each line */
	if (memmem(bytes, len, "\xef\xbb\xbf", 3))
		return oi_err_set(err, code, "%s: a byte order mark stands within the text; remove it", file);
	r.kept = oi_doc_new(OI_DOC_LIST);
	rc = parse(&r, len ? bytes : "", len, &doc);
	oi_doc_free(r.kept);
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
