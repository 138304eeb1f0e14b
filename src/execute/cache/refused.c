/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/cache/refused.h"

#include <string.h>

#include "base/buf.h"
#include "base/doc.h"
#include "base/mem.h"
#include "model/reasons.h"

#define NOTE_BYTES 16384

void oi_refused_note(const struct oi_host *host, const char *sha256, const char *why)
{
	OI_DOC_AUTO *doc = oi_doc_new(OI_DOC_MAP);
	OI_FREE char *text = NULL;
	struct oi_err err;

	oi_doc_put_int(doc, "schema", 1);
	oi_doc_put_string(doc, "sha256", sha256);
	oi_doc_put_string(doc, "why", why);
	text = oi_doc_to_json(doc, true);
	if (oi_root_write(&host->change, OI_REFUSED_NOTE, 0644, text, strlen(text), &err))
		oi_log_warn(&host->log, "modules: %s", err.text);
}

char *oi_refused_why(const struct oi_host *host, const char *sha256)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_DOC_AUTO *doc = NULL;
	const char *refused;
	struct oi_err ignored; /* then it is tried */

	if (oi_root_read(&host->change, OI_REFUSED_NOTE, NOTE_BYTES, &text, &ignored) ||
	    oi_doc_from_json(oi_buf_str(&text), text.len, OI_REFUSED_NOTE, OI_R_READ_FAILED, &doc,
			     &ignored) ||
	    oi_doc_int(oi_doc_get(doc, "schema"), 0) != 1)
		return NULL;
	refused = oi_doc_string(oi_doc_get(doc, "sha256"));
	if (!refused || strcmp(refused, sha256) != 0)
		return NULL;
	return oi_mem_dup(oi_doc_string(oi_doc_get(doc, "why")) ?: "it could not be used");
}
