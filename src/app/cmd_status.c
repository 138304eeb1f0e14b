/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the last run left: status, and clean, which forgets it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/forget.h"
#include "app/machine.h"
#include "app/page.h"
#include "app/prefetch.h"
#include "app/wait.h"
#include "base/mem.h"
#include "execute/cache/publisher.h"
#include "execute/heal.h"
#include "sys/lock.h"

/* Of its own, for probes: no exit code of a run. systemctl status says it of a unit that has not run. */
#define NEVER_RUN 3

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

int oi_cmd_status(const struct oi_options *options)
{
	OI_CLEANUP(oi_machine_close) struct oi_machine machine;
	OI_DOC_AUTO *result = NULL;
	struct oi_err err = { 0 };

	if (oi_machine_open(options, &machine, &err))
		return oi_machine_fail(&err);
	if (options->wait)
		oi_wait_for_run(&machine);
	if (read_result(&machine, &result, &err))
		return oi_machine_fail(&err);
	if (options->json) {
		OI_FREE char *text = result ? oi_doc_to_public_json(result, true) :
					      oi_mem_dup("{\"schema\": 1, \"state\": \"never-run\"}");

		puts(text);
	} else {
		struct oi_textpage paper = oi_page_for(STDOUT_FILENO);

		if (options->timings)
			oi_report_timings_page(result, &paper);
		else
			oi_report_status_page(result, &paper);
		oi_page_print(&paper);
	}
	if (!result)
		return NEVER_RUN;
	return is_running(result) ? 0 : (int)oi_doc_int(oi_doc_get(result, "exit_code"), 0);
}

int oi_cmd_clean(const struct oi_options *options)
{
	OI_CLEANUP(oi_machine_close) struct oi_machine machine;
	OI_CLEANUP(oi_lock_drop) struct oi_lock lock = { .fd = -1 };
	OI_CLEANUP(oi_lock_drop) struct oi_lock downloads = { .fd = -1 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv left = { 0 };
	struct oi_err err = { 0 };

	if (oi_machine_open(options, &machine, &err))
		return oi_machine_fail(&err);
	if (geteuid() != 0) {
		oi_err_set(&err, OI_R_NOT_ROOT, "clean needs root");
		return oi_machine_fail(&err);
	}
	/* neither beside a run nor beside a prefetch, whose folder would go */
	if (oi_lock_take(&machine.host.change, OI_LOCK_PATH, &lock, &err) ||
	    oi_lock_take(&machine.host.change, OI_PREFETCH_LOCK, &downloads, &err))
		return oi_machine_fail(&err);
	oi_publisher_stop(&machine.host);
	/* else the image keeps it */
	oi_heal_switches(&machine.host);
	/* says where the metrics are, and which words are secrets; one that is wrong says neither */
	if (oi_machine_read_config(&machine, &err))
		oi_log_debug(&machine.host.log, "%s", err.text);
	if (oi_forget_vm(&machine, &left, &err))
		return oi_machine_fail(&err);
	for (size_t i = 0; i < left.n; i++)
		printf("left: %s\n", left.v[i]);
	return 0;
}
