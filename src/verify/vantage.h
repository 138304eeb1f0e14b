/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be seen from here: a container, a recorded tree or another kernel hides much. */
#ifndef OI_VERIFY_VANTAGE_H
#define OI_VERIFY_VANTAGE_H

#include <stdbool.h>

#include "sys/host.h"

struct oi_vantage {
	bool modules; /* modules for the kernel in question are loaded and seen here */
	char *why_not; /* when not; for people */
};

/**
 * oi_vantage_look() - could modules for @kernel be loaded where we are
 * @kernel: release; NULL: unknown
 * @here: zeroed; owned by the caller
 * Only when both roots are the real one, the kernel runs, and this is no container.
 */
void oi_vantage_look(const struct oi_host *host, const char *kernel, struct oi_vantage *here);

/** oi_vantage_judge() - the same of a tree that is taken for the machine itself */
void oi_vantage_judge(const struct oi_root *look, const char *kernel, struct oi_vantage *here);

/** oi_vantage_clear() - free; fine on a zeroed one, and for OI_CLEANUP */
void oi_vantage_clear(struct oi_vantage *here);

#endif
