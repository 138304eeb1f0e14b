/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reboot that the stanza allows, once: the unit of the next boot goes on by itself. */
#ifndef OI_APP_REBOOT_H
#define OI_APP_REBOOT_H

#include "app/machine.h"
#include "base/attr.h"
#include "base/err.h"
#include "model/verdict.h"
#include "report/report.h"

/* What the last reboot was for: a second one for the same is refused. */
#define OI_REBOOT_PATH OI_STATE_DIR "/reboot.json"

/**
 * oi_reboot_note() - may the machine be restarted now; notes that it is
 * @err: in: OI_R_REBOOT_NEEDED or OI_R_MODULE_STALE, why; out: unchanged when it may not by
 *       the stanza or cannot from here, or OI_R_REBOOT_USELESS, OI_R_WRITE_FAILED
 * Source for the keys: the run's own, and the driver; a resized VM is another case
 * Return: 0: noted, call oi_reboot_go(); -1: not to be done.
 */
OI_MUST_CHECK
int oi_reboot_note(const struct oi_machine *machine, const struct oi_run_key *key,
		   const struct oi_verdict *verdict, struct oi_err *err);

/**
 * oi_reboot_go() - ask systemd for it, and stay: as long as we are there, cloud-init's
 * last stage waits for us
 * Return: only when nothing came of it: -1 with OI_R_REBOOT_NEEDED.
 */
OI_MUST_CHECK
int oi_reboot_go(const struct oi_machine *machine, struct oi_err *err);

#endif
