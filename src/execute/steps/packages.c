/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps packages-*: the plan's package manager does them. */
#include <stdlib.h>
#include <string.h>

#include "execute/cache/text.h"
#include "execute/modules/background.h"
#include "execute/packages/packages.h"
#include "execute/steps/steps.h"
#include "model/reasons.h"

int oi_step_packages_refresh(struct oi_execution *run, const struct oi_step *step,
			     struct oi_err *err)
{
	const struct oi_packages_ops *ops = oi_packages_ops_of(&run->packages, err);

	(void)step; /* all sources: which of them has a package is what they tell */
	return ops ? ops->refresh(&run->packages, err) : -1;
}

/*
 * What is asked for depends on whether modules came from the cache: then their
 * package stands in for all that compiles, else that is wanted too.
 * @all: zeroed; only names and optional are set, cleared by the caller
 */
static void effective(struct oi_execution *run, const struct oi_step *step,
		      struct oi_step *all)
{
	all->action = step->action;
	run->packages.modules_given = run->modset.file != NULL;
	if (run->modset.file) {
		char *path = oi_modset_staged_path(run->ctx.host, run->modset.file);

		oi_strv_add(&all->packages.names, path);
		free(path);
	}
	oi_strv_add_all(&all->packages.names, &step->packages.names);
	if (!run->modset.file)
		oi_strv_add_all(&all->packages.names, &step->packages.build);
	oi_strv_add_all(&all->packages.optional, &step->packages.optional);
}

static void effective_clear(struct oi_step *all)
{
	oi_strv_clear(&all->packages.names);
	oi_strv_clear(&all->packages.optional);
}

/* A package with sources to compile that would come all the same; NULL: none. Borrowed. */
static const char *compiles(const struct oi_execution *run, const struct oi_packages_ops *ops)
{
	const struct oi_strv *fresh = ops->fresh ? ops->fresh(&run->packages) : NULL;

	return fresh ? oi_dkms_first_source(fresh) : NULL;
}

static int simulate(struct oi_execution *run, const struct oi_packages_ops *ops,
		    const struct oi_step *step, struct oi_err *err)
{
	OI_CLEANUP(effective_clear) struct oi_step all = { 0 };

	effective(run, step, &all);
	return ops->simulate(&run->packages, &all, err);
}

int oi_step_packages_simulate(struct oi_execution *run, const struct oi_step *step,
			      struct oi_err *err)
{
	const struct oi_packages_ops *ops = oi_packages_ops_of(&run->packages, err);
	const char *why;
	int ret;

	if (!ops)
		return -1;
	ret = simulate(run, ops, step, err);
	if (!run->modset.file || (ret && err->code == OI_R_INTERRUPTED))
		return ret;
	why = ret ? err->text : compiles(run, ops);
	if (!why)
		return 0;
	/* The cache was filled from another state of the repository than there is now. */
	oi_log_warn(&run->ctx.host->log,
		    "modules: those from the cache do not fit (%s), so they are compiled here", why);
	oi_modset_clear(&run->modset);
	return simulate(run, ops, step, err);
}

int oi_step_packages_hold(struct oi_execution *run, const struct oi_step *step,
			  struct oi_err *err)
{
	const struct oi_packages_ops *ops = oi_packages_ops_of(&run->packages, err);

	return ops ? ops->hold(&run->packages, step, err) : -1;
}

int oi_step_packages_install(struct oi_execution *run, const struct oi_step *step,
			     struct oi_err *err)
{
	OI_CLEANUP(effective_clear) struct oi_step all = { 0 };
	const struct oi_packages_ops *ops;

	ops = oi_packages_ops_of(&run->packages, err);
	if (!ops)
		return -1;
	effective(run, step, &all);
	return ops->install(&run->packages, &all, err);
}
