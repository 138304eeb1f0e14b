/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/wait.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "report/record.h"
#include "report/view.h"
#include "report/waiting.h"
#include "sys/clock.h"
#include "sys/activity.h"
#include "sys/lock.h"
#include "sys/systemd.h"

/* A person or a script waits, not a boot. */
#define LOOK_AGAIN_MS 250
/* systemctl is a process each time. */
#define ASK_SYSTEMD_MS 1000
/* A log without a word for longer looks like one of a job that hangs. */
#define LONGEST_SILENCE_MS 60000
/* The longest that a run may take is a day (timeout_seconds). */
#define WAIT_LIMIT_MS (INT64_C(86400) * 1000)
/* Of a line for a log: as wide as a page may be. */
#define LOG_COLUMNS 132

struct wait {
	struct oi_machine *machine;
	int64_t began_ms;
	int64_t asked_ms; /* systemd, last; 0: not yet */
	bool due; /* what it said */
	char *what; /* what the run was at when we looked last; NULL: not yet */
	struct oi_progress progress; /* of that */
	size_t step;
	int64_t told_ms; /* in a log, last; 0: that it is at something else now was not told */
};

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

/* Those that end us end the line too; one that is ignored stays ignored. */
static void catch_signals(void)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction ours = { .sa_handler = on_signal }, before;

	for (size_t i = 0; i < OI_ARRAY_SIZE(ending); i++)
		if (!sigaction(ending[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaction(ending[i], &ours, NULL);
}

static void obey_signal(struct oi_terminal *terminal)
{
	if (!caught)
		return;
	oi_terminal_hide(terminal);
	signal(caught, SIG_DFL);
	raise(caught); /* whoever started us sees what ended us */
}

/* Has systemd the unit still in its queue, or under way? Without systemd: no. */
static bool ask_systemd(const struct oi_machine *machine)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv unit = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };

	oi_strv_add(&unit, "ofed-init.service");
	oi_systemd_show(&machine->host, "ActiveState,Job", &unit, &text);
	return strstr(oi_buf_str(&text), "ActiveState=activating") ||
	       (strstr(oi_buf_str(&text), "Job=") && !strstr(oi_buf_str(&text), "Job=0\n") &&
		!strstr(oi_buf_str(&text), "Job=\n"));
}

static bool unit_is_due(struct wait *wait)
{
	if (!wait->asked_ms || oi_clock_ms() - wait->asked_ms >= ASK_SYSTEMD_MS) {
		wait->due = ask_systemd(wait->machine);
		wait->asked_ms = oi_clock_ms();
	}
	return wait->due;
}

static void show(struct wait *wait, const struct oi_waiting *waiting)
{
	struct oi_terminal *terminal = &wait->machine->terminal;
	OI_CLEANUP(oi_buf_clear) struct oi_buf line = { 0 };

	if (terminal->usable) {
		/* one column less: many terminals wrap when the last is written */
		oi_report_waiting_line(waiting, (size_t)oi_terminal_columns(STDERR_FILENO) - 1, &line);
		oi_terminal_say(terminal, oi_buf_str(&line));
		return;
	}
	if (wait->machine->options->json ||
	    (wait->told_ms && oi_clock_ms() - wait->told_ms < LONGEST_SILENCE_MS))
		return;
	wait->told_ms = oi_clock_ms();
	oi_report_waiting_line(waiting, LOG_COLUMNS, &line);
	fprintf(stderr, "ofed-init: %s\n", oi_buf_str(&line));
}

/* @running: the record of the run under way; NULL: it has none yet, or is still to begin */
static void tell_progress(struct wait *wait, const struct oi_doc *running, bool locked)
{
	OI_CLEANUP(oi_activity_clear) struct oi_activity doing = { 0 };
	struct oi_waiting waiting = { .elapsed_ms = oi_clock_ms() - wait->began_ms };
	int64_t started_ms = oi_view_number(running, "started_uptime_ms", 0);
	const char *what = running || locked ? "a run is under way" : "waiting for ofed-init.service to begin";

	if (started_ms > 0 && started_ms <= oi_clock_uptime_ms())
		waiting.elapsed_ms = oi_clock_uptime_ms() - started_ms;
	oi_report_waiting_step(running, &waiting);
	if (oi_activity_read(&wait->machine->host.change, &doing))
		what = doing.what;
	if (!wait->what || strcmp(wait->what, what) != 0 || wait->step != waiting.step) {
		oi_mem_set(&wait->what, what);
		wait->step = waiting.step;
		wait->progress = (struct oi_progress){ 0 };
		wait->told_ms = 0;
	}
	if (doing.bytes >= 0)
		oi_progress_at(&wait->progress, doing.bytes, doing.total, oi_clock_ms());
	waiting.what = wait->what;
	waiting.progress = wait->progress;
	show(wait, &waiting);
}

void oi_wait_for_run(struct oi_machine *machine)
{
	const struct oi_root *root = &machine->host.change;
	struct wait wait = { .machine = machine, .began_ms = oi_clock_ms() };
	int64_t deadline_ms = wait.began_ms + WAIT_LIMIT_MS;

	catch_signals();
	while (oi_clock_left_ms(deadline_ms) > 0) {
		OI_DOC_AUTO *result = NULL;
		bool locked = oi_lock_alive(root, OI_LOCK_PATH); /* before the record: it ends after it */
		const char *state;
		struct oi_err err;
		bool running;

		if (oi_report_read(root, &result, &err) < 0)
			break; /* the caller reads it too, and says why */
		state = oi_view_text(result, "state");
		running = state && !strcmp(state, OI_STATE_RUNNING);
		if (!running && !locked && !unit_is_due(&wait))
			break;
		tell_progress(&wait, running ? result : NULL, locked);
		poll(NULL, 0, LOOK_AGAIN_MS);
		obey_signal(&machine->terminal);
	}
	oi_terminal_hide(&machine->terminal);
	free(wait.what);
}
