/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The result as metrics for node_exporter's textfile collector. */
#include "report/sinks.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "report/clean.h"
#include "report/record.h"
#include "report/view.h"

#define FILE_NAME "ofed_init.prom"

/* Where node_exporter is usually told to look; Debian's package has the first. */
static const char *const usual[] = {
	"/var/lib/prometheus/node-exporter",
	"/var/lib/node_exporter/textfile_collector",
};

/* " name="value"", as the format escapes it; an empty value is no label there. */
static void add_label(struct oi_buf *out, const char *name, const char *value)
{
	OI_FREE char *clean = oi_report_clean(value ? value : "");

	oi_buf_addf(out, "%s%s=\"", out->data[out->len - 1] == '{' ? "" : ",", name);
	for (const char *c = clean; *c; c++)
		oi_buf_addf(out, "%s%c", *c == '"' || *c == '\\' ? "\\" : "", *c);
	oi_buf_adds(out, "\"");
}

static void add_head(struct oi_buf *out, const char *name, const char *help)
{
	oi_buf_addf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void add_number(struct oi_buf *out, const char *name, const char *help, int64_t value)
{
	add_head(out, name, help);
	oi_buf_addf(out, "%s %" PRId64 "\n", name, value);
}

static void add_time(struct oi_buf *out, const char *name, const char *help, const char *stamp)
{
	int64_t ms = oi_view_epoch_ms(stamp);

	if (ms >= 0)
		add_number(out, name, help, ms / 1000);
}

static void add_info(struct oi_buf *out, const struct oi_doc *result)
{
	add_head(out, "ofed_init_info", "What the last run of ofed-init was about.");
	oi_buf_adds(out, "ofed_init_info{");
	add_label(out, "version", oi_view_text(result, "versions.ofed_init"));
	add_label(out, "vm_size", oi_view_text(result, "key.vm_size"));
	add_label(out, "kernel", oi_view_text(result, "key.kernel"));
	add_label(out, "driver", oi_view_text(result, "versions.stack"));
	add_label(out, "driver_version", oi_view_text(result, "versions.driver"));
	oi_buf_adds(out, "} 1\n");
	add_head(out, "ofed_init_run_outcome", "How the last run ended, or that it has not.");
	oi_buf_adds(out, "ofed_init_run_outcome{");
	add_label(out, "outcome", oi_view_outcome(result));
	add_label(out, "reason", oi_view_text(result, "reason"));
	oi_buf_adds(out, "} 1\n");
}

/* A name may come twice (a step of each of two waits): the format allows a series once. */
static int64_t ms_of(const struct oi_doc *phases, size_t from, const char *name)
{
	int64_t sum_ms = 0;

	for (size_t i = from; i < phases->n; i++) {
		const char *this = oi_view_text(phases->items[i], "name");

		if (this && !strcmp(this, name))
			sum_ms += oi_view_ms(phases->items[i]);
	}
	return sum_ms;
}

static bool came_before(const struct oi_doc *list, size_t at, const char *key, const char *name)
{
	for (size_t i = 0; i < at; i++) {
		const char *this = oi_view_text(list->items[i], key);

		if (this && !strcmp(this, name))
			return true;
	}
	return false;
}

static void add_phases(struct oi_buf *out, const struct oi_doc *phases)
{
	if (!phases || !phases->n)
		return;
	add_head(out, "ofed_init_phase_duration_seconds", "Time that a phase of the last run took.");
	for (size_t i = 0; i < phases->n; i++) {
		const char *name = oi_view_text(phases->items[i], "name");
		int64_t ms;

		if (!name || came_before(phases, i, "name", name))
			continue;
		ms = ms_of(phases, i, name);
		oi_buf_adds(out, "ofed_init_phase_duration_seconds{");
		add_label(out, "phase", name);
		oi_buf_addf(out, "} %" PRId64 ".%03d\n", ms / 1000, (int)(ms % 1000));
	}
}

static void add_checks(struct oi_buf *out, const struct oi_doc *checks)
{
	if (!checks || !checks->n)
		return;
	add_head(out, "ofed_init_check", "What a check of the last run said.");
	for (size_t i = 0; i < checks->n; i++) {
		const char *id = oi_view_text(checks->items[i], "id");

		if (!id || came_before(checks, i, "id", id))
			continue;
		oi_buf_adds(out, "ofed_init_check{");
		add_label(out, "check", id);
		add_label(out, "result", oi_view_text(checks->items[i], "result"));
		oi_buf_adds(out, "} 1\n");
	}
}

static void compose(const struct oi_doc *result, struct oi_buf *out)
{
	const struct oi_doc *exit_code = oi_doc_get(result, "exit_code");

	add_info(out, result);
	/* A run that has not ended has none: absent, not 0. */
	if (exit_code && exit_code->kind == OI_DOC_INT)
		add_number(out, "ofed_init_run_exit_code",
			   "Exit code of the last run, that of the VM extension; 0 is good.",
			   exit_code->integer);
	add_time(out, "ofed_init_run_start_timestamp_seconds", "When the last run began.",
		 oi_view_text(result, "started"));
	add_time(out, "ofed_init_run_end_timestamp_seconds", "When the last run ended.",
		 oi_view_text(result, "ended"));
	add_phases(out, oi_doc_get(result, "phases"));
	add_checks(out, oi_doc_get(result, "checks"));
}

int oi_sink_prometheus(const struct oi_root *root, const char *folder,
		       const struct oi_doc *result, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_FREE char *path = NULL;
	struct oi_err ignored;

	for (size_t i = 0; !folder && i < OI_ARRAY_SIZE(usual); i++)
		if (oi_root_exists(root, usual[i]))
			folder = usual[i];
	if (!folder)
		return 0;
	compose(result, &text);
	path = oi_mem_printf("%s/" FILE_NAME, folder);
	/* readable: node_exporter is not root */
	if (!oi_root_write(root, path, 0644, text.data, text.len, err))
		return 0;
	/* else the last run's word stands for this one's */
	(void)!oi_root_remove(root, path, &ignored);
	return -1;
}

int oi_sink_prometheus_forget(const struct oi_root *root, const char *folder, struct oi_err *err)
{
	OI_FREE char *path = folder ? oi_mem_printf("%s/" FILE_NAME, folder) : NULL;

	if (path && oi_root_remove(root, path, err))
		return -1;
	for (size_t i = 0; i < OI_ARRAY_SIZE(usual); i++) {
		OI_FREE char *other = oi_mem_printf("%s/" FILE_NAME, usual[i]);

		if (oi_root_remove(root, other, err))
			return -1;
	}
	return 0;
}
