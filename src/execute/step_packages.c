/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/steps.h"
#include "model/reasons.h"

int oi_step_packages_refresh(struct oi_execution *run, const struct oi_step *step,
			     struct oi_err *err)
{
	(void)step; /* all sources: which of them has a package is what they tell */
	return oi_apt_refresh(run, err);
}

int oi_step_packages_simulate(struct oi_execution *run, const struct oi_step *step,
			      struct oi_err *err)
{
	return oi_apt_simulate(run, step, err);
}

int oi_step_packages_install(struct oi_execution *run, const struct oi_step *step,
			     struct oi_err *err)
{
	if (step->key)
		return oi_err_set(err, OI_R_METHOD_UNAVAILABLE, "an installation by %s", step->key);
	return oi_apt_install(run, step, err);
}
