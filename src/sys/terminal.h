/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last line of a terminal on stderr, where a bar grows while something is fetched. */
#ifndef OI_SYS_TERMINAL_H
#define OI_SYS_TERMINAL_H

#include <stdbool.h>

#include "sys/progress.h"

struct oi_terminal {
	bool usable; /* zeroed: there is none */
	bool colour;
	bool drawn;
};

/**
 * oi_terminal_open() - is stderr a terminal that can be drawn on
 *
 * Not one whose TERM is unset or "dumb". No colour where NO_COLOR is set.
 * Source: no-color.org
 */
void oi_terminal_open(struct oi_terminal *terminal);

/**
 * oi_terminal_columns() - how wide a page on this descriptor may be
 *
 * A terminal's own width; elsewhere what COLUMNS says, else 80. At least 40, since
 * nothing can be laid out on less, and at most 132, since nobody reads longer lines.
 */
int oi_terminal_columns(int fd);

/** oi_terminal_colours() - is this descriptor a terminal, and does nobody object to colours */
bool oi_terminal_colours(int fd);

/** oi_terminal_say() - show @text in the last line, as much of it as fits; until the next */
void oi_terminal_say(struct oi_terminal *terminal, const char *text);

/** oi_terminal_draw() - show or renew the bar; @terminal may be NULL */
void oi_terminal_draw(struct oi_terminal *terminal, const struct oi_progress *progress,
		      const char *name);

/** oi_terminal_hide() - take the bar away, before anything else is written there */
void oi_terminal_hide(struct oi_terminal *terminal);

#endif
