/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/hash.h"

#include <inttypes.h>
#include <stdio.h>

/* Offset basis and prime of FNV-1a for 64 bits. */
#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

void oi_hash_text(const char *text, char out[OI_HASH_TEXT_BYTES])
{
	uint64_t h = FNV_BASIS;

	for (; *text; text++) {
		h ^= (unsigned char)*text;
		h *= FNV_PRIME;
	}
	snprintf(out, OI_HASH_TEXT_BYTES, "%016" PRIx64, h);
}
