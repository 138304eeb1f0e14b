/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said of a transfer: numbers and texts, a bar on a real pty, STATUS= on a real socket. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "report/report.h"
#include "sys/activity.h"
#include "sys/notify.h"
#include "sys/progress.h"
#include "sys/terminal.h"
#include "tree.h"

#define MIB (INT64_C(1) << 20)
#define BUF OI_CLEANUP(oi_buf_clear) struct oi_buf

static void assert_text(const struct oi_progress *p, const char *expected)
{
	BUF text = { 0 };

	oi_progress_text(p, &text);
	assert_string_equal(oi_buf_str(&text), expected);
}

static void numbers(void **state)
{
	struct oi_progress p = { 0 };

	(void)state;
	oi_progress_at(&p, 0, 312 * MIB, 1000);
	assert_text(&p, "0 KiB of 312 MiB (0%)"); /* one look tells no rate */
	oi_progress_at(&p, 24 * MIB, 312 * MIB, 3000);
	assert_text(&p, "24 MiB of 312 MiB (7%), 12 MiB/s, 24 s left");
	/* what came a while ago does not count for the rate */
	for (int64_t ms = 4000; ms <= 30000; ms += 1000)
		oi_progress_at(&p, 24 * MIB + (ms - 3000) * MIB / 1000, 312 * MIB, ms);
	assert_text(&p, "51 MiB of 312 MiB (16%), 1.0 MiB/s, 4 min 21 s left");
	oi_progress_at(&p, 312 * MIB, 312 * MIB, 31000);
	assert_int_equal(oi_progress_percent(&p), 100);
}

static void numbers_that_are_none(void **state)
{
	struct oi_progress p = { 0 };

	(void)state;
	oi_progress_at(&p, 3 * MIB / 2, 0, 0);
	assert_text(&p, "1.5 MiB");
	oi_progress_at(&p, 3 * MIB, 0, 1000);
	assert_text(&p, "3.0 MiB, 1.5 MiB/s");
	/* from the start again: neither a rate below zero nor one of both tries together */
	oi_progress_at(&p, 0, 0, 2000);
	assert_text(&p, "0 KiB");
	/* more than was announced, and more than there is */
	oi_progress_at(&p, 4 * MIB, 2 * MIB, 3000);
	assert_text(&p, "4.0 MiB, 4.0 MiB/s");
	oi_progress_at(&p, INT64_MAX, INT64_MAX, 4000);
	oi_progress_at(&p, INT64_MIN, INT64_MAX, 5000);
	oi_progress_at(&p, 1 * MIB, INT64_C(1) << 50, 6000);
	assert_text(&p, "1.0 MiB of 1073741824 MiB (0%), 512 KiB/s"); /* no forecast of years */
}

static void lines_are_rare(void **state)
{
	struct oi_progress p = { 0 };
	int lines = 0;

	(void)state;
	/* 100 s: a tenth and ten seconds are the same */
	for (int64_t s = 0; s <= 100; s++) {
		oi_progress_at(&p, s * MIB, 100 * MIB, s * 1000);
		lines += oi_progress_due(&p);
	}
	assert_int_equal(lines, 10);
	/* 20 s: ten seconds are rarer */
	memset(&p, 0, sizeof(p));
	for (int64_t s = 0, n = lines = 0; s <= 20; s++, n++) {
		oi_progress_at(&p, n * MIB, 20 * MIB, s * 1000);
		lines += oi_progress_due(&p);
	}
	assert_int_equal(lines, 2);
	/* 300 s: a tenth is rarer */
	memset(&p, 0, sizeof(p));
	lines = 0;
	for (int64_t s = 0; s <= 300; s++) {
		oi_progress_at(&p, s * MIB, 300 * MIB, s * 1000);
		lines += oi_progress_due(&p);
	}
	assert_int_equal(lines, 10);
	/* 3000 s: nobody waits five minutes for a line */
	memset(&p, 0, sizeof(p));
	lines = 0;
	for (int64_t s = 0; s <= 3000; s++) {
		oi_progress_at(&p, s * MIB, 3000 * MIB, s * 1000);
		lines += oi_progress_due(&p);
	}
	assert_int_equal(lines, 50);
}

static void bars_fit(void **state)
{
	static const struct {
		int columns;
		const char *line;
	} rows[] = {
		{ 0, "" },
		{ 4, "" },
		{ 5, " 50%" },
		{ 18, "a.deb   50%" },
		{ 30, " 50%  4.0 MiB/s  1 s left" },
		{ 40, "a.deb   50%  4.0 MiB/s  1 s left" },
		{ 50, "a.deb   50%  [######-------]  4.0 MiB/s  1 s left" },
		{ 80, "a.deb   50%  [###################-------------------]  4.0 MiB/s  1 s left" },
		{ 200, "a.deb   50%  [###################-------------------]  4.0 MiB/s  1 s left" },
	};
	struct oi_progress p = { 0 };
	BUF green = { 0 };

	(void)state;
	oi_progress_at(&p, 0, 8 * MIB, 0);
	oi_progress_at(&p, 4 * MIB, 8 * MIB, 1000);
	for (size_t i = 0; i < OI_ARRAY_SIZE(rows); i++) {
		BUF line = { 0 };

		oi_progress_bar(&p, "a.deb", rows[i].columns, false, &line);
		if (rows[i].columns && (int)line.len >= rows[i].columns)
			fail_msg("%d columns: \"%s\"", rows[i].columns, oi_buf_str(&line));
		assert_string_equal(oi_buf_str(&line), rows[i].line);
	}
	oi_progress_bar(&p, "a.deb", 80, true, &green);
	assert_non_null(strstr(oi_buf_str(&green), "[\033[32m###################\033[m---"));
	assert_null(strstr(oi_buf_str(&green), "]\033[m"));
}

/* --- a terminal --- */

struct pty {
	int ours;
	int stderr_before;
	struct oi_terminal terminal;
};

static void pty_open(struct pty *pty, int columns)
{
	const struct winsize size = { .ws_col = (unsigned short)columns, .ws_row = 25 };
	int theirs;

	pty->ours = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	assert_true(pty->ours >= 0);
	assert_int_equal(grantpt(pty->ours) || unlockpt(pty->ours), 0);
	theirs = open(ptsname(pty->ours), O_RDWR | O_NOCTTY);
	assert_true(theirs >= 0);
	assert_int_equal(ioctl(theirs, TIOCSWINSZ, &size), 0);
	pty->stderr_before = dup(STDERR_FILENO);
	assert_int_equal(dup2(theirs, STDERR_FILENO), STDERR_FILENO);
	close(theirs);
	oi_terminal_open(&pty->terminal);
}

#define ARRIVES_MS 20000 /* the kernel carries it over when it finds time to */

/* All that arrives at the terminal from the last look until as much is there as is expected. */
static void assert_seen(struct pty *pty, const char *expected)
{
	struct pollfd arrives = { .fd = pty->ours, .events = POLLIN };
	char text[4096];
	size_t have = 0;
	ssize_t n = 0;

	do {
		n = read(pty->ours, text + have, sizeof(text) - 1 - have);
		have += n > 0 ? (size_t)n : 0;
	} while (have < strlen(expected) && poll(&arrives, 1, ARRIVES_MS) == 1);
	text[have] = '\0';
	assert_string_equal(text, expected);
}

static void pty_close(struct pty *pty)
{
	dup2(pty->stderr_before, STDERR_FILENO);
	close(pty->stderr_before);
	close(pty->ours);
}

static void bar_on_a_terminal(void **state)
{
	struct oi_progress p = { 0 };
	struct oi_statuslog log = { .fd = -1, .console = true };
	struct pty pty;

	(void)state;
	setenv("TERM", "xterm", 1);
	setenv("NO_COLOR", "1", 1);
	oi_progress_at(&p, 5 * MIB, 10 * MIB, 0);
	pty_open(&pty, 22);
	log.terminal = &pty.terminal;
	oi_terminal_hide(&pty.terminal);
	assert_seen(&pty, ""); /* nothing to take away */
	oi_terminal_draw(&pty.terminal, &p, "a.deb");
	assert_seen(&pty, "\r\033[Ka.deb   50%");
	/* a line of the log comes where the bar was */
	oi_statuslog_write(&log, OI_LOG_INFO, "a line");
	assert_seen(&pty, "\r\033[Kinfo: a line\r\n");
	oi_terminal_draw(&pty.terminal, &p, "a-name-that-is-too-long.deb");
	oi_terminal_hide(&pty.terminal);
	assert_seen(&pty, "\r\033[K 50%  [######-------]\r\033[K");
	pty_close(&pty);
	unsetenv("NO_COLOR");
	pty_open(&pty, 40);
	oi_terminal_draw(&pty.terminal, &p, "a.deb");
	assert_seen(&pty, "\r\033[Ka.deb   50%  [\033[32m############\033[m------------]");
	pty_close(&pty);
}

static void no_bar_elsewhere(void **state)
{
	struct oi_progress p = { 0 };
	struct oi_terminal none = { 0 };
	struct pty pty;

	(void)state;
	oi_progress_at(&p, 5 * MIB, 10 * MIB, 0);
	setenv("TERM", "dumb", 1);
	pty_open(&pty, 80);
	oi_terminal_draw(&pty.terminal, &p, "a.deb");
	oi_terminal_draw(&none, &p, "a.deb");
	oi_terminal_draw(NULL, &p, "a.deb");
	assert_seen(&pty, "");
	pty_close(&pty);
	unsetenv("TERM");
	pty_open(&pty, 80);
	oi_terminal_draw(&pty.terminal, &p, "a.deb");
	assert_seen(&pty, "");
	pty_close(&pty);
}

/* --- systemd --- */

static void assert_told(const char *path, const char *expected)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	char text[256];
	ssize_t n;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(at.sun_path, path, strlen(path));
	if (*path == '@')
		at.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	setenv("NOTIFY_SOCKET", path, 1);
	oi_notify_status("fetching %s\nREADY=1", "a.deb");
	n = recv(fd, text, sizeof(text) - 1, 0);
	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text, expected);
	close(fd);
}

static void status_for_systemd(void **state)
{
	char folder[] = "/tmp/test_progress.XXXXXX";
	OI_FREE char *path = NULL;
	OI_FREE char *abstract = oi_mem_printf("@test_progress.%d", (int)getpid());

	(void)state;
	assert_non_null(mkdtemp(folder));
	path = oi_mem_printf("%s/notify", folder);
	/* one assignment, whatever the text */
	assert_told(path, "STATUS=fetching a.deb READY=1\n");
	assert_told(abstract, "STATUS=fetching a.deb READY=1\n");
	/* nobody there, none of the forms, none at all: no harm */
	oi_notify_status("x");
	setenv("NOTIFY_SOCKET", path, 1);
	oi_notify_status("x");
	setenv("NOTIFY_SOCKET", "vsock:1:2", 1);
	oi_notify_status("x");
	unsetenv("NOTIFY_SOCKET");
	oi_notify_status("x");
	assert_int_equal(unlink(path) || rmdir(folder), 0);
}

static void doing_for_who_waits(void **state)
{
	static const char gone[] = "{\"pid\": 99999999, \"doing\": \"fetching\"}";
	struct oi_progress p = { 0 };
	struct oi_host host = { 0 };
	struct oi_activity doing;
	struct oi_err err;
	struct tree tree;

	(void)state;
	tree_make(&tree);
	host.change = tree.root;
	assert_false(oi_activity_read(&tree.root, &doing));
	oi_progress_at(&p, 3 * MIB, 8 * MIB, 0);
	oi_activity_tell(&host, &p, "fetching %s", "a \"b\".deb");
	assert_true(oi_activity_read(&tree.root, &doing));
	assert_string_equal(doing.what, "fetching a \"b\".deb");
	assert_int_equal(doing.bytes, 3 * MIB);
	assert_int_equal(doing.total, 8 * MIB);
	oi_activity_clear(&doing);
	oi_activity_tell(&host, NULL, "verifying");
	assert_true(oi_activity_read(&tree.root, &doing));
	assert_string_equal(doing.what, "verifying");
	assert_int_equal(doing.bytes, -1);
	oi_activity_clear(&doing);
	/* of a run that is gone, or no record at all */
	assert_int_equal(oi_root_write(&tree.root, OI_DOING_PATH, 0644, gone, strlen(gone), &err), 0);
	assert_false(oi_activity_read(&tree.root, &doing));
	assert_int_equal(oi_root_write(&tree.root, OI_DOING_PATH, 0644, "[7", 2, &err), 0);
	assert_false(oi_activity_read(&tree.root, &doing));
	tree_drop(&tree);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(numbers_that_are_none),
		cmocka_unit_test(lines_are_rare),
		cmocka_unit_test(bars_fit),
		cmocka_unit_test(bar_on_a_terminal),
		cmocka_unit_test(no_bar_elsewhere),
		cmocka_unit_test(status_for_systemd),
		cmocka_unit_test(doing_for_who_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
