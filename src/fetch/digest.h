/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door to libcrypto: SHA-256 of bytes as they come. */
#ifndef OI_FETCH_DIGEST_H
#define OI_FETCH_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/* 64 hexadecimal digits and a NUL */
#define OI_DIGEST_TEXT_BYTES 65

struct oi_digest {
	void *context; /* libcrypto's; NULL: not begun */
};

/** oi_digest_begin() - start anew; @digest zeroed or used before; OI_R_FETCH_FAILED */
OI_MUST_CHECK
int oi_digest_begin(struct oi_digest *digest, struct oi_err *err);
/** oi_digest_add() - the next bytes */
OI_MUST_CHECK
int oi_digest_add(struct oi_digest *digest, const void *bytes, size_t len, struct oi_err *err);
/**
 * oi_digest_add_file() - the next @len bytes of a file, from where it is
 * Errors: OI_R_READ_FAILED (also when it has fewer), OI_R_FETCH_FAILED
 */
OI_MUST_CHECK
int oi_digest_add_file(struct oi_digest *digest, int fd, int64_t len, struct oi_err *err);
/** oi_digest_end() - the digest in lower case; begin again before adding more */
OI_MUST_CHECK
int oi_digest_end(struct oi_digest *digest, char out[OI_DIGEST_TEXT_BYTES], struct oi_err *err);
/** oi_digest_clear() - free; fine on a zeroed one, and for OI_CLEANUP */
void oi_digest_clear(struct oi_digest *digest);

/** oi_digest_is_text() - is it 64 hexadecimal digits */
bool oi_digest_is_text(const char *s);

#endif
