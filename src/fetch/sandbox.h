/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ofed-fetch gives up before it reads a byte from outside. */
#ifndef OI_FETCH_SANDBOX_H
#define OI_FETCH_SANDBOX_H

#include "base/attr.h"
#include "base/err.h"
#include "fetch/protocol.h"

/**
 * oi_sandbox_enter() - give up for good what a download does not need
 * @lacking: NULL, or why this kernel filters no system calls; borrowed
 *
 * Called before the first byte from outside is looked at. Afterwards the
 * process has no capabilities and cannot get any, makes only the system calls of
 * seccomp.c, leaves no core file, cannot be traced, and is killed when its parent
 * dies. As uid 0 it can still write what root owns, which is how it fills the
 * staging folder; files that root may read only by its privileges are out of
 * reach. Works for other users too.
 * Return: 0, or -1 with OI_R_FETCH_FAILED: then nothing may be parsed.
 */
OI_MUST_CHECK
int oi_sandbox_enter(const char **lacking, struct oi_err *err);

/**
 * oi_sandbox_confine() - give up all files but those of one request
 * @dir_fd: the staging folder, the only place that is written to from here on
 *
 * Called once the request is read, which comes from ofed-init itself, and before
 * the first byte of what it is about. Needs oi_sandbox_enter().
 * Return: NULL, or why this kernel cannot do it (Landlock came with Linux 5.13 and may
 *         be switched off), borrowed: no reason to fail a boot, but to say so.
 */
OI_MUST_CHECK
const char *oi_sandbox_confine(const struct oi_fetch_request *request, int dir_fd);

#endif
