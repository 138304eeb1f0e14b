/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status --wait: until a run has ended, and what is shown meanwhile. */
#ifndef OI_APP_WAIT_H
#define OI_APP_WAIT_H

#include "app/machine.h"

/**
 * oi_wait_for_run() - wait for the end of the run under way, or that systemd is about to start
 *
 * A run under way is a record of one whose process lives, or the lock of one. A day at most.
 * On a terminal its last line tells what the run is at, until it ends or we are interrupted;
 * elsewhere a line on stderr with each new thing that it is at, and one a minute. With
 * --format json, which programs read, there is nothing but on a terminal.
 */
void oi_wait_for_run(struct oi_machine *machine);

#endif
