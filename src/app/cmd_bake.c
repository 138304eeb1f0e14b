/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bake: the driver into an image, on a machine that needs no InfiniBand, no Hyper-V
 * and no systemd. Words go to the console, where the image's builder reads them:
 * what belongs to one VM, its log too, is not to be in an image.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/forget.h"
#include "app/machine.h"
#include "base/mem.h"
#include "decide/decide.h"
#include "execute/cache/publisher.h"
#include "execute/modules/baked.h"
#include "execute/execute.h"
#include "execute/heal.h"
#include "facts/gather.h"
#include "sys/clock.h"
#include "sys/imageroot.h"
#include "sys/lock.h"

/* Nobody waits for this boot: compiling may take what it takes. */
#define LIMIT_MS INT64_C(7200000)

/* All adapters but ConnectX-3 Pro take the same driver: one size stands for them. */
#define USUAL_SIZE "Standard_HB120rs_v3"

/* The kernel that the image will boot; owned by the caller, NULL: none. */
static char *newest_kernel(const struct oi_machine *machine)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv others = { 0 };
	char *kernel = oi_facts_image_kernel(&machine->host.change, &others);

	for (size_t i = 0; i < others.n; i++)
		oi_log_debug(&machine->host.log,
			     "/lib/modules/%s is not a bootable kernel: skipped; use --kernel to bake for it anyway",
			     others.v[i]);
	return kernel;
}

static int check_kernel(const struct oi_root *root, const char *kernel, struct oi_err *err)
{
	OI_FREE char *dep = kernel ? oi_mem_printf("/lib/modules/%s/modules.dep", kernel) : NULL;

	if (!kernel)
		return oi_err_set(err, OI_R_USAGE, "no folder below /lib/modules has a kernel's own modules (kernel/, modules.dep); name one with --kernel");
	if (strchr(kernel, '/') || !oi_root_exists(root, dep))
		return oi_err_set(err, OI_R_USAGE, "--kernel: the image has no %s", dep);
	return 0;
}

static int end(const struct oi_machine *machine, enum oi_reason reason, const char *message,
	       const char *remedy, int exit_code)
{
	OI_FREE char *line = oi_report_final_line(exit_code, reason, message, remedy);

	if (exit_code)
		oi_log_error(&machine->host.log, "%s", line);
	else
		oi_log_info(&machine->host.log, "%s", line);
	return exit_code;
}

static int fail(const struct oi_machine *machine, const struct oi_err *err)
{
	const struct oi_reason_text *text = oi_reason_text((enum oi_reason)err->code);
	OI_FREE char *message = oi_reason_with((enum oi_reason)err->code, "%s", err->text);

	return end(machine, (enum oi_reason)err->code, message, text->remedy, text->exit_code);
}

static bool is_fetch(enum oi_action action)
{
	return action == OI_ACTION_FETCH;
}

/* What is fetched ahead waits in the staging folder for the first boot. */
static int keep_downloads(const struct oi_machine *machine, struct oi_err *err)
{
	static const char text[] = "Downloads of bake --prefetch-only: kept by clean.\n";

	return oi_root_write(&machine->host.change, OI_PREFETCHED_MARKER, 0644, text, strlen(text), err);
}

static void note_removed(void *data, const struct oi_strv *packages)
{
	oi_strv_add_all(data, packages);
}

/* @removed: appended: packages that the installation has taken away */
static int carry_out(struct oi_machine *machine, const struct oi_strv *sizes,
		     struct oi_verdict *verdict, struct oi_strv *removed, struct oi_err *err)
{
	const struct oi_execute_watch watch = { .removed = note_removed, .data = removed };
	const char *arch = oi_text_or(&machine->facts.kernel.arch, "unknown");
	bool ahead = machine->options->prefetch_only;

	if (ahead)
		oi_verdict_keep(verdict, is_fetch);
	if (verdict->outcome == OI_OUTCOME_INSTALL && oi_execute_can(verdict, err))
		return -1;
	if (verdict->n_steps &&
	    (ahead ? oi_execute_downloads(&machine->host, &machine->config, verdict, err) :
		     oi_execute_plan(&machine->host, &machine->config, verdict, &watch, err)))
		return -1;
	if (ahead)
		return keep_downloads(machine, err);
	oi_publisher_run(&machine->host, &machine->config); /* no workload waits for it */
	if (oi_bake_mark(&machine->host, &machine->config, verdict, arch, sizes, err))
		return -1;
	return oi_forget_vm(machine, NULL, err);
}

/* The lock is held, facts and catalog are read. */
static int bake(struct oi_machine *machine)
{
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv usual = { 0 };
	const struct oi_strv *sizes = &machine->options->sizes;
	OI_CLEANUP(oi_strv_clear) struct oi_strv removed = { 0 };
	OI_FREE char *message = NULL;
	OI_FREE char *gone = NULL;
	struct oi_err err = { 0 };

	if (!sizes->n) {
		oi_strv_add(&usual, USUAL_SIZE);
		sizes = &usual;
	}
	if (oi_decide_image(&machine->facts, sizes, &machine->config, &machine->catalog, &verdict,
			    &err))
		return fail(machine, &err);
	for (size_t i = 0; i < verdict.n_rules; i++)
		oi_log_debug(&machine->host.log, "rule %s: %s: %s", verdict.rules[i].id,
			     oi_result_word(verdict.rules[i].result), verdict.rules[i].detail);
	oi_log_info(&machine->host.log, "decided: %s: %s", oi_outcome_name(verdict.outcome),
		    verdict.message);
	if (verdict.outcome == OI_OUTCOME_REFUSE)
		return end(machine, verdict.reason, verdict.message, verdict.remedy,
			   verdict.exit_code);
	if (carry_out(machine, sizes, &verdict, &removed, &err))
		return fail(machine, &err);
	gone = oi_strv_join(&removed, ", ");
	message = oi_reason_with(OI_R_BAKED, "%s%s%s for kernel %s%s%s%s%s%s.", verdict.driver.stack,
				verdict.driver.version ? " " : "",
				verdict.driver.version ? verdict.driver.version : "",
				verdict.driver.kernel,
				machine->options->prefetch_only ? ", only fetched" : "",
				verdict.doubt ? "; warning: " : "", verdict.doubt ? verdict.doubt : "",
				removed.n ? "; removed: " : "", gone);
	return end(machine, OI_R_BAKED, message, NULL, 0);
}

static int open_and_bake(struct oi_machine *machine)
{
	OI_CLEANUP(oi_lock_drop) struct oi_lock lock = { .fd = -1 };
	OI_FREE char *kernel = oi_mem_dup(machine->options->kernel);
	struct oi_err err = { 0 };
	int exit_code;

	if (oi_machine_read_config(machine, &err) || oi_machine_read_catalog(machine, &err))
		return oi_machine_fail(&err);
	if (!kernel)
		kernel = newest_kernel(machine);
	if (check_kernel(&machine->host.change, kernel, &err) ||
	    oi_lock_take(&machine->host.change, OI_LOCK_PATH, &lock, &err))
		return oi_machine_fail(&err);
	oi_publisher_stop(&machine->host);
	oi_heal_switches(&machine->host);
	machine->host.kernel = kernel;
	machine->host.deadline_ms = oi_clock_ms() + LIMIT_MS;
	oi_log_info(&machine->host.log, "ofed-init " OI_VERSION " bakes for kernel %s", kernel);
	if (oi_machine_read_facts(machine, &err))
		return oi_machine_fail(&err);
	exit_code = bake(machine);
	machine->host.kernel = NULL;
	return exit_code;
}

int oi_cmd_bake(const struct oi_options *options)
{
	OI_CLEANUP(oi_machine_close) struct oi_machine machine = { 0 };
	struct oi_options inside = *options; /* borrows all that it points to */
	struct oi_err err = { 0 };

	machine.log.fd = machine.host.look.fd = machine.host.change.fd = -1;
	if (geteuid() != 0) {
		oi_err_set(&err, OI_R_NOT_ROOT, "bake needs root");
		return oi_machine_fail(&err);
	}
	if (strcmp(options->root, "/") != 0 && oi_imageroot_enter(options->root, &err))
		return oi_machine_fail(&err);
	inside.root = "/";
	if (oi_machine_open(&inside, &machine, &err))
		return oi_machine_fail(&err);
	machine.log.console_least = options->verbose ? OI_LOG_DEBUG : OI_LOG_INFO;
	return open_and_bake(&machine);
}
