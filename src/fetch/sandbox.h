/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OI_FETCH_SANDBOX_H
#define OI_FETCH_SANDBOX_H

#include "base/attr.h"
#include "base/err.h"

/**
 * oi_sandbox_enter() - give up for good what a download does not need
 *
 * Called before the first byte from outside is looked at. Afterwards the
 * process has no capabilities and cannot get any, leaves no core file, cannot
 * be traced, and is killed when its parent dies. As uid 0 it can still write
 * what root owns, which is how it fills the staging folder; files that root may
 * read only by its privileges are out of reach. Works for other users too.
 * System call filters and Landlock rules come with a later change.
 * Return: 0, or -1 with OI_R_FETCH_FAILED: then nothing may be parsed.
 */
OI_MUST_CHECK
int oi_sandbox_enter(struct oi_err *err);

#endif
