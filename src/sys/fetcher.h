/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door to the second program, ofed-fetch: metadata and downloads. */
#ifndef OI_SYS_FETCHER_H
#define OI_SYS_FETCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/doc.h"
#include "base/err.h"
#include "base/strv.h"
#include "sys/host.h"

struct oi_fetch_job {
	const struct oi_strv *urls; /* tried in this order; https://, file://, or http:// with a digest */
	const char *sha256; /* 64 hexadecimal digits; NULL only for https:// */
	const char *name; /* file name in OI_STAGING_DIR; upload: for texts */
	const char *proxy; /* NULL: none */
	const struct oi_strv *no_proxy; /* hosts, .suffixes, networks reached without it; NULL: none */
	const char *ca_bundle; /* NULL: the system's */
	bool identity; /* the VM's managed identity opens https:// urls of Azure's blob storage */
	const char *identity_client; /* which, by its client id; NULL: the only one */
	int64_t spread_ms; /* wait so long before the first request to a network; 0: not at all */
	int tries; /* of each url; 0: as many as of a download */
	int64_t patience_ms; /* with a connection, and with a server that is silent; 0: as with a download */
};

/**
 * oi_fetcher_download() - get an artefact into the staging folder, digest checked
 *
 * Appears under its name only when the digest agrees. A file that is already
 * there with the right digest is not fetched again.
 * Errors: OI_R_FETCH_*, OI_R_DIGEST_MISMATCH, OI_R_DIGEST_MISSING
 */
OI_MUST_CHECK
int oi_fetcher_download(const struct oi_host *host, const struct oi_fetch_job *job,
			struct oi_err *err);

/**
 * oi_fetcher_stream() - fetch an archive and unpack it on the way; no file of it is made
 * @job: its name is for texts
 * @dir_fd: borrowed; a folder of ours, not to be entered by others, without @into in it
 * @room_factor: so many times the archive's size has to be free there before it begins,
 * @room_bytes: and so many more
 *
 * tar, plain or gz, bz2, xz, zst. INTO appears when the digest of all of the archive
 * was right; read it as oi_fetcher_unpack() says. Nothing of it is synced, and what
 * was cut off by the end of ofed-fetch itself has to come again from its beginning.
 * Errors: of oi_fetcher_download() and oi_fetcher_unpack()
 */
OI_MUST_CHECK
int oi_fetcher_stream(const struct oi_host *host, const struct oi_fetch_job *job, int dir_fd,
		      const char *into, int room_factor, int64_t room_bytes, struct oi_err *err);

/**
 * oi_fetcher_unpack() - unpack an archive that lies in the staging folder
 * @name: file name in OI_STAGING_DIR; its digest was checked when it came
 * @into: name of a folder of OI_STAGING_DIR; one of this name is removed first
 *
 * tar (plain or gz, bz2, xz, zst), ISO 9660, rpm. The folder is there when all of
 * it is, and belongs to us; links in it may lead anywhere, so read it as a root of
 * its own (oi_root_open()).
 * Errors: OI_R_ARCHIVE_*, OI_R_DISK_SPACE, OI_R_FETCH_*, OI_R_WRITE_FAILED, OI_R_READ_FAILED;
 *         nothing is left then.
 */
OI_MUST_CHECK
int oi_fetcher_unpack(const struct oi_host *host, const char *name, const char *into,
		      struct oi_err *err);

/**
 * oi_fetcher_unpack_to() - the same into another folder
 * @name: file name in OI_STAGING_DIR
 * @dir_fd: borrowed; a folder of ours, not to be entered by others, without @into in it
 * Errors: as oi_fetcher_unpack(), but an unfinished INTO.part-dir is the caller's to remove.
 */
OI_MUST_CHECK
int oi_fetcher_unpack_to(const struct oi_host *host, const char *name, int dir_fd,
			 const char *into, struct oi_err *err);

/**
 * oi_fetcher_upload() - put a file where others will find it, unless there is one already
 * @job: one https:// url; sha256 and spread_ms do not count
 * @fd: the file, open for reading; borrowed
 * Return: 0; 1 when there was one, which may be our own of a try that was cut off; -1 with
 *         OI_R_UPLOAD_REFUSED, OI_R_FETCH_*.
 */
OI_MUST_CHECK
int oi_fetcher_upload(const struct oi_host *host, const struct oi_fetch_job *job, int fd,
		      struct oi_err *err);

/**
 * oi_fetcher_post() - send a JSON document to a web hook
 * @job: one https:// or http:// url; sha256, identity and spread_ms do not count
 * @fd: a file with the document, open for reading; borrowed
 * Errors: OI_R_FETCH_*
 */
OI_MUST_CHECK
int oi_fetcher_post(const struct oi_host *host, const struct oi_fetch_job *job, int fd,
		    struct oi_err *err);

/* More than any certificate of an RSA or EC key, in DER or PEM. */
#define OI_CERTIFICATE_BYTES 16384

/* By what a signature is known. */
struct oi_signer {
	char *name; /* the issuer's common name; may be "" */
	char *serial; /* of the certificate, "0A:1B", as modinfo's sig_key */
};

/** oi_signer_clear() - free; fine on a zeroed one, and for OI_CLEANUP */
void oi_signer_clear(struct oi_signer *signer);

/**
 * oi_fetcher_check_key() - have a key pair looked at, in the second program's sandbox
 * @key_fd: the private key's file; borrowed, and not read here
 * @certificate: the bytes of the certificate's file, at most OI_CERTIFICATE_BYTES
 * @signer: zeroed; owned by the caller
 * Errors: OI_R_SIGNING_KEY, OI_R_FETCH_FAILED, OI_R_TOOL_MISSING
 */
OI_MUST_CHECK
int oi_fetcher_check_key(const struct oi_host *host, int key_fd, const char *certificate,
			 size_t certificate_len, struct oi_signer *signer, struct oi_err *err);

/**
 * oi_fetcher_sign() - have a text signed, in the second program's sandbox
 * @key_fd: the private key's file; borrowed, and not read here
 * @signature: in hexadecimal, owned by the caller
 * Errors: OI_R_BUNDLE_KEY, OI_R_FETCH_FAILED, OI_R_TOOL_MISSING
 */
OI_MUST_CHECK
int oi_fetcher_sign(const struct oi_host *host, int key_fd, const char *text, char **signature,
		    struct oi_err *err);

/**
 * oi_fetcher_verify() - is a signature of a text, and by a key
 * @public_key: the bytes of its file, at most OI_CERTIFICATE_BYTES
 * @signature: as oi_fetcher_sign() has made it
 * Errors: OI_R_MODULES_UNTRUSTED, OI_R_BUNDLE_KEY, OI_R_FETCH_FAILED, OI_R_TOOL_MISSING
 */
OI_MUST_CHECK
int oi_fetcher_verify(const struct oi_host *host, const char *text, const char *public_key,
		      size_t public_key_len, const char *signature, struct oi_err *err);

/**
 * oi_fetcher_metadata() - ask the metadata service for the instance document
 * @deadline_ms: monotonic, absolute
 * @out: parsed answer, owned by the caller
 * Errors: OI_R_METADATA_UNAVAILABLE
 */
OI_MUST_CHECK
int oi_fetcher_metadata(const struct oi_host *host, int64_t deadline_ms, struct oi_doc **out,
			struct oi_err *err);

#endif
