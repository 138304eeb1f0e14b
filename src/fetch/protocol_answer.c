/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing the answers: see protocol.h. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "fetch/protocol.h"
#include "fetch/url.h"
#include "model/reasons.h"

/*
 * So that a line stays below OI_FETCH_LINE_BYTES: a piece of JSON, printable
 * ASCII and UTF-8 as our own writer leaves it, at most doubles when quoted.
 */
#define PIECE_BYTES 1024

static void write_all(const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(OI_FETCH_ANSWER_FD, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			_exit(1); /* nobody listens any more; an unfinished file stays *.part */
		bytes += n;
		len -= (size_t)n;
	}
}

static void emit(const struct oi_doc *doc)
{
	OI_FREE char *json = oi_doc_to_json(doc, false);
	struct oi_buf line = { 0 };

	oi_buf_addf(&line, "%s\n", json);
	write_all(line.data, line.len);
	oi_buf_clear(&line);
}

static struct oi_doc *event(const char *name)
{
	struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);

	oi_doc_put_string(doc, "event", name);
	return doc;
}

/* Texts hold what libraries and servers say: made harmless, and cut to a length. */
static void put_text(struct oi_doc *doc, const char *key, const char *text)
{
	OI_FREE char *plain = oi_mem_ndup(text, strnlen(text, PIECE_BYTES));

	for (char *c = plain; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
	oi_doc_put_string(doc, key, plain);
}

void oi_fetch_answer_progress(int64_t bytes, int64_t total)
{
	OI_DOC_AUTO *doc = event("progress");

	oi_doc_put_int(doc, "bytes", bytes);
	if (total < 0)
		oi_doc_put_string(doc, "total", NULL);
	else
		oi_doc_put_int(doc, "total", total);
	emit(doc);
}

OI_PRINTF(2, 0)
static void say(const char *name, const char *fmt, va_list ap)
{
	OI_DOC_AUTO *doc = event(name);
	OI_FREE char *text = oi_mem_vprintf(fmt, ap);

	put_text(doc, "text", text);
	emit(doc);
}

void oi_fetch_answer_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("note", fmt, ap);
	va_end(ap);
}

void oi_fetch_answer_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("debug", fmt, ap);
	va_end(ap);
}

void oi_fetch_answer_document(const struct oi_doc *document)
{
	OI_FREE char *json = oi_doc_to_json(document, false);
	const char *at = json;

	while (*at) {
		OI_DOC_AUTO *doc = event("document");
		OI_FREE char *piece = NULL;
		size_t len = strnlen(at, PIECE_BYTES);

		/* Not within a UTF-8 character: half of one is no valid JSON text. */
		while (len > 1 && ((unsigned char)at[len] & 0xc0) == 0x80)
			len--;
		piece = oi_mem_ndup(at, len);
		oi_doc_put_string(doc, "text", piece);
		emit(doc);
		at += len;
	}
}

void oi_fetch_answer_done(const struct oi_fetch_done *done)
{
	OI_DOC_AUTO *doc = event("done");
	OI_FREE char *shown = oi_url_redact(done->source);

	put_text(doc, "source", shown);
	oi_doc_put_int(doc, "bytes", done->bytes);
	oi_doc_put_string(doc, "sha256", done->sha256);
	oi_doc_put_bool(doc, "cached", done->cached);
	if (done->has_counts) {
		oi_doc_put_int(doc, "requests", done->requests);
		oi_doc_put_int(doc, "retries", done->retries);
		oi_doc_put_int(doc, "received_bytes", done->received_bytes);
		oi_doc_put_int(doc, "resumed_bytes", done->resumed_bytes);
	}
	emit(doc);
}

void oi_fetch_answer_failed(const struct oi_err *err)
{
	OI_DOC_AUTO *doc = event("failed");

	oi_doc_put_string(doc, "reason", oi_reason_text((enum oi_reason)err->code)->id);
	put_text(doc, "detail", err->text);
	emit(doc);
}
