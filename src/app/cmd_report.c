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
#include "sys/boot.h"
#include "sys/systemd.h"

/* Of both logs together; no more of one is ever kept. */
#define LOG_LIMIT_BYTES (2 * (size_t)OI_STATUS_LOG_BYTES)
#define CLOUD_LIMIT_BYTES (1u << 20)

/* How a run began, how it ended: between the two a long one is mostly what dkms says. */
#define LOG_FIRST 60
#define LOG_LAST 100

#define READY_TARGET "infiniband-ready.target"
#define UNITS_MOST 15 /* more than this is no picture any more */

static bool ends_in(const char *name, const char *end)
{
	size_t len = strlen(name);

	return len >= strlen(end) && !strcmp(name + len - strlen(end), end);
}

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
	OI_FREE char *now = oi_boot_id(&machine->host.look);

	return then && now && oi_root_is_real(&machine->host.look) &&
	       oi_root_is_real(&machine->host.change) && !strcmp(then, now);
}

/* What systemctl says of one unit. */
struct unit {
	char *id; /* NULL: nothing yet */
	int64_t began_us, active_us; /* 0: it did not */
};

/* A target is a moment; of a service it is the beginning that had to wait. */
static void take_unit(struct unit *unit, int64_t zero_ms, struct oi_timeline *timeline)
{
	int64_t at_us = unit->id && ends_in(unit->id, ".target") ? unit->active_us : unit->began_us;

	if (unit->id && at_us)
		oi_timeline_add(timeline, OI_SPAN_UNIT, unit->id, zero_ms + at_us / 1000, 0);
	free(unit->id);
	*unit = (struct unit){ 0 };
}

/* "Id=NAME" and two moments in microseconds, in systemctl's own order; a blank line between units. */
static void take_units(const char *text, int64_t zero_ms, struct oi_timeline *timeline)
{
	struct unit unit = { 0 };

	while (*text) {
		OI_FREE char *line = strndup(text, strcspn(text, "\n"));
		const char *value = line ? strchr(line, '=') : NULL;

		if (!value)
			take_unit(&unit, zero_ms, timeline);
		else if (!strncmp(line, "Id=", 3))
			oi_mem_set(&unit.id, value + 1);
		else if (!strncmp(line, "InactiveExit", 12))
			unit.began_us = strtoll(value + 1, NULL, 10);
		else
			unit.active_us = strtoll(value + 1, NULL, 10);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	take_unit(&unit, zero_ms, timeline);
}

/* Services that say After=infiniband-ready.target; cloud-init's own stage is there already. */
static void add_waiting(const struct oi_machine *machine, struct oi_strv *units)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv ready = { 0 }, words = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };

	oi_strv_add(&ready, READY_TARGET);
	oi_systemd_show(&machine->host, "Before", &ready, &text);
	/* "Before=shutdown.target slurmd.service" */
	oi_strv_split(&words, oi_buf_str(&text), "= \n");
	for (size_t i = 0; i < words.n && units->n < UNITS_MOST; i++)
		if (ends_in(words.v[i], ".service") && strcmp(words.v[i], "cloud-final.service") != 0)
			oi_strv_add(units, words.v[i]);
}

/*
 * Moments that say what had to wait. Without systemd there are none. They are reckoned from
 * the run's own two clocks: the wall's may have been set since, the machine's has not.
 */
static void add_units(const struct oi_machine *machine, const struct oi_doc *result,
		      struct oi_timeline *timeline)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv units = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	int64_t zero_ms = oi_timeline_zero_ms(result);

	if (zero_ms < 0 || !oi_systemd_answers(&machine->host))
		return;
	oi_strv_add(&units, "network-online.target");
	oi_strv_add(&units, READY_TARGET);
	oi_strv_add(&units, "multi-user.target");
	add_waiting(machine, &units);
	oi_systemd_show(&machine->host, "Id,InactiveExitTimestampMonotonic,ActiveEnterTimestampMonotonic",
			&units, &text);
	take_units(oi_buf_str(&text), zero_ms, timeline);
}

/* --- the page --- */

static struct oi_doc *never_run(void)
{
	struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);

	oi_doc_put_string(doc, "state", "never-run");
	oi_doc_put_string(doc, "message", "ofed-init has not run on this machine.");
	return doc;
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
	struct oi_textpage paper = options->output ? OI_PAPER_PLAIN : oi_page_for(STDOUT_FILENO);
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
		add_units(&machine, result, &timeline);
	oi_timeline_finish(&timeline);
	read_log(&machine, &log);
	page = page_of(&(struct oi_story){ result, &timeline, &log }, options);
	if (options->output)
		return oi_page_save(options->output, page, &err) ? oi_machine_fail(&err) : 0;
	fputs(page, stdout);
	return 0;
}
