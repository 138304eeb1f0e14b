/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A page about the last run, to look at, to print, to send to who helps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/page.h"
#include "base/mem.h"
#include "report/html.h"
#include "sys/clock.h"
#include "sys/run.h"

/* Of both logs together; no more of one is ever kept. */
#define LOG_LIMIT_BYTES (2 * (size_t)OI_STATUS_LOG_BYTES)
#define CLOUD_LIMIT_BYTES (1u << 20)

/* How a run began, how it ended: between the two a long one is mostly what dkms says. */
#define LOG_FIRST 60
#define LOG_LAST 100

#define SYSTEMCTL_LIMIT_MS 10000

/* --- the log --- */

/* Lines of the last run that is in the log. */
static void last_run(const char *text, struct oi_strv *run)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	size_t from = 0;

	oi_strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (strstr(lines.v[i], "] info: ofed-init ") && strstr(lines.v[i], " starts; stanza from "))
			from = i;
	for (size_t i = from; i < lines.n; i++) {
		OI_FREE char *safe = oi_redact(lines.v[i]);

		if (i < from + LOG_FIRST || i + LOG_LAST >= lines.n)
			oi_strv_add(run, safe);
		else if (i == from + LOG_FIRST)
			oi_strv_addf(run, "... %zu lines left out ...",
				     lines.n - LOG_LAST - i);
	}
}

static void read_log(const struct oi_machine *machine, struct oi_strv *run)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_err err;
	int rc = oi_root_read(&machine->host.change, OI_STATUS_LOG, LOG_LIMIT_BYTES, &text, &err);

	if (rc < 0)
		oi_log_warn(&machine->host.log, "no excerpt of the log: %s", err.text);
	if (!rc)
		last_run(oi_buf_str(&text), run);
}

/* --- the boot around it --- */

/* NULL: there is no cloud-init, or it says nothing that can be read. */
static struct oi_doc *read_cloud(const struct oi_machine *machine)
{
	static const char *const paths[] = { "/run/cloud-init/status.json",
					     "/var/lib/cloud/data/status.json" };
	struct oi_doc *status = NULL;
	struct oi_err err;

	for (size_t i = 0; i < OI_ARRAY_SIZE(paths) && !status; i++) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
		int rc = oi_root_read(&machine->host.look, paths[i], CLOUD_LIMIT_BYTES, &text, &err);

		if (!rc)
			rc = oi_doc_from_json(oi_buf_str(&text), text.len, paths[i],
					      OI_R_READ_FAILED, &status, &err);
		if (rc < 0)
			oi_log_warn(&machine->host.log, "cloud-init's stages are not known: %s", err.text);
	}
	return status;
}

static bool is_this_boot(const struct oi_machine *machine, const struct oi_doc *result)
{
	const char *then = oi_doc_string(oi_doc_get(result, "boot_id"));
	OI_FREE char *now = NULL;
	struct oi_err err;

	return then && oi_root_is_real(&machine->host.look) && oi_root_is_real(&machine->host.change) &&
	       !oi_root_read_line(&machine->host.look, "/proc/sys/kernel/random/boot_id", &now, &err) &&
	       !strcmp(then, now);
}

/* "Id=NAME" and "ActiveEnterTimestampMonotonic=MICROSECONDS", a blank line between units. */
static void take_units(const char *text, struct oi_timeline *timeline)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	int64_t zero_ms = oi_clock_epoch_ms() - oi_clock_ms();
	OI_FREE char *id = NULL;
	int64_t active_us = 0;

	oi_strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *value = strchr(lines.v[i], '=');

		if (!value)
			continue;
		if (!strncmp(lines.v[i], "Id=", 3))
			oi_mem_set(&id, value + 1);
		else
			active_us = strtoll(value + 1, NULL, 10);
		if (!id || !active_us)
			continue;
		oi_timeline_add(timeline, OI_SPAN_UNIT, id, zero_ms + active_us / 1000, 0);
		oi_mem_set(&id, NULL);
		active_us = 0;
	}
}

/* Moments that say what had to wait. Without systemd there are none. */
static void add_units(const struct oi_machine *machine, struct oi_timeline *timeline)
{
	static const char *const units[] = { "network-online.target", "infiniband-ready.target",
					     "multi-user.target" };
	const char *systemctl = machine->host.tools.path[OI_TOOL_SYSTEMCTL];

	if (!systemctl || access("/run/systemd/system", F_OK) != 0)
		return;
	for (size_t i = 0; i < OI_ARRAY_SIZE(units); i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv argv = { 0 };
		OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
		struct oi_run_options options = {
			.deadline_ms = oi_clock_ms() + SYSTEMCTL_LIMIT_MS,
			.stdout_text = &text,
			.stdout_limit_bytes = 4096,
			.quiet_stdout = true,
		};
		OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
		struct oi_err err;

		oi_strv_add(&argv, systemctl);
		oi_strv_add(&argv, "show");
		oi_strv_add(&argv, "--property=Id,ActiveEnterTimestampMonotonic");
		oi_strv_add(&argv, units[i]);
		if (!oi_run(argv.v, &options, &result, &err))
			take_units(oi_buf_str(&text), timeline);
	}
}

/* --- the page --- */

static struct oi_doc *never_run(void)
{
	struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);

	oi_doc_put_string(doc, "state", "never-run");
	oi_doc_put_string(doc, "message", "ofed-init has not run on this machine.");
	return doc;
}

static bool ends_in(const char *name, const char *end)
{
	size_t len = strlen(name);

	return len >= strlen(end) && !strcmp(name + len - strlen(end), end);
}

/* What was asked for; else what the file's name says; else what suits where it goes. */
static enum oi_format format_of(const struct oi_options *options)
{
	const char *path = options->output;

	if (options->format != OI_FORMAT_NONE)
		return options->format;
	if (!path)
		return isatty(STDOUT_FILENO) ? OI_FORMAT_TEXT : OI_FORMAT_HTML;
	return ends_in(path, ".svg") ? OI_FORMAT_SVG :
	       ends_in(path, ".txt") ? OI_FORMAT_TEXT :
				       OI_FORMAT_HTML;
}

static char *page_of(const struct oi_story *story, const struct oi_options *options)
{
	struct oi_paper paper = options->output ? OI_PAPER_PLAIN : oi_page_for(STDOUT_FILENO);
	struct oi_buf text = { 0 };

	switch (format_of(options)) {
	case OI_FORMAT_TEXT:
		oi_report_text(story, &paper);
		return oi_buf_take(&paper.text);
	case OI_FORMAT_SVG:
		oi_timeline_svg(story->timeline, true, &text);
		return oi_buf_take(&text);
	default:
		return oi_report_html(story);
	}
}

int oi_cmd_report(const struct oi_options *options)
{
	OI_CLEANUP(oi_machine_close) struct oi_machine machine;
	OI_CLEANUP(oi_timeline_clear) struct oi_timeline timeline = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv log = { 0 };
	OI_DOC_AUTO *result = NULL;
	OI_DOC_AUTO *cloud = NULL;
	OI_FREE char *page = NULL;
	struct oi_err err = { 0 };

	if (oi_machine_open(options, &machine, &err) ||
	    oi_report_read(&machine.host.change, &result, &err) < 0)
		return oi_machine_fail(&err);
	if (!result)
		result = never_run();
	cloud = read_cloud(&machine);
	oi_timeline_add_run(&timeline, result);
	oi_timeline_add_cloud(&timeline, cloud, result);
	if (is_this_boot(&machine, result))
		add_units(&machine, &timeline);
	oi_timeline_finish(&timeline);
	read_log(&machine, &log);
	page = page_of(&(struct oi_story){ result, &timeline, &log }, options);
	if (options->output)
		return oi_page_save(options->output, page, &err) ? oi_machine_fail(&err) : 0;
	fputs(page, stdout);
	return 0;
}
