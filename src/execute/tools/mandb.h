/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index of manual pages is not renewed while workloads wait.
 *
 * man-db has a trigger that reads every page on the machine when a package brings one: on images
 * with many of them that takes most of a minute, and its timer does the same once a day. Its own
 * switch is turned off while packages are installed.
 *
 * Source: man-db, postinst ("auto-update"), man-db.timer; actions/runner-images issue 10977
 */
#ifndef OI_EXECUTE_TOOLS_MANDB_H
#define OI_EXECUTE_TOOLS_MANDB_H

#include <stdbool.h>

#include "sys/host.h"

/**
 * oi_mandb_defer() - man-db's trigger does nothing from now on
 * Only where somebody does it later. What cannot be done is warned of: then it takes its time.
 */
void oi_mandb_defer(const struct oi_host *host);

/** oi_mandb_are_off() - have we turned it off, now or in a run that was interrupted */
bool oi_mandb_are_off(const struct oi_host *host);

/** oi_mandb_allow() - it does again; fine where we have deferred nothing */
void oi_mandb_allow(const struct oi_host *host);

#endif
