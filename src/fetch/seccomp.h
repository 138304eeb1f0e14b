/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which system calls ofed-fetch may make: the half of the sandbox that is seccomp's. */
#ifndef OI_FETCH_SECCOMP_H
#define OI_FETCH_SECCOMP_H

#include "base/attr.h"

/**
 * oi_seccomp_limit() - from here on only what downloads and unpacking need
 *
 * Needs no_new_privs. Holds for this thread and all that it starts. What is not
 * on the list answers ENOSYS, so that a newer C library falls back to what it used
 * before; what nothing here has a reason to try (running programs, looking into
 * other processes, mounts, modules) ends the process with SIGSYS.
 * Return: NULL, or why this kernel has no such filter; then nothing is limited.
 * Source: seccomp(2); kernel, Documentation/userspace-api/seccomp_filter.rst
 */
OI_MUST_CHECK
const char *oi_seccomp_limit(void);

#endif
