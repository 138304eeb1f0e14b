/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a plan can be carried out at all. */
#include "execute/execute.h"
#include "execute/managers.h"
#include "model/reasons.h"

int oi_execute_can(const struct oi_verdict *verdict, struct oi_err *err)
{
	const struct oi_packages_ops *ops = oi_managers_of(verdict, err);

	if (!ops)
		return -1;
	for (size_t i = 0; i < verdict->n_steps; i++) {
		const struct oi_step *step = &verdict->steps[i];
		bool repository = step->action == OI_ACTION_REPOSITORY_STAGE ||
				  step->action == OI_ACTION_REPOSITORY_ADD;

		if (repository && oi_packages_can_add(ops, step, err))
			return oi_err_prefix(err, "%s", step->id);
	}
	return 0;
}
