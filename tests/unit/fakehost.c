/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fakehost.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/clock.h"

#define FILE_BYTES (1u << 20)
#define DEADLINE_MS 60000

static void to_log(void *data, enum oi_log_level level, const char *line)
{
	struct fakehost *f = data;

	oi_strv_addf(&f->log, "%c %s", "DIWE"[level], line);
}

static char *top(void)
{
	const char *dir = getenv("TOP_SRCDIR");

	return realpath(dir ? dir : ".", NULL);
}

static void link_tools(struct fakehost *f, const char *replay)
{
	for (int t = 0; t < OI_TOOL_COUNT; t++) {
		char *path = oi_mem_printf("%s/bin/%s", f->home, oi_tools_name((enum oi_tool)t));

		assert_int_equal(symlink(replay, path), 0);
		oi_strv_add(&f->tools, path);
		free(path);
	}
	for (int t = 0; t < OI_TOOL_COUNT; t++)
		f->host.tools.path[t] = f->tools.v[t];
}

int fakehost_set_up(void **state)
{
	struct fakehost *f = oi_mem_zalloc(1, sizeof(*f));
	char name[] = "/tmp/ofed-init-test-XXXXXX";
	char *source = top();
	char *replay = oi_mem_printf("%s/tests/fakebin/replay", source);
	struct oi_root home;
	struct oi_err err;
	char *root;

	f->home = oi_mem_dup(mkdtemp(name));
	f->data = oi_mem_printf("%s/tests/data", source);
	root = oi_mem_printf("%s/root", f->home);
	assert_int_equal(oi_root_open(f->home, &home, &err), 0);
	assert_int_equal(oi_root_mkdirs(&home, "bin", 0755, &err), 0);
	assert_int_equal(oi_root_mkdirs(&home, "root", 0755, &err), 0);
	assert_int_equal(oi_root_open(root, &f->host.change, &err), 0);
	assert_int_equal(oi_root_open(root, &f->host.look, &err), 0);
	oi_root_close(&home);
	link_tools(f, replay);
	f->host.log = (struct oi_log){ .write = to_log, .data = f, .least = OI_LOG_DEBUG };
	f->host.deadline_ms = oi_clock_ms() + DEADLINE_MS;
	f->verdict.outcome = OI_OUTCOME_INSTALL;
	oi_mem_set(&f->verdict.driver.kernel, "6.1.0-50-amd64");
	oi_mem_set(&f->verdict.driver.method, "apt");
	oi_config_init(&f->config);
	free(source);
	free(replay);
	free(root);
	*state = f;
	return 0;
}

int fakehost_tear_down(void **state)
{
	struct fakehost *f = *state;
	struct oi_root tmp;
	struct oi_err err;

	assert_int_equal(oi_root_open("/tmp", &tmp, &err), 0);
	assert_int_equal(oi_root_remove(&tmp, strrchr(f->home, '/') + 1, &err), 0);
	oi_root_close(&tmp);
	oi_root_close(&f->host.change);
	oi_root_close(&f->host.look);
	oi_verdict_clear(&f->verdict);
	oi_config_clear(&f->config);
	oi_strv_clear(&f->log);
	oi_strv_clear(&f->tools);
	free(f->home);
	free(f->data);
	free(f);
	return 0;
}

static FILE *open_in(const struct fakehost *f, const char *name, const char *mode)
{
	OI_FREE char *path = oi_mem_printf("%s/%s", f->home, name);

	return fopen(path, mode);
}

static void add_call(struct fakehost *f, const char *tool, int status, const char *output,
		     const char *pattern)
{
	FILE *script = open_in(f, "script", "ae");

	assert_non_null(script);
	fprintf(script, "%s %d %s %s\n", tool, status, output, pattern);
	fclose(script);
	f->n_calls++;
}

void fakehost_expect(struct fakehost *f, const char *tool, int status, const char *output,
		     const char *pattern)
{
	OI_FREE char *path = oi_mem_printf("%s/%s", f->data, output ? output : "");

	add_call(f, tool, status, output ? path : "-", pattern);
}

static char *write_own(struct fakehost *f, const char *text, mode_t mode)
{
	OI_FREE char *name = oi_mem_printf("own.%zu", f->n_calls);
	FILE *file = open_in(f, name, "we");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fchmod(fileno(file), mode), 0);
	fclose(file);
	return oi_mem_printf("%s/%s", f->home, name);
}

void fakehost_expect_text(struct fakehost *f, const char *tool, int status, const char *text,
			  const char *pattern)
{
	OI_FREE char *path = write_own(f, text, 0644);

	add_call(f, tool, status, path, pattern);
}

void fakehost_expect_run(struct fakehost *f, const char *tool, int status, const char *script,
			 const char *pattern)
{
	OI_FREE char *text = oi_mem_printf("#!/bin/sh\n%s\n", script);
	OI_FREE char *path = write_own(f, text, 0755);
	OI_FREE char *output = oi_mem_printf("run:%s", path);

	add_call(f, tool, status, output, pattern);
}

void fakehost_check_calls(struct fakehost *f)
{
	FILE *file = open_in(f, "unexpected", "re");
	char line[1024];
	size_t n = 0;

	if (file) {
		while (fgets(line, sizeof(line), file))
			print_error("%s", line);
		fclose(file);
		fail_msg("unexpected calls");
	}
	file = open_in(f, "calls", "re");
	while (file && fgets(line, sizeof(line), file))
		n++;
	if (file)
		fclose(file);
	assert_int_equal(n, f->n_calls);
}

void fakehost_write(struct fakehost *f, const char *path, const char *text)
{
	struct oi_err err;

	assert_int_equal(oi_root_write(&f->host.change, path, 0644, text, strlen(text), &err), 0);
}

char *fakehost_read(struct fakehost *f, const char *path)
{
	struct oi_buf buf = { 0 };
	struct oi_err err;

	return oi_root_read(&f->host.change, path, FILE_BYTES, &buf, &err) ? NULL :
									     oi_buf_take(&buf);
}

bool fakehost_exists(struct fakehost *f, const char *path)
{
	return oi_root_exists(&f->host.change, path);
}

void fakehost_set_time(struct fakehost *f, const char *path, time_t when)
{
	const struct timespec times[2] = { { .tv_sec = when }, { .tv_sec = when } };
	int fd = oi_root_openat(&f->host.change, path, O_RDONLY, 0);

	assert_true(fd >= 0);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

bool fakehost_logged(const struct fakehost *f, char level, const char *part)
{
	for (size_t i = 0; i < f->log.n; i++)
		if (f->log.v[i][0] == level && strstr(f->log.v[i], part))
			return true;
	return false;
}

char *fakehost_data(const struct fakehost *f, const char *name)
{
	OI_FREE char *path = oi_mem_printf("%s/%s", f->data, name);
	struct oi_buf buf = { 0 };
	struct oi_err err;

	assert_int_equal(oi_root_read_named(path, FILE_BYTES, &buf, &err), 0);
	return oi_buf_take(&buf);
}
