/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts/gather.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/mem.h"
#include "facts/look.h"

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

void oi_facts_gather(const struct oi_host *host, struct oi_facts *facts)
{
	oi_facts_look_dmi(host, facts);
	oi_facts_look_os(host, facts);
	oi_facts_look_repositories(host, facts);
	oi_facts_look_kernel(host, facts);
	oi_facts_look_hyperv(host, facts);
	oi_facts_look_vm(host, facts);
	oi_facts_look_security(host, facts);
	oi_facts_look_pci(host, facts);
	oi_facts_look_rdma(host, facts);
	oi_facts_look_modules(host, facts);
	oi_facts_look_installed(host, facts);
	oi_facts_look_baked(host, facts);
	oi_facts_look_disk(host, facts);
}
