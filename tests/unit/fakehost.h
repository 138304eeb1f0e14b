/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine for tests of execute: a scratch root, tools that replay, a log that is kept. */
#ifndef TESTS_UNIT_FAKEHOST_H
#define TESTS_UNIT_FAKEHOST_H

#include <stdbool.h>
#include <time.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/strv.h"
#include "model/config.h"
#include "model/verdict.h"
#include "sys/host.h"

struct fakehost {
	char *home; /* bin/, script, root/ */
	char *data; /* tests/data */
	struct oi_host host;
	struct oi_config config;
	struct oi_verdict verdict;
	struct oi_strv log; /* "W the line" */
	struct oi_strv tools; /* owns the table's paths */
	size_t n_calls; /* expected so far */
};

/** fakehost_set_up(), fakehost_tear_down() - for cmocka; *state is the struct fakehost */
int fakehost_set_up(void **state);
int fakehost_tear_down(void **state);

/** fakehost_expect() - the next call: tool's name, exit status, output below tests/data or NULL, pattern */
void fakehost_expect(struct fakehost *f, const char *tool, int status, const char *output,
		     const char *pattern);
/** fakehost_expect_text() - the same with the output itself */
void fakehost_expect_text(struct fakehost *f, const char *tool, int status, const char *text,
			  const char *pattern);
/** fakehost_expect_run() - the same with a shell script, which gets the arguments */
void fakehost_expect_run(struct fakehost *f, const char *tool, int status, const char *script,
			 const char *pattern);
/** fakehost_check_calls() - all that was expected was called, and nothing else */
void fakehost_check_calls(struct fakehost *f);

/** fakehost_write(), fakehost_read(), fakehost_exists() - files of the scratch root */
void fakehost_write(struct fakehost *f, const char *path, const char *text);
char *fakehost_read(struct fakehost *f, const char *path); /* NULL: none; owned by the caller */
bool fakehost_exists(struct fakehost *f, const char *path);
/** fakehost_set_time() - when a file was written, in seconds */
void fakehost_set_time(struct fakehost *f, const char *path, time_t when);

/** fakehost_logged() - is there a line of that level (a letter) with @part in it */
bool fakehost_logged(const struct fakehost *f, char level, const char *part);

/** fakehost_data() - a file below tests/data; owned by the caller */
char *fakehost_data(const struct fakehost *f, const char *name);

#endif
