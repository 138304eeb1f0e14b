/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `systemctl status` says of us while we work. */
#ifndef OI_SYS_NOTIFY_H
#define OI_SYS_NOTIFY_H

#include "base/attr.h"

/**
 * oi_notify_status() - one line, "installing packages"
 *
 * Without secrets: it is not redacted. Nothing happens where systemd has not
 * asked for it, and nothing is wrong when it cannot be sent.
 * Source: sd_notify(3), STATUS= on the socket that NOTIFY_SOCKET names
 */
void oi_notify_status(const char *fmt, ...) OI_PRINTF(1, 2);

#endif
