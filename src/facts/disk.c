/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Room for the work: packages land in /usr, artefacts and package caches in /var. */
#include "facts/doubt.h"
#include "facts/look.h"

void oi_facts_look_disk(const struct oi_host *host, struct oi_facts *facts)
{
	struct oi_err err;
	int64_t top, var;

	if (oi_root_free_bytes(&host->change, "/", &top, &err) ||
	    oi_root_free_bytes(&host->change, "/var", &var, &err)) {
		oi_facts_doubt(facts, "disk: %s", err.text);
		return;
	}
	facts->disk.known = OI_KNOWN;
	facts->disk.work_free_bytes = top < var ? top : var;
}
