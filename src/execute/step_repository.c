/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/mem.h"
#include "execute/steps.h"
#include "model/reasons.h"

/* Where the fetched artefact lies, as a child sees it; NULL with @err: not our kind. */
static char *artefact(const struct oi_execution *run, const struct oi_step *step,
		      struct oi_err *err)
{
	const struct oi_root *root = &run->host->change;

	if (!step->key || strcmp(step->key, "deb") || !step->path || strchr(step->path, '/')) {
		oi_err_set(err, OI_R_METHOD_UNAVAILABLE, "a repository of the kind \"%s\"",
			   step->key ? step->key : "none");
		return NULL;
	}
	return oi_mem_printf("%s" OI_STAGING_DIR "/%s", oi_root_is_real(root) ? "" : root->path,
			     step->path);
}

int oi_step_repository_stage(struct oi_execution *run, const struct oi_step *step,
			     struct oi_err *err)
{
	OI_FREE char *path = artefact(run, step, err);

	return path ? oi_apt_stage(run->host, path, &run->apt.staged, err) : -1;
}

int oi_step_repository_add(struct oi_execution *run, const struct oi_step *step,
			   struct oi_err *err)
{
	OI_FREE char *path = artefact(run, step, err);

	return path ? oi_apt_add(run, path, err) : -1;
}
