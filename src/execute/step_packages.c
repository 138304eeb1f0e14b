/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/packages.h"
#include "execute/steps.h"
#include "model/reasons.h"

int oi_step_packages_refresh(struct oi_execution *run, const struct oi_step *step,
			     struct oi_err *err)
{
	const struct oi_packages_ops *ops = oi_packages_of(run->verdict, err);

	(void)step; /* all sources: which of them has a package is what they tell */
	return ops ? ops->refresh(run, err) : -1;
}

int oi_step_packages_simulate(struct oi_execution *run, const struct oi_step *step,
			      struct oi_err *err)
{
	const struct oi_packages_ops *ops = oi_packages_of(run->verdict, err);

	return ops ? ops->simulate(run, step, err) : -1;
}

int oi_step_packages_install(struct oi_execution *run, const struct oi_step *step,
			     struct oi_err *err)
{
	const struct oi_packages_ops *ops;

	if (step->key)
		return oi_err_set(err, OI_R_METHOD_UNAVAILABLE, "an installation by %s", step->key);
	ops = oi_packages_of(run->verdict, err);
	return ops ? ops->install(run, step, err) : -1;
}
