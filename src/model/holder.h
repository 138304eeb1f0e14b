/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The drop-in by which a unit of hold_units waits for infiniband-ready.target. */
#ifndef OI_MODEL_HOLDER_H
#define OI_MODEL_HOLDER_H

#include <stdbool.h>

#define OI_HOLDER_TARGET "infiniband-ready.target"

/* Where systemd looks for drop-ins. Of two with the same name the first folder's counts. Source: systemd.unit(5) */
#define OI_HOLDER_LASTING "/etc/systemd/system"
#define OI_HOLDER_THIS_BOOT "/run/systemd/system"

/**
 * oi_holder_path() - where a unit's drop-in is
 * @folder: one of the two above
 * Return: owned by the caller.
 */
char *oi_holder_path(const char *folder, const char *unit);

/** oi_holder_unit() - whose drop-in a lasting path is; owned by the caller, NULL: another file */
char *oi_holder_unit(const char *path);

/**
 * oi_holder_text() - what is in it
 * @memlock: the stanza's tuning.memlock: limits.d is for logins, and a service has limits of its own
 * Return: owned by the caller.
 */
char *oi_holder_text(const char *unit, bool memlock);

#endif
