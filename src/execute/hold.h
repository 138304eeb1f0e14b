/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The units of hold_units, before any of them has started. */
#ifndef OI_EXECUTE_HOLD_H
#define OI_EXECUTE_HOLD_H

#include "base/attr.h"
#include "base/err.h"
#include "model/config.h"
#include "sys/host.h"

/**
 * oi_hold_check() - can each of them wait, by the orders that systemd knows
 *
 * Of this machine's systemd; elsewhere all of them can. config_check.c knows those that no machine can hold.
 * Return: 0, or -1 with OI_R_STANZA_VALUE.
 */
OI_MUST_CHECK
int oi_hold_check(const struct oi_host *host, const struct oi_config *config, struct oi_err *err);

/**
 * oi_hold_units() - write a drop-in of this boot for each, and have systemd read it
 *
 * For the end of cloud-init's network stage: what starts later waits. The plan writes the lasting ones.
 * A unit that cannot wait is left alone: the run makes an error of it. One that is held already costs nothing.
 * Return: 0, or -1 with OI_R_WRITE_FAILED or systemctl's error.
 */
OI_MUST_CHECK
int oi_hold_units(const struct oi_host *host, const struct oi_config *config, struct oi_err *err);

#endif
