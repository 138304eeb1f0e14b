/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "model/reasons.h"
#include "sys/clock.h"

/* Enough to know a program by; a Java command line can be many kilobytes. */
#define COMMAND_BYTES 512

/* flock(2) waits for ever or not at all; so often is soon enough, and costs nothing. */
#define LOOK_MS 10

char *oi_lock_command(pid_t pid)
{
	OI_FREE char *path = oi_mem_printf("/proc/%ld/cmdline", (long)pid);
	char text[COMMAND_BYTES];
	ssize_t len;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	len = read(fd, text, sizeof(text));
	close(fd);
	while (len > 0 && !text[len - 1])
		len--;
	if (len <= 0)
		return NULL; /* gone, or a kernel thread */
	for (ssize_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ')
			text[i] = ' ';
	return oi_mem_ndup(text, (size_t)len);
}

bool oi_lock_is_ours(pid_t pid)
{
	pid_t leader = getsid(pid); /* oi_run() gives each child a session of its own */
	OI_FREE char *path = oi_mem_printf("/proc/%ld/stat", (long)leader);
	char text[COMMAND_BYTES];
	const char *after;
	ssize_t len;
	int fd = leader > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return false;
	text[len] = '\0';
	/* "PID (any name) STATE PPID ...": the name may have brackets itself */
	after = strrchr(text, ')');
	return after && strlen(after) > 4 && strtol(after + 4, NULL, 10) == (long)getpid();
}

static int taken(int fd, const char *path, struct oi_err *err)
{
	OI_FREE char *command = NULL;
	char text[24] = "";
	long pid = 0;

	if (pread(fd, text, sizeof(text) - 1, 0) > 0)
		pid = strtol(text, NULL, 10);
	if (pid > 0)
		command = oi_lock_command((pid_t)pid);
	oi_err_set(err, OI_R_RUNNING, "lock %s: held by process %ld (%s)", path, pid,
		   command ? command : "unknown");
	return 1;
}

int oi_lock_take(const struct oi_root *root, const char *path, struct oi_lock *lock,
		 struct oi_err *err)
{
	OI_FREE char *folder = oi_mem_dup(path);
	char *slash = strrchr(folder, '/');
	char text[24];
	int len;
	int fd;
	int ret;

	lock->fd = -1;
	if (slash)
		*slash = '\0';
	if (*folder && oi_root_mkdirs(root, folder, 0755, err))
		return -1;
	fd = oi_root_openat(root, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return oi_err_set(err, OI_R_WRITE_FAILED, "lock %s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		ret = errno == EWOULDBLOCK ? taken(fd, path, err) :
			oi_err_set(err, OI_R_WRITE_FAILED, "lock %s: %s", path, strerror(errno));
		close(fd);
		return ret;
	}
	/* The pid is only for people; the lock is what counts. */
	len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)len, 0) != len) {
		close(fd);
		return oi_err_set(err, OI_R_WRITE_FAILED, "lock %s: write: %s", path,
				  strerror(errno));
	}
	lock->fd = fd;
	return 0;
}

int oi_lock_wait(const struct oi_root *root, const char *path, int64_t deadline_ms,
		 struct oi_lock *lock, struct oi_err *err)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };

	for (;;) {
		int ret = oi_lock_take(root, path, lock, err);

		if (ret <= 0 || !oi_clock_left_ms(deadline_ms))
			return ret;
		nanosleep(&pause, NULL);
	}
}

/* Whose pid is in the file: 0 when it tells of nobody, or of one that is gone. */
static pid_t holder_alive(const struct oi_root *root, const char *path)
{
	OI_FREE char *line = NULL;
	struct oi_err err;
	long pid;

	if (oi_root_read_line(root, path, &line, &err))
		return 0;
	pid = strtol(line, NULL, 10);
	return pid > 0 && (!kill((pid_t)pid, 0) || errno == EPERM) ? (pid_t)pid : 0;
}

int oi_lock_take_after(const struct oi_root *root, const char *path, int64_t deadline_ms,
		       const struct oi_log *log, struct oi_lock *lock, struct oi_err *err)
{
	bool told = false;
	int ret;

	for (;;) {
		ret = oi_lock_take(root, path, lock, err);
		if (ret != 1 || holder_alive(root, path) || !oi_clock_left_ms(deadline_ms))
			return ret;
		if (!told)
			oi_log_warn(log, "the last run has ended, but programs that it started still run: waiting for them");
		told = true;
		poll(NULL, 0, LOOK_MS);
	}
}

void oi_lock_drop(struct oi_lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	lock->fd = -1;
}

/*
 * F_GETLK knows nothing of flock(2), and to try it would be to take it.
 * "4: FLOCK  ADVISORY  WRITE 1234 00:1a:5678 0 EOF"; Source: proc_locks(5)
 */
static bool has_flock(int fd, pid_t *pid)
{
	FILE *locks = fopen("/proc/locks", "re");
	char line[256];
	struct stat st;
	bool found = false;

	while (locks && !fstat(fd, &st) && !found && fgets(line, sizeof(line), locks)) {
		unsigned int on_major, on_minor;
		unsigned long inode;
		long holder;

		/* one that waits has "->" before it */
		found = /* NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers, within its types */
			sscanf(line, "%*u: FLOCK %*s WRITE %ld %x:%x:%lu", &holder, &on_major, &on_minor,
			       &inode) == 4 &&
			inode == st.st_ino && on_major == major(st.st_dev) && on_minor == minor(st.st_dev);
		if (found)
			*pid = holder > 0 ? (pid_t)holder : 0;
	}
	if (locks)
		fclose(locks);
	return found;
}

bool oi_lock_alive(const struct oi_root *root, const char *path)
{
	int fd = oi_root_openat(root, path, O_RDONLY | O_CLOEXEC, 0);
	pid_t pid;
	bool held = fd >= 0 && has_flock(fd, &pid);

	if (fd >= 0)
		close(fd);
	return held && holder_alive(root, path);
}

int oi_lock_holder(const struct oi_root *root, const char *path, pid_t *pid, char **command,
		   struct oi_err *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = oi_root_openat(root, path, O_RDWR | O_CLOEXEC, 0);
	int ret;

	*pid = 0;
	if (command)
		*command = NULL;
	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return oi_err_set(err, OI_R_READ_FAILED, "lock %s: %s", path, strerror(errno));
	ret = fcntl(fd, F_GETLK, &lock);
	if (ret)
		oi_err_set(err, OI_R_READ_FAILED, "lock %s: %s", path, strerror(errno));
	else if (lock.l_type == F_UNLCK && has_flock(fd, &lock.l_pid))
		lock.l_type = F_WRLCK;
	close(fd);
	if (ret)
		return -1;
	if (lock.l_type == F_UNLCK)
		return 1;
	if (lock.l_pid > 0) {
		*pid = lock.l_pid;
		if (command)
			*command = oi_lock_command(lock.l_pid);
	}
	return 0;
}
