/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fingerprint of text, only to notice a change. */
#ifndef OI_BASE_HASH_H
#define OI_BASE_HASH_H

/* 16 hexadecimal digits and a NUL */
#define OI_HASH_TEXT_BYTES 17

/**
 * oi_hash_text() - a fingerprint that tells two stanzas apart
 * @out: filled
 *
 * FNV-1a, 64 bits: only to notice a change. Nothing is authenticated by it;
 * digests of downloads are SHA-256, computed in the other program.
 */
void oi_hash_text(const char *text, char out[OI_HASH_TEXT_BYTES]);

#endif
