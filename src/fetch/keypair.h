/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pair that signs modules: is it one, and by what a signature made with it is known. */
#ifndef OI_FETCH_KEYPAIR_H
#define OI_FETCH_KEYPAIR_H

#include "base/attr.h"
#include "base/err.h"
#include "fetch/protocol.h"

/* More than any RSA or EC key in PEM, and any certificate of one in DER or PEM. */
#define OI_KEYPAIR_BYTES 16384

/**
 * oi_keypair_check() - answer with a certificate's signer and serial number
 * @request: OI_FETCH_KEY; borrowed
 * @key_fd: the private key's file; what was read of it is wiped before this returns
 * Return: 0, or -1 with OI_R_SIGNING_KEY.
 */
OI_MUST_CHECK
int oi_keypair_check(const struct oi_fetch_request *request, int key_fd, struct oi_err *err);

#endif
