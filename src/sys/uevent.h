/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door to the kernel's device events: something was plugged in, removed or bound. */
#ifndef OI_SYS_UEVENT_H
#define OI_SYS_UEVENT_H

#include <stdint.h>

#include "base/attr.h"

/**
 * oi_uevent_open() - listen from now on
 * Return: descriptor, to be closed by the caller; or -1 with errno, where a
 *         container or a seccomp filter forbids it: then there is only looking.
 */
OI_MUST_CHECK
int oi_uevent_open(void);

/**
 * oi_uevent_wait() - sleep until a device event
 * @fd: of oi_uevent_open(); below 0 it only sleeps
 * @subsystem: "pci", "infiniband": others do not wake us
 * @deadline_ms: monotonic, absolute
 * Return: 1 an event came (or some were lost), 0 the deadline did.
 */
int oi_uevent_wait(int fd, const char *subsystem, int64_t deadline_ms);

#endif
