/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packages that were unpacked in a hurry, after the machine lost what was not on its disk yet. */
#ifndef OI_EXECUTE_APT_LOST_H
#define OI_EXECUTE_APT_LOST_H

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "sys/host.h"

/**
 * oi_apt_lost() - which of them are not what dpkg had unpacked
 * @hurried: "name version", of the journal
 * @states: all that dpkg knows, "STATE FLAG NAME" each
 * @damaged: names are appended, as dpkg wants them
 * What dpkg itself calls half-installed or not there is not looked at.
 *
 * With --force-unsafe-io dpkg renames what it has unpacked without an fsync before it: after a
 * power cut a file may be there and be empty, or hold zeros. It is the only thing that the
 * option leaves out; dpkg's own books are synced all the same: the files of info/ as a whole
 * before they are renamed, its lists and digests, and the status. So they can be asked.
 * Source: dpkg, src/main/archives.c tarobject_extract() (FNNF_DEFERRED_FSYNC), src/main/unpack.c
 *         (dir_sync_contents(cidir)); strace of 1.21.23 unpacking 193 files: 215 fsyncs without
 *         the option and 22 with it, all below /var/lib/dpkg
 * Return: 0, or -1 with OI_R_DEADLINE, OI_R_CHILD_TIMEOUT, OI_R_TOOL_MISSING.
 */
OI_MUST_CHECK
int oi_apt_lost(const struct oi_host *host, const struct oi_strv *hurried,
		const struct oi_strv *states, struct oi_strv *damaged, struct oi_err *err);

#endif
