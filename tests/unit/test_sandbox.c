/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sandbox of ofed-fetch: each attempt is made in a child that has entered it, with the
 * same objects that the program links. What must work is tried too, or a sandbox that
 * refuses everything would pass.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "fetch/protocol.h"
#include "fetch/sandbox.h"
#include "tree.h"

/* What a child's exit status says besides an errno; errnos of interest are below 128. */
#define WORKED 0
#define NOT_LIMITED 200 /* this kernel has no Landlock, or no filters */
#define NOT_ENTERED 201
#define KILLED 202

#define UNSPECIFIED 65534 /* "nobody" everywhere */

struct place {
	struct tree tree;
	int dir_fd; /* of staging */
	char *outside; /* a file that is not in it */
	char *staged;
	pid_t parent;
};

static int setup(void **state)
{
	struct place *p = oi_mem_zalloc(1, sizeof(*p));

	tree_make(&p->tree);
	tree_put(&p->tree, "/staging/in", "in");
	tree_put(&p->tree, "/outside", "out");
	tree_put(&p->tree, "/named", "named");
	p->outside = tree_name(&p->tree, "/outside");
	p->staged = tree_name(&p->tree, "/staging/in");
	p->dir_fd = oi_root_openat(&p->tree.root, "/staging", O_RDONLY | O_DIRECTORY, 0);
	tree_need(p->dir_fd >= 0, "staging");
	p->parent = getpid();
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	close(p->dir_fd);
	free(p->outside);
	free(p->staged);
	tree_drop(&p->tree);
	free(p);
	return 0;
}

/* Answers 0 or an errno; runs in the sandbox. */
typedef int attempt(struct place *p);

static int answer(long ret)
{
	return ret < 0 ? errno : WORKED;
}

static void child(struct place *p, attempt *try, bool confined)
{
	OI_FREE char *url = oi_mem_printf("file://%s/named", p->tree.top);
	struct oi_fetch_request request = { .op = OI_FETCH_DOWNLOAD };
	const char *no_calls = NULL;
	struct oi_err err;

	oi_strv_add(&request.urls, url);
	if (oi_sandbox_enter(&no_calls, &err)) {
		fprintf(stderr, "%s\n", err.text);
		_exit(NOT_ENTERED);
	}
	if (no_calls || (confined && oi_sandbox_confine(&request, p->dir_fd)))
		_exit(NOT_LIMITED);
	oi_fetch_request_clear(&request);
	_exit(try(p));
}

static int in_sandbox(struct place *p, attempt *try, bool confined)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	tree_need(pid >= 0, "fork");
	if (!pid)
		child(p, try, confined);
	tree_need(waitpid(pid, &status, 0) == pid, "waitpid");
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		return KILLED;
	tree_need(WIFEXITED(status), "the child was killed by something else");
	return WEXITSTATUS(status);
}

static int tried(struct place *p, attempt *try, bool confined)
{
	int ret = in_sandbox(p, try, confined);

	assert_int_not_equal(ret, NOT_ENTERED);
	if (ret == NOT_LIMITED) {
		print_message("this kernel lacks it, nothing is tested\n");
		skip();
	}
	return ret;
}

static int calls(void **state, attempt *try)
{
	return tried(*state, try, false);
}

static int files(void **state, attempt *try)
{
	return tried(*state, try, true);
}

/* --- what a download needs --- */

static int open_and_close(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return WORKED;
}

static int writes_in_staging(struct place *p)
{
	int fd = openat(p->dir_fd, "new.part", O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd < 0 || write(fd, "x", 1) != 1 || ftruncate(fd, 0) || fsync(fd) || fchmod(fd, 0400) ||
	    close(fd) || renameat(p->dir_fd, "new.part", p->dir_fd, "new") ||
	    mkdirat(p->dir_fd, "folder", 0700) || symlinkat("x", p->dir_fd, "folder/link") ||
	    linkat(p->dir_fd, "new", p->dir_fd, "folder/new", 0) ||
	    unlinkat(p->dir_fd, "new", 0))
		return errno;
	return WORKED;
}

static int reads_what_is_named(struct place *p)
{
	OI_FREE char *named = oi_mem_printf("%s/named", p->tree.top);

	return open_and_close(named, O_RDONLY);
}

static int reads_libraries(struct place *p)
{
	(void)p;
	/* any that nothing here is linked with */
	return dlopen("libresolv.so.2", RTLD_NOW) ? WORKED : ENOENT;
}

static int resolves(struct place *p)
{
	struct addrinfo *found = NULL;

	(void)p;
	if (getaddrinfo("localhost", "80", NULL, &found))
		return EHOSTUNREACH;
	freeaddrinfo(found);
	return WORKED;
}

static void *in_thread(void *data)
{
	*(int *)data = open_and_close("/dev/urandom", O_RDONLY);
	return NULL;
}

static int starts_threads(struct place *p)
{
	int ret = EAGAIN;
	pthread_t thread;

	(void)p;
	errno = pthread_create(&thread, NULL, in_thread, &ret);
	if (errno)
		return errno;
	pthread_join(thread, NULL);
	return ret;
}

static int connects(struct place *p)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(1) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)p;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return errno;
	/* Nobody listens there, which is as far as it has to come. */
	if (!connect(fd, (struct sockaddr *)&to, sizeof(to)) || errno == ECONNREFUSED)
		return WORKED;
	return errno;
}

static void test_what_is_needed_works(void **state)
{
	assert_int_equal(files(state, writes_in_staging), WORKED);
	assert_int_equal(files(state, reads_what_is_named), WORKED);
	assert_int_equal(files(state, reads_libraries), WORKED);
	assert_int_equal(files(state, resolves), WORKED);
	assert_int_equal(files(state, starts_threads), WORKED);
	assert_int_equal(files(state, connects), WORKED);
}

/* --- programs and other processes --- */

static int runs_a_program(struct place *p)
{
	char *argv[] = { (char[]){ "true" }, NULL };

	(void)p;
	execv("/bin/true", argv);
	return errno;
}

static int runs_a_descriptor(struct place *p)
{
	char *argv[] = { (char[]){ "true" }, NULL };
	int fd = open("/bin/true", O_RDONLY);

	(void)p;
	return answer(syscall(SYS_execveat, fd, "", argv, NULL, AT_EMPTY_PATH));
}

static int forks(struct place *p)
{
	(void)p;
	return answer(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
}

static int forks_by_clone3(struct place *p)
{
	uint64_t args[8] = { [4] = SIGCHLD };

	(void)p;
	return answer(syscall(435, args, sizeof(args)));
}

static int traces(struct place *p)
{
	return answer(ptrace(PTRACE_SEIZE, p->parent, NULL, NULL));
}

static int reads_memory(struct place *p)
{
	char byte = 0;
	const struct {
		void *base;
		size_t len;
	} local = { &byte, 1 }, remote = { &byte, 1 };

	return answer(syscall(SYS_process_vm_readv, p->parent, &local, 1, &remote, 1, 0));
}

static int signals_others(struct place *p)
{
	return answer(kill(p->parent, SIGCONT));
}

static int signals_their_threads(struct place *p)
{
	return answer(syscall(SYS_tgkill, p->parent, p->parent, SIGCONT));
}

/* What comes into the pipe would be a signal of that number to that process. */
static int aims_a_pipe(struct place *p)
{
	int ends[2];

	if (pipe(ends))
		return WORKED; /* as good as a failed test */
	return answer(fcntl(ends[0], F_SETOWN, p->parent));
}

static int arms_a_pipe(struct place *p)
{
	int ends[2];

	(void)p;
	if (pipe(ends))
		return WORKED; /* as good as a failed test */
	return answer(fcntl(ends[0], F_SETSIG, SIGKILL));
}

static int copies_a_descriptor(struct place *p)
{
	int fd = fcntl(p->dir_fd, F_DUPFD_CLOEXEC, 10);

	return fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) || fcntl(fd, F_GETFD) != FD_CLOEXEC ? errno : WORKED;
}

static int limits_others(struct place *p)
{
	struct rlimit now;

	return answer(prlimit(p->parent, RLIMIT_NOFILE, NULL, &now));
}

static void test_no_programs(void **state)
{
	assert_int_equal(calls(state, runs_a_program), KILLED);
	assert_int_equal(calls(state, runs_a_descriptor), KILLED);
	assert_int_equal(calls(state, forks), EPERM);
	assert_int_equal(calls(state, forks_by_clone3), ENOSYS);
}

static void test_no_other_processes(void **state)
{
	assert_int_equal(calls(state, traces), KILLED);
	assert_int_equal(calls(state, reads_memory), KILLED);
	assert_int_equal(calls(state, signals_others), ENOSYS);
	assert_int_equal(calls(state, signals_their_threads), EPERM);
	assert_int_equal(calls(state, aims_a_pipe), EPERM);
	assert_int_equal(calls(state, arms_a_pipe), EPERM);
	assert_int_equal(calls(state, copies_a_descriptor), WORKED);
	assert_int_equal(calls(state, limits_others), EPERM);
}

/* --- the machine --- */

static int mounts(struct place *p)
{
	return answer(mount("none", p->tree.top, "tmpfs", 0, NULL));
}

static int unshares(struct place *p)
{
	(void)p;
	return answer(unshare(CLONE_NEWUSER));
}

static int loads_a_module(struct place *p)
{
	return answer(syscall(SYS_finit_module, p->dir_fd, "", 0));
}

static int takes_a_key(struct place *p)
{
	(void)p;
	return answer(syscall(SYS_keyctl, 0, -3, 0));
}

static int becomes_somebody(struct place *p)
{
	(void)p;
	return answer(syscall(SYS_setuid, UNSPECIFIED));
}

static int talks_to_services(struct place *p)
{
	(void)p;
	return answer(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int sniffs(struct place *p)
{
	(void)p;
	return answer(socket(AF_PACKET, SOCK_RAW, 0));
}

static int listens(struct place *p)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)p;
	return fd < 0 ? errno : answer(listen(fd, 1));
}

static int types_for_the_operator(struct place *p)
{
	(void)p;
	return answer(syscall(SYS_ioctl, 0, 0x5412 /* TIOCSTI */, "x"));
}

static int gives_away(struct place *p)
{
	return answer(fchownat(p->dir_fd, "in", UNSPECIFIED, UNSPECIFIED, 0));
}

static int changes_modes_by_name(struct place *p)
{
	return answer(chmod(p->outside, 0666));
}

/* A file that it may only read, and that belongs to the same user: any program of root's. */
static int changes_mode(struct place *p, mode_t mode)
{
	int fd = openat(p->dir_fd, "in", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? WORKED /* as good as a failed test */ : answer(fchmod(fd, mode));
}

static int makes_setuid(struct place *p)
{
	return changes_mode(p, 04755);
}

static int makes_setgid(struct place *p)
{
	return changes_mode(p, 02755);
}

static int makes_everybodys(struct place *p)
{
	return changes_mode(p, 0666);
}

static int makes_readable(struct place *p)
{
	return changes_mode(p, 0755);
}

static int sets_attributes(struct place *p)
{
	return answer(setxattr(p->staged, "user.x", "y", 1, 0));
}

static int makes_a_device(struct place *p)
{
	return answer(mknodat(p->dir_fd, "null", S_IFCHR | 0666, 0x103));
}

static void test_no_machine(void **state)
{
	assert_int_equal(calls(state, mounts), KILLED);
	assert_int_equal(calls(state, unshares), KILLED);
	assert_int_equal(calls(state, loads_a_module), KILLED);
	assert_int_equal(calls(state, takes_a_key), KILLED);
	assert_int_equal(calls(state, becomes_somebody), KILLED);
}

static void test_no_services(void **state)
{
	assert_int_equal(calls(state, talks_to_services), EAFNOSUPPORT);
	assert_int_equal(calls(state, sniffs), EAFNOSUPPORT);
	assert_int_equal(calls(state, listens), ENOSYS);
	assert_int_equal(calls(state, types_for_the_operator), ENOTTY);
}

static void test_no_attributes_of_files(void **state)
{
	assert_int_equal(calls(state, gives_away), ENOSYS);
	assert_int_equal(calls(state, changes_modes_by_name), ENOSYS);
	assert_int_equal(calls(state, makes_setuid), EPERM);
	assert_int_equal(calls(state, makes_setgid), EPERM);
	assert_int_equal(calls(state, makes_everybodys), EPERM);
	assert_int_equal(calls(state, makes_readable), WORKED);
	assert_int_equal(calls(state, sets_attributes), ENOSYS);
	assert_int_equal(calls(state, makes_a_device), ENOSYS);
}

/* --- files elsewhere --- */

static int reads_elsewhere(struct place *p)
{
	return open_and_close(p->outside, O_RDONLY);
}

static int writes_elsewhere(struct place *p)
{
	return open_and_close(p->outside, O_WRONLY);
}

static int writes_what_is_named(struct place *p)
{
	OI_FREE char *named = oi_mem_printf("%s/named", p->tree.top);

	return open_and_close(named, O_WRONLY | O_TRUNC);
}

static int creates_elsewhere(struct place *p)
{
	OI_FREE char *name = oi_mem_printf("%s/created", p->tree.top);

	return open_and_close(name, O_WRONLY | O_CREAT);
}

static int removes_elsewhere(struct place *p)
{
	return answer(unlink(p->outside));
}

static int renames_out(struct place *p)
{
	OI_FREE char *name = oi_mem_printf("%s/moved", p->tree.top);

	return answer(rename(p->staged, name));
}

static int links_in(struct place *p)
{
	return answer(linkat(AT_FDCWD, p->outside, p->dir_fd, "stolen", 0));
}

static int follows_a_link(struct place *p)
{
	if (symlinkat(p->outside, p->dir_fd, "link"))
		return WORKED; /* as good as a failed test */
	return answer(openat(p->dir_fd, "link", O_RDONLY));
}

static int reads_secrets(struct place *p)
{
	(void)p;
	return open_and_close("/etc/shadow", O_RDONLY);
}

static int reads_private_keys(struct place *p)
{
	(void)p;
	return open_and_close("/etc/ssl/private", O_RDONLY | O_DIRECTORY);
}

static int writes_sysctls(struct place *p)
{
	(void)p;
	return open_and_close("/proc/sys/kernel/core_pattern", O_WRONLY);
}

static int lists_processes(struct place *p)
{
	(void)p;
	return open_and_close("/proc", O_RDONLY | O_DIRECTORY);
}

static void test_no_files_elsewhere(void **state)
{
	assert_int_equal(files(state, reads_elsewhere), EACCES);
	assert_int_equal(files(state, writes_elsewhere), EACCES);
	assert_int_equal(files(state, writes_what_is_named), EACCES);
	assert_int_equal(files(state, creates_elsewhere), EACCES);
	assert_int_equal(files(state, removes_elsewhere), EACCES);
	assert_int_equal(files(state, renames_out), EACCES);
	assert_in_range(files(state, links_in), EPERM, EXDEV); /* EPERM, EACCES or EXDEV */
	assert_int_equal(files(state, follows_a_link), EACCES);
}

static void test_no_secrets_of_the_machine(void **state)
{
	assert_int_equal(files(state, reads_secrets), EACCES);
	if (!access("/etc/ssl/private", F_OK))
		assert_int_equal(files(state, reads_private_keys), EACCES);
	assert_int_equal(files(state, writes_sysctls), EACCES);
	assert_int_equal(files(state, lists_processes), EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_needed_works, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_programs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_other_processes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_machine, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_services, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_attributes_of_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_files_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_secrets_of_the_machine, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
