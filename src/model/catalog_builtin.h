/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The catalog that the program carries. */
#ifndef OI_MODEL_CATALOG_BUILTIN_H
#define OI_MODEL_CATALOG_BUILTIN_H

#include <stddef.h>

/**
 * struct oi_catalog_builtin - one table of the catalog that the program carries
 * @name: the file's name in dist/catalog, "vm-sizes.tsv"
 * @text: its bytes, unchanged, with a NUL after the last
 * @len: how many bytes, the NUL not counted
 */
struct oi_catalog_builtin {
	const char *name;
	const char *text;
	size_t len;
};

/* Written at build time by build-aux/embed; the row after the last has @name NULL. */
extern const struct oi_catalog_builtin oi_catalog_builtin[];

#endif
