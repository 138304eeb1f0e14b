/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A package source as a vendor's package brings it, read where it was unpacked. */
#ifndef OI_EXECUTE_APT_SOURCE_H
#define OI_EXECUTE_APT_SOURCE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"
#include "sys/root.h"

/* What is learned from one file after the other. Zeroed is the beginning. */
struct oi_apt_source {
	struct oi_buf text; /* of the file that was read last, rewritten */
	struct oi_strv uris; /* where packages come from, as rewritten, without a last '/' */
	struct oi_strv key_files; /* that entries name: in the tree, or of the machine */
	struct oi_strv key_blocks; /* armored keys that stand in the entries themselves */
	bool general; /* an entry relies on keys for all sources (trusted.gpg.d) */
};

void oi_apt_source_clear(struct oi_apt_source *source);

/**
 * oi_apt_source_rewrite() - make a source file work from the unpacked tree
 * @tree: the unpacked package
 * @name: file name; "*.sources" is in deb822 form, everything else one line an entry
 * @text: of the file
 * @keys: whether the package brings keys for all sources
 * @key_path: what entries name instead of their own keys, which have yet to be judged
 * @source: filled; file: URIs that are inside the tree point into it
 *
 * An entry must have a key. "trusted=yes" and its like stand for one only where
 * the packages themselves lie inside the tree: then the digest that was checked
 * covers them, and a signature would add nothing. From anywhere else they would
 * let whoever sits on the way run code as root.
 * Return: 0, or -1 with OI_R_REPOSITORY_UNTRUSTED or _MALFORMED.
 * Source: sources.list(5)
 */
OI_MUST_CHECK
int oi_apt_source_rewrite(const struct oi_root *tree, const char *name, const char *text,
			  bool keys, const char *key_path, struct oi_apt_source *source,
			  struct oi_err *err);

#endif
