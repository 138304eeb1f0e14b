/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries out a plan, step by step; each step may be repeated. */
#ifndef OI_EXECUTE_EXECUTE_H
#define OI_EXECUTE_EXECUTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/config.h"
#include "model/verdict.h"
#include "sys/host.h"

/**
 * oi_execute_can() - is there code for the method that the plan needs
 *
 * Asked before anything is changed: a plan may be complete and right, and yet
 * be one that this build cannot carry out.
 * Return: 0, or -1 with OI_R_METHOD_UNAVAILABLE.
 */
OI_MUST_CHECK
int oi_execute_can(const struct oi_verdict *verdict, struct oi_err *err);

/* Who looks on; each may be NULL. */
struct oi_execute_watch {
	/* Before the first step, when what can go on meanwhile has begun; -1 with @err ends it. */
	int (*ready)(void *data, struct oi_err *err);
	void (*begun)(void *data, const struct oi_step *step);
	void (*done)(void *data, const struct oi_step *step, int64_t took_ms, bool well);
	/* After the last one: "name version" of what an installation has taken away. */
	void (*removed)(void *data, const struct oi_strv *packages);
	void *data;
};

/**
 * oi_execute_plan() - all steps in order; the first failure ends it
 * @verdict: with outcome install; never changed
 * @config: for proxy and CA bundle of downloads
 * @watch: may be NULL
 * Return: 0, or -1 with @err: the step's reason, its id as prefix.
 */
OI_MUST_CHECK
int oi_execute_plan(const struct oi_host *host, const struct oi_config *config,
		    const struct oi_verdict *verdict, const struct oi_execute_watch *watch,
		    struct oi_err *err);

/**
 * oi_execute_downloads() - of a plan only what it fetches, ahead of its run
 *
 * Nothing but the staging folder changes; the plan's own steps find there what they need.
 * Return: as oi_execute_plan().
 */
OI_MUST_CHECK
int oi_execute_downloads(const struct oi_host *host, const struct oi_config *config,
			 const struct oi_verdict *verdict, struct oi_err *err);

#endif
