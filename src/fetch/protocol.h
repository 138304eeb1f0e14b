/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ofed-init and ofed-fetch say to each other.
 *
 * Descriptor 3 carries one JSON document, the request, up to its end of file.
 * Descriptor 4 carries the answers, one JSON document a line, each line below
 * OI_FETCH_LINE_BYTES. Descriptor 5 is the staging folder, where nothing else is said
 * (not of "metadata" and "verify").
 * Exit status: 0 after "done", 1 after "failed" (and without descriptors).
 *
 * Requests; every key is required, none but these is taken:
 *
 *   {"schema": 1, "op": "metadata",
 *    "base": "http://169.254.169.254",    where the metadata service answers
 *    "deadline_ms": 60000,                 left for all of it
 *    "connect_ms": 2000, "try_ms": 5000,   for one try
 *    "backoff_ms": 250,                    first wait between tries
 *    "max_bytes": 1048576}                 larger answers are refused
 *
 *   {"schema": 1, "op": "download",
 *    "name": "doca-host.deb",              what it is called in the folder
 *    "urls": ["https://..."],              tried in this order
 *    "sha256": "64 digits" or null,        null: only when all urls are https://
 *    "proxy": "http://user:pw@host:port" or null,   https://, socks5:// and socks5h:// too
 *    "no_proxy": ["host", ".suffix", "10.0.0.0/8"],   reached without it, as libcurl reads it
 *    "ca_bundle": "/path" or null,         null: the system's
 *    "identity": null or {                 of the VM, asked for a token
 *        "base": "http://169.254.169.254", where the metadata service answers
 *        "client_id": "..." or null,       null: the only one that the VM has
 *        "hosts": [".blob.core.windows.net"]},   which get it, over https:// alone
 *    "spread_ms": 0,                       wait before the first request to a network
 *    "deadline_ms": 1700000,
 *    "connect_ms": 15000,                  for one try; there is no limit for the rest
 *    "stall_seconds": 30,                  so long below OI_FETCH_STALL_BYTES a second: cut
 *    "tries": 3,                           of each url, that brought nothing and may heal;
 *                                          an only one that is busy is asked more often
 *    "backoff_ms": 1000,
 *    "max_bytes": 4294967296}
 *
 *   {"schema": 1, "op": "stream",          an archive, unpacked while it downloads; no file of it
 *    "into": "bundle",                     the new folder; grows as "bundle.part-dir"
 *    "max_entries": 100000,
 *    "max_unpacked_bytes": 17179869184,    of all files together
 *    "room_factor": 2,                     so many times the archive's bytes have to be free
 *    "room_bytes": 1073741824,             before it begins, and so many more
 *    ...}                                  and all of "download" but "name"
 *
 *   {"schema": 1, "op": "upload",          descriptor 5 is the file; if there is none yet
 *    "url": "https://...",                 where to
 *    ...}                                  and of "download" proxy, no_proxy, ca_bundle, identity,
 *                                          deadline_ms, connect_ms, stall_seconds, tries, backoff_ms
 *
 *   {"schema": 1, "op": "post",            descriptor 5 is a file with a JSON document
 *    ...}                                  as "upload", http:// too, and whatever is there
 *
 *   {"schema": 1, "op": "unpack",
 *    "name": "bundle.tgz",                 in the folder, or an absolute path
 *    "into": "bundle",                     the new folder; grows as "bundle.part-dir"
 *    "deadline_ms": 1700000,
 *    "max_entries": 100000,
 *    "max_bytes": 17179869184}             of all files together
 *
 *   {"schema": 1, "op": "check",            is a file in the folder what it is to be
 *    "name": "doca-host.deb", "sha256": "64 digits", "deadline_ms": 1700000}
 *
 *   {"schema": 1, "op": "key",              do a private key and a certificate belong together
 *    "certificate": "30820122...",         its file's bytes in hexadecimal
 *    "deadline_ms": 10000}                 descriptor 5 is the key's file
 *
 *   {"schema": 1, "op": "sign",             descriptor 5 is the private key's file
 *    "text": "...", "deadline_ms": 10000}
 *
 *   {"schema": 1, "op": "verify",           without a third descriptor
 *    "text": "...", "public_key": "2d2d...", its file's bytes in hexadecimal
 *    "signature": "0a1b...", "deadline_ms": 10000}
 *
 * Answers:
 *
 *   {"event": "progress", "bytes": 1048576, "total": 4194304 or null}
 *                                           unpack: what has come out so far
 *   {"event": "note", "text": "..."}       worked around: a try that failed, a wait
 *   {"event": "debug", "text": "..."}      for whoever wants to know everything
 *   {"event": "document", "text": "..."}   metadata: a piece of the JSON document
 *                                           key: {"signer": "...", "serial": "0A:1B"}
 *                                           sign: {"signature": "0a1b..."}
 *   {"event": "done", "source": "...", "bytes": 4194304, "sha256": "..." or null,
 *    "cached": false,                      it was there already; upload: and is left alone
 *    "requests": 2,                        HTTP requests; not with unpack from here on
 *    "retries": 1,                         tries after a failed one
 *    "received_bytes": 3145728,            from the network, those in vain included
 *    "resumed_bytes": 1048576}             an earlier run had brought them
 *   {"event": "failed", "reason": "fetch-network", "detail": "..."}
 *
 * The last line is "done" or "failed", whose reason is an id of model/codes.def.
 * No text carries a URL's query or user part, or control characters.
 */
#ifndef OI_FETCH_PROTOCOL_H
#define OI_FETCH_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/doc.h"
#include "base/err.h"
#include "base/strv.h"

#define OI_FETCH_SCHEMA 1

#define OI_FETCH_REQUEST_FD 3
#define OI_FETCH_ANSWER_FD 4
#define OI_FETCH_STAGING_FD 5

/* Limits on the request. */
#define OI_FETCH_REQUEST_BYTES (64 * 1024)
#define OI_FETCH_URLS_MAX 32
#define OI_FETCH_URL_BYTES 4096 /* a SAS signature is a few hundred */
#define OI_FETCH_NAMES_MAX 64 /* of no_proxy and identity.hosts */
#define OI_FETCH_NAME_BYTES 200 /* with ".part" below NAME_MAX */
#define OI_FETCH_DEADLINE_MS_MAX (24 * 3600 * 1000)
#define OI_FETCH_BYTES_MAX (INT64_C(4) << 30)
#define OI_FETCH_METADATA_BYTES_MAX (1 << 20)
#define OI_FETCH_UNPACKED_BYTES_MAX (INT64_C(64) << 30)
#define OI_FETCH_ENTRIES_MAX 1000000
#define OI_FETCH_CERTIFICATE_BYTES_MAX 16384
#define OI_FETCH_SIGNATURE_BYTES_MAX 1024 /* of RSA with 8192 bits */
#define OI_FETCH_TEXT_BYTES_MAX 4096

/* Limit on an answer line: what the other side reads in one piece. */
#define OI_FETCH_LINE_BYTES 4096

/* Slower than this is no download, whatever arrives. */
#define OI_FETCH_STALL_BYTES 1024

enum oi_fetch_op {
	OI_FETCH_METADATA,
	OI_FETCH_DOWNLOAD,
	OI_FETCH_STREAM,
	OI_FETCH_UPLOAD,
	OI_FETCH_POST,
	OI_FETCH_UNPACK,
	OI_FETCH_CHECK,
	OI_FETCH_KEY,
	OI_FETCH_SIGN,
	OI_FETCH_VERIFY
};

/* What the third descriptor has to be. */
enum oi_fetch_wants { OI_FETCH_WANTS_NOTHING, OI_FETCH_WANTS_FILE, OI_FETCH_WANTS_FOLDER };

struct oi_fetch_request {
	enum oi_fetch_op op;
	int64_t deadline_ms; /* monotonic, absolute */
	int64_t connect_ms;
	int64_t backoff_ms;
	int64_t max_bytes;
	/* metadata */
	char *base; /* without '/' at its end */
	int64_t try_ms;
	/* download, and but for the name stream; upload has some; unpack and check have the name too */
	char *name;
	struct oi_strv urls; /* upload has one */
	char *sha256; /* 64 lower case digits; NULL: none */
	char *proxy; /* NULL: none */
	struct oi_strv no_proxy;
	char *ca_bundle; /* NULL: the system's */
	char *identity_base; /* without '/' at its end; NULL: no identity */
	char *identity_client; /* NULL: the only one */
	struct oi_strv identity_hosts; /* names, or suffixes that begin with a dot */
	int64_t spread_ms;
	int stall_seconds;
	int tries;
	/* key */
	unsigned char *certificate;
	size_t certificate_bytes;
	/* sign, verify */
	char *text;
	/* verify */
	unsigned char *public_key;
	size_t public_key_bytes;
	unsigned char *signature;
	size_t signature_bytes;
	/* unpack, stream */
	char *into;
	int64_t max_entries;
	/* stream, whose max_bytes are the archive's */
	int64_t max_unpacked_bytes;
	int64_t room_factor;
	int64_t room_bytes;
};

/** oi_fetch_wants() - of what kind OI_FETCH_STAGING_FD is for an operation */
enum oi_fetch_wants oi_fetch_wants(enum oi_fetch_op op);

/** oi_fetch_request_clear() - free; fine on a zeroed one, and for OI_CLEANUP */
void oi_fetch_request_clear(struct oi_fetch_request *request);

/**
 * oi_fetch_request_parse() - check a request and fill in @request
 * @now_ms: monotonic, what "deadline_ms" counts from
 * @request: zeroed; filled, owned by the caller
 * Return: 0, or -1 with OI_R_FETCH_FAILED naming the key, or OI_R_DIGEST_MISSING
 *         when a url that does not authenticate itself comes without a digest.
 */
OI_MUST_CHECK
int oi_fetch_request_parse(const char *bytes, size_t len, int64_t now_ms,
			   struct oi_fetch_request *request, struct oi_err *err);

/**
 * oi_fetch_request_read() - the bytes of the request, to their end
 * @fd: a pipe
 * @bytes: owned by the caller
 * Return: 0, or -1 with OI_R_FETCH_FAILED.
 */
OI_MUST_CHECK
int oi_fetch_request_read(int fd, char **bytes, size_t *len, struct oi_err *err);

/*
 * Answers. The one who asked is gone when a line cannot be written: nobody is
 * left to tell, so the program ends.
 */
void oi_fetch_answer_progress(int64_t bytes, int64_t total); /* @total -1: unknown */
void oi_fetch_answer_note(const char *fmt, ...) OI_PRINTF(1, 2);
void oi_fetch_answer_debug(const char *fmt, ...) OI_PRINTF(1, 2);
void oi_fetch_answer_document(const struct oi_doc *doc);
struct oi_fetch_done {
	const char *source; /* a URL, redacted here */
	int64_t bytes;
	const char *sha256; /* NULL: none was made */
	bool cached;
	bool has_counts; /* the members from here on are meant */
	int64_t requests;
	int64_t retries;
	int64_t received_bytes;
	int64_t resumed_bytes;
};

void oi_fetch_answer_done(const struct oi_fetch_done *done);
void oi_fetch_answer_failed(const struct oi_err *err);

#endif
