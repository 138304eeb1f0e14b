/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child gets a session of its own: no terminal to ask on, and one group to
 * end. What it leaves behind is adopted (we are a subreaper), so that a
 * program that forks away is found and ended too.
 */
#include "sys/run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/reasons.h"
#include "sys/clock.h"
#include "sys/subreaper.h"
#include "sys/supervisor.h"
#include "sys/child_output.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* the same on every architecture; since Linux 5.3 */
#endif
#ifndef SYS_close_range
#define SYS_close_range 436 /* since Linux 5.9 */
#endif
#define CLOEXEC_FLAG 4u /* CLOSE_RANGE_CLOEXEC, since Linux 5.11 */

/*
 * After a child has ended, a grandchild may keep its output open. What was
 * still on its way is there at once; two seconds allow for one that is about
 * to end by itself, such as the last process of a pipeline.
 */
#define OI_RUN_DRAIN_MS 2000

/* How often to look when the kernel cannot tell: no pidfd, or waiting for adopted ones. */
#define LOOK_MS 20

/* SIGKILL is not obeyed while in a system call that hangs; then we go on without it. */
#define UNKILLABLE_MS 2000

#define FIRST_FREE_FD 6 /* 0 to 5 have a meaning for the child */

static const char *const fixed_env[] = {
	"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
	"LC_ALL=C", /* what we read must not be translated */
	"LANG=C",
	"HOME=/root",
	"DEBIAN_FRONTEND=noninteractive",
	"DEBCONF_NONINTERACTIVE_SEEN=true",
	"DEBIAN_PRIORITY=critical",
	"NEEDRESTART_MODE=l", /* list, restart nothing: Ubuntu's hook asks otherwise */
	"NEEDRESTART_SUSPEND=1",
	"UCF_FORCE_CONFFOLD=1", /* ucf's way of keeping the user's file */
};

enum { OUT, ERR, ANSWER, N_STREAMS };

enum phase {
	RUNNING,
	DRAINING, /* it has ended; its output may not have */
	CLEARING, /* only what it left behind is still there */
	DONE,
};

struct child {
	pid_t pid;
	int pidfd; /* -1: this kernel has none */
	int sigfd;
	enum phase phase;
	bool asked; /* to end, with SIGTERM */
	bool forced; /* with SIGKILL */
	bool timed_out;
	int caught; /* a signal that ends us; 0: none */
	int64_t next_ms; /* when the phase, or the patience, is over */
	struct oi_subreaper family;
	struct oi_supervisor keeper;
	struct oi_child_output streams[N_STREAMS];
};

/* --- the child's side, between fork and exec --- */

struct fds {
	int at[FIRST_FREE_FD]; /* what becomes 0 to 5; -1: closed */
	int report; /* errno goes here when exec fails; closed by exec */
};

static void close_the_rest_on_exec(void)
{
	DIR *dir;

	if (!syscall(SYS_close_range, (unsigned int)FIRST_FREE_FD, ~0u, CLOEXEC_FLAG))
		return;
	dir = opendir("/proc/self/fd");
	if (!dir)
		return; /* ours are all opened with O_CLOEXEC; this is the belt to it */
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		int fd = (int)strtol(e->d_name, NULL, 10); /* "." and ".." are 0 */

		if (fd >= FIRST_FREE_FD && fcntl(fd, F_SETFD, FD_CLOEXEC))
			continue; /* the listing's own, gone by now */
	}
	closedir(dir);
}

static int place_fds(struct fds *fds)
{
	/* First out of the way: a source may stand where another one is to go. */
	for (int i = 0; i < FIRST_FREE_FD; i++) {
		if (fds->at[i] < 0)
			continue;
		fds->at[i] = fcntl(fds->at[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
		if (fds->at[i] < 0)
			return -1;
	}
	for (int i = 0; i < FIRST_FREE_FD; i++) {
		if (fds->at[i] < 0)
			close(i);
		else if (dup2(fds->at[i], i) < 0)
			return -1;
	}
	close_the_rest_on_exec();
	return 0;
}

_Noreturn static void become(char *const argv[], char *const envp[], struct fds *fds)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t none;
	int cause;

	fds->report = fcntl(fds->report, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	setsid();
	for (int s = 1; s < NSIG; s++)
		sigaction(s, &standard, NULL); /* fails for KILL, STOP and libc's own */
	umask(022);
	if (!chdir("/") && !place_fds(fds)) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execve(argv[0], argv, envp);
	}
	cause = errno;
	if (write(fds->report, &cause, sizeof(cause)) != (ssize_t)sizeof(cause))
		_exit(126);
	_exit(127);
}

/* --- starting --- */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int open_pipe(int *theirs, int *ours)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	*ours = ends[0];
	*theirs = ends[1];
	return fcntl(*ours, F_SETFL, O_NONBLOCK);
}

/* A file and not a pipe: any length, and nobody waits for a child that does not read. */
static int open_request(const char *request, int *theirs)
{
	size_t len = strlen(request);
	size_t done = 0;

	*theirs = memfd_create("request", MFD_CLOEXEC);
	if (*theirs < 0)
		return -1;
	while (done < len) {
		ssize_t n = pwrite(*theirs, request + done, len - done, (off_t)done);

		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

static int open_fds(const struct oi_run_options *options, struct child *child, struct fds *fds)
{
	bool apart = options->quiet_stdout || options->stdout_text;

	fds->at[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fds->at[0] < 0)
		return -1;
	/* One pipe for both keeps their lines in the order they were written in. */
	if (open_pipe(&fds->at[1], &child->streams[OUT].fd))
		return -1;
	if (apart && open_pipe(&fds->at[2], &child->streams[ERR].fd))
		return -1;
	if (!apart) {
		fds->at[2] = fcntl(fds->at[1], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
		if (fds->at[2] < 0)
			return -1;
	}
	if (options->request && open_request(options->request, &fds->at[3]))
		return -1;
	if (options->on_answer && open_pipe(&fds->at[4], &child->streams[ANSWER].fd))
		return -1;
	if (options->dir_fd > 0) {
		fds->at[5] = fcntl(options->dir_fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
		if (fds->at[5] < 0)
			return -1;
	}
	return 0;
}

static void set_streams(const struct oi_run_options *options, struct oi_run_result *result,
			struct child *child)
{
	struct oi_child_output *out = &child->streams[OUT];
	struct oi_child_output *err = &child->streams[ERR];
	struct oi_child_output *answer = &child->streams[ANSWER];

	for (int i = 0; i < N_STREAMS; i++)
		child->streams[i].fd = -1;
	err->each = options->on_line;
	err->data = options->data;
	err->tail = &result->tail;
	err->keep_bytes = options->keep_bytes;
	if (!options->quiet_stdout) {
		out->each = options->on_line;
		out->data = options->data;
		out->tail = &result->tail;
		out->keep_bytes = options->keep_bytes;
	}
	out->text = options->stdout_text;
	out->limit_bytes = options->stdout_limit_bytes;
	answer->each = options->on_answer;
	answer->data = options->data;
}

/* Waits for exec: then the child is the program, or has said why it is not. */
static int exec_error(int report)
{
	int cause = 0;
	ssize_t len;

	do
		len = read(report, &cause, sizeof(cause));
	while (len < 0 && errno == EINTR);
	return len == (ssize_t)sizeof(cause) ? cause : 0;
}

static int never_started(char *const argv[], int cause, struct oi_run_result *result,
			 struct oi_err *err)
{
	result->end = OI_RUN_NEVER_STARTED;
	return oi_err_set(err, cause == ENOENT ? OI_R_TOOL_MISSING : OI_R_CHILD_FAILED,
			  "start %s: %s", argv[0], strerror(cause));
}

/* Does @more say the same variable: then that counts, since a program takes the first or the last. */
static bool is_replaced(const char *fixed, const struct oi_strv *more)
{
	size_t len = strcspn(fixed, "=") + 1;

	for (size_t i = 0; more && i < more->n; i++)
		if (!strncmp(more->v[i], fixed, len))
			return true;
	return false;
}

static char **make_env(const struct oi_strv *more, size_t *n)
{
	size_t n_more = more ? more->n : 0;
	char **env = oi_mem_zalloc(OI_ARRAY_SIZE(fixed_env) + n_more + 1, sizeof(*env));

	for (size_t i = 0; i < OI_ARRAY_SIZE(fixed_env); i++)
		if (!is_replaced(fixed_env[i], more))
			env[(*n)++] = oi_mem_dup(fixed_env[i]);
	for (size_t i = 0; i < n_more; i++)
		env[(*n)++] = oi_mem_dup(more->v[i]);
	return env;
}

/* Before the family begins, to which it does not belong. */
static void start_keeper(struct child *child, const struct fds *fds, int report,
			 int64_t deadline_ms)
{
	int read_ends[N_STREAMS];
	int close_ends[FIRST_FREE_FD + 2];

	for (int i = 0; i < N_STREAMS; i++)
		read_ends[i] = child->streams[i].fd;
	memcpy(close_ends, fds->at, sizeof(fds->at));
	close_ends[FIRST_FREE_FD] = fds->report;
	close_ends[FIRST_FREE_FD + 1] = report;
	oi_supervisor_start(&child->keeper, read_ends, N_STREAMS, close_ends, FIRST_FREE_FD + 2,
			deadline_ms);
}

static int start(char *const argv[], const struct oi_run_options *options, struct child *child,
		 struct oi_run_result *result, struct oi_err *err)
{
	struct fds fds = { .at = { -1, -1, -1, -1, -1, -1 }, .report = -1 };
	int report = -1;
	size_t n_env = 0;
	char **env = make_env(options->env, &n_env);
	int cause = 0;

	if (open_fds(options, child, &fds) || open_pipe(&fds.report, &report) ||
	    fcntl(report, F_SETFL, 0)) {
		cause = errno;
	} else {
		start_keeper(child, &fds, report, options->deadline_ms);
		oi_subreaper_begin(&child->family);
		child->pid = fork();
		if (child->pid < 0)
			cause = errno;
		if (!child->pid) {
			oi_supervisor_tell(&child->keeper);
			become(argv, env, &fds);
		}
	}
	for (int i = 0; i < FIRST_FREE_FD; i++)
		close_fd(&fds.at[i]);
	close_fd(&fds.report);
	for (size_t i = 0; i < n_env; i++)
		free(env[i]);
	free(env);
	if (!cause) {
		cause = exec_error(report);
		if (cause)
			waitpid(child->pid, NULL, 0);
	}
	close_fd(&report);
	if (cause)
		return never_started(argv, cause, result, err);
	child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	return 0;
}

static void end_all(struct child *child, int sig)
{
	/* The group cannot be another's yet: its leader is not reaped before the end. */
	kill(-child->pid, sig);
	kill(-child->pid, SIGCONT); /* a stopped one hears nothing but SIGKILL */
	oi_subreaper_left(&child->family, child->pid, sig);
}

/* --- the loop --- */

static bool has_ended(const struct child *child)
{
	siginfo_t info = { 0 };

	return !waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) &&
		info.si_pid == child->pid;
}

static bool output_open(const struct child *child)
{
	for (int i = 0; i < N_STREAMS; i++)
		if (child->streams[i].fd >= 0)
			return true;
	return false;
}

static void ask_to_end(struct child *child)
{
	child->asked = true;
	child->next_ms = oi_clock_ms() + OI_RUN_GRACE_MS;
	end_all(child, SIGTERM);
}

static void force_to_end(struct child *child)
{
	child->forced = true;
	child->next_ms = oi_clock_ms() + UNKILLABLE_MS;
	end_all(child, SIGKILL);
}

static void step_running(struct child *child, int64_t deadline_ms)
{
	int64_t now_ms = oi_clock_ms();

	if (has_ended(child)) {
		child->phase = DRAINING;
		if (!child->asked)
			child->next_ms = now_ms + OI_RUN_DRAIN_MS;
		return;
	}
	if (!child->asked && (now_ms >= deadline_ms || child->caught)) {
		child->timed_out = !child->caught;
		ask_to_end(child);
	} else if (child->asked && !child->forced && now_ms >= child->next_ms) {
		force_to_end(child);
	} else if (child->forced && now_ms >= child->next_ms) {
		child->phase = DONE; /* unkillable: init will have it one day */
	}
}

static void step_draining(struct child *child)
{
	if (!output_open(child) || oi_clock_ms() >= child->next_ms || child->caught)
		child->phase = CLEARING;
}

static void step_clearing(struct child *child)
{
	int64_t now_ms = oi_clock_ms();

	int sig = child->forced ? SIGKILL : child->asked ? SIGTERM : 0;

	/* It may go on adopting for a while: parents end before their children. */
	if (!oi_subreaper_left(&child->family, child->pid, sig) ||
	    (child->forced && now_ms >= child->next_ms)) {
		child->phase = DONE;
		return;
	}
	if (!child->asked)
		ask_to_end(child);
	else if (!child->forced && now_ms >= child->next_ms)
		force_to_end(child);
}

static int wait_ms(const struct child *child, int64_t deadline_ms)
{
	int64_t until_ms = deadline_ms;
	int64_t left_ms;

	if (child->asked || child->phase != RUNNING)
		until_ms = child->next_ms;
	left_ms = oi_clock_left_ms(until_ms);
	if ((child->pidfd < 0 || child->phase == CLEARING) && left_ms > LOOK_MS)
		left_ms = LOOK_MS;
	/* Rounding must not make a busy loop of the last millisecond; an hour is no limit. */
	return left_ms < 1 ? 1 : left_ms > 3600000 ? 3600000 : (int)left_ms;
}

static void wait_for_news(struct child *child, int64_t deadline_ms)
{
	struct pollfd fds[N_STREAMS + 2];
	int n = N_STREAMS;

	for (int i = 0; i < N_STREAMS; i++)
		fds[i] = (struct pollfd){ .fd = child->streams[i].fd, .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = child->caught ? -1 : child->sigfd, .events = POLLIN };
	if (child->phase == RUNNING && child->pidfd >= 0)
		fds[n++] = (struct pollfd){ .fd = child->pidfd, .events = POLLIN };
	if (poll(fds, (nfds_t)n, wait_ms(child, deadline_ms)) <= 0)
		return;
	for (int i = 0; i < N_STREAMS; i++)
		if (fds[i].revents)
			oi_child_output_read(&child->streams[i]);
	if (fds[N_STREAMS].revents) {
		struct signalfd_siginfo info;

		if (read(child->sigfd, &info, sizeof(info)) == (ssize_t)sizeof(info))
			child->caught = (int)info.ssi_signo;
	}
}

static void attend(struct child *child, int64_t deadline_ms)
{
	while (child->phase != DONE) {
		wait_for_news(child, deadline_ms);
		/* One after the other and not else: nothing new may come to wake us up. */
		if (child->phase == RUNNING)
			step_running(child, deadline_ms);
		if (child->phase == DRAINING)
			step_draining(child);
		if (child->phase == CLEARING)
			step_clearing(child);
	}
	for (int i = 0; i < N_STREAMS; i++)
		oi_child_output_end(&child->streams[i]);
}

static int judge_end(char *const argv[], struct child *child, struct oi_run_result *result,
		 struct oi_err *err)
{
	int status = 0;

	if (waitpid(child->pid, &status, WNOHANG) != child->pid)
		status = SIGKILL; /* sent, and not obeyed */
	if (child->timed_out) {
		result->end = OI_RUN_TIMED_OUT;
		return oi_err_set(err, OI_R_CHILD_TIMEOUT, "%s: out of time after %lld s, stopped",
				  argv[0], (long long)(result->took_ms / 1000));
	}
	if (WIFSIGNALED(status)) {
		result->end = OI_RUN_KILLED;
		result->signal = WTERMSIG(status);
		return oi_err_set(err, OI_R_CHILD_FAILED, "%s: ended by signal %d (%s)", argv[0],
				  result->signal, strsignal(result->signal));
	}
	result->end = OI_RUN_EXITED;
	result->status = WEXITSTATUS(status);
	if (!result->status)
		return 0;
	return oi_err_set(err, OI_R_CHILD_FAILED, "%s: exit status %d", argv[0], result->status);
}

/*
 * What is meant to end us must end the child first: it has a session of its
 * own, and half of a dpkg run that goes on writing to a closed pipe helps nobody.
 */
static int open_signals(sigset_t *before)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction now;
	sigset_t ending;

	sigemptyset(&ending);
	/* Not what is ignored, as by nohup: blocked, it would come to us all the same. */
	for (size_t i = 0; i < OI_ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], NULL, &now) || now.sa_handler != SIG_IGN)
			sigaddset(&ending, signals[i]);
	sigprocmask(SIG_BLOCK, &ending, before);
	return signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
}

int oi_run(char *const argv[], const struct oi_run_options *options,
	   struct oi_run_result *result, struct oi_err *err)
{
	struct child *child = oi_mem_zalloc(1, sizeof(*child));
	int64_t started_ms = oi_clock_ms();
	sigset_t before;
	int caught;
	int ret;

	child->pid = -1;
	child->pidfd = -1;
	set_streams(options, result, child);
	child->keeper = (struct oi_supervisor){ .pid = -1, .fd = -1 };
	child->sigfd = open_signals(&before);
	ret = start(argv, options, child, result, err);
	if (!ret)
		attend(child, options->deadline_ms);
	result->took_ms = oi_clock_ms() - started_ms;
	if (!ret)
		ret = judge_end(argv, child, result, err);
	for (int i = 0; i < N_STREAMS; i++)
		close_fd(&child->streams[i].fd);
	oi_supervisor_end(&child->keeper);
	close_fd(&child->pidfd);
	close_fd(&child->sigfd);
	if (result->tail.len > options->keep_bytes)
		oi_buf_drop(&result->tail, result->tail.len - options->keep_bytes);
	caught = child->caught;
	free(child);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (caught) {
		ret = oi_err_set(err, OI_R_INTERRUPTED, "%s: stopped, since we got signal %d (%s)",
				 argv[0], caught, strsignal(caught));
		raise(caught); /* now as if it came this moment: what main wants of it happens */
	}
	return ret;
}

void oi_run_result_clear(struct oi_run_result *result)
{
	oi_buf_clear(&result->tail);
	memset(result, 0, sizeof(*result));
}
