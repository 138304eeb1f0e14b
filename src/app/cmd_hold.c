/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hold: the end of cloud-init's network stage, where the stanza is known and the units of the image
 * have not started yet. Whatever else is wrong with the stanza is the run's to report.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/machine.h"
#include "execute/hold.h"

/* An ExecStopPost= is there for a stage that failed; one that was stopped at the end of a boot holds nothing. */
static bool stage_is_stopped(void)
{
	const char *result = getenv("SERVICE_RESULT"); /* Source: systemd.exec(5); only there after a start */

	return result && !strcmp(result, "success");
}

int oi_cmd_hold(const struct oi_options *options)
{
	OI_CLEANUP(oi_machine_close) struct oi_machine machine;
	struct oi_err err = { 0 };

	if (stage_is_stopped())
		return 0;
	if (oi_machine_open(options, &machine, &err))
		return oi_machine_fail(&err);
	if (!oi_root_is_real(&machine.host.change)) {
		oi_err_set(&err, OI_R_USAGE, "hold works on the machine that it runs on, not below --root");
		return oi_machine_fail(&err);
	}
	if (geteuid() != 0) {
		oi_err_set(&err, OI_R_NOT_ROOT, "hold needs root");
		return oi_machine_fail(&err);
	}
	if (oi_machine_read_config(&machine, &err))
		oi_config_take_readable(machine.stanza.doc, &machine.config);
	if (!machine.config.enabled || !machine.config.hold_units.n)
		return 0;
	machine.log.console_least = options->verbose ? OI_LOG_DEBUG : OI_LOG_INFO;
	if (oi_statuslog_open(&machine.host.change, &machine.log, &err))
		oi_log_warn(&machine.host.log, "no status log: %s", err.text);
	return oi_hold_units(&machine.host, &machine.config, &err) ? oi_machine_fail(&err) : 0;
}
