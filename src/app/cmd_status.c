/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the last run left: status, and clean, which forgets it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/machine.h"
#include "app/page.h"
#include "base/mem.h"
#include "sys/clock.h"
#include "sys/lock.h"
#include "sys/run.h"

/* How often --wait looks again: a person or a script waits, not a boot. */
#define LOOK_AGAIN_MS 250
/* The longest that a run may take is a day (timeout_seconds). */
#define WAIT_LIMIT_MS (INT64_C(86400) * 1000)
#define SYSTEMCTL_LIMIT_MS 10000

static void sleep_ms(long ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

static int read_result(const struct oi_machine *machine, struct oi_doc **result,
		       struct oi_err *err)
{
	*result = NULL;
	return oi_report_read(&machine->host.change, result, err) < 0 ? -1 : 0;
}

static bool is_running(const struct oi_doc *result)
{
	const char *state = oi_doc_string(oi_doc_get(result, "state"));

	return state && !strcmp(state, "running");
}

/* Has systemd the unit still in its queue, or under way? Without systemd: no. */
static bool unit_is_due(const struct oi_machine *machine)
{
	const char *systemctl = machine->host.tools.path[OI_TOOL_SYSTEMCTL];
	struct oi_strv argv = { 0 };
	struct oi_buf text = { 0 };
	struct oi_run_options options = {
		.deadline_ms = oi_clock_ms() + SYSTEMCTL_LIMIT_MS,
		.stdout_text = &text,
		.stdout_limit_bytes = 4096,
		.quiet_stdout = true,
	};
	struct oi_run_result result = { 0 };
	struct oi_err err;
	bool due = false;

	if (!systemctl || access("/run/systemd/system", F_OK) != 0)
		return false;
	oi_strv_add(&argv, systemctl);
	oi_strv_add(&argv, "show");
	oi_strv_add(&argv, "--property=ActiveState,Job");
	oi_strv_add(&argv, "ofed-init.service");
	if (!oi_run(argv.v, &options, &result, &err))
		due = strstr(oi_buf_str(&text), "ActiveState=activating") ||
		      (strstr(oi_buf_str(&text), "Job=") &&
		       !strstr(oi_buf_str(&text), "Job=0\n") && !strstr(oi_buf_str(&text), "Job=\n"));
	oi_run_result_clear(&result);
	oi_buf_clear(&text);
	oi_strv_clear(&argv);
	return due;
}

static void wait_for_end(const struct oi_machine *machine)
{
	int64_t deadline_ms = oi_clock_ms() + WAIT_LIMIT_MS;

	while (oi_clock_left_ms(deadline_ms) > 0) {
		OI_DOC_AUTO *result = NULL;
		struct oi_err err;

		if (read_result(machine, &result, &err) ||
		    (!is_running(result) && !unit_is_due(machine)))
			return;
		sleep_ms(LOOK_AGAIN_MS);
	}
}

int oi_cmd_status(const struct oi_options *options)
{
	OI_CLEANUP(oi_machine_close) struct oi_machine machine;
	OI_DOC_AUTO *result = NULL;
	const struct oi_doc *exit_code;
	struct oi_err err = { 0 };

	if (oi_machine_open(options, &machine, &err))
		return oi_machine_fail(&err);
	if (options->wait)
		wait_for_end(&machine);
	if (read_result(&machine, &result, &err))
		return oi_machine_fail(&err);
	if (options->json) {
		OI_FREE char *text = result ? oi_doc_to_json(result, true) :
					      oi_mem_dup("{\"schema\": 1, \"state\": \"never-run\"}");

		puts(text);
	} else {
		struct oi_paper paper = oi_page_for(STDOUT_FILENO);

		if (options->timings)
			oi_report_timings_page(result, &paper);
		else
			oi_report_status_page(result, &paper);
		oi_page_print(&paper);
	}
	exit_code = is_running(result) ? NULL : oi_doc_get(result, "exit_code");
	return exit_code && exit_code->kind == OI_DOC_INT ? (int)exit_code->integer : 0;
}

int oi_cmd_clean(const struct oi_options *options)
{
	OI_CLEANUP(oi_machine_close) struct oi_machine machine;
	struct oi_lock lock = { .fd = -1 };
	struct oi_err err = { 0 };
	int rc;

	if (oi_machine_open(options, &machine, &err))
		return oi_machine_fail(&err);
	if (oi_lock_take(&machine.host.change, OI_LOCK_PATH, &lock, &err))
		return oi_machine_fail(&err);
	rc = oi_machine_forget_vm(&machine, &err);
	oi_lock_drop(&lock);
	return rc ? oi_machine_fail(&err) : 0;
}
