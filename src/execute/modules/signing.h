/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stanza's key pair for modules. The private key is never read by this program:
 * ofed-fetch looks at it in its sandbox, and dkms and sign-file get its name.
 */
#ifndef OI_EXECUTE_MODULES_SIGNING_H
#define OI_EXECUTE_MODULES_SIGNING_H

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "sys/fetcher.h"
#include "sys/host.h"

/**
 * oi_signing_check() - may the pair be used: whose files they are, and do they belong together
 * @key, @certificate: absolute paths
 * @signer: zeroed; owned by the caller (oi_signer_clear)
 * Return: 0, or -1 with OI_R_SIGNING_KEY.
 */
OI_MUST_CHECK
int oi_signing_check(const struct oi_host *host, const char *key, const char *certificate,
		     struct oi_signer *signer, struct oi_err *err);

/**
 * oi_signing_modules() - sign what is not signed, then look who has signed
 * @kernel: release
 * @names: modules; all that they need counts too, as far as it was added to the kernel
 * Return: 0, or -1 with OI_R_SIGNING_KEY, OI_R_MODULES_UNSIGNED, OI_R_MODULES_MISSING.
 */
OI_MUST_CHECK
int oi_signing_modules(const struct oi_host *host, const char *kernel,
		       const struct oi_strv *names, const char *key, const char *certificate,
		       struct oi_err *err);

/**
 * oi_signing_open_key() - the file of a private key, if nobody but root has access to it
 * Return: a descriptor, or -1 with OI_R_SIGNING_KEY.
 */
OI_MUST_CHECK
int oi_signing_open_key(const struct oi_root *root, const char *path, struct oi_err *err);

#endif
