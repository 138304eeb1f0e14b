/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run does first when the one before it was cut off. */
#ifndef OI_EXECUTE_HEAL_H
#define OI_EXECUTE_HEAL_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/config.h"
#include "sys/host.h"

/**
 * oi_heal() - bring what an unfinished run has left into an order that can be worked with
 *
 * By its journal: packages that were unpacked are configured, what can be neither
 * finished nor removed goes if it is ours, half-built modules go, scratch space and
 * private package lists go. If the machine has lost what was not on its disk yet, so do
 * modules that were built then, and packages that are damaged. Changes nothing when there is no journal, so a machine
 * on which nothing was begun is left alone. What cannot be healed is warned of and
 * is no error: the plan's own steps see it again, with a reason of their own.
 * @cut: whether there was anything
 * Return: 0, or -1 with OI_R_STATE_NEWER, OI_R_READ_FAILED, OI_R_DEADLINE, OI_R_PACKAGES_DAMAGED.
 */
OI_MUST_CHECK
int oi_heal(const struct oi_host *host, const struct oi_config *config, bool *cut,
	    struct oi_err *err);

/**
 * oi_heal_switches() - turn on again what a run that was interrupted had turned off for the machine
 * The index of manual pages; and compiling by packages' scripts, which ofed-init 0.1.0 turned off. Whatever the stanza
 * says, and without a journal: fine when nothing is off. The caller holds the run's lock.
 */
void oi_heal_switches(const struct oi_host *host);

/** oi_heal_needs_switches() - may something be off */
bool oi_heal_needs_switches(const struct oi_host *host);

#endif
