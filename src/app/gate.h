/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate in front of cloud-init's final stage, where workloads start: a file in /run,
 * while it is there the gate stays shut.
 */
#ifndef OI_APP_GATE_H
#define OI_APP_GATE_H

#include "app/machine.h"

/**
 * oi_gate_begin() - shut it or open it, as the stanza of now says; before anything else is judged
 * @readable: the configuration could be read; else what can be read of it counts
 * A block that an earlier stanza of the same boot has asked for goes with that stanza.
 */
void oi_gate_begin(struct oi_machine *machine, bool readable);

/** oi_gate_block() - shut it until a run has succeeded, where the stanza says on_failure: block */
void oi_gate_block(const struct oi_machine *machine);

/**
 * oi_gate_hold() - shut it, whatever the stanza says: the machine restarts
 *
 * While we are there cloud-final waits for us; this holds it back once systemd stops us.
 */
void oi_gate_hold(const struct oi_machine *machine);

/** oi_gate_open() - let workloads start */
void oi_gate_open(const struct oi_machine *machine);

#endif
