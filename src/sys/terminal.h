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

/** oi_terminal_draw() - show or renew the bar; @terminal may be NULL */
void oi_terminal_draw(struct oi_terminal *terminal, const struct oi_progress *progress,
		      const char *name);

/** oi_terminal_hide() - take the bar away, before anything else is written there */
void oi_terminal_hide(struct oi_terminal *terminal);

#endif
