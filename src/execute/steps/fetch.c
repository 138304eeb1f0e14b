/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/steps/steps.h"

#include <string.h>

#include "sys/clock.h"
#include "sys/fetcher.h"

struct oi_fetch_job oi_step_fetch_job(const struct oi_host *host, const struct oi_config *config,
				      const struct oi_strv *urls, const char *name)
{
	const char *identity = config->source.identity;

	return (struct oi_fetch_job){
		.urls = urls,
		.name = name,
		.proxy = config->source.proxy,
		.no_proxy = &config->source.no_proxy,
		.ca_bundle = config->source.ca_bundle,
		.identity = identity != NULL,
		.identity_client = identity && strcmp(identity, "system") ? identity : NULL,
		.spread_ms = oi_clock_left_ms(host->spread_until_ms),
	};
}

int oi_step_fetch(struct oi_execution *run, const struct oi_step *step, struct oi_err *err)
{
	struct oi_fetch_job job;

	if (step->key && !strcmp(step->key, OI_STEP_UNPACK))
		return oi_bundle_fetch(run, step, err);
	job = oi_step_fetch_job(run->host, run->config, &step->urls, step->path);
	job.sha256 = step->sha256;
	return oi_fetcher_download(run->host, &job, err);
}
