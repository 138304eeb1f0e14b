/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tool of the table, run with its words in the status log. */
#ifndef OI_EXECUTE_TOOLS_CHILD_H
#define OI_EXECUTE_TOOLS_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/strv.h"
#include "model/config.h"
#include "sys/host.h"
#include "sys/run.h"
#include "sys/tools.h"

struct oi_child {
	enum oi_tool tool;
	struct oi_strv args; /* without the program itself */
	struct oi_strv env;
	enum oi_log_level level; /* of its lines: OI_LOG_DEBUG (zeroed) or OI_LOG_INFO */
	int64_t limit_ms; /* 0: only the whole run's deadline counts */
	/* sees each line first; true: it needs no place in the log */
	bool (*on_line)(void *data, const char *line);
	void *data;
	struct oi_buf *out; /* when set, stdout is appended here instead of being logged */
};

#define OI_CHILD_OUT_BYTES (4u << 20) /* no tool has more to tell us */
#define OI_CHILD_TAIL_BYTES 2000 /* for an error's text */

/**
 * oi_child_run() - run it to its end
 * @child: borrowed
 * @result: zeroed; cleared by oi_run_result_clear(); its tail has the last words
 * Lines go to the log as "apt-get: ..."; empty ones and progress do not.
 * Return: as oi_run(); OI_R_TOOL_MISSING when the tool is not on this machine.
 */
OI_MUST_CHECK
int oi_child_run(const struct oi_host *host, const struct oi_child *child,
		 struct oi_run_result *result, struct oi_err *err);

/**
 * oi_child_tell() - the last words of a quiet child that has failed, into the log
 * For whoever makes an error of it: many a child's failure is an answer. Nothing when its lines are
 * there already.
 */
void oi_child_tell(const struct oi_host *host, const struct oi_child *child,
		   const struct oi_run_result *result);

/** oi_child_pass_proxy() - what goes past the stanza's proxy; for a tool that knows the proxy otherwise */
void oi_child_pass_proxy(struct oi_child *child, const struct oi_config *config);
/** oi_child_use_proxy() - the proxy too, as tools take it: by environment, which their own children get */
void oi_child_use_proxy(struct oi_child *child, const struct oi_config *config);

/** oi_child_has() - is the tool there by now: a plan installs some of them itself */
bool oi_child_has(const struct oi_host *host, enum oi_tool tool);

/** oi_child_clear() - free; fine on a zeroed one, and for OI_CLEANUP */
void oi_child_clear(struct oi_child *child);

/** oi_child_is_noise() - is the line only there to show that something moves */
bool oi_child_is_noise(const char *line);

#endif
