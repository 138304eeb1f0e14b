/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main job: facts -> decide -> execute -> verify -> report. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/gate.h"
#include "app/lastrun.h"
#include "app/lines.h"
#include "app/machine.h"
#include "app/page.h"
#include "app/reboot.h"
#include "app/prefetch.h"
#include "app/witness.h"
#include "base/buf.h"
#include "base/mem.h"
#include "decide/decide.h"
#include "execute/cache/publisher.h"
#include "execute/modules/baked.h"
#include "execute/execute.h"
#include "execute/reload/fallback.h"
#include "execute/heal.h"
#include "execute/state/journal.h"
#include "facts/gather.h"
#include "report/record.h"
#include "report/sinks.h"
#include "report/webhook.h"
#include "sys/clock.h"
#include "sys/activity.h"
#include "sys/lock.h"
#include "sys/notify.h"
#include "sys/progress.h"
#include "verify/verify.h"

/* Source: the extension's exit codes */
#define SIZE_NOT_SUPPORTED 13

struct run {
	struct oi_machine machine;
	struct oi_run_record record;
	struct oi_verdict verdict;
	struct oi_checks checks;
	struct oi_lock lock;
	struct oi_lock downloads; /* while the plan is carried out */
	struct oi_webhooks hooks;
	struct oi_witness witness; /* from the first "running" on */
	int64_t phase_ms; /* when the phase under way began */
	bool healed; /* of a run that was cut off: its journal is still there */
};

static const struct oi_log *log_of(const struct run *run)
{
	return &run->machine.host.log;
}

/* Ends a phase and begins the next. */
static void phase(struct run *run, const char *name)
{
	int64_t now_ms = oi_clock_ms();

	oi_run_record_phase(&run->record, name, now_ms - run->phase_ms);
	oi_watch_phase(&run->machine, name, NULL, now_ms - run->phase_ms);
	run->phase_ms = now_ms;
}

/* --- ends --- */

static void write_record(struct run *run)
{
	struct oi_err err;

	if (oi_run_record_running(&run->record))
		oi_witness_start(&run->witness, &run->machine, &run->record, &run->lock);
	if (oi_report_write(&run->machine.host.change, &run->record, &err))
		oi_log_warn(log_of(run), "the result could not be saved: %s", err.text);
	oi_report_tell(&run->machine.host, &run->machine.config, &run->record);
}

/* Nobody is asked over a network before it is certain that this is Azure's. */
static void tell_webhooks(struct run *run)
{
	const int held[] = { run->lock.fd, run->downloads.fd };

	if (!oi_decide_platform(&run->machine.facts))
		return;
	if (!run->hooks.open) {
		OI_CLEANUP(oi_reporting_clear) struct oi_reporting reporting = { 0 };

		oi_machine_read_reporting(&run->machine, &reporting);
		oi_webhooks_open(&run->hooks, &run->machine.host, &run->machine.config, &reporting);
	}
	oi_webhooks_run(&run->hooks, &run->record, held, OI_ARRAY_SIZE(held));
}

/* What was fetched is installed now; after a failure it stays, for the next try. */
static void drop_staging(struct run *run)
{
	struct oi_err err;

	if (oi_root_remove(&run->machine.host.change, OI_STAGING_DIR, &err) ||
	    oi_root_remove(&run->machine.host.change, OI_PREFETCHED_MARKER, &err))
		oi_log_warn(log_of(run), "work files stay behind: %s", err.text);
}

/*
 * A driver that is called ready has nothing half-done about it, or there would have been
 * a plan, whose end is the journal's. Else each boot would heal again.
 */
static void end_journal(struct run *run)
{
	struct oi_err err;

	if (run->healed && run->verdict.outcome == OI_OUTCOME_READY &&
	    oi_journal_end(&run->machine.host.change, &err))
		oi_log_warn(log_of(run), "the journal could not be closed: %s", err.text);
}

/* What the installation has taken away belongs to how it ended; owned by the caller. */
static char *with_removed(const struct run *run, const char *message)
{
	size_t len = strlen(message);
	bool stop = len && message[len - 1] == '.';
	OI_FREE char *removed = oi_strv_join(&run->record.removed, ", ");

	if (!run->record.removed.n)
		return oi_mem_dup(message);
	return oi_mem_printf("%.*s; removed: %s%s", (int)(len - stop), message, removed, stop ? "." : "");
}

/* Reports the end of a run. Return: the exit code. */
static int finish_run(struct run *run, enum oi_reason reason, const char *message, int exit_code)
{
	const char *remedy = run->verdict.reason == reason ? run->verdict.remedy :
							     oi_reason_text(reason)->remedy;
	OI_FREE char *whole = with_removed(run, message);
	OI_FREE char *line = NULL;

	run->record.state = "finished";
	run->record.reason = reason;
	run->record.exit_code = exit_code;
	oi_mem_set(&run->record.message, whole);
	/* An error came before it: none was made, and a zeroed one would read as "skip". */
	run->record.verdict = run->verdict.message ? &run->verdict : NULL;
	run->record.checks = &run->checks;
	run->record.facts = &run->machine.facts;
	oi_clock_utc(run->record.ended);
	if (exit_code == 0) {
		oi_gate_open(&run->machine);
		drop_staging(run);
		end_journal(run);
	}
	write_record(run);
	tell_webhooks(run);
	oi_webhooks_flush(&run->hooks);
	oi_witness_dismiss(&run->witness);
	line = oi_report_final_line(exit_code, reason, whole, remedy);
	/* who has the page needs no line that says the same */
	run->machine.log.console = !run->machine.log.brief;
	oi_watch_end(&run->machine, &run->record);
	if (exit_code)
		oi_log_error(log_of(run), "%s", line);
	else
		oi_log_info(log_of(run), "%s", line);
	/* not worth the wait where nothing was done */
	if (run->verdict.outcome == OI_OUTCOME_INSTALL || run->healed)
		oi_statuslog_sync(&run->machine.log);
	oi_notify_status("exit %d: %s", exit_code, oi_reason_text(reason)->id);
	return exit_code;
}

static int fail(struct run *run, const struct oi_err *err)
{
	enum oi_reason reason = (enum oi_reason)err->code;
	const struct oi_reason_text *text = oi_reason_text(reason);
	size_t len = strlen(text->sentence);
	OI_FREE char *message =
		oi_mem_printf("%.*s: %s", (int)(len - 1), text->sentence, err->text);

	return finish_run(run, reason, message, text->exit_code);
}

/* A failure that a reboot heals, if the stanza allows one. Return: the exit code. */
static int fail_or_reboot(struct run *run, struct oi_err *err)
{
	OI_FREE char *why = oi_mem_dup(err->text);

	if ((err->code != OI_R_REBOOT_NEEDED && err->code != OI_R_MODULE_STALE) ||
	    oi_reboot_note(&run->machine, &run->record.key, &run->verdict, err))
		return fail(run, err);
	oi_gate_hold(&run->machine);
	run->record.state = "reboot-pending";
	run->record.reason = OI_R_REBOOT_PENDING;
	oi_mem_set(&run->record.message, oi_reason_text(OI_R_REBOOT_PENDING)->sentence);
	run->record.verdict = &run->verdict;
	run->record.checks = &run->checks;
	write_record(run);
	tell_webhooks(run);
	oi_webhooks_flush(&run->hooks);
	oi_witness_dismiss(&run->witness);
	oi_log_warn(log_of(run), "the VM restarts now, as the stanza's reboot: if_needed allows: %s", why);
	oi_activity_tell(&run->machine.host, NULL, "restarting the VM");
	if (!oi_reboot_go(&run->machine, err))
		return 0; /* it never says so */
	oi_gate_open(&run->machine);
	oi_gate_block(&run->machine);
	return fail(run, err);
}

/* --- the middle --- */

static void decide(struct run *run)
{
	struct oi_machine *m = &run->machine;
	int64_t until_ms = oi_clock_ms() + (int64_t)m->config.verify.wait_seconds * 1000;

	oi_decide(&m->facts, &m->config, &m->catalog, &run->verdict);
	phase(run, "decide");
	if (!run->verdict.may_wait || m->options->facts || m->config.verify.wait_seconds == 0 ||
	    (run->verdict.outcome != OI_OUTCOME_REFUSE && run->verdict.outcome != OI_OUTCOME_SKIP))
		return;
	/* Azure may add the function late. Source: catalog notes, "a function may be missing or late" */
	oi_activity_tell(&m->host, NULL, "waiting for an InfiniBand device");
	write_record(run); /* the last run is not what it is about any more */
	oi_log_info(log_of(run), "no InfiniBand function yet: waiting up to %d s for one to be added",
		    m->config.verify.wait_seconds);
	oi_facts_wait_pci(&m->host, until_ms < m->host.deadline_ms ? until_ms : m->host.deadline_ms,
			  &m->facts);
	oi_facts_look_rdma(&m->host, &m->facts); /* its driver may have been waiting for it */
	oi_verdict_clear(&run->verdict);
	oi_decide(&m->facts, &m->config, &m->catalog, &run->verdict);
	phase(run, "wait-for-device");
}

static void step_begun(void *data, const struct oi_step *step)
{
	const struct run *run = data;

	oi_webhooks_step(&run->hooks, step->id, step->detail, NULL, 0);
}

static void step_done(void *data, const struct oi_step *step, int64_t took_ms, bool well)
{
	struct run *run = data;

	oi_webhooks_step(&run->hooks, step->id, step->detail, well ? "SUCCESS" : "FAIL", took_ms);

	oi_run_record_phase(&run->record, step->id, took_ms);
	oi_watch_phase(&run->machine, step->id, step->detail, took_ms);
	run->phase_ms = oi_clock_ms();
	write_record(run); /* a run that is cut leaves how far it came */
}

static void note_removed(void *data, const struct oi_strv *packages)
{
	struct run *run = data;

	oi_strv_add_all(&run->record.removed, packages);
}

static int join_prefetch(void *data, struct oi_err *err)
{
	struct run *run = data;
	const struct oi_prefetch_record *p = &run->record.prefetch;
	OI_CLEANUP(oi_buf_clear) struct oi_buf bytes = { 0 };

	if (!oi_prefetch_downloads(&run->verdict))
		return 0;
	if (oi_prefetch_join(&run->machine, &run->record.key, &run->downloads,
			     &run->record.prefetch, err))
		return -1;
	if (!p->state)
		return 0;
	phase(run, "wait-for-prefetch");
	oi_progress_bytes(p->bytes, &bytes);
	oi_log_info(log_of(run), "prefetch: %s; %s before run; run waited %lld ms", p->state,
		    oi_buf_str(&bytes), (long long)p->waited_ms);
	return 0;
}

static int carry_out(struct run *run, struct oi_err *err)
{
	struct oi_machine *m = &run->machine;
	const struct oi_execute_watch watch = { join_prefetch, step_begun, step_done, note_removed, run };

	if (oi_fallback_check(&m->host.change, &run->verdict, err))
		return -1;
	run->record.verdict = &run->verdict;
	write_record(run);
	tell_webhooks(run);
	return oi_execute_plan(&m->host, &m->config, &run->verdict, &watch, err);
}

static bool compiles(const struct oi_verdict *verdict)
{
	for (size_t i = 0; i < verdict->n_steps; i++)
		if (verdict->steps[i].action == OI_ACTION_MODULE_CHECK)
			return true;
	return false;
}

/*
 * cloud-init upgrades packages in its final stage, behind us. Where that brings a kernel, this one's modules
 * were compiled for a boot that ends in a minute.
 */
static void tell_upgrade(const struct run *run)
{
	const struct oi_host *host = &run->machine.host;

	if (!compiles(&run->verdict) || !oi_stanza_cloud_says(host, "package_upgrade", "apt_upgrade"))
		return;
	oi_log_warn(log_of(run), "package_upgrade: cloud-init upgrades packages after this run%s; if a kernel comes, the driver is compiled for both: upgrade in the image instead, or bake the driver into it",
		    oi_stanza_cloud_says(host, "package_reboot_if_required", "apt_reboot_if_required") ?
			    ", and restarts the VM (package_reboot_if_required)" : "");
}

static int execute(struct run *run, struct oi_err *err)
{
	tell_upgrade(run);
	return oi_execute_can(&run->verdict, err) ? -1 : carry_out(run, err);
}

/* What the checks make of a driver that is in place. */
static int judge_checks(struct run *run, enum oi_reason proven, enum oi_reason unproven)
{
	struct oi_buf open_questions = { 0 };
	OI_FREE char *message = NULL;
	enum oi_reason reason;
	int exit_code;

	for (size_t i = 0; i < run->checks.n; i++) {
		const struct oi_check *check = &run->checks.v[i];
		struct oi_err err;

		if (check->proof == OI_PROOF_FAIL) {
			oi_err_set(&err, (int)check->reason, "%s", check->detail);
			oi_buf_clear(&open_questions);
			return fail_or_reboot(run, &err);
		}
		if (check->proof == OI_PROOF_UNPROVEN)
			oi_buf_addf(&open_questions, "%s%s", open_questions.len ? ", " : "",
				    check->id);
	}
	reason = open_questions.len ? unproven : proven;
	message = oi_reason_with(reason, "%s%s%s%s%s%s%s.",
				run->verdict.driver.stack, run->verdict.driver.version ? " " : "",
				run->verdict.driver.version ? run->verdict.driver.version : "",
				run->verdict.doubt ? "; warning: " : "",
				run->verdict.doubt ? run->verdict.doubt : "",
				open_questions.len ? "; not verified: " : "",
				oi_buf_str(&open_questions));
	exit_code = finish_run(run, reason, message, 0);
	oi_buf_clear(&open_questions);
	return exit_code;
}

static int verify_and_judge(struct run *run)
{
	struct oi_machine *m = &run->machine;
	int64_t wait_ms = (int64_t)m->config.verify.wait_seconds * 1000;

	oi_activity_tell(&m->host, NULL, "%s", oi_action_doing(OI_ACTION_VERIFY));
	oi_verify(&m->host, &m->config, &run->verdict, wait_ms, &m->facts, &run->checks);
	phase(run, "verify");
	oi_lines_checks(m, &run->checks);
	if (run->verdict.outcome == OI_OUTCOME_READY)
		return judge_checks(run, OI_R_DRIVER_PRESENT, OI_R_DRIVER_PRESENT);
	return judge_checks(run, OI_R_INSTALLED, OI_R_INSTALLED_UNPROVEN);
}

/* An image that landed on a size without InfiniBand: dkms is to compile nothing for it. */
static void unburden(struct run *run)
{
	size_t n;

	if (oi_reason_text(run->verdict.reason)->exit_code != SIZE_NOT_SUPPORTED)
		return;
	n = oi_bake_unregister(&run->machine.host);
	if (!n)
		return;
	oi_log_info(log_of(run), "this VM does not need the driver: %zu dkms module%s no longer compiled", n,
		    n == 1 ? " is" : "s are");
	phase(run, "unregister");
}

/* There is a stanza, and it is on. Return: the exit code. */
static int do_run(struct run *run)
{
	struct oi_machine *m = &run->machine;
	struct oi_err err = { 0 };
	const char *exchange;
	bool same, cut_off;

	/* Before anything is looked at: half of an installation is no fact to decide by. */
	if (oi_heal(&m->host, &m->config, &run->healed, &err))
		return fail(run, &err);
	if (run->healed)
		phase(run, "heal");
	if (oi_machine_read_facts(m, &err))
		return fail(run, &err);
	phase(run, "facts");
	if (m->facts.vm.size.known != OI_KNOWN) {
		oi_machine_ask_size(m);
		phase(run, "metadata");
	}
	oi_lastrun_key(m, &run->record.key);
	oi_lines_machine(m);
	same = oi_lastrun_unchanged(m, &run->record.key, &run->verdict, &cut_off);
	if (cut_off)
		oi_log_info(log_of(run), "the last run was interrupted; continuing from there");
	/* What was healed may be less than what the last result told of. */
	if (same && !run->healed)
		return finish_run(run, OI_R_UNCHANGED, run->verdict.message, 0);
	if (oi_machine_read_catalog(m, &err))
		return fail(run, &err);
	decide(run);
	exchange = oi_machine_decide_exchange(m, &run->verdict);
	if (exchange)
		oi_log_info(log_of(run), "%s: that of %s is loaded now", exchange,
			    run->verdict.driver.stack);
	oi_lines_verdict(m, &run->verdict);
	switch (run->verdict.outcome) {
	case OI_OUTCOME_SKIP:
	case OI_OUTCOME_REFUSE:
		unburden(run);
		return finish_run(run, run->verdict.reason, run->verdict.message, run->verdict.exit_code);
	case OI_OUTCOME_INSTALL:
		if (execute(run, &err))
			return fail_or_reboot(run, &err);
		run->phase_ms = oi_clock_ms();
		break;
	case OI_OUTCOME_READY:
		if (run->verdict.n_steps && carry_out(run, &err))
			return fail_or_reboot(run, &err);
		break;
	}
	return verify_and_judge(run);
}

/* Who is to be told of a run is told of one that could not begin, too. Return: the exit code. */
static int fail_config(struct run *run, const struct oi_err *config_error)
{
	struct oi_machine *m = &run->machine;
	bool block = m->config.block_on_failure;
	struct oi_err err;

	oi_config_take_readable(m->stanza.doc, &m->config);
	m->config.block_on_failure = block;
	/* whether this is Azure's machine; a snapshot that cannot be read is not what went wrong */
	if (oi_machine_read_facts(m, &err))
		oi_log_debug(log_of(run), "%s", err.text);
	return fail(run, config_error);
}

/* Lock, log and the "running" record; then the work. */
static int start_run(struct run *run, const struct oi_err *config_error)
{
	struct oi_machine *m = &run->machine;
	OI_FREE char *sources = oi_strv_join(&m->stanza.sources, ", ");
	struct oi_err err = { 0 };
	int locked;

	m->log.console_least = m->options->verbose ? OI_LOG_DEBUG : OI_LOG_INFO;
	if (geteuid() != 0) {
		oi_err_set(&err, OI_R_NOT_ROOT, "run needs root");
		return oi_machine_fail(config_error ? config_error : &err);
	}
	if (oi_statuslog_open(&m->host.change, &m->log, &err))
		oi_log_warn(log_of(run), "no status log: %s", err.text);
	m->host.deadline_ms = oi_clock_ms() + (int64_t)m->config.timeout_seconds * 1000;
	locked = oi_lock_take_after(&m->host.change, OI_LOCK_PATH, m->host.deadline_ms, log_of(run),
				    &run->lock, &err);
	/* first of all; of a run that is at work the gate is its own */
	if (locked <= 0)
		oi_gate_begin(m, !config_error);
	if (locked) {
		oi_log_error(log_of(run), "%s", err.text);
		return oi_machine_fail(&err);
	}
	oi_publisher_stop(&m->host);
	oi_watch_begin(m);
	oi_log_info(log_of(run), "ofed-init " OI_VERSION " starts; stanza from %s",
		    *sources ? sources : "a file that could not be used");
	run->record.stanza_sources = &m->stanza.sources;
	oi_heal_switches(&m->host);
	if (config_error)
		return fail_config(run, config_error);
	if (!m->config.enabled) {
		const char *sentence = oi_reason_text(OI_R_DISABLED)->sentence;

		run->verdict.outcome = OI_OUTCOME_SKIP;
		run->verdict.reason = OI_R_DISABLED;
		run->verdict.message = oi_mem_dup(sentence);
		return finish_run(run, OI_R_DISABLED, sentence, 0);
	}
	return do_run(run);
}

/* Only what works here is for others. */
static void share_modules(const struct run *run, int exit_code)
{
	const struct oi_machine *m = &run->machine;
	const int held[] = { run->lock.fd, run->downloads.fd };
	enum oi_reason reason = run->record.reason;
	struct oi_host beside = m->host;
	struct oi_statuslog log;
	struct oi_err err;

	if (exit_code || (reason != OI_R_INSTALLED && reason != OI_R_INSTALLED_UNPROVEN &&
			  reason != OI_R_DRIVER_PRESENT && reason != OI_R_UNCHANGED) ||
	    !oi_publisher_is_due(&m->host, &m->config))
		return;
	beside.log = (struct oi_log){ .write = oi_statuslog_write, .data = &log, .least = OI_LOG_INFO };
	if (oi_statuslog_open_beside(&m->host.change, &log, &err))
		oi_log_warn(&beside.log, "%s", err.text);
	oi_publisher_start(&beside, &m->config, log.console, held, OI_ARRAY_SIZE(held));
	oi_statuslog_close(&log);
}

/*
 * Nothing was handed over, and the user-data has something like a stanza. Nobody is to look for it in
 * vain, and workloads do not start past an on_failure: block in it. Return: the exit code.
 */
static int run_without_stanza(struct run *run, const char *lost, bool asks_block)
{
	struct oi_machine *m = &run->machine;
	const char *sentence = oi_reason_text(OI_R_NO_STANZA)->sentence;
	OI_FREE char *message = oi_mem_printf("%.*s; %s.", (int)strlen(sentence) - 1, sentence, lost);
	struct oi_err err = { 0 };

	if (oi_statuslog_open(&m->host.change, &m->log, &err))
		oi_log_warn(log_of(run), "no status log: %s", err.text);
	if (run->lock.fd < 0 && oi_lock_take(&m->host.change, OI_LOCK_PATH, &run->lock, &err))
		return oi_machine_fail(&err);
	m->config.block_on_failure = asks_block;
	oi_gate_begin(m, true);
	if (asks_block) {
		oi_err_set(&err, OI_R_STANZA_SYNTAX, "%s", lost);
		return fail(run, &err);
	}
	run->verdict.outcome = OI_OUTCOME_SKIP;
	run->verdict.reason = OI_R_NO_STANZA;
	run->verdict.message = oi_mem_dup(message);
	return finish_run(run, OI_R_NO_STANZA, message, 0);
}

int oi_cmd_run(const struct oi_options *options)
{
	struct run run = { .lock = { .fd = -1 }, .downloads = { .fd = -1 }, .record = { .state = "running" } };
	struct oi_machine *m = &run.machine;
	struct oi_err err = { 0 };
	int exit_code;

	run.phase_ms = oi_clock_ms();
	run.record.started_ms = oi_clock_epoch_ms();
	run.record.started_uptime_ms = oi_clock_uptime_ms();
	oi_clock_utc(run.record.started);
	if (oi_machine_open(options, m, &err)) {
		exit_code = oi_machine_fail(&err);
	} else if (oi_machine_read_config(m, &err)) {
		exit_code = start_run(&run, &err);
	} else if (!m->config.present) {
		bool asks_block = false, root = geteuid() == 0;
		OI_FREE char *lost = root && !options->configs.n ? oi_stanza_find_lost(&m->host, &asks_block) : NULL;

		/* the block of a stanza that is gone, and what a killed run had switched off */
		if (root) {
			oi_gate_open(m);
			if (oi_heal_needs_switches(&m->host) &&
			    !oi_lock_take(&m->host.change, OI_LOCK_PATH, &run.lock, &err))
				oi_heal_switches(&m->host);
		}
		/* nothing asked: no log, no record, no lock; who sits there sees that it has run */
		if (!lost && (options->verbose || m->terminal.usable))
			fprintf(stderr, "ofed-init: %s\n", oi_reason_text(OI_R_NO_STANZA)->sentence);
		exit_code = lost ? run_without_stanza(&run, lost, asks_block) : 0;
	} else {
		exit_code = start_run(&run, NULL);
	}
	oi_webhooks_clear(&run.hooks);
	oi_witness_dismiss(&run.witness);
	share_modules(&run, exit_code);
	oi_lock_drop(&run.downloads);
	oi_lock_drop(&run.lock);
	oi_verdict_clear(&run.verdict);
	oi_checks_clear(&run.checks);
	oi_run_record_clear(&run.record);
	oi_machine_close(m);
	return exit_code;
}
