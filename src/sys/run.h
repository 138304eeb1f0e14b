/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The door to children: an argument vector, stdin from /dev/null, a fixed
 * environment, a process group of its own, a deadline. Output is read to the
 * end whatever its line length. Nothing is left running: at the deadline the
 * group gets SIGTERM, and after OI_RUN_GRACE_MS SIGKILL.
 */
#ifndef OI_SYS_RUN_H
#define OI_SYS_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"

#define OI_RUN_GRACE_MS 5000

enum oi_run_end { OI_RUN_EXITED, OI_RUN_KILLED, OI_RUN_TIMED_OUT, OI_RUN_NEVER_STARTED };

struct oi_run_options {
	int64_t deadline_ms; /* monotonic, absolute; required */
	/* each line of stdout and stderr as it comes, without its newline; '\r' ends a
	 * line too; longer than OI_RUN_LINE_BYTES comes in pieces */
	void (*on_line)(void *data, const char *line);
	void *data;
	size_t keep_bytes; /* how much of the output's end goes into the result; 0: none */
	const struct oi_strv *env; /* "NAME=value" beside the fixed ones, or in the place of one */
	const char *request; /* bytes that the child reads from descriptor 3; NULL: no such one */
	void (*on_answer)(void *data, const char *line); /* lines the child writes to descriptor 4 */
	int dir_fd; /* given to the child as descriptor 5 when above 0 */
	bool quiet_stdout; /* on_line and keep only see stderr's; stdout goes to @stdout_text */
	struct oi_buf *stdout_text; /* when set, stdout is appended here (bounded by stdout_limit) */
	size_t stdout_limit_bytes;
};

#define OI_RUN_LINE_BYTES 4096

struct oi_run_result {
	enum oi_run_end end;
	int status; /* exit status when OI_RUN_EXITED */
	int signal; /* when OI_RUN_KILLED */
	int64_t took_ms;
	struct oi_buf tail; /* the last keep_bytes of output */
};

/**
 * oi_run() - run a program to its end
 * @argv: argv[0] is an absolute path; ends with NULL (struct oi_strv's v)
 * @result: zeroed; cleared by oi_run_result_clear()
 * Return: 0 when it exited with status 0; else -1, with @err saying how it ended
 *         (OI_R_CHILD_FAILED, OI_R_CHILD_TIMEOUT, OI_R_TOOL_MISSING) and @result filled.
 */
OI_MUST_CHECK
int oi_run(char *const argv[], const struct oi_run_options *options,
	   struct oi_run_result *result, struct oi_err *err);

void oi_run_result_clear(struct oi_run_result *result);

#endif
