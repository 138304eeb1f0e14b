/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the vendor's packages leave when they go: files and folders that no package owns, an
 * alternative, and lines in files of others. The record keeps what was there before; what has come
 * since goes with uninstall, and an administrator's own lines stay.
 *
 * Source: mlnx-ofed-kernel 24.01 to 24.07, measured: its build copies headers to
 * /usr/src/ofa_kernel/ARCH/KERNEL and registers them; its removal script is to take them out, and reads
 * a variable that nobody sets. Its utils package appends to /etc/security/limits.conf and modprobe.d,
 * its build to openib.conf.
 */
#ifndef OI_EXECUTE_STATE_LEAVINGS_H
#define OI_EXECUTE_STATE_LEAVINGS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "execute/state/record.h"
#include "sys/host.h"

/**
 * oi_leavings_look() - what of that kind is there
 * @found: appended to: paths; never empty afterwards, so that "none" is told from "not looked"
 */
OI_MUST_CHECK
int oi_leavings_look(const struct oi_root *root, struct oi_strv *found, struct oi_err *err);

/**
 * oi_leavings_note() - before the record's first entry: what is there, with copies of files of others
 * Fine when the record has begun: then what is there may be of our own doing.
 */
OI_MUST_CHECK
int oi_leavings_note(const struct oi_root *root, struct oi_err *err);

/**
 * oi_leavings_remove() - what is not of @record->kept, after the packages have gone
 * A record without such a list was begun by an older program: then nothing is known, and nothing removed.
 * Nothing goes while dkms still has a driver of the vendor's, which may be somebody else's.
 * Return: 0, or -1 with OI_R_READ_FAILED, OI_R_WRITE_FAILED.
 */
OI_MUST_CHECK
int oi_leavings_remove(const struct oi_host *host, const struct oi_record *record,
		       struct oi_err *err);

/**
 * oi_leavings_strip() - a file's text without the lines that the vendor has added to it
 * @now: as it is
 * @before: as it was
 * @is_theirs: is a line one that the vendor writes
 * Return: owned by the caller; @before to the byte when nobody else has changed it.
 */
char *oi_leavings_strip(const char *now, const char *before, bool (*is_theirs)(const char *line));

#endif
