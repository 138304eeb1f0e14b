/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A user's key, that says of a text: it is mine. */
#ifndef OI_FETCH_SIGNATURE_H
#define OI_FETCH_SIGNATURE_H

#include "base/attr.h"
#include "base/err.h"
#include "fetch/protocol.h"

/**
 * oi_signature_make() - answer with the signature of the request's text, in hexadecimal
 * @request: OI_FETCH_SIGN; borrowed
 * @key_fd: the private key's file, PEM without pass phrase; what was read of it is wiped
 *
 * Ed25519 and Ed448 as they are, RSA and EC with SHA-256.
 * Return: 0, or -1 with OI_R_BUNDLE_KEY.
 */
OI_MUST_CHECK
int oi_signature_make(const struct oi_fetch_request *request, int key_fd, struct oi_err *err);

/**
 * oi_signature_check() - is the request's signature of its text, and by its key
 * @request: OI_FETCH_VERIFY; borrowed
 * Return: 0, or -1 with OI_R_BUNDLE_KEY when the key is none, OI_R_MODULES_UNTRUSTED.
 */
OI_MUST_CHECK
int oi_signature_check(const struct oi_fetch_request *request, struct oi_err *err);

#endif
