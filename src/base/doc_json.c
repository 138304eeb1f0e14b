/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door to json-c: JSON text to a tree and back. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/doc.h"
#include "base/mem.h"
#include "base/utf8.h"

static struct oi_doc *from_object(json_object *o, const char *file, size_t *n_nodes)
{
	struct oi_doc *doc;

	if (++*n_nodes > OI_DOC_MAX_NODES ||
	    (json_object_is_type(o, json_type_object) &&
	     json_object_object_length(o) > OI_DOC_MAX_KEYS))
		return NULL;
	switch (json_object_get_type(o)) {
	case json_type_null:
	default:
		doc = oi_doc_new(OI_DOC_NULL);
		break;
	case json_type_boolean:
		doc = oi_doc_new_bool(json_object_get_boolean(o));
		break;
	case json_type_int:
		doc = oi_doc_new_int(json_object_get_int64(o));
		break;
	case json_type_double:
		doc = oi_doc_new(OI_DOC_REAL);
		doc->real = json_object_get_double(o);
		doc->text = oi_mem_dup(json_object_to_json_string(o));
		break;
	case json_type_string:
		doc = oi_doc_new(OI_DOC_STRING);
		/* a NUL inside ends the text: nothing that we read may carry one */
		doc->text = oi_mem_dup(json_object_get_string(o));
		break;
	case json_type_array:
		doc = oi_doc_new(OI_DOC_LIST);
		for (size_t i = 0; i < json_object_array_length(o); i++) {
			struct oi_doc *item =
				from_object(json_object_array_get_idx(o, i), file, n_nodes);

			if (!item) {
				oi_doc_free(doc);
				return NULL;
			}
			oi_doc_add(doc, item);
		}
		break;
	case json_type_object:
		doc = oi_doc_new(OI_DOC_MAP);
		json_object_object_foreach(o, key, value) {
			struct oi_doc *item = from_object(value, file, n_nodes);

			if (!item) {
				oi_doc_free(doc);
				return NULL;
			}
			oi_doc_put(doc, key, item);
		}
		break;
	}
	doc->file = file;
	return doc;
}

/* json-c tells the byte where it stopped; people count lines and columns. */
static int fail_at_byte(const char *bytes, size_t at, const char *file, int code,
			const char *what, struct oi_err *err)
{
	unsigned int line = 1;
	unsigned int column = 1;

	for (size_t i = 0; i < at; i++) {
		if (bytes[i] == '\n') {
			line++;
			column = 1;
		} else {
			column++;
		}
	}
	return oi_err_set(err, code, "%s:%u:%u: %s", file, line, column, what);
}

static bool only_blanks(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(" \t\r\n", bytes[i]) || !bytes[i])
			return false;
	return true;
}

int oi_doc_from_json(const char *bytes, size_t len, const char *file, int code,
		     struct oi_doc **out, struct oi_err *err)
{
	enum json_tokener_error status;
	json_tokener *tokener;
	json_object *object;
	size_t n_nodes = 0;
	size_t end;

	if (len > OI_DOC_MAX_BYTES)
		return oi_err_set(err, code, "%s: larger than %u bytes", file, OI_DOC_MAX_BYTES);
	tokener = json_tokener_new_ex(OI_DOC_MAX_DEPTH);
	if (!tokener)
		abort();
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	object = json_tokener_parse_ex(tokener, bytes, (int)len);
	status = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	if (status != json_tokener_success) {
		json_object_put(object);
		return fail_at_byte(bytes, end < len ? end : len, file, code,
				    status == json_tokener_continue ?
					    "the JSON text ends too early" :
					    json_tokener_error_desc(status),
				    err);
	}
	if (!only_blanks(bytes + end, len - end)) {
		json_object_put(object);
		return fail_at_byte(bytes, end, file, code, "more text after the JSON value", err);
	}
	*out = from_object(object, file, &n_nodes);
	json_object_put(object);
	if (!*out)
		return oi_err_set(err, code, "%s: more than %d values, or %d keys in one object",
				  file, OI_DOC_MAX_NODES, OI_DOC_MAX_KEYS);
	return 0;
}

/* YAML has more forms: 1_000.5, .5, 1:30.0 */
static bool is_json_number(const char *text)
{
	static const char digits[] = "0123456789";
	const char *c = text + (*text == '-');
	size_t n = strspn(c, digits);

	if (!n || (*c == '0' && n > 1))
		return false;
	c += n;
	if (*c == '.') {
		n = strspn(c + 1, digits);
		if (!n)
			return false;
		c += n + 1;
	}
	if (*c == 'e' || *c == 'E') {
		c += c[1] == '-' || c[1] == '+' ? 2 : 1;
		n = strspn(c, digits);
		return n && !c[n];
	}
	return !*c;
}

static json_object *to_object(const struct oi_doc *doc)
{
	json_object *o = NULL;

	switch (doc->kind) {
	case OI_DOC_NULL:
		return NULL; /* json-c's null */
	case OI_DOC_BOOL:
		o = json_object_new_boolean(doc->boolean);
		break;
	case OI_DOC_INT:
		o = json_object_new_int64(doc->integer);
		break;
	case OI_DOC_REAL:
		o = doc->text && is_json_number(doc->text) ? json_object_new_double_s(doc->real, doc->text) :
				json_object_new_double(doc->real);
		break;
	case OI_DOC_STRING:
	case OI_DOC_DATE:
	case OI_DOC_BYTES:
		o = json_object_new_string(doc->text);
		break;
	case OI_DOC_LIST:
		o = json_object_new_array();
		for (size_t i = 0; o && i < doc->n; i++)
			json_object_array_add(o, to_object(doc->items[i]));
		break;
	case OI_DOC_MAP:
		o = json_object_new_object();
		for (size_t i = 0; o && i < doc->n; i++)
			json_object_object_add(o, doc->keys[i], to_object(doc->items[i]));
		break;
	}
	if (!o)
		abort(); /* out of memory */
	return o;
}

char *oi_doc_to_json(const struct oi_doc *doc, bool pretty)
{
	json_object *o = to_object(doc);
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;
	char *text;

	if (pretty)
		flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	text = oi_mem_dup(json_object_to_json_string_ext(o, flags));
	json_object_put(o);
	return text;
}

char *oi_doc_to_public_json(const struct oi_doc *doc, bool pretty)
{
	OI_FREE char *text = oi_doc_to_json(doc, pretty);

	/* json-c writes the bytes of a string as they are; all else is ASCII */
	return oi_utf8_repair(text);
}
