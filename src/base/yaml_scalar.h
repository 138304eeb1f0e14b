/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a scalar of YAML 1.1 means, as PyYAML's SafeLoader resolves it: cloud-init reads with that. */
#ifndef OI_BASE_YAML_SCALAR_H
#define OI_BASE_YAML_SCALAR_H

#include "base/attr.h"
#include "base/doc.h"

/**
 * oi_yaml_resolve() - give a scalar its kind and value
 * @doc: a string node with its text; its kind, boolean, integer and real are set
 * @tag: in full, "tag:yaml.org,2002:int"; NULL or "!": none
 * @plain: written without quotes, in one style or the other: only then a kind is guessed
 * Return: NULL, or why PyYAML would give up the whole text; static.
 * Whole numbers beyond 64 bits become a number with its text.
 */
OI_MUST_CHECK
const char *oi_yaml_resolve(struct oi_doc *doc, const char *tag, bool plain);

/** oi_yaml_is_merge() - is a plain scalar without tag the merge key */
bool oi_yaml_is_merge(const char *text);

#endif
