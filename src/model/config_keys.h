/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One table says everything about the stanza's keys; reading, writing, the JSON Schema
 * and the keys of ofed-init.yaml(5) (`make pages`) all walk it.
 */
#ifndef OI_MODEL_CONFIG_KEYS_H
#define OI_MODEL_CONFIG_KEYS_H

#include <stddef.h>

#include "base/doc.h"
#include "model/config.h"

enum oi_key_type {
	OI_KEY_MAP, /* only groups */
	OI_KEY_BOOL,
	OI_KEY_AUTO_BOOL,
	OI_KEY_NUMBER,
	OI_KEY_AUTO_NUMBER,
	OI_KEY_CHOICE, /* an enum, by its names */
	OI_KEY_TWO_WAYS, /* a bool with two names: the first is false */
	OI_KEY_TEXT, /* a string or null */
	OI_KEY_VERSION, /* a string; "default" is none */
	OI_KEY_STRINGS,
};

/* Headings of the man page, in its order. */
enum oi_config_section {
	OI_KEYS_ASKED,
	OI_KEYS_SIZES,
	OI_KEYS_SOURCE,
	OI_KEYS_SIGNING,
	OI_KEYS_CACHE,
	OI_KEYS_MACHINE,
	OI_KEYS_TOLD,
	OI_KEYS_VERIFY,
	OI_KEYS_COUNT,
};

struct oi_config_key {
	const char *path; /* below "infiniband." */
	enum oi_key_type type;
	size_t offset; /* in struct oi_config */
	int low, high; /* numbers: in the unit of the name */
	const char *choices[OI_DRIVER_COUNT + 1];
	enum oi_config_section section;
	const char *about; /* a sentence */
	const char *more; /* for the man page; NULL: the sentence says it */
	const char *example; /* in YAML, without the groups that it is in */
};

/* Groups stand before their members. */
extern const struct oi_config_key oi_config_keys[];
extern const size_t oi_config_n_keys;
extern const char *const oi_config_sections[OI_KEYS_COUNT];

/** oi_config_leaf() - the last part of a path, "ports" of "verify.ports" */
const char *oi_config_leaf(const char *path);

/** oi_config_group_of() - the map in @top that a key's path lies in, @top itself for one without */
struct oi_doc *oi_config_group_of(struct oi_doc *top, const char *path);

/**
 * oi_config_value_to_doc() - a key's effective value; a group is a map without members
 * Return: owned by the caller.
 */
struct oi_doc *oi_config_value_to_doc(const struct oi_config *config,
				      const struct oi_config_key *key);

#endif
