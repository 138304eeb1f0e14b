/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/systemd.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "sys/clock.h"
#include "sys/run.h"

#define SHOW_MS 10000
#define SHOW_BYTES (1u << 20) /* a target's After= may name all units */

bool oi_systemd_is_here(const struct oi_host *host)
{
	return oi_root_exists(&host->change, "/run/systemd/system");
}

bool oi_systemd_answers(const struct oi_host *host)
{
	return host->tools.path[OI_TOOL_SYSTEMCTL] && oi_root_is_real(&host->change) &&
	       oi_systemd_is_here(host);
}

void oi_systemd_show(const struct oi_host *host, const char *properties,
		     const struct oi_strv *units, struct oi_buf *text)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv argv = { 0 };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	const struct oi_run_options options = {
		.deadline_ms = oi_clock_ms() + SHOW_MS,
		.stdout_text = text,
		.stdout_limit_bytes = SHOW_BYTES,
		.quiet_stdout = true,
	};
	struct oi_err err;

	if (!oi_systemd_answers(host))
		return;
	oi_strv_add(&argv, host->tools.path[OI_TOOL_SYSTEMCTL]);
	oi_strv_add(&argv, "show");
	oi_strv_addf(&argv, "--property=%s", properties);
	oi_strv_add(&argv, "--"); /* "-.slice" and "-.mount" are not options */
	oi_strv_add_all(&argv, units);
	if (!oi_run(argv.v, &options, &result, &err))
		return;
	oi_log_debug(&host->log, "systemd does not report the state of its units: %s", err.text);
	oi_buf_clear(text);
}

/* --- orders between units --- */

/* What has to start before @last, in the order of its finding: all names, and who named each. */
struct walk {
	struct oi_strv names, waiters;
	size_t asked; /* so many of them were looked at */
};

static void add_name(struct walk *walk, const char *name, const char *waiter)
{
	if (oi_strv_has(&walk->names, name))
		return;
	oi_strv_add(&walk->names, name);
	oi_strv_add(&walk->waiters, waiter);
}

/* @unit: what its After= names */
static void take_after(struct walk *walk, const char *unit, const char *list)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	oi_strv_split(&names, list, " ");
	for (size_t i = 0; i < names.n; i++)
		add_name(walk, names.v[i], unit);
}

/* The answer may come under another name of the unit that was asked for: all of them have the same waiter. */
static void take_names(struct walk *walk, const char *list)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	const char *waiter = NULL;

	oi_strv_split(&names, list, " ");
	for (size_t i = 0; !waiter && i < names.n; i++)
		for (size_t w = 0; !waiter && w < walk->names.n; w++)
			if (!strcmp(walk->names.v[w], names.v[i]))
				waiter = walk->waiters.v[w];
	for (size_t i = 0; waiter && i < names.n; i++)
		add_name(walk, names.v[i], waiter);
}

/* @paragraph: lines Id=, Names= and After= of a unit, in any order */
static void take_paragraph(struct walk *walk, const char *paragraph)
{
	static const char id_key[] = "Id=", names_key[] = "Names=", after_key[] = "After=";
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	const char *id = "", *names = "", *after = "";

	oi_strv_split(&lines, paragraph, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		if (!strncmp(lines.v[i], id_key, strlen(id_key)))
			id = lines.v[i] + strlen(id_key);
		if (!strncmp(lines.v[i], names_key, strlen(names_key)))
			names = lines.v[i] + strlen(names_key);
		if (!strncmp(lines.v[i], after_key, strlen(after_key)))
			after = lines.v[i] + strlen(after_key);
	}
	take_names(walk, names);
	take_after(walk, id, after);
}

static void take_answer(struct walk *walk, const char *text)
{
	for (const char *end; *text; text = end + strspn(end, "\n")) {
		OI_FREE char *paragraph = NULL;

		end = strstr(text, "\n\n");
		end = end ? end : text + strlen(text);
		paragraph = oi_mem_ndup(text, (size_t)(end - text));
		take_paragraph(walk, paragraph);
	}
}

void oi_systemd_find_before(oi_systemd_ask *ask, void *data, const char *last,
			    const struct oi_strv *units, struct oi_strv *found,
			    struct oi_strv *waiters)
{
	struct walk walk = { 0 };

	add_name(&walk, last, "");
	while (walk.asked < walk.names.n) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
		OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };

		for (; walk.asked < walk.names.n; walk.asked++)
			oi_strv_add(&names, walk.names.v[walk.asked]);
		ask(data, "Id,Names,After", &names, &text);
		take_answer(&walk, oi_buf_str(&text));
	}
	for (size_t i = 1; i < walk.names.n; i++) {
		if (!oi_strv_has(units, walk.names.v[i]))
			continue;
		oi_strv_add(found, walk.names.v[i]);
		oi_strv_add(waiters, walk.waiters.v[i]);
	}
	oi_strv_clear(&walk.names);
	oi_strv_clear(&walk.waiters);
}

static void ask_host(void *data, const char *properties, const struct oi_strv *units,
		     struct oi_buf *text)
{
	oi_systemd_show(data, properties, units, text);
}

void oi_systemd_waits_for(const struct oi_host *host, const char *last, const struct oi_strv *units,
			  struct oi_strv *found, struct oi_strv *waiters)
{
	/* it is only read */
	if (units->n && oi_systemd_answers(host))
		oi_systemd_find_before(ask_host, (void *)(uintptr_t)host, last, units, found, waiters);
}
