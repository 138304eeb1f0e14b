/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vendor's repository that is an address and no package: which, and with which keys. */
#ifndef OI_EXECUTE_PACKAGES_ADDRESS_H
#define OI_EXECUTE_PACKAGES_ADDRESS_H

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "execute/context.h"

#define OI_ADDRESS_ID "ofed-init-doca" /* of its source or repository file */

/**
 * oi_address_stage() - the first address that answers, and the accepted keys of what lies there
 * @step: its addresses in order, https:// or file://, and what keys may sign
 * @home, @keys: keyring and file of accepted keys, on the changed root
 * @accepted: appended to: fingerprints
 * @address: filled, without a last '/'; owned by the caller
 * Return: 0, or -1 with OI_R_REPOSITORY_UNTRUSTED, OI_R_FETCH_*.
 * Source: catalog notes, "DOCA online repository": each has GPG-KEY-Mellanox.pub in it
 */
OI_MUST_CHECK
int oi_address_stage(const struct oi_context *ctx, const struct oi_step *step, const char *home,
		     const char *keys, struct oi_strv *accepted, char **address,
		     struct oi_err *err);

#endif
