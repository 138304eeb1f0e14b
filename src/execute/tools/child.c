/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/tools/child.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "model/reasons.h"
#include "sys/clock.h"

/* apt tells the story of some hundred packages in a tenth of it. With less than half of what
 * the status log holds the beginning of the run stays in it. */
#define LOG_BYTES (2u << 20)

struct listener {
	const struct oi_host *host;
	const struct oi_child *child;
	size_t logged_bytes;
};

static bool starts(const char *line, const char *with)
{
	return !strncmp(line, with, strlen(with));
}

bool oi_child_is_noise(const char *line)
{
	const char *c = line;

	while (isspace((unsigned char)*c))
		c++;
	if (!*c)
		return true;
	if (starts(c, "(Reading database") || starts(c, "Reading database"))
		return true;
	if (starts(c, "Reading package lists") || starts(c, "Building dependency tree") ||
	    starts(c, "Reading state information") || starts(c, "Solving dependencies"))
		return true;
	/* "12% [Working]", "100%" */
	if (isdigit((unsigned char)*c)) {
		c += strspn(c, "0123456789");
		return *c == '%' && (!c[1] || starts(c + 1, " ["));
	}
	return false;
}

static void on_line(void *data, const char *line)
{
	struct listener *listener = data;
	const struct oi_child *child = listener->child;
	const struct oi_log *log = &listener->host->log;
	const char *name = oi_tools_name(child->tool);

	if (child->on_line && child->on_line(child->data, line))
		return;
	if (oi_child_is_noise(line) || listener->logged_bytes > LOG_BYTES)
		return;
	listener->logged_bytes += strlen(line) + 1;
	if (listener->logged_bytes > LOG_BYTES)
		oi_log_warn(log, "%s: prints more than %u MiB; the rest is left out", name,
			    LOG_BYTES >> 20);
	else if (child->level == OI_LOG_DEBUG)
		oi_log_debug(log, "%s: %s", name, line);
	else
		oi_log_info(log, "%s: %s", name, line);
}

/* The table was filled when the program started: dkms may have come since. */
static const char *find_tool(const struct oi_host *host, enum oi_tool tool)
{
	struct oi_tools now;

	if (host->tools.path[tool])
		return host->tools.path[tool];
	oi_tools_find(&now);
	return now.path[tool];
}

void oi_child_pass_proxy(struct oi_child *child, const struct oi_config *config)
{
	OI_FREE char *past = oi_strv_join(&config->source.no_proxy, ",");

	if (config->source.proxy && *past)
		oi_strv_addf(&child->env, "no_proxy=%s", past);
}

void oi_child_use_proxy(struct oi_child *child, const struct oi_config *config)
{
	if (!config->source.proxy)
		return;
	oi_strv_addf(&child->env, "http_proxy=%s", config->source.proxy);
	oi_strv_addf(&child->env, "https_proxy=%s", config->source.proxy);
	oi_child_pass_proxy(child, config);
}

bool oi_child_has(const struct oi_host *host, enum oi_tool tool)
{
	return find_tool(host, tool) != NULL;
}

int oi_child_run(const struct oi_host *host, const struct oi_child *child,
		 struct oi_run_result *result, struct oi_err *err)
{
	struct listener listener = { .host = host, .child = child };
	struct oi_run_options options = {
		.deadline_ms = host->deadline_ms,
		.on_line = on_line,
		.data = &listener,
		.keep_bytes = OI_CHILD_TAIL_BYTES,
		.env = &child->env,
		.quiet_stdout = child->out != NULL,
		.stdout_text = child->out,
		.stdout_limit_bytes = OI_CHILD_OUT_BYTES,
	};
	OI_CLEANUP(oi_strv_clear) struct oi_strv argv = { 0 };
	OI_FREE char *words = NULL;
	const char *program = find_tool(host, child->tool);
	int64_t limit_ms = child->limit_ms ? oi_clock_ms() + child->limit_ms : 0;

	if (!program) {
		result->end = OI_RUN_NEVER_STARTED;
		return oi_err_set(err, OI_R_TOOL_MISSING, "%s is not installed",
				  oi_tools_name(child->tool));
	}
	if (limit_ms && limit_ms < options.deadline_ms)
		options.deadline_ms = limit_ms;
	oi_strv_add(&argv, program);
	oi_strv_add_all(&argv, &child->args);
	words = oi_strv_join(&argv, " ");
	oi_log_debug(&host->log, "start: %s", words);
	return oi_run(argv.v, &options, result, err);
}

/* More of them would not be read. */
#define LAST_WORDS 20

void oi_child_tell(const struct oi_host *host, const struct oi_child *child,
		   const struct oi_run_result *result)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };

	if (child->level != OI_LOG_DEBUG || result->end != OI_RUN_EXITED)
		return;
	oi_strv_split(&lines, oi_buf_str(&result->tail), "\n");
	for (size_t i = lines.n > LAST_WORDS ? lines.n - LAST_WORDS : 0; i < lines.n; i++)
		if (!oi_child_is_noise(lines.v[i]))
			oi_log_info(&host->log, "%s: %s", oi_tools_name(child->tool), lines.v[i]);
}

void oi_child_clear(struct oi_child *child)
{
	oi_strv_clear(&child->args);
	oi_strv_clear(&child->env);
}
