/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of ours on the machine: noted in the record before they are written. */
#ifndef OI_EXECUTE_STATE_OWN_FILE_H
#define OI_EXECUTE_STATE_OWN_FILE_H

#include "base/attr.h"
#include "base/err.h"
#include "sys/host.h"

/**
 * oi_own_file_write() - write a file of ours, mode 0644; uninstall takes it back by the record
 * Return: 0, or -1 with OI_R_WRITE_FAILED.
 */
OI_MUST_CHECK
int oi_own_file_write(const struct oi_host *host, const char *path, const char *text,
		      struct oi_err *err);

#endif
