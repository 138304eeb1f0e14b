/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/subreaper.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

static void note_pid(const char *word, pid_t *pids, size_t *n)
{
	long pid = strtol(word, NULL, 10);

	if (pid > 0 && *n < OI_FAMILY_KNOWN)
		pids[(*n)++] = (pid_t)pid;
}

/* Slow, for kernels built without CONFIG_PROC_CHILDREN. */
static size_t scan_children(pid_t *pids)
{
	size_t n = 0;
	DIR *dir = opendir("/proc");

	for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		OI_FREE char *path = oi_mem_printf("/proc/%s/stat", e->d_name);
		char text[512];
		const char *after;
		ssize_t len = -1;
		int fd = -1;

		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			len = read(fd, text, sizeof(text) - 1);
			close(fd);
		}
		if (len <= 0)
			continue;
		text[len] = '\0';
		/* "PID (any name) STATE PPID ...": the name may have brackets itself */
		after = strrchr(text, ')');
		if (after && strlen(after) > 4 && strtol(after + 4, NULL, 10) == (long)getpid())
			note_pid(e->d_name, pids, &n);
	}
	if (dir)
		closedir(dir);
	return n;
}

/* All children of ours, adopted ones too: at most OI_FAMILY_KNOWN, the rest at the next look. */
static size_t list_children(pid_t *pids)
{
	OI_FREE char *path = oi_mem_printf("/proc/self/task/%ld/children", (long)getpid());
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	char bytes[1024];
	ssize_t len;
	size_t n = 0;
	char *save = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return scan_children(pids);
	while ((len = read(fd, bytes, sizeof(bytes))) > 0)
		oi_buf_add(&text, bytes, (size_t)len);
	close(fd);
	if (!text.len)
		return 0;
	for (char *word = strtok_r(text.data, " ", &save); word; word = strtok_r(NULL, " ", &save))
		note_pid(word, pids, &n);
	return n;
}

static bool is_known(const struct oi_subreaper *family, pid_t pid)
{
	for (size_t i = 0; i < family->n_known; i++)
		if (family->known[i] == pid)
			return true;
	return false;
}

void oi_subreaper_begin(struct oi_subreaper *family)
{
	/* Fails on no kernel that we meet; without it only a child's own group is found. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	family->n_known = list_children(family->known);
}

size_t oi_subreaper_left(const struct oi_subreaper *family, pid_t leader, int sig)
{
	pid_t pids[OI_FAMILY_KNOWN];
	size_t n = list_children(pids);
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		if (pids[i] == leader || is_known(family, pids[i]) ||
		    waitpid(pids[i], NULL, WNOHANG))
			continue;
		left++;
		if (!sig)
			continue;
		/* Theirs, where they have a group of their own; just them otherwise. */
		if (getpgid(pids[i]) == pids[i])
			kill(-pids[i], sig);
		kill(pids[i], sig);
		kill(pids[i], SIGCONT);
	}
	return left;
}
