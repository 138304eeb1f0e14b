/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vendor's package that brings packages, but no source entry that names them. */
#ifndef OI_EXECUTE_APT_LOCAL_H
#define OI_EXECUTE_APT_LOCAL_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "sys/root.h"

/**
 * oi_apt_local_entries() - source entries for the repositories inside a package
 * @tree: the unpacked package
 * @out: appended to: an entry a line; nothing when there is none
 *
 * A package may write its entry only when it is configured, which is too late to
 * look before. Its packages lie in /usr/share/NAME/repo, with their index in there
 * or in a folder below. The digest that was checked covers them.
 * Return: 0, or -1 with OI_R_READ_FAILED.
 * Source: public listings of doca-host packages (2.8 to 3.4): /usr/share/doca-host-VERSION/repo
 */
OI_MUST_CHECK
int oi_apt_local_entries(const struct oi_root *tree, struct oi_buf *out, struct oi_err *err);

#endif
