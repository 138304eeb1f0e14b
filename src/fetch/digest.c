/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetch/digest.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/reasons.h"

#define READ_BYTES (256 * 1024)

static int failed(struct oi_err *err)
{
	return oi_err_set(err, OI_R_FETCH_FAILED, "libcrypto cannot make SHA-256 digests");
}

int oi_digest_begin(struct oi_digest *digest, struct oi_err *err)
{
	if (!digest->context)
		digest->context = EVP_MD_CTX_new();
	if (!digest->context)
		abort(); /* out of memory */
	return EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) == 1 ? 0 : failed(err);
}

int oi_digest_add(struct oi_digest *digest, const void *bytes, size_t len, struct oi_err *err)
{
	return EVP_DigestUpdate(digest->context, bytes, len) == 1 ? 0 : failed(err);
}

int oi_digest_add_file(struct oi_digest *digest, int fd, int64_t len, struct oi_err *err)
{
	OI_FREE char *chunk = oi_mem_zalloc(READ_BYTES, 1);

	while (len > 0) {
		ssize_t n = read(fd, chunk, len < READ_BYTES ? (size_t)len : READ_BYTES);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return oi_err_set(err, OI_R_READ_FAILED, "read: %s",
					  n < 0 ? strerror(errno) : "it has become shorter");
		if (oi_digest_add(digest, chunk, (size_t)n, err))
			return -1;
		len -= n;
	}
	return 0;
}

int oi_digest_end(struct oi_digest *digest, char out[OI_DIGEST_TEXT_BYTES], struct oi_err *err)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (EVP_DigestFinal_ex(digest->context, raw, &len) != 1 ||
	    len * 2 != OI_DIGEST_TEXT_BYTES - 1)
		return failed(err);
	for (unsigned int i = 0; i < len; i++) {
		out[2 * i] = hex[raw[i] >> 4];
		out[2 * i + 1] = hex[raw[i] & 15];
	}
	out[2 * len] = '\0';
	return 0;
}

void oi_digest_clear(struct oi_digest *digest)
{
	EVP_MD_CTX_free(digest->context);
	digest->context = NULL;
}

bool oi_digest_is_text(const char *s)
{
	size_t n = 0;

	while (isxdigit((unsigned char)s[n]))
		n++;
	return n == OI_DIGEST_TEXT_BYTES - 1 && !s[n];
}
