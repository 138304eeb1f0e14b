/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status log: one line an event, where Azure's VM extension has it. */
#include "report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "report/clean.h"
#include "sys/clock.h"

#define STATUS_LOG_DIR "/var/log/azure"
#define STATUS_LOG_NAME "ib-vmext-status" /* in it: OI_STATUS_LOG's last part */
#define STATUS_LOG_MODE 0644

/* Room for what a child wrote in one piece, and what stands before it. */
#define LINE_LIMIT_BYTES 8192

#define LEVEL_WIDTH 7 /* "error: " */

static const char *level_name(enum oi_log_level level)
{
	static const char *const names[] = {
		[OI_LOG_DEBUG] = "debug",
		[OI_LOG_INFO] = "info",
		[OI_LOG_WARN] = "warn",
		[OI_LOG_ERROR] = "error",
	};

	return names[level];
}

/* Priorities of syslog(3), which the journal takes from "<N>" at a line's start. */
static int level_priority(enum oi_log_level level)
{
	static const int priorities[] = {
		[OI_LOG_DEBUG] = 7,
		[OI_LOG_INFO] = 6,
		[OI_LOG_WARN] = 4,
		[OI_LOG_ERROR] = 3,
	};

	return priorities[level];
}

/* Source: systemd.exec(5), JOURNAL_STREAM: "device:inode" of the stream to the journal */
static bool is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;
	int end = 0;

	/* NOLINTNEXTLINE(cert-err34-c): what is too large is not that of our descriptor */
	return stream && sscanf(stream, "%llu:%llu%n", &device, &inode, &end) == 2 &&
	       !stream[end] && !fstat(fd, &st) && st.st_dev == device && st.st_ino == inode;
}

static enum oi_console_form console_form(int fd)
{
	if (is_journal(fd))
		return OI_CONSOLE_JOURNAL;
	return isatty(fd) ? OI_CONSOLE_PEOPLE : OI_CONSOLE_PLAIN;
}

/* @flags: O_EXCL: a new one; O_TRUNC: emptied, once we know what it is */
static int open_regular(const struct oi_root *root, const char *path, int flags, int *out,
			struct oi_err *err)
{
	struct stat st;
	/* O_NONBLOCK: a FIFO by that name must not hold us up */
	int fd = oi_root_openat(root, path,
				(flags & O_EXCL) | O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK |
					O_NOCTTY | O_CLOEXEC,
				STATUS_LOG_MODE);

	if (fd < 0)
		return oi_err_set(err, OI_R_WRITE_FAILED, "%s: open: %s", path,
				  errno == ELOOP ? "it is a symbolic link, or behind one that others could have put there" : strerror(errno));
	if (fstat(fd, &st)) {
		oi_err_set(err, OI_R_WRITE_FAILED, "%s: fstat: %m", path);
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		oi_err_set(err, OI_R_WRITE_FAILED, "%s: it is not a regular file", path);
		goto fail;
	}
	/* Another name of the file may be in a folder of somebody's, who then chose what we write to. */
	if (st.st_nlink > 1) {
		close(fd);
		if (flags & O_EXCL)
			return oi_err_set(err, OI_R_WRITE_FAILED, "%s: somebody gives it other names", path);
		return oi_root_remove(root, path, err) || open_regular(root, path, flags | O_EXCL, out, err) ? -1 : 0;
	}
	if ((flags & O_TRUNC) && ftruncate(fd, 0)) {
		oi_err_set(err, OI_R_WRITE_FAILED, "%s: ftruncate: %m", path);
		goto fail;
	}
	/* The mode is promised, whatever the umask; when it is another's file, so be it. */
	if ((st.st_mode & 07777) != STATUS_LOG_MODE)
		(void)!fchmod(fd, STATUS_LOG_MODE);
	*out = fd;
	return 0;
fail:
	close(fd);
	return -1;
}

/*
 * Azure's agent collects what lies in a folder of an extension, and not what lies beside the folders.
 * Source: Azure/WALinuxAgent, azurelinuxagent/ga/logcollector_manifests.py: the folders of $LOG_DIR; logcollector.py
 * follows links. Nobody's run fails for want of it.
 */
static void link_for_agent(const struct oi_root *root)
{
	OI_FREE char *target = oi_root_target(root, OI_AGENT_LOG_DIR "/" STATUS_LOG_NAME);
	struct oi_err ignored;
	int dir;

	if (target) /* of every boot but the first */
		return;
	if (oi_root_mkdirs(root, OI_AGENT_LOG_DIR, 0755, &ignored))
		return;
	dir = oi_root_openat(root, OI_AGENT_LOG_DIR, O_PATH | O_DIRECTORY, 0);
	if (dir < 0)
		return;
	(void)!symlinkat("../" STATUS_LOG_NAME, dir, STATUS_LOG_NAME); /* it may be there */
	close(dir);
}

int oi_statuslog_open(const struct oi_root *root, struct oi_statuslog *log, struct oi_err *err)
{
	log->fd = -1;
	log->form = OI_CONSOLE_UNKNOWN;
	log->lost = false;
	log->key = (struct oi_key_lines){ 0 };
	log->root = root;
	if (oi_root_mkdirs(root, STATUS_LOG_DIR, 0755, err) ||
	    open_regular(root, OI_STATUS_LOG, 0, &log->fd, err))
		return oi_err_prefix(err, "status log");
	link_for_agent(root);
	return 0;
}

int oi_statuslog_open_beside(const struct oi_root *root, struct oi_statuslog *log,
			     struct oi_err *err)
{
	*log = (struct oi_statuslog){ .fd = -1, .form = console_form(STDERR_FILENO), .root = root,
				      .console_least = OI_LOG_INFO };
	log->console = log->form == OI_CONSOLE_JOURNAL;
	return open_regular(root, OI_PUBLISH_LOG, O_TRUNC, &log->fd, err);
}

void oi_statuslog_close(struct oi_statuslog *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
}

void oi_statuslog_sync(const struct oi_statuslog *log)
{
	if (log->fd >= 0)
		(void)!fdatasync(log->fd);
}

/* One write(2), so that lines of two processes never mix. */
static bool write_line(int fd, const struct oi_buf *line)
{
	ssize_t n;

	do
		n = write(fd, line->data, line->len);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)line->len;
}

/* As the rest of a page, so that no terminal breaks it in the middle of a word. */
static void wrapped(enum oi_log_level level, const char *text)
{
	struct oi_textpage paper = { .columns = oi_terminal_columns(STDERR_FILENO),
				  .colour = oi_terminal_colours(STDERR_FILENO) };
	OI_FREE char *word = oi_mem_printf("%s:", level_name(level));

	oi_textpage_row(&paper, 0, LEVEL_WIDTH, level == OI_LOG_ERROR ? OI_TONE_BAD : OI_TONE_WARN, word,
		     text);
	(void)!write_line(STDERR_FILENO, &paper.text);
	oi_buf_clear(&paper.text);
}

static void to_console(struct oi_statuslog *log, enum oi_log_level level,
		       const struct oi_buf *full, const char *text)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf line = { 0 };

	if (log->form == OI_CONSOLE_UNKNOWN)
		log->form = console_form(STDERR_FILENO);
	if (log->brief && level <= OI_LOG_INFO) {
		oi_terminal_say(log->terminal, text);
		return;
	}
	oi_terminal_hide(log->terminal);
	if (log->brief) {
		wrapped(level, text);
		return;
	}
	if (log->form == OI_CONSOLE_PLAIN) {
		(void)!write_line(STDERR_FILENO, full);
		return;
	}
	if (log->form == OI_CONSOLE_JOURNAL)
		oi_buf_addf(&line, "<%d>", level_priority(level));
	oi_buf_addf(&line, "%s: %s\n", level_name(level), text);
	(void)!write_line(STDERR_FILENO, &line); /* nowhere left to complain */
}

/* Return: true when the name is still that of the open file, and not of one that came after. */
static bool is_named(int dir, const char *name, int fd)
{
	struct stat named, open;

	return !fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) && !fstat(fd, &open) &&
	       named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

/*
 * Puts a full log aside and goes on in a new one; when another process has done that
 * meanwhile, goes on in that one. Whatever fails, the old one is written to.
 */
static void turn_over(struct oi_statuslog *log)
{
	struct oi_err ignored;
	struct stat st;
	int fd = -1;
	int dir;

	if (fstat(log->fd, &st) || st.st_size < OI_STATUS_LOG_BYTES)
		return;
	dir = oi_root_openat(log->root, STATUS_LOG_DIR, O_PATH | O_DIRECTORY, 0);
	if (dir < 0)
		return;
	if ((!is_named(dir, STATUS_LOG_NAME, log->fd) ||
	     !renameat(dir, STATUS_LOG_NAME, dir, STATUS_LOG_NAME ".1")) &&
	    !open_regular(log->root, OI_STATUS_LOG, 0, &fd, &ignored)) {
		close(log->fd);
		log->fd = fd;
	}
	close(dir);
}

static void put(struct oi_statuslog *log, enum oi_log_level level, const char *text)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf line = { 0 };
	char now[OI_CLOCK_TEXT_BYTES];

	oi_clock_utc(now);
	oi_buf_addf(&line, "%s ofed-init[%d] %s: %s\n", now, (int)getpid(), level_name(level),
		    text);
	if (log->console && level >= log->console_least)
		to_console(log, level, &line, text);
	if (log->fd >= 0)
		turn_over(log);
	if (log->fd < 0 || write_line(log->fd, &line) || log->lost)
		return;
	log->lost = true;
	if (log->console) {
		static const char lost[] = OI_STATUS_LOG ": lines could not be written";

		oi_buf_reset(&line);
		oi_buf_addf(&line, "%s ofed-init[%d] warn: %s\n", now, (int)getpid(), lost);
		to_console(log, OI_LOG_WARN, &line, lost);
	}
}

void oi_statuslog_write(void *data, enum oi_log_level level, const char *line)
{
	struct oi_statuslog *log = data;
	OI_FREE char *clean = NULL;
	OI_FREE char *text = NULL;

	if (oi_key_lines_skip(&log->key, line))
		return;
	clean = oi_report_clean(line);
	text = oi_redact(clean);
	oi_report_cut(text, LINE_LIMIT_BYTES);
	put(log, level, text);
}
