/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/tools/fetch_job.h"

#include <string.h>

#include "sys/clock.h"

struct oi_fetch_job oi_fetch_job_of(const struct oi_context *ctx, const struct oi_strv *urls,
				    const char *name)
{
	const struct oi_config *config = ctx->config;
	const char *identity = config->source.identity;

	return (struct oi_fetch_job){
		.urls = urls,
		.name = name,
		.proxy = config->source.proxy,
		.no_proxy = &config->source.no_proxy,
		.ca_bundle = config->source.ca_bundle,
		.identity = identity != NULL,
		.identity_client = identity && strcmp(identity, "system") ? identity : NULL,
		.spread_ms = oi_clock_left_ms(ctx->host->spread_until_ms),
	};
}
