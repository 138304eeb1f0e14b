/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A transfer as the stanza asks for it. */
#ifndef OI_EXECUTE_TOOLS_FETCH_JOB_H
#define OI_EXECUTE_TOOLS_FETCH_JOB_H

#include "base/strv.h"
#include "execute/context.h"
#include "sys/fetcher.h"

/**
 * oi_fetch_job_of() - a transfer with the stanza's proxy, identity and spread, and without a digest
 * @urls, @name: what to fetch, and its name in staging
 * Return: a job that borrows from all three.
 */
struct oi_fetch_job oi_fetch_job_of(const struct oi_context *ctx, const struct oi_strv *urls,
				    const char *name);

#endif
