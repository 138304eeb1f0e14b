/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "execute/packages.h"
#include "execute/steps.h"
#include "model/reasons.h"

/* The manager of the plan, if the step's artefact is a package of its kind. */
static const struct oi_packages_ops *ops_of(const struct oi_execution *run,
					    const struct oi_step *step, struct oi_err *err)
{
	const struct oi_packages_ops *ops = oi_packages_of(run->verdict, err);

	if (!ops)
		return NULL;
	if (step->key && !strcmp(step->key, ops->format) && step->path &&
	    !strchr(step->path, '/'))
		return ops;
	oi_err_set(err, OI_R_METHOD_UNAVAILABLE, "a repository of the kind \"%s\" by %s",
		   step->key ? step->key : "none", ops->method);
	return NULL;
}

int oi_step_repository_stage(struct oi_execution *run, const struct oi_step *step,
			     struct oi_err *err)
{
	const struct oi_packages_ops *ops = ops_of(run, step, err);

	return ops ? ops->stage(run, step, err) : -1;
}

int oi_step_repository_add(struct oi_execution *run, const struct oi_step *step,
			   struct oi_err *err)
{
	const struct oi_packages_ops *ops = ops_of(run, step, err);

	return ops ? ops->add(run, step, err) : -1;
}
