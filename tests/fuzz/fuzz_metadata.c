/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the metadata service answers, and whoever answers in its place. */
#include "fuzz.h"

/* Its reading is nobody else's business, so it is static: taken in whole. */
#include "fetch/metadata.c"

void fuzz_metadata(const char *text, size_t len)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf body = { 0 };
	OI_DOC_AUTO *doc = NULL;
	struct oi_err err;

	oi_buf_add(&body, text, len);
	if (parse(&body, &doc, &err))
		return;
	doc = without_user_data(doc);
	fuzz_must(!oi_doc_string(oi_doc_at(doc, "compute.userData")) &&
			  !oi_doc_string(oi_doc_at(doc, "compute.customData")),
		  "user data gets through");
	oi_fetch_answer_document(doc);
}
