/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a build's log says of why it failed. */
#ifndef OI_EXECUTE_MODULES_MAKE_LOG_H
#define OI_EXECUTE_MODULES_MAKE_LOG_H

#include <stdbool.h>

#include "base/strv.h"
#include "sys/host.h"

/**
 * oi_make_log_errors() - the lines of compiler, linker, configure and make that tell of errors
 * @lines: appended to, at most OI_MAKE_LOG_ERRORS
 * Those around the place where make gave up; without such a place, the last ones. What a shell traces
 * (set -x) is not theirs: the vendor's build goes on after a failed make and ends in a long trace.
 * Source: mlnx-ofed-kernel 24.07, ofed_scripts/pre_build.sh
 */
void oi_make_log_errors(const char *text, struct oi_strv *lines);

#define OI_MAKE_LOG_ERRORS 12

/**
 * oi_make_log_tell() - its errors and its end, into the status log
 * @path: on the changed root
 * @cause: when there is an error, the first of them; owned by the caller
 * Return: whether there is such a file, with anything in it.
 */
bool oi_make_log_tell(const struct oi_host *host, const char *path, char **cause);

#endif
