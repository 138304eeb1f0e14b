/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One table says everything about the stanza's keys; reading, writing and the
 * JSON Schema all walk it.
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

struct oi_config_key {
	const char *path; /* below "infiniband." */
	enum oi_key_type type;
	size_t offset; /* in struct oi_config */
	int low, high; /* numbers: in the unit of the name */
	const char *choices[OI_DRIVER_COUNT + 1];
	const char *about;
};

/* Groups stand before their members. */
extern const struct oi_config_key oi_config_keys[];
extern const size_t oi_config_n_keys;

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
