/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/rpm/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void oi_rpm_clear(struct oi_rpm *rpm)
{
	oi_rpm_repos_clear(&rpm->repos);
	oi_strv_clear(&rpm->files);
	free(rpm->package);
	free(rpm->incomplete);
	free(rpm->key_path);
	oi_strv_clear(&rpm->accepted);
	oi_strv_clear(&rpm->names);
	oi_strv_clear(&rpm->fresh);
	oi_strv_clear(&rpm->replaced);
	memset(rpm, 0, sizeof(*rpm));
}

void oi_rpm_begin(struct oi_packages *p)
{
	p->state = oi_mem_zalloc(1, sizeof(struct oi_rpm));
}

void oi_rpm_end(struct oi_packages *p)
{
	oi_rpm_clear(p->state);
	free(p->state);
	p->state = NULL;
}

void oi_rpm_take_keys(struct oi_packages *p)
{
	oi_rpm_of(p)->key_path = oi_root_name(&p->ctx->host->change, OI_RPM_KEYS);
}
