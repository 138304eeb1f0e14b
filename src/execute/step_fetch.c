/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/steps.h"
#include "sys/fetcher.h"

int oi_step_fetch(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	const struct oi_fetch_job job = {
		.urls = &step->urls,
		.sha256 = step->sha256,
		.name = step->path,
		.proxy = run->config->source.proxy,
		.ca_bundle = run->config->source.ca_bundle,
	};

	return oi_fetcher_download(run->host, &job, err);
}
