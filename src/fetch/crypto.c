/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door to libcrypto: digests, the pair that signs modules, and signatures of a user's key. */
#include <ctype.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "fetch/digest.h"
#include "fetch/keypair.h"
#include "fetch/signature.h"
#include "model/reasons.h"

#define READ_BYTES (256 * 1024)

static int crypto_failed(struct oi_err *err)
{
	return oi_err_set(err, OI_R_FETCH_FAILED, "libcrypto cannot make SHA-256 digests");
}

int oi_digest_begin(struct oi_digest *digest, struct oi_err *err)
{
	if (!digest->context)
		digest->context = EVP_MD_CTX_new();
	if (!digest->context)
		abort(); /* out of memory */
	return EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) == 1 ? 0 : crypto_failed(err);
}

int oi_digest_add(struct oi_digest *digest, const void *bytes, size_t len, struct oi_err *err)
{
	return EVP_DigestUpdate(digest->context, bytes, len) == 1 ? 0 : crypto_failed(err);
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
		return crypto_failed(err);
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

/* --- the pair that signs modules --- */

/* Nobody is there to type a pass phrase, and libcrypto would ask the terminal. */
static int no_pass_phrase(char *buf OI_UNUSED, int size OI_UNUSED, int writing OI_UNUSED,
			  void *asked)
{
	*(bool *)asked = true;
	return -1;
}

/* Return: 0 with @len bytes in @bytes, or -1. */
static int read_key(int fd, char bytes[OI_KEYPAIR_BYTES], size_t *len, int reason,
		    struct oi_err *err)
{
	*len = 0;
	for (;;) {
		ssize_t n = pread(fd, bytes + *len, OI_KEYPAIR_BYTES - *len, (off_t)*len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return oi_err_set(err, reason, "the key: %s", strerror(errno));
		if (n == 0)
			return 0;
		*len += (size_t)n;
		if (*len == OI_KEYPAIR_BYTES)
			return oi_err_set(err, reason, "the key: too long for one");
	}
}

static EVP_PKEY *parse_key(const char *bytes, size_t len, int reason, struct oi_err *err)
{
	BIO *bio = BIO_new_mem_buf(bytes, (int)len);
	bool asked = false;
	EVP_PKEY *key;

	if (!bio)
		abort(); /* out of memory */
	key = PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, &asked);
	BIO_free(bio);
	if (!key)
		oi_err_set(err, reason,
			   asked ? "the key: it needs a pass phrase, and nobody can type one" :
				   "the key: no private key in PEM form");
	return key;
}

/* The private key in a file; nothing of it stays behind but in what is returned. NULL with @err. */
static EVP_PKEY *load_key(int fd, int reason, struct oi_err *err)
{
	char bytes[OI_KEYPAIR_BYTES];
	EVP_PKEY *key = NULL;
	size_t len = 0;

	if (!read_key(fd, bytes, &len, reason, err))
		key = parse_key(bytes, len, reason, err);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return key;
}

/* DER, as mokutil wants it, or PEM: scripts/sign-file takes both. */
static X509 *parse_certificate(const unsigned char *bytes, size_t len, struct oi_err *err)
{
	const unsigned char *at = bytes;
	X509 *certificate = d2i_X509(NULL, &at, (long)len);
	BIO *bio;

	if (!certificate) {
		bio = BIO_new_mem_buf(bytes, (int)len);
		if (!bio)
			abort(); /* out of memory */
		certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		BIO_free(bio);
	}
	if (!certificate)
		oi_err_set(err, OI_R_SIGNING_KEY,
			   "the certificate: neither X.509 in DER nor in PEM form");
	return certificate;
}

/* "0A:1B", as modinfo writes sig_key: the number's own bytes. */
static char *serial_of(const X509 *certificate)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
	const unsigned char *bytes = ASN1_STRING_get0_data(serial);
	struct oi_buf text = { 0 };

	for (int i = 0; i < ASN1_STRING_length(serial); i++)
		oi_buf_addf(&text, "%s%02X", i ? ":" : "", bytes[i]);
	return oi_buf_take(&text);
}

/* The name that modinfo gives for the signer: the issuer's common name. */
static char *signer_of(const X509 *certificate)
{
	X509_NAME *issuer = X509_get_issuer_name(certificate);
	char name[256] = "";

	if (X509_NAME_get_text_by_NID(issuer, NID_commonName, name, sizeof(name)) < 0)
		return oi_mem_dup("");
	for (char *c = name; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
	return oi_mem_dup(name);
}

static void answer(const X509 *certificate)
{
	OI_DOC_AUTO *doc = oi_doc_new(OI_DOC_MAP);
	OI_FREE char *signer = signer_of(certificate);
	OI_FREE char *serial = serial_of(certificate);

	oi_doc_put_string(doc, "signer", signer);
	oi_doc_put_string(doc, "serial", serial);
	oi_fetch_answer_document(doc);
	oi_fetch_answer_done(&(struct oi_fetch_done){ .source = "file:key" });
}

int oi_keypair_check(const struct oi_fetch_request *request, int key_fd, struct oi_err *err)
{
	X509 *certificate =
		parse_certificate(request->certificate, request->certificate_bytes, err);
	EVP_PKEY *key;
	int ret = -1;

	if (!certificate)
		return -1;
	key = load_key(key_fd, OI_R_SIGNING_KEY, err);
	if (key && X509_check_private_key(certificate, key) != 1)
		oi_err_set(err, OI_R_SIGNING_KEY, "the certificate is not of this key");
	else if (key)
		ret = 0;
	EVP_PKEY_free(key); /* which wipes it too */
	ERR_clear_error();
	if (!ret)
		answer(certificate);
	X509_free(certificate);
	return ret;
}

/* --- a user's signature --- */

/* What is weaker than RSA with 2048 bits is no protection. Source: NIST SP 800-57 part 1, table 2 */
#define STRENGTH_BITS_MIN 112

/* These two bring their own digest. */
static const EVP_MD *digest_of(EVP_PKEY *key)
{
	int id = EVP_PKEY_base_id(key);

	return id == EVP_PKEY_ED25519 || id == EVP_PKEY_ED448 ? NULL : EVP_sha256();
}

static int check_strength(EVP_PKEY *key, struct oi_err *err)
{
	if (EVP_PKEY_security_bits(key) >= STRENGTH_BITS_MIN)
		return 0;
	return oi_err_set(err, OI_R_BUNDLE_KEY, "the key: too weak, and not of RSA, EC or Ed25519");
}

static EVP_MD_CTX *new_context(void)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!context)
		abort(); /* out of memory */
	return context;
}

static int sign(EVP_PKEY *key, const char *text, struct oi_buf *hex, struct oi_err *err)
{
	unsigned char signature[OI_FETCH_SIGNATURE_BYTES_MAX];
	size_t len = sizeof(signature);
	EVP_MD_CTX *context = new_context();
	bool ok = EVP_DigestSignInit(context, NULL, digest_of(key), NULL, key) == 1 &&
		  EVP_DigestSign(context, signature, &len, (const unsigned char *)text,
				 strlen(text)) == 1;

	EVP_MD_CTX_free(context);
	if (!ok)
		return oi_err_set(err, OI_R_BUNDLE_KEY, "the key: it cannot sign");
	for (size_t i = 0; i < len; i++)
		oi_buf_addf(hex, "%02x", signature[i]);
	return 0;
}

int oi_signature_make(const struct oi_fetch_request *request, int key_fd, struct oi_err *err)
{
	EVP_PKEY *key = load_key(key_fd, OI_R_BUNDLE_KEY, err);
	OI_CLEANUP(oi_buf_clear) struct oi_buf hex = { 0 };
	OI_DOC_AUTO *doc = oi_doc_new(OI_DOC_MAP);
	int ret = !key || check_strength(key, err) ? -1 : sign(key, request->text, &hex, err);

	EVP_PKEY_free(key); /* which wipes it too */
	ERR_clear_error();
	if (ret)
		return -1;
	oi_doc_put_string(doc, "signature", oi_buf_str(&hex));
	oi_fetch_answer_document(doc);
	oi_fetch_answer_done(&(struct oi_fetch_done){ .source = "file:key" });
	return 0;
}

static EVP_PKEY *parse_public_key(const unsigned char *bytes, size_t len, struct oi_err *err)
{
	BIO *bio = BIO_new_mem_buf(bytes, (int)len);
	EVP_PKEY *key;

	if (!bio)
		abort(); /* out of memory */
	key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	BIO_free(bio);
	if (!key)
		oi_err_set(err, OI_R_BUNDLE_KEY, "the public key: none in PEM form");
	return key;
}

int oi_signature_check(const struct oi_fetch_request *request, struct oi_err *err)
{
	EVP_PKEY *key = parse_public_key(request->public_key, request->public_key_bytes, err);
	EVP_MD_CTX *context;
	int ret;

	ERR_clear_error();
	if (!key)
		return -1;
	context = new_context();
	ret = check_strength(key, err);
	if (!ret && (EVP_DigestVerifyInit(context, NULL, digest_of(key), NULL, key) != 1 ||
		     EVP_DigestVerify(context, request->signature, request->signature_bytes,
				      (const unsigned char *)request->text,
				      strlen(request->text)) != 1))
		ret = oi_err_set(err, OI_R_MODULES_UNTRUSTED, "the signature is not of this key, or of something else");
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (!ret)
		oi_fetch_answer_done(&(struct oi_fetch_done){ .source = "file:signature" });
	return ret;
}
