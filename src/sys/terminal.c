/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"

/* Where the terminal does not say, as a serial line. */
#define COLUMNS 80

#define COLUMNS_LEAST 40
#define COLUMNS_MOST 132

#define CLEAR_LINE "\r\033[K"

static bool is_capable(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

/* Source: no-color.org */
static bool colour_is_welcome(void)
{
	const char *no_color = getenv("NO_COLOR");

	return !no_color || !*no_color;
}

void oi_terminal_open(struct oi_terminal *terminal)
{
	terminal->usable = is_capable(STDERR_FILENO);
	terminal->colour = colour_is_welcome();
	terminal->drawn = false;
}

/* Asked anew each time: a window may change its size. 0: it does not say. */
static int columns_of(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) ? 0 : size.ws_col;
}

static int columns(void)
{
	int n = columns_of(STDERR_FILENO);

	return n ? n : COLUMNS;
}

int oi_terminal_columns(int fd)
{
	const char *text = getenv("COLUMNS");
	long n = columns_of(fd);

	if (!n && text)
		n = strtol(text, NULL, 10);
	if (!n)
		n = COLUMNS;
	return n < COLUMNS_LEAST ? COLUMNS_LEAST : n > COLUMNS_MOST ? COLUMNS_MOST : (int)n;
}

bool oi_terminal_colours(int fd)
{
	return is_capable(fd) && colour_is_welcome();
}

static void write_terminal(const struct oi_buf *text)
{
	/* a bar that does not come through is no loss */
	(void)!write(STDERR_FILENO, oi_buf_str(text), text->len);
}

void oi_terminal_draw(struct oi_terminal *terminal, const struct oi_progress *progress,
		      const char *name)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };

	if (!terminal || !terminal->usable)
		return;
	oi_buf_adds(&text, CLEAR_LINE);
	oi_progress_bar(progress, name, columns(), terminal->colour, &text);
	write_terminal(&text);
	terminal->drawn = true;
}

void oi_terminal_say(struct oi_terminal *terminal, const char *text)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf line = { 0 };
	size_t room = (size_t)columns() - 1; /* many terminals wrap when the last is written */
	size_t len = 0;

	if (!terminal || !terminal->usable)
		return;
	/* characters count, not their bytes */
	while (text[len] && room) {
		len++;
		while (((unsigned char)text[len] & 0xc0) == 0x80)
			len++;
		room--;
	}
	oi_buf_adds(&line, CLEAR_LINE);
	oi_buf_add(&line, text, len);
	write_terminal(&line);
	terminal->drawn = true;
}

void oi_terminal_hide(struct oi_terminal *terminal)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };

	if (!terminal || !terminal->drawn)
		return;
	oi_buf_adds(&text, CLEAR_LINE);
	write_terminal(&text);
	terminal->drawn = false;
}
