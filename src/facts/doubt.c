/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/doubt.h"

#include <stdarg.h>

#include "base/mem.h"

void oi_facts_doubt(struct oi_facts *facts, const char *fmt, ...)
{
	OI_FREE char *doubt = NULL;
	va_list ap;

	va_start(ap, fmt);
	doubt = oi_mem_vprintf(fmt, ap);
	va_end(ap);
	if (!oi_strv_has(&facts->doubts, doubt))
		oi_strv_add(&facts->doubts, doubt);
}

int oi_facts_read_text(const struct oi_root *root, const char *path, struct oi_facts *facts,
		       const char *key, struct oi_text *text)
{
	OI_FREE char *line = NULL;
	struct oi_err err;
	int got = oi_root_read_line(root, path, &line, &err);

	if (got < 0)
		oi_facts_doubt(facts, "%s: %s", key, err.text);
	if (!got)
		oi_text_set(text, *line ? line : NULL);
	return got;
}
