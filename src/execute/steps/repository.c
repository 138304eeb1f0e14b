/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps repository-stage and repository-add: the plan's package manager does them. */
#include <string.h>

#include "execute/packages/packages.h"
#include "execute/steps/steps.h"

/* The manager of the plan, if the step's artefact is a package of its kind. */
static const struct oi_packages_ops *ops_of(const struct oi_execution *run,
					    const struct oi_step *step, struct oi_err *err)
{
	const struct oi_packages_ops *ops = oi_packages_ops_of(&run->packages, err);

	return ops && !oi_packages_can_add(ops, step, err) ? ops : NULL;
}

static bool is_address(const struct oi_step *step)
{
	return !strcmp(step->repository.form, OI_REPOSITORY_ADDRESS);
}

int oi_step_repository_stage(struct oi_execution *run, const struct oi_step *step,
			     struct oi_err *err)
{
	const struct oi_packages_ops *ops = ops_of(run, step, err);

	if (!ops)
		return -1;
	return is_address(step) ? ops->stage_address(&run->packages, step, err) : ops->stage(&run->packages, step, err);
}

int oi_step_repository_add(struct oi_execution *run, const struct oi_step *step,
			   struct oi_err *err)
{
	const struct oi_packages_ops *ops = ops_of(run, step, err);

	if (!ops)
		return -1;
	return is_address(step) ? ops->add_address(&run->packages, step, err) : ops->add(&run->packages, step, err);
}
