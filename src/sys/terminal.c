/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"

/* Where the terminal does not say, as a serial line. */
#define COLUMNS 80

#define CLEAR_LINE "\r\033[K"

void oi_terminal_open(struct oi_terminal *terminal)
{
	const char *term = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");

	terminal->usable = isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
	terminal->colour = !no_color || !*no_color;
	terminal->drawn = false;
}

/* Asked anew for each bar: a window may change its size. */
static int columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return COLUMNS;
	return size.ws_col;
}

static void put(const struct oi_buf *text)
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
	put(&text);
	terminal->drawn = true;
}

void oi_terminal_hide(struct oi_terminal *terminal)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };

	if (!terminal || !terminal->drawn)
		return;
	oi_buf_adds(&text, CLEAR_LINE);
	put(&text);
	terminal->drawn = false;
}
