/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last run, told to people: one line for the log's end, a page for `status`. */
#include "report/record.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"

#define LABEL "%-11s"
#define NEVER_RUN "ofed-init has not run on this machine.\n"

char *oi_report_final_line(int exit_code, enum oi_reason reason, const char *message,
			   const char *remedy)
{
	const struct oi_reason_text *text = oi_reason_text(reason);
	struct oi_buf line = { 0 };

	if (!message || !*message)
		message = text->sentence;
	oi_buf_addf(&line, "exit %d (%s): %s: %s", exit_code, oi_exit_meaning(exit_code), text->id,
		    message);
	if (remedy) {
		if (!strchr(".!?", message[strlen(message) - 1]))
			oi_buf_adds(&line, ".");
		oi_buf_addf(&line, " Remedy: %s", remedy);
	}
	return oi_buf_take(&line);
}

static const char *string_at(const struct oi_doc *doc, const char *path)
{
	return oi_doc_string(oi_doc_at(doc, path));
}

/* Return: the number at @path, or @otherwise where there is none. */
static int64_t number_at(const struct oi_doc *doc, const char *path, int64_t otherwise)
{
	const struct oi_doc *node = oi_doc_at(doc, path);

	return node && node->kind == OI_DOC_INT ? node->integer : otherwise;
}

static void add_field(struct oi_buf *page, const char *label, const char *value)
{
	if (value)
		oi_buf_addf(page, LABEL " %s\n", label, value);
}

const char *oi_view_outcome(const struct oi_doc *result)
{
	const char *state = string_at(result, "state");
	const char *decided = string_at(result, "verdict.outcome");
	int64_t exit_code = number_at(result, "exit_code", -1);

	if (!state || strcmp(state, OI_STATE_FINISHED))
		return state ? state : "unknown";
	if (exit_code != 0)
		return decided && !strcmp(decided, "refuse") ? "refused" : "failed";
	if (decided && !strcmp(decided, "ready"))
		return "ready";
	if (decided && !strcmp(decided, "install"))
		return "installed";
	return decided && !strcmp(decided, "refuse") ? "skipped" :
	       decided && !strcmp(decided, "skip")   ? "skipped" :
						       "done";
}

static void add_exit(struct oi_buf *page, const struct oi_doc *result)
{
	int64_t exit_code = number_at(result, "exit_code", -1);

	if (exit_code >= 0)
		oi_buf_addf(page, LABEL " %" PRId64 " (%s)\n", "exit code", exit_code,
			    oi_exit_meaning((int)exit_code));
}

static void add_vm(struct oi_buf *page, const struct oi_doc *result)
{
	const char *size = string_at(result, "verdict.vm.size");
	const char *nic = string_at(result, "verdict.vm.nic_generation");
	int64_t ports = number_at(result, "verdict.vm.ib_ports", 0);
	int64_t gbps = number_at(result, "verdict.vm.link_gbps", 0);

	if (!size && !nic)
		return;
	oi_buf_addf(page, LABEL " %s", "VM size", size ? size : "unknown");
	if (nic)
		oi_buf_addf(page, ", %s", nic);
	if (ports > 0 && gbps > 0)
		oi_buf_addf(page, ", %" PRId64 " x %" PRId64 " Gb/s", ports, gbps);
	oi_buf_adds(page, "\n");
}

static void add_driver(struct oi_buf *page, const struct oi_doc *result)
{
	const char *stack = string_at(result, "verdict.driver.stack");
	const char *version = string_at(result, "verdict.driver.version");
	const char *kernel = string_at(result, "verdict.driver.kernel");

	if (!stack)
		return;
	oi_buf_addf(page, LABEL " %s%s%s", "driver", stack, version ? " " : "",
		    version ? version : "");
	if (kernel)
		oi_buf_addf(page, " for kernel %s", kernel);
	oi_buf_adds(page, "\n");
}

/* Seconds between two of our own time stamps, -1 when one of them is missing. */
static int64_t seconds_between(const char *from, const char *to)
{
	struct tm a = { 0 }, b = { 0 };

	if (!from || !to || !strptime(from, "%Y-%m-%dT%H:%M:%SZ", &a) ||
	    !strptime(to, "%Y-%m-%dT%H:%M:%SZ", &b))
		return -1;
	return (int64_t)timegm(&b) - (int64_t)timegm(&a);
}

static void add_when(struct oi_buf *page, const struct oi_doc *result)
{
	const char *started = string_at(result, "started");
	const char *ended = string_at(result, "ended");
	int64_t took_s = seconds_between(started, ended);

	add_field(page, "started", started);
	if (!ended)
		return;
	oi_buf_addf(page, LABEL " %s", "ended", ended);
	if (took_s >= 0)
		oi_buf_addf(page, ", after %" PRId64 " s", took_s);
	oi_buf_adds(page, "\n");
}

static const char *or_dash(const char *s)
{
	return s ? s : "-";
}

static void add_checks(struct oi_buf *page, const struct oi_doc *result)
{
	const struct oi_doc *checks = oi_doc_get(result, "checks");

	if (!checks || checks->kind != OI_DOC_LIST || !checks->n)
		return;
	oi_buf_adds(page, "\nchecks\n");
	for (size_t i = 0; i < checks->n; i++)
		oi_buf_addf(page, "  %-8s %-21s %s\n",
			    or_dash(string_at(checks->items[i], "result")),
			    or_dash(string_at(checks->items[i], "id")),
			    or_dash(string_at(checks->items[i], "detail")));
}

static int64_t whole_ms(const struct oi_doc *phases)
{
	int64_t sum = 0;

	for (size_t i = 0; i < phases->n; i++)
		sum += number_at(phases->items[i], "ms", 0);
	return sum;
}

static void add_phase(struct oi_buf *page, const char *name, int64_t ms, int64_t of_ms)
{
	oi_buf_addf(page, "  %4" PRId64 ".%03d s", ms / 1000, (int)(ms % 1000));
	if (of_ms)
		oi_buf_addf(page, " %3" PRId64 " %%", (ms * 100 + of_ms / 2) / of_ms);
	oi_buf_addf(page, " %s\n", name);
}

/* @of_ms: 0: without per cent */
static void add_phases(struct oi_buf *page, const struct oi_doc *phases, int64_t of_ms)
{
	for (size_t i = 0; i < phases->n; i++)
		add_phase(page, or_dash(string_at(phases->items[i], "name")),
			  number_at(phases->items[i], "ms", 0), of_ms);
}

/* NULL: no phase of the run has ended. */
static const struct oi_doc *phases_of(const struct oi_doc *result)
{
	const struct oi_doc *phases = oi_doc_get(result, "phases");

	return phases && phases->kind == OI_DOC_LIST && phases->n ? phases : NULL;
}

char *oi_report_status_text(const struct oi_doc *result)
{
	struct oi_buf page = { 0 };
	const struct oi_doc *phases;

	if (!result)
		return oi_mem_dup(NEVER_RUN);
	add_field(&page, "outcome", oi_view_outcome(result));
	add_field(&page, "reason", string_at(result, "reason"));
	add_field(&page, "message", string_at(result, "message"));
	add_field(&page, "remedy", string_at(result, "remedy"));
	add_exit(&page, result);
	add_vm(&page, result);
	add_driver(&page, result);
	add_when(&page, result);
	add_checks(&page, result);
	phases = phases_of(result);
	if (phases) {
		oi_buf_adds(&page, "\ntime\n");
		add_phases(&page, phases, 0);
	}
	oi_buf_adds(&page, "\nlog         " OI_STATUS_LOG "\n");
	return oi_buf_take(&page);
}

char *oi_report_timings_text(const struct oi_doc *result)
{
	const struct oi_doc *phases = result ? phases_of(result) : NULL;
	struct oi_buf page = { 0 };
	int64_t sum_ms;

	if (!result)
		return oi_mem_dup(NEVER_RUN);
	if (!phases)
		return oi_mem_dup("The last run has ended no phase.\n");
	sum_ms = whole_ms(phases);
	add_phases(&page, phases, sum_ms);
	add_phase(&page, "in all", sum_ms, sum_ms);
	return oi_buf_take(&page);
}
