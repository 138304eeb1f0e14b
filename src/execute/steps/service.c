/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step service-enable, and the units of a step. */
#include "base/mem.h"
#include "execute/tools/service.h"
#include "execute/steps/steps.h"
#include "model/holder.h"
#include "sys/systemd.h"

static int reload(struct oi_execution *run, struct oi_err *err)
{
	if (!run->units_changed || !oi_systemd_is_here(run->ctx.host))
		return 0;
	if (oi_service_reload(run->ctx.host, err))
		return -1;
	run->units_changed = false;
	return 0;
}

/* The unit that a step holds; owned by the caller, NULL: it does something else */
static char *held_unit(const struct oi_step *step)
{
	return step->action == OI_ACTION_FILE_WRITE ? oi_holder_unit(step->file.path) : NULL;
}

int oi_step_units_end(struct oi_execution *run, struct oi_err *err)
{
	const struct oi_verdict *verdict = run->ctx.verdict;

	if (!run->units_changed)
		return 0;
	if (reload(run, err))
		return -1;
	for (size_t i = 0; i < verdict->n_steps; i++) {
		OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
		OI_FREE char *unit = held_unit(&verdict->steps[i]);
		struct oi_err ignored;

		if (unit && oi_systemd_is_here(run->ctx.host) &&
		    !oi_service_call(run->ctx.host, "is-active", unit, &result, &ignored))
			oi_log_warn(&run->ctx.host->log,
				    "hold_units: %s runs already; it waits from the next boot on. To have it see the fabric now: systemctl restart %s",
				    unit, unit);
	}
	return 0;
}

int oi_step_services(struct oi_execution *run, const struct oi_step *step, const char *verb,
		     struct oi_err *err)
{
	if (reload(run, err))
		return -1;
	return oi_service_each(run->ctx.host, &step->units.names, verb, err);
}

int oi_step_service_enable(struct oi_execution *run, const struct oi_step *step,
			   struct oi_err *err)
{
	return oi_step_services(run, step, "enable", err);
}
