/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step fetch: an artefact into the staging folder, or unpacked. */
#include "execute/steps/steps.h"

#include <string.h>

#include "execute/bundle/bundle.h"
#include "execute/tools/fetch_job.h"
#include "sys/fetcher.h"

int oi_step_fetch(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	struct oi_fetch_job job;

	if (step->fetch.unpack)
		return oi_bundle_fetch(&run->ctx, &run->bundle, step, err);
	job = oi_fetch_job_of(&run->ctx, &step->fetch.urls, step->fetch.name);
	job.sha256 = step->fetch.sha256;
	return oi_fetcher_download(run->ctx.host, &job, err);
}
