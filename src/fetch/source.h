/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An artefact from wherever it can be had: urls, tries and resumed transfers, whose bytes
 * reach a sink in order, each once. A sink is a file that grows, or an unpacker.
 */
#ifndef OI_FETCH_SOURCE_H
#define OI_FETCH_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "fetch/digest.h"
#include "fetch/headers.h"
#include "fetch/protocol.h"

/* Which artefact the bytes of a sink are of, as far as a server has told. */
struct oi_mark {
	char source[OI_DIGEST_TEXT_BYTES]; /* SHA-256 of the URL, whose query stays unknown; "": none */
	char etag[OI_HEADERS_VALUE_BYTES]; /* a strong one, with its quotes; "": none */
	char modified[OI_HEADERS_VALUE_BYTES]; /* Last-Modified, when it is as good as one */
	int64_t total; /* of the whole artefact; -1: unknown */
};

/*
 * Where the bytes go. A callback that fails sets @err and ends it all, but for
 * OI_R_DIGEST_MISMATCH and OI_R_ARCHIVE_*: these say that the bytes are at fault, so the
 * sink is restarted and they are asked for again, or of the next url.
 */
struct oi_sink {
	/* Bytes taken so far: where to go on. */
	int64_t (*have)(void *data);
	/* Forget all of them: the next begin() and write() are at 0. */
	int (*restart)(void *data, struct oi_err *err);
	/* An answer begins to bring bytes, from have() on; room for mark->total? Also of a rest. */
	int (*begin)(void *data, const struct oi_mark *mark, struct oi_err *err);
	int (*write)(void *data, const void *bytes, size_t len, struct oi_err *err);
	/* All bytes are there. Is the digest right? */
	int (*finish)(void *data, struct oi_err *err);
	void *data;
};

struct oi_source_result {
	char *source; /* where the last of it came from, redacted; NULL: nothing was asked */
	bool unchanged; /* what @unless is of is still the artefact: the sink has got nothing */
	int64_t requests; /* HTTP requests, redirects and those for a token included */
	int64_t retries; /* tries after a failed one, of whatever url */
	int64_t received_bytes; /* of artefacts, from a network, those in vain included */
	int64_t resumed_bytes; /* that were there before and did not have to come again */
};

/** oi_source_result_clear() - free; fine on a zeroed one, and for OI_CLEANUP */
void oi_source_result_clear(struct oi_source_result *result);

/**
 * oi_source_get() - all bytes of an artefact into a sink
 * @request: urls, sha256, proxy, ca_bundle, identity, limits; its other members are not looked at
 * @dir_fd: borrowed; the staging folder, where failing sources are remembered
 * @sink: borrowed; what it has already is used when it may be
 * @mark: of what the sink has; { .total = -1 } when that is nothing or not known; filled
 * @unless: what is there already and good as long as a server says that it has not
 *          changed; NULL: nothing
 * @result: zeroed; cleared by the caller, also after a failure
 *
 * The urls are tried in order, those that failed lately last. The digest makes them
 * interchangeable: a transfer that one of them cut goes on at the next. Without a
 * digest it goes on only where the server proves that it still has the same artefact.
 * A try that brings it forward does not count among the tries. What ends it at once:
 * no time left, a sink that cannot write.
 * Return: 0 after finish() (or unchanged), or -1 with the last url's error (but
 *         OI_R_DIGEST_MISMATCH is never hidden by a later one); what the sink has by
 *         then may be resumed by another call with the same @mark.
 */
OI_MUST_CHECK
int oi_source_get(const struct oi_fetch_request *request, int dir_fd, const struct oi_sink *sink,
		  struct oi_mark *mark, const struct oi_mark *unless,
		  struct oi_source_result *result, struct oi_err *err);

#endif
