/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/config_fault.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

void oi_config_add_fault(struct oi_config_faults *faults, const struct oi_err *err)
{
	faults->v = oi_mem_grow(faults->v, faults->n + 1, sizeof(*faults->v));
	faults->v[faults->n++] = *err;
}

int oi_config_wrong(struct oi_config_reader *r, enum oi_reason reason, const struct oi_doc *at,
		    const char *path, const char *fmt, ...)
{
	struct oi_buf where = { 0 };
	OI_FREE char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = oi_mem_vprintf(fmt, ap);
	va_end(ap);
	oi_buf_adds(&where, at && at->file ? at->file : "stanza");
	if (at && at->key_line &&
	    (reason == OI_R_STANZA_UNKNOWN_KEY || reason == OI_R_STANZA_DUPLICATE_KEY))
		oi_buf_addf(&where, ":%u:%u", at->key_line, at->key_column);
	else if (at && at->line)
		oi_buf_addf(&where, ":%u:%u", at->line, at->column);
	oi_err_set(r->err, (int)reason, "%s: infiniband%s%s: %s", oi_buf_str(&where),
		   *path ? "." : "", path, text);
	oi_buf_clear(&where);
	if (r->culprit) {
		free(*r->culprit);
		*r->culprit = oi_mem_printf("infiniband%s%s", *path ? "." : "", path);
	}
	if (r->faults)
		oi_config_add_fault(r->faults, r->err);
	return -1;
}
