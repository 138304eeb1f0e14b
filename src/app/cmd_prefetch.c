/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prefetch: what a run is going to download, fetched ahead of it. It changes
 * nothing but the staging folder, and everything that it cannot do is left to
 * the run, whose business it is to say why.
 */
#include <unistd.h>

#include "app/commands.h"
#include "app/lastrun.h"
#include "app/machine.h"
#include "app/prefetch.h"
#include "decide/decide.h"
#include "execute/execute.h"
#include "execute/reload/fallback.h"
#include "sys/clock.h"

/* The lock is held. Return: the exit code */
static int fetch(struct oi_machine *machine, const struct oi_verdict *verdict,
		 const struct oi_run_key *key)
{
	const struct oi_log *log = &machine->host.log;
	struct oi_err err;

	oi_log_info(log, "prefetch: downloads start while cloud-init continues");
	oi_prefetch_spread(machine, key);
	if (oi_prefetch_run(machine, verdict, &err)) {
		oi_log_warn(log, "prefetch: %s; the run will try again", err.text);
		return oi_reason_text((enum oi_reason)err.code)->exit_code;
	}
	oi_log_info(log, "prefetch: everything is here");
	return 0;
}

/* Return: the exit code */
static int take_turn(struct oi_machine *machine, const struct oi_verdict *verdict,
		     const struct oi_run_key *key)
{
	OI_CLEANUP(oi_lock_drop) struct oi_lock lock = { .fd = -1 };
	struct oi_err err;
	int rc = oi_lock_take(&machine->host.change, OI_PREFETCH_LOCK, &lock, &err);

	if (rc > 0) {
		oi_log_debug(&machine->host.log, "prefetch: a run is already in progress: %s", err.text);
		return 0;
	}
	return rc ? oi_machine_fail(&err) : fetch(machine, verdict, key);
}

/* Return: the exit code */
static int look_and_fetch(struct oi_machine *machine)
{
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict = { 0 };
	OI_CLEANUP(oi_run_key_clear) struct oi_run_key key = { 0 };
	struct oi_err err;
	bool ignored;

	if (oi_machine_read_facts(machine, &err))
		return oi_machine_fail(&err);
	oi_machine_ask_size(machine);
	oi_lastrun_key(machine, &key);
	if (oi_lastrun_unchanged(machine, &key, &verdict, &ignored))
		return 0;
	if (oi_machine_read_catalog(machine, &err))
		return oi_machine_fail(&err);
	oi_decide(&machine->facts, &machine->config, &machine->catalog, &verdict);
	if (verdict.outcome != OI_OUTCOME_INSTALL || !oi_prefetch_wanted(&verdict) ||
	    oi_execute_can(&verdict, &err) ||
	    oi_fallback_check(&machine->host.change, &verdict, &err))
		return 0;
	return take_turn(machine, &verdict, &key);
}

int oi_cmd_prefetch(const struct oi_options *options)
{
	OI_CLEANUP(oi_machine_close) struct oi_machine machine;
	struct oi_err err = { 0 };

	if (oi_machine_open(options, &machine, &err) || oi_machine_read_config(&machine, &err))
		return oi_machine_fail(&err);
	if (!machine.config.present || !machine.config.enabled)
		return 0;
	if (geteuid() != 0) {
		oi_err_set(&err, OI_R_NOT_ROOT, "prefetch needs root");
		return oi_machine_fail(&err);
	}
	machine.log.console_least = options->verbose ? OI_LOG_DEBUG : OI_LOG_INFO;
	if (oi_statuslog_open(&machine.host.change, &machine.log, &err))
		oi_log_warn(&machine.host.log, "no status log: %s", err.text);
	machine.host.deadline_ms =
		oi_clock_ms() + (int64_t)machine.config.timeout_seconds * 1000;
	return look_and_fetch(&machine);
}
