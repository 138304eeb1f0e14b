/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who could have written what root is about to obey. A user's own powers are only
 * used to look, so nothing is refused to anybody but root.
 */
#ifndef OI_SYS_TRUST_H
#define OI_SYS_TRUST_H

#include <sys/stat.h>

#include "base/attr.h"
#include "base/err.h"
#include "sys/root.h"

/**
 * oi_trust_path() - can only root change what lies at @path
 *
 * Looks at the file or folder, at all folders above it that are below the root, and at those that links lead through. Anyone who
 * may write one of them may put another file in place. A folder with the sticky bit (/tmp)
 * is good enough for what root owns.
 * Return: 0 so it is, or there is nothing; -1 with OI_R_CONFIG_UNTRUSTED naming what is not.
 */
OI_MUST_CHECK
int oi_trust_path(const struct oi_root *root, const char *path, struct oi_err *err);

/** oi_trust_secret() - as oi_trust_path(), and nobody but root may read the file either */
OI_MUST_CHECK
int oi_trust_secret(const struct oi_root *root, const char *path, struct oi_err *err);

/**
 * oi_trust_named() - the same for a file or folder that the user named, seen from the working folder
 *
 * A pipe is trusted as its sender is.
 */
OI_MUST_CHECK
int oi_trust_named(const char *path, struct oi_err *err);

#endif
