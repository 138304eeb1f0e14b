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

/**
 * oi_apt_source_rewrite() - make a source file work from the unpacked tree
 * @tree: the unpacked package
 * @name: file name; "*.sources" is in deb822 form, everything else one line an entry
 * @text: of the file
 * @keys: whether the package brings keys for all sources (trusted.gpg.d)
 * @out: appended to: file: URIs and keys that are inside the tree point into it
 * @uris: appended to: where packages come from, as rewritten, without a last '/'
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
			  bool keys, struct oi_buf *out, struct oi_strv *uris,
			  struct oi_err *err);

#endif
