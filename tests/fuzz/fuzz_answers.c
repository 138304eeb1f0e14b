/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the root program hears from the second one, which may have been taken over. */
#include "fuzz.h"

#include <stdlib.h>

/* Its reading of answers is nobody else's business, so it is static: taken in whole. */
#include "sys/fetcher.c"

void fuzz_answers(const char *text, size_t len OI_UNUSED)
{
	struct session session = { .host = &fuzz_host, .what = "input", .document_max = 4096 };

	fuzz_lines(text, on_answer, &session);
	fuzz_must(session.document.len <= session.document_max, "a document beyond its limit");
	oi_buf_clear(&session.document);
}
