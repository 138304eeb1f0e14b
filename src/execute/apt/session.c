/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/apt/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "execute/modules/background.h"
#include "execute/state/record.h"

void oi_apt_clear(struct oi_apt *apt)
{
	oi_apt_staged_clear(&apt->staged);
	free(apt->address);
	free(apt->incomplete);
	oi_strv_clear(&apt->names);
	oi_strv_clear(&apt->fresh);
	oi_strv_clear(&apt->compiled);
	oi_strv_clear(&apt->replaced);
	memset(apt, 0, sizeof(*apt));
}

void oi_apt_begin(struct oi_packages *p)
{
	p->state = oi_mem_zalloc(1, sizeof(struct oi_apt));
}

void oi_apt_end(struct oi_packages *p)
{
	oi_apt_clear(p->state);
	free(p->state);
	p->state = NULL;
}

int oi_apt_record(const struct oi_packages *p, struct oi_err *err)
{
	if (oi_record_note_packages(&p->ctx->host->change, &oi_apt_of(p)->fresh, err))
		return -1;
	return oi_record_note_replaced(&p->ctx->host->change, &oi_apt_of(p)->replaced, err);
}

int oi_apt_defer(struct oi_packages *p, const struct oi_strv *packages, struct oi_err *err)
{
	struct oi_strv *compiled = &oi_apt_of(p)->compiled;

	for (size_t i = 0; i < packages->n; i++) {
		OI_FREE char *name = oi_mem_ndup(packages->v[i], strcspn(packages->v[i], " :"));

		if (oi_dkms_is_source(name) && strcmp(name, "dkms") != 0 && !oi_strv_has(compiled, name))
			oi_strv_add(compiled, name);
	}
	return compiled->n ? oi_build_defer(p->ctx->host, err) : 0;
}
