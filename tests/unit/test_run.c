/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Children that behave, and children that do not; locks and their holders. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/lock.h"
#include "sys/root.h"
#include "sys/run.h"
#include "sys/tools.h"

/* A child that hangs for this long has failed its test; none is measured against it. */
#define LONG_MS 120000
#define SHORT_MS 300
#define BEGINS_MS 3000 /* the child has begun by then, on a busy machine too */

struct seen {
	struct oi_strv lines;
	struct oi_strv answers;
	size_t n;
	size_t bytes;
	bool count_only;
};

static char *bad_child;
static char *scratch;

static void on_line(void *data, const char *line)
{
	struct seen *seen = data;

	seen->n++;
	seen->bytes += strlen(line);
	if (!seen->count_only)
		oi_strv_add(&seen->lines, line);
}

static void on_answer(void *data, const char *line)
{
	struct seen *seen = data;

	oi_strv_add(&seen->answers, line);
}

static int run(const char *way, const char *argument, struct oi_run_options *options,
	       struct seen *seen, struct oi_run_result *result, struct oi_err *err)
{
	char *argv[] = { bad_child, oi_mem_dup(way), oi_mem_dup(argument), NULL };
	int ret;

	options->data = seen;
	if (seen)
		options->on_line = on_line;
	if (!options->deadline_ms)
		options->deadline_ms = oi_clock_ms() + LONG_MS;
	ret = oi_run(argv, options, result, err);
	free(argv[1]);
	free(argv[2]);
	return ret;
}

static void clear(struct seen *seen, struct oi_run_result *result)
{
	oi_strv_clear(&seen->lines);
	oi_strv_clear(&seen->answers);
	oi_run_result_clear(result);
}

static bool alive(pid_t pid)
{
	OI_FREE char *path = oi_mem_printf("/proc/%ld/stat", (long)pid);
	char text[256] = "";
	FILE *f = fopen(path, "re");
	char *after;

	if (!f)
		return false;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	after = strrchr(text, ')');
	return after && after[1] && after[2] != 'Z' && after[2] != 'X';
}

static pid_t pid_in(const char *path)
{
	char text[32] = "";
	FILE *f = fopen(path, "re");

	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	return (pid_t)strtol(text, NULL, 10);
}

static void test_lines(void **state)
{
	struct oi_run_options options = { .keep_bytes = 10 };
	struct oi_run_result result = { 0 };
	struct seen seen = { 0 };
	struct oi_err err = { 0 };

	(void)state;
	assert_int_equal(run("talk", NULL, &options, &seen, &result, &err), 0);
	assert_int_equal(result.end, OI_RUN_EXITED);
	assert_int_equal(result.status, 0);
	assert_int_equal(seen.lines.n, 7);
	assert_string_equal(seen.lines.v[0], "one");
	assert_string_equal(seen.lines.v[1], "two");
	assert_string_equal(seen.lines.v[2], "10%");
	assert_string_equal(seen.lines.v[3], "20%");
	assert_string_equal(seen.lines.v[4], "three");
	assert_string_equal(seen.lines.v[5], "");
	assert_string_equal(seen.lines.v[6], "\033[1mfour");
	assert_int_equal(result.tail.len, 10);
	assert_string_equal(oi_buf_str(&result.tail), "\n\n\033[1mfour");
	clear(&seen, &result);
}

static void test_env(void **state)
{
	struct oi_strv more = { 0 };
	struct oi_run_options options = { .env = &more };
	struct oi_run_result result = { 0 };
	struct seen seen = { 0 };
	struct oi_err err = { 0 };

	(void)state;
	setenv("LD_PRELOAD_NOT", "leaks", 1);
	oi_strv_add(&more, "http_proxy=http://proxy.test:3128");
	assert_int_equal(run("env", NULL, &options, &seen, &result, &err), 0);
	assert_true(oi_strv_has(&seen.lines, "PATH=/usr/sbin:/usr/bin:/sbin:/bin"));
	assert_true(oi_strv_has(&seen.lines, "LC_ALL=C"));
	assert_true(oi_strv_has(&seen.lines, "HOME=/root"));
	assert_true(oi_strv_has(&seen.lines, "DEBIAN_FRONTEND=noninteractive"));
	assert_true(oi_strv_has(&seen.lines, "UCF_FORCE_CONFFOLD=1"));
	assert_true(oi_strv_has(&seen.lines, "http_proxy=http://proxy.test:3128"));
	assert_false(oi_strv_has(&seen.lines, "LD_PRELOAD_NOT=leaks"));
	oi_strv_clear(&more);
	clear(&seen, &result);
}

static void test_stdin_is_empty(void **state)
{
	struct oi_run_options options = { 0 };
	struct oi_run_result result = { 0 };
	struct seen seen = { 0 };
	struct oi_err err = { 0 };

	(void)state;
	assert_int_equal(run("cat", NULL, &options, &seen, &result, &err), 0);
	assert_int_equal(seen.n, 0);
	clear(&seen, &result);
}

static void test_no_terminal(void **state)
{
	struct oi_run_options options = { 0 };
	struct oi_run_result result = { 0 };
	struct seen seen = { 0 };
	struct oi_err err = { 0 };

	(void)state;
	assert_int_equal(run("terminal", NULL, &options, &seen, &result, &err), 0);
	assert_true(oi_strv_has(&seen.lines, "no terminal"));
	clear(&seen, &result);
}

static void test_signals_are_reset(void **state)
{
	struct oi_run_options options = { 0 };
	struct oi_run_result result = { 0 };
	struct seen seen = { 0 };
	struct oi_err err = { 0 };

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(run("mask", NULL, &options, &seen, &result, &err), 0);
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(seen.lines.n, 2);
	assert_string_equal(seen.lines.v[0], "SigBlk:\t0000000000000000");
	/* 32 and 33 are glibc's: posix_spawn(), with which make started us, leaves them ignored. */
	assert_int_equal(strncmp(seen.lines.v[1], "SigIgn:\t", 8), 0);
	assert_int_equal(strtoull(seen.lines.v[1] + 8, NULL, 16) & ~(3ull << 31), 0);
	clear(&seen, &result);
}

static void test_descriptors(void **state)
{
	struct oi_run_options options = { 0 };
	struct oi_run_result result = { 0 };
	struct seen seen = { 0 };
	struct oi_err err = { 0 };
	int leak[40];

	(void)state;
	/* Deliberately without O_CLOEXEC, and some of them where the child's own go. */
	for (size_t i = 0; i < OI_ARRAY_SIZE(leak); i++)
		leak[i] = open("/dev/null", O_RDONLY);
	assert_int_equal(run("descriptors", NULL, &options, &seen, &result, &err), 0);
	for (size_t i = 0; i < OI_ARRAY_SIZE(leak); i++)
		close(leak[i]);
	assert_int_equal(seen.lines.n, 1);
	assert_string_equal(seen.lines.v[0], "0  1  2  3"); /* 3 is what ls looks through */
	clear(&seen, &result);
}

static void test_request_and_answer(void **state)
{
	struct oi_run_options options = { .request = "the file\n", .on_answer = on_answer };
	struct oi_run_result result = { 0 };
	struct seen seen = { 0 };
	struct oi_err err = { 0 };

	(void)state;
	options.dir_fd = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(run("answer", NULL, &options, &seen, &result, &err), 0);
	close(options.dir_fd);
	assert_int_equal(seen.answers.n, 1);
	assert_string_equal(seen.answers.v[0], "asked the file");
	assert_int_equal(seen.lines.n, 2);
	assert_string_equal(seen.lines.v[0], "plain");
	assert_string_equal(seen.lines.v[1], "directory");
	clear(&seen, &result);
}

static void test_stdout_apart(void **state)
{
	struct oi_buf text = { 0 };
	struct oi_run_options options = {
		.quiet_stdout = true,
		.stdout_text = &text,
		.stdout_limit_bytes = 6,
		.keep_bytes = 100,
	};
	struct oi_run_result result = { 0 };
	struct seen seen = { 0 };
	struct oi_err err = { 0 };

	(void)state;
	assert_int_equal(run("apart", NULL, &options, &seen, &result, &err), 0);
	assert_string_equal(oi_buf_str(&text), "to std");
	assert_int_equal(seen.lines.n, 1);
	assert_string_equal(seen.lines.v[0], "to stderr");
	assert_string_equal(oi_buf_str(&result.tail), "to stderr\n");
	oi_buf_clear(&text);
	clear(&seen, &result);
}

static void test_flood(void **state)
{
	struct oi_run_options options = { .keep_bytes = 1000 };
	struct oi_run_result result = { 0 };
	struct seen seen = { .count_only = true };
	struct oi_err err = { 0 };

	(void)state;
	assert_int_equal(run("flood", NULL, &options, &seen, &result, &err), 0);
	assert_int_equal(seen.bytes, 100u << 20);
	assert_int_equal(result.tail.len, 1000);
	clear(&seen, &result);
}

static void test_endless(void **state)
{
	struct oi_run_options options = { .deadline_ms = oi_clock_ms() + BEGINS_MS };
	struct oi_run_result result = { 0 };
	struct seen seen = { .count_only = true };
	struct oi_err err = { 0 };

	(void)state;
	assert_int_equal(run("endless", NULL, &options, &seen, &result, &err), -1);
	assert_int_equal(result.end, OI_RUN_TIMED_OUT);
	assert_true(seen.n > 0);
	clear(&seen, &result);
}

static void test_long_line(void **state)
{
	struct oi_run_options options = { 0 };
	struct oi_run_result result = { 0 };
	struct seen seen = { 0 };
	struct oi_err err = { 0 };

	(void)state;
	assert_int_equal(run("long-line", NULL, &options, &seen, &result, &err), 0);
	assert_int_equal(seen.n, (1 << 20) / OI_RUN_LINE_BYTES);
	assert_int_equal(seen.bytes, 1 << 20);
	clear(&seen, &result);
}

static void test_tail(void **state)
{
	struct oi_run_options options = { .keep_bytes = 20 };
	struct oi_run_result result = { 0 };
	struct seen seen = { .count_only = true };
	struct oi_err err = { 0 };

	(void)state;
	assert_int_equal(run("tail", NULL, &options, &seen, &result, &err), 0);
	assert_int_equal(seen.n, 5000);
	assert_string_equal(oi_buf_str(&result.tail), "line 4999\nline 5000\n");
	clear(&seen, &result);
}

static void test_hangs(void **state)
{
	static const char *const ways[] = { "close-and-hang", "stopped" };

	(void)state;
	for (size_t i = 0; i < OI_ARRAY_SIZE(ways); i++) {
		struct oi_run_options options = { .deadline_ms = oi_clock_ms() + SHORT_MS };
		struct oi_run_result result = { 0 };
		struct seen seen = { 0 };
		struct oi_err err = { 0 };

		assert_int_equal(run(ways[i], NULL, &options, &seen, &result, &err), -1);
		assert_int_equal(result.end, OI_RUN_TIMED_OUT);
		assert_int_equal(err.code, OI_R_CHILD_TIMEOUT);
		clear(&seen, &result);
	}
}

static void test_ignores_sigterm(void **state)
{
	struct oi_run_options options = { .deadline_ms = oi_clock_ms() + BEGINS_MS };
	struct oi_run_result result = { 0 };
	struct seen seen = { 0 };
	struct oi_err err = { 0 };

	(void)state;
	assert_int_equal(run("stubborn", NULL, &options, &seen, &result, &err), -1);
	assert_int_equal(result.end, OI_RUN_TIMED_OUT);
	assert_true(oi_strv_has(&seen.lines, "ready"));
	clear(&seen, &result);
}

static void test_forks_away(void **state)
{
	static const char *const ways[] = { "fork-away", "fork-stubborn" };
	OI_FREE char *path = oi_mem_printf("%s/pid", scratch);
	pid_t mine = fork(); /* one of ours that is none of the child's: it must survive */

	(void)state;
	if (!mine) {
		pause();
		_exit(0);
	}
	for (size_t i = 0; i < OI_ARRAY_SIZE(ways); i++) {
		struct oi_run_options options = { 0 };
		struct oi_run_result result = { 0 };
		struct seen seen = { 0 };
		struct oi_err err = { 0 };
		pid_t away;

		unlink(path);
		assert_int_equal(run(ways[i], path, &options, &seen, &result, &err), 0);
		assert_int_equal(result.end, OI_RUN_EXITED);
		away = pid_in(path);
		assert_true(away > 0);
		assert_false(alive(away));
		clear(&seen, &result);
	}
	assert_true(alive(mine));
	kill(mine, SIGKILL);
	assert_int_equal(waitpid(mine, NULL, 0), mine);
}

static void test_how_it_ended(void **state)
{
	struct oi_run_options options = { 0 };
	struct oi_run_result result = { 0 };
	struct seen seen = { 0 };
	struct oi_err err = { 0 };

	(void)state;
	assert_int_equal(run("signal", NULL, &options, &seen, &result, &err), -1);
	assert_int_equal(result.end, OI_RUN_KILLED);
	assert_int_equal(result.signal, SIGSEGV);
	assert_int_equal(err.code, OI_R_CHILD_FAILED);
	assert_non_null(strstr(err.text, "signal 11"));
	clear(&seen, &result);
	assert_int_equal(run("exit", "42", &options, &seen, &result, &err), -1);
	assert_int_equal(result.end, OI_RUN_EXITED);
	assert_int_equal(result.status, 42);
	assert_int_equal(err.code, OI_R_CHILD_FAILED);
	assert_non_null(strstr(err.text, "exit status 42"));
	clear(&seen, &result);
}

static void test_missing_program(void **state)
{
	char name[] = "/nonexistent/program";
	char folder[] = "/";
	char *missing[] = { name, NULL };
	char *no_program[] = { folder, NULL };
	struct oi_run_options options = { .deadline_ms = oi_clock_ms() + LONG_MS };
	struct oi_run_result result = { 0 };
	struct oi_err err = { 0 };

	(void)state;
	assert_int_equal(oi_run(missing, &options, &result, &err), -1);
	assert_int_equal(result.end, OI_RUN_NEVER_STARTED);
	assert_int_equal(err.code, OI_R_TOOL_MISSING);
	assert_non_null(strstr(err.text, name));
	oi_run_result_clear(&result);
	assert_int_equal(oi_run(no_program, &options, &result, &err), -1);
	assert_int_equal(result.end, OI_RUN_NEVER_STARTED);
	assert_int_equal(err.code, OI_R_CHILD_FAILED);
	oi_run_result_clear(&result);
}

static volatile sig_atomic_t caught;

static void note_signal(int sig)
{
	caught = sig;
}

static void test_we_are_ended(void **state)
{
	struct sigaction noting = { .sa_handler = note_signal };
	struct sigaction before;
	struct oi_run_options options = { 0 };
	struct oi_run_result result = { 0 };
	struct seen seen = { 0 };
	struct oi_err err = { 0 };

	(void)state;
	sigaction(SIGTERM, &noting, &before);
	assert_int_equal(run("interrupt", NULL, &options, &seen, &result, &err), -1);
	sigaction(SIGTERM, &before, NULL);
	assert_int_equal(err.code, OI_R_INTERRUPTED);
	assert_int_equal(result.end, OI_RUN_KILLED);
	assert_int_equal(caught, SIGTERM); /* and it is still ours to hear */
	clear(&seen, &result);
}

/* nohup, and a terminal that goes: blocked for the child's sake it must not become heard. */
static void test_ignored_signals_stay_ignored(void **state)
{
	struct sigaction ignoring = { .sa_handler = SIG_IGN };
	struct sigaction before;
	struct oi_run_options options = { 0 };
	struct oi_run_result result = { 0 };
	struct seen seen = { 0 };
	struct oi_err err = { 0 };
	int ret;

	(void)state;
	sigaction(SIGHUP, &ignoring, &before);
	ret = run("hang-up", NULL, &options, &seen, &result, &err);
	sigaction(SIGHUP, &before, NULL);
	if (ret)
		fail_msg("%s", err.text);
	assert_int_equal(seen.n, 1); /* it came to its end */
	clear(&seen, &result);
}

/* Makes this process one on an older kernel: what came with 5.3 and later is not there. */
static int forget_new_calls(void)
{
#define NOT_THERE(nr)                                              \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1),           \
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		NOT_THERE(434), /* pidfd_open */
		NOT_THERE(436), /* close_range */
		NOT_THERE(437), /* openat2 */
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = OI_ARRAY_SIZE(code), .filter = code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* How far it came on the older kernel: 0 is to the end. */
static int run_on_old_kernel(void)
{
	struct oi_run_options options = { 0 };
	struct oi_run_result result = { 0 };
	struct seen seen = { 0 };
	struct oi_err err = { 0 };
	int leak;

	if (forget_new_calls())
		return 1;
	if (run("talk", NULL, &options, &seen, &result, &err) || seen.lines.n != 7)
		return 2;
	clear(&seen, &result);
	leak = open("/dev/null", O_RDONLY);
	if (leak < 0 || run("descriptors", NULL, &options, &seen, &result, &err) ||
	    strcmp(seen.lines.v[0], "0  1  2  3") != 0)
		return 3;
	clear(&seen, &result);
	options.deadline_ms = oi_clock_ms() + SHORT_MS;
	if (!run("close-and-hang", NULL, &options, &seen, &result, &err) ||
	    result.end != OI_RUN_TIMED_OUT)
		return 4;
	clear(&seen, &result);
	return 0;
}

static void test_old_kernel(void **state)
{
	pid_t pid = fork();
	int status = 0;

	(void)state;
	if (!pid)
		_exit(run_on_old_kernel());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- when we are killed --- */

/* Starts a run in a process of its own, which is killed when @file is there. */
static void run_and_be_killed(const char *way, const char *file, int64_t deadline_ms)
{
	struct oi_run_options options = { .deadline_ms = deadline_ms };
	struct oi_run_result result = { 0 };
	struct seen seen = { 0 };
	struct oi_err err = { 0 };
	pid_t pid = fork();

	if (!pid)
		_exit(run(way, file, &options, &seen, &result, &err) ? 1 : 0);
	for (int64_t until_ms = oi_clock_ms() + LONG_MS;
	     access(file, F_OK) && oi_clock_left_ms(until_ms);)
		usleep(1000);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* As long as it takes, but for a test that has failed. */
static bool becomes(const char *file, const char *word)
{
	int64_t until_ms = oi_clock_ms() + LONG_MS;

	while (oi_clock_left_ms(until_ms)) {
		char text[32] = "";
		FILE *f = fopen(file, "re");

		if (f && fgets(text, sizeof(text), f) && !strcmp(text, word))
			until_ms = 0;
		if (f)
			fclose(f);
		if (!until_ms)
			return true;
		usleep(1000);
	}
	return false;
}

/* It writes more than a pipe holds after that, and comes to its end all the same. */
static void test_killed_child_finishes(void **state)
{
	OI_FREE char *file = oi_mem_printf("%s/finish", scratch);

	(void)state;
	run_and_be_killed("finish", file, oi_clock_ms() + LONG_MS);
	assert_true(becomes(file, "to its end"));
	unlink(file);
}

/* The deadline holds without us too. */
static void test_killed_child_is_ended(void **state)
{
	OI_FREE char *file = oi_mem_printf("%s/stubborn", scratch);
	int64_t until_ms = oi_clock_ms() + LONG_MS;
	pid_t pid;

	(void)state;
	run_and_be_killed("stubborn-file", file, oi_clock_ms() + BEGINS_MS);
	pid = pid_in(file);
	while (alive(pid) && oi_clock_left_ms(until_ms))
		usleep(1000);
	assert_false(alive(pid));
	unlink(file);
}

/* The lock is held until what a killed run has started has ended; a living one is not waited for. */
static void test_lock_after_a_killed_run(void **state)
{
	const struct oi_log log = { 0 };
	OI_FREE char *file = oi_mem_printf("%s/holding", scratch);
	struct oi_root root;
	struct oi_lock lock = { -1 };
	struct oi_err err = { 0 };
	pid_t pid;

	(void)state;
	assert_int_equal(oi_root_open(scratch, &root, &err), 0);
	pid = fork();
	if (!pid) {
		if (oi_lock_take(&root, "/lock", &lock, &err))
			_exit(1);
		run_and_be_killed("finish", file, oi_clock_ms() + LONG_MS);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(oi_lock_alive(&root, "/lock")); /* held, but by nobody who comes to an end of ours */
	assert_int_equal(oi_lock_take_after(&root, "/lock", oi_clock_ms() + LONG_MS, &log, &lock, &err),
			 0);
	assert_true(becomes(file, "to its end"));
	assert_true(oi_lock_alive(&root, "/lock"));
	oi_lock_drop(&lock);
	unlink(file);

	assert_int_equal(oi_lock_take(&root, "/lock", &lock, &err), 0);
	{
		struct oi_lock second = { -1 };

		assert_int_equal(oi_lock_take_after(&root, "/lock", oi_clock_ms() + LONG_MS, &log,
						    &second, &err), 1);
	}
	assert_int_equal(err.code, OI_R_RUNNING);
	oi_lock_drop(&lock);
	oi_root_close(&root);
	/* We are whom they were left to; and this ends, since all of them do. */
	while (waitpid(-1, NULL, 0) > 0)
		continue;
}

static void test_no_zombie_left(void **state)
{
	(void)state;
	errno = 0;
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* --- locks --- */

static void test_lock(void **state)
{
	struct oi_root root;
	struct oi_lock one = { -1 }, two = { -1 };
	struct oi_err err = { 0 };
	OI_FREE char *pid = oi_mem_printf("process %ld ", (long)getpid());

	(void)state;
	assert_int_equal(oi_root_open(scratch, &root, &err), 0);
	assert_false(oi_lock_alive(&root, OI_LOCK_PATH));
	assert_int_equal(oi_lock_take(&root, OI_LOCK_PATH, &one, &err), 0);
	assert_true(one.fd >= 0);
	assert_true(oi_lock_alive(&root, OI_LOCK_PATH));
	assert_int_equal(oi_lock_take(&root, OI_LOCK_PATH, &two, &err), 1);
	assert_int_equal(err.code, OI_R_RUNNING);
	assert_non_null(strstr(err.text, pid));
	assert_non_null(strstr(err.text, "test_run")); /* our own command line */
	assert_int_equal(two.fd, -1);
	oi_lock_drop(&one);
	assert_false(oi_lock_alive(&root, OI_LOCK_PATH)); /* our pid is still in it, and we live */
	assert_int_equal(oi_lock_take(&root, OI_LOCK_PATH, &two, &err), 0);
	oi_lock_drop(&two);
	oi_lock_drop(&two);
	oi_root_close(&root);
}

/* apt, dpkg and rpm lock with fcntl(2), tdnf with flock(2). */
static int take(int fd, bool with_flock)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return with_flock ? flock(fd, LOCK_EX | LOCK_NB) : fcntl(fd, F_SETLK, &lock);
}

static void look_for_holder(bool with_flock)
{
	struct oi_root root;
	struct oi_err err = { 0 };
	OI_FREE char *command = NULL;
	pid_t holder;
	pid_t pid;
	int ready[2];
	char c;

	assert_int_equal(oi_root_open(scratch, &root, &err), 0);
	assert_int_equal(oi_root_remove(&root, "/dpkg", &err), 0);
	assert_int_equal(oi_lock_holder(&root, "/dpkg/lock-frontend", &pid, &command, &err), 1);
	assert_int_equal(oi_root_write(&root, "/dpkg/lock-frontend", 0640, "", 0, &err), 0);
	assert_int_equal(oi_lock_holder(&root, "/dpkg/lock-frontend", &pid, &command, &err), 1);
	assert_int_equal(pipe(ready), 0);
	holder = fork();
	if (!holder) {
		int fd = oi_root_openat(&root, "/dpkg/lock-frontend", O_RDWR, 0);

		if (fd < 0 || take(fd, with_flock) || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(oi_lock_holder(&root, "/dpkg/lock-frontend", &pid, &command, &err), 0);
	assert_int_equal(pid, holder);
	assert_non_null(command);
	assert_non_null(strstr(command, "test_run"));
	kill(holder, SIGKILL);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	close(ready[0]);
	close(ready[1]);
	oi_root_close(&root);
}

static void test_lock_holder(void **state)
{
	(void)state;
	look_for_holder(false);
	look_for_holder(true);
}

static void test_tools(void **state)
{
	struct oi_tools tools;

	(void)state;
	oi_tools_find(&tools);
	for (int t = 0; t < OI_TOOL_COUNT; t++) {
		assert_non_null(oi_tools_name((enum oi_tool)t));
		assert_true(!tools.path[t] || tools.path[t][0] == '/');
	}
	assert_string_equal(oi_tools_name(OI_TOOL_MODPROBE), "modprobe");
}

static int set_up(void **state)
{
	const char *top = getenv("TOP_SRCDIR");
	char name[] = "/tmp/ofed-init-run-XXXXXX";

	(void)state;
	bad_child = oi_mem_printf("%s/tests/fakebin/child", top ? top : ".");
	scratch = oi_mem_dup(mkdtemp(name));
	return !scratch || access(bad_child, X_OK);
}

static int tear_down(void **state)
{
	struct oi_root root;
	struct oi_err err;
	OI_FREE char *name = oi_mem_dup(strrchr(scratch, '/') + 1);

	(void)state;
	free(bad_child);
	free(scratch);
	if (oi_root_open("/tmp", &root, &err) || oi_root_remove(&root, name, &err))
		return -1;
	oi_root_close(&root);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_env),
		cmocka_unit_test(test_stdin_is_empty),
		cmocka_unit_test(test_no_terminal),
		cmocka_unit_test(test_signals_are_reset),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_request_and_answer),
		cmocka_unit_test(test_stdout_apart),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_tail),
		cmocka_unit_test(test_hangs),
		cmocka_unit_test(test_ignores_sigterm),
		cmocka_unit_test(test_forks_away),
		cmocka_unit_test(test_how_it_ended),
		cmocka_unit_test(test_missing_program),
		cmocka_unit_test(test_we_are_ended),
		cmocka_unit_test(test_ignored_signals_stay_ignored),
		cmocka_unit_test(test_old_kernel),
		cmocka_unit_test(test_killed_child_finishes),
		cmocka_unit_test(test_killed_child_is_ended),
		cmocka_unit_test(test_lock_after_a_killed_run),
		cmocka_unit_test(test_no_zombie_left),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_lock_holder),
		cmocka_unit_test(test_tools),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
