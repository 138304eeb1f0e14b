/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Back to the distribution's own: undoes what run has done to this machine. */
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/machine.h"
#include "app/witness.h"
#include "base/mem.h"
#include "execute/cache/publisher.h"
#include "execute/heal.h"
#include "execute/uninstall.h"
#include "report/record.h"
#include "report/sinks.h"
#include "sys/clock.h"
#include "sys/lock.h"

/* As long as a whole run may take by default: dkms and initramfs tools are slow. */
#define LIMIT_MS 1800000

struct removal {
	struct oi_machine *machine;
	struct oi_lock *lock;
	struct oi_run_record record; /* what others are told; the last run's success is over */
	struct oi_witness witness;
};

static void tell_begin(void *data)
{
	struct removal *removal = data;
	struct oi_machine *m = removal->machine;
	struct oi_run_record *record = &removal->record;
	struct oi_err err;

	record->state = OI_STATE_RUNNING;
	record->started_ms = oi_clock_epoch_ms();
	record->started_uptime_ms = oi_clock_uptime_ms();
	oi_clock_utc(record->started);
	oi_witness_start(&removal->witness, m, record, removal->lock);
	if (oi_report_write(&m->host.change, record, &err))
		oi_log_warn(&m->host.log, "the result could not be kept: %s", err.text);
	oi_report_tell(&m->host, &m->config, record);
}

/* result.json goes with the rest of our state where all went well: `status` says that nothing has run. */
static void tell_others(struct removal *removal, enum oi_reason reason, const char *message)
{
	struct oi_machine *m = removal->machine;
	struct oi_run_record *record = &removal->record;
	struct oi_err err;

	if (!record->state)
		return; /* nothing was changed, and the last run's word stands */
	record->state = OI_STATE_FINISHED;
	record->reason = reason;
	record->exit_code = oi_reason_text(reason)->exit_code;
	oi_mem_set(&record->message, message);
	oi_clock_utc(record->ended);
	if (record->exit_code && oi_report_write(&m->host.change, record, &err))
		oi_log_warn(&m->host.log, "the result could not be kept: %s", err.text);
	oi_report_tell(&m->host, &m->config, record);
	oi_witness_dismiss(&removal->witness);
}

/* The next boot would only begin again. */
static void tell_stanza(const struct oi_machine *machine, bool readable)
{
	if (readable && machine->config.present && machine->config.enabled)
		oi_log_warn(&machine->host.log,
			    "the stanza is still there: the next boot installs again, unless it says enabled: false");
}

static int tell_end(struct removal *removal, const struct oi_uninstalled *what)
{
	enum oi_reason reason = what->nothing ? OI_R_NOTHING_INSTALLED : OI_R_UNINSTALLED;
	const struct oi_reason_text *text = oi_reason_text(reason);
	OI_FREE char *left = oi_strv_join(&what->left, ", ");
	OI_FREE char *counts =
		oi_reason_with(reason, "%zu packages, %zu files%s%s.", what->packages, what->files,
			       what->left.n ? "; left, since they were changed: " : "", left);
	OI_FREE char *line =
		oi_report_final_line(text->exit_code, reason,
				     what->nothing ? text->sentence : counts, text->remedy);

	tell_others(removal, reason, what->nothing ? text->sentence : counts);
	oi_log_info(&removal->machine->host.log, "%s", line);
	return text->exit_code;
}

static int work(struct removal *removal)
{
	struct oi_machine *machine = removal->machine;
	OI_CLEANUP(oi_uninstalled_clear) struct oi_uninstalled what = { .on_begin = tell_begin, .data = removal };
	const struct oi_log *log = &machine->host.log;
	struct oi_err err = { 0 };
	bool readable = !oi_machine_read_config(machine, &err), cut;

	oi_log_info(log, "ofed-init " OI_VERSION " starts; back to the distribution's own drivers");
	if (oi_heal(&machine->host, &machine->config, &cut, &err) ||
	    oi_uninstall(&machine->host, &what, &err)) {
		enum oi_reason reason = (enum oi_reason)err.code;
		const struct oi_reason_text *text = oi_reason_text(reason);
		OI_FREE char *message = oi_reason_with(reason, "%s", err.text);
		OI_FREE char *line =
			oi_report_final_line(text->exit_code, reason, message, text->remedy);

		tell_others(removal, reason, message);
		oi_log_error(log, "%s", line);
		return text->exit_code;
	}
	tell_stanza(machine, readable);
	return tell_end(removal, &what);
}

int oi_cmd_uninstall(const struct oi_options *options)
{
	OI_CLEANUP(oi_machine_close) struct oi_machine machine;
	struct oi_lock lock = { .fd = -1 };
	struct removal removal = { .machine = &machine, .lock = &lock };
	struct oi_err err = { 0 };
	int exit_code;

	if (oi_machine_open(options, &machine, &err))
		return oi_machine_fail(&err);
	if (!oi_root_is_real(&machine.host.change)) {
		oi_err_set(&err, OI_R_USAGE, "uninstall works on the machine that it runs on, not on --root");
		return oi_machine_fail(&err);
	}
	if (geteuid() != 0) {
		oi_err_set(&err, OI_R_NOT_ROOT, "uninstall needs root");
		return oi_machine_fail(&err);
	}
	machine.log.console_least = options->verbose ? OI_LOG_DEBUG : OI_LOG_INFO;
	if (oi_statuslog_open(&machine.host.change, &machine.log, &err))
		oi_log_warn(&machine.host.log, "no status log: %s", err.text);
	machine.host.deadline_ms = oi_clock_ms() + LIMIT_MS;
	if (oi_lock_take_after(&machine.host.change, OI_LOCK_PATH, machine.host.deadline_ms,
			       &machine.host.log, &lock, &err)) {
		oi_log_error(&machine.host.log, "%s", err.text);
		return oi_machine_fail(&err);
	}
	oi_publisher_stop(&machine.host);
	exit_code = work(&removal);
	oi_witness_dismiss(&removal.witness);
	oi_run_record_clear(&removal.record);
	oi_lock_drop(&lock);
	return exit_code;
}
