/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stanza's JSON Schema, of the table of its keys. */
#include <string.h>

#include "model/config_keys.h"

static void put_type(struct oi_doc *schema, const char *first, const char *second)
{
	struct oi_doc *list;

	if (!second) {
		oi_doc_put_string(schema, "type", first);
		return;
	}
	list = oi_doc_new(OI_DOC_LIST);
	oi_doc_add(list, oi_doc_new_string(first));
	oi_doc_add(list, oi_doc_new_string(second));
	oi_doc_put(schema, "type", list);
}

static void put_number_schema(struct oi_doc *schema, const struct oi_config_key *key)
{
	struct oi_doc *number = schema;

	if (key->type == OI_KEY_AUTO_NUMBER) {
		struct oi_doc *either = oi_doc_new(OI_DOC_LIST);
		struct oi_doc *word = oi_doc_new(OI_DOC_MAP);
		struct oi_doc *words = oi_doc_new(OI_DOC_LIST);

		/* not "const": cloud-init validates by draft 4, which has none */
		oi_doc_add(words, oi_doc_new_string("auto"));
		oi_doc_put(word, "enum", words);
		oi_doc_add(either, word);
		number = oi_doc_new(OI_DOC_MAP);
		oi_doc_add(either, number);
		oi_doc_put(schema, "anyOf", either);
	}
	oi_doc_put_string(number, "type", "integer");
	oi_doc_put_int(number, "minimum", key->low);
	oi_doc_put_int(number, "maximum", key->high);
}

static struct oi_doc *key_schema(const struct oi_config_key *key, const struct oi_config *defaults)
{
	struct oi_doc *schema = oi_doc_new(OI_DOC_MAP);
	struct oi_doc *list;

	oi_doc_put_string(schema, "description", key->about);
	switch (key->type) {
	case OI_KEY_MAP:
		put_type(schema, "object", "null");
		oi_doc_put_bool(schema, "additionalProperties", false);
		oi_doc_put(schema, "properties", oi_doc_new(OI_DOC_MAP));
		return schema;
	case OI_KEY_BOOL:
		put_type(schema, "boolean", NULL);
		break;
	case OI_KEY_AUTO_BOOL:
		list = oi_doc_new(OI_DOC_LIST);
		oi_doc_add(list, oi_doc_new_string("auto"));
		oi_doc_add(list, oi_doc_new_bool(true));
		oi_doc_add(list, oi_doc_new_bool(false));
		oi_doc_put(schema, "enum", list);
		break;
	case OI_KEY_NUMBER:
	case OI_KEY_AUTO_NUMBER:
		put_number_schema(schema, key);
		break;
	case OI_KEY_CHOICE:
	case OI_KEY_TWO_WAYS:
		list = oi_doc_new(OI_DOC_LIST);
		for (size_t i = 0; key->choices[i]; i++)
			oi_doc_add(list, oi_doc_new_string(key->choices[i]));
		oi_doc_put(schema, "enum", list);
		break;
	case OI_KEY_TEXT:
		put_type(schema, "string", "null");
		oi_doc_put_int(schema, "minLength", 1);
		break;
	case OI_KEY_VERSION:
		put_type(schema, "string", NULL);
		oi_doc_put_int(schema, "minLength", 1);
		break;
	case OI_KEY_STRINGS: {
		struct oi_doc *item = oi_doc_new(OI_DOC_MAP);

		put_type(schema, "array", "null");
		put_type(item, "string", NULL);
		oi_doc_put_int(item, "minLength", 1);
		oi_doc_put(schema, "items", item);
		break;
	}
	}
	oi_doc_put(schema, "default", oi_config_value_to_doc(defaults, key));
	return schema;
}

static struct oi_doc *properties_of(struct oi_doc *schema)
{
	for (size_t i = 0; i < schema->n; i++)
		if (!strcmp(schema->keys[i], "properties"))
			return schema->items[i];
	return schema;
}

struct oi_doc *oi_config_schema(void)
{
	struct oi_doc *schema = oi_doc_new(OI_DOC_MAP);
	struct oi_config defaults;

	oi_config_init(&defaults);
	oi_doc_put_string(schema, "$schema", "http://json-schema.org/draft-07/schema#");
	oi_doc_put_string(schema, "title", "infiniband");
	oi_doc_put_string(schema, "description",
			  "InfiniBand set-up of an Azure VM by ofed-init, before user workloads start.");
	put_type(schema, "object", "null");
	oi_doc_put_bool(schema, "additionalProperties", false);
	oi_doc_put(schema, "properties", oi_doc_new(OI_DOC_MAP));
	for (size_t i = 0; i < oi_config_n_keys; i++) {
		const struct oi_config_key *key = &oi_config_keys[i];
		struct oi_doc *into = properties_of(schema);

		if (strchr(key->path, '.'))
			into = properties_of(oi_config_group_of(into, key->path));
		oi_doc_put(into, oi_config_leaf(key->path), key_schema(key, &defaults));
	}
	oi_config_clear(&defaults);
	return schema;
}
