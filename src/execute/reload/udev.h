/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * udev, kept from loading modules while others take their place: it loads them by what
 * devices say they are, the driver's service by name. In between, only the service is
 * to: else what udev finds at that moment gets in, perhaps one half of each build.
 */
#ifndef OI_EXECUTE_RELOAD_UDEV_H
#define OI_EXECUTE_RELOAD_UDEV_H

#include "base/strv.h"
#include "sys/host.h"

/* In /run, so that no boot begins with it. Source: modprobe.d(5), "blacklist" */
#define OI_UDEV_HOLD "/run/modprobe.d/ofed-init-reload.conf"

/**
 * oi_udev_hold() - these modules are loaded by whoever names them, and by no device
 * @modules: names, as lsmod shows them
 * Until oi_udev_let_go() or the next boot. That it did not work is a warning: udev may
 * be too late all the same.
 */
void oi_udev_hold(const struct oi_host *host, const struct oi_strv *modules);

/** oi_udev_let_go() - devices load their modules again; nothing to do when they may already */
void oi_udev_let_go(const struct oi_host *host);

#endif
