/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's own driver: what is to be there when the vendor's is gone. */
#ifndef OI_EXECUTE_MODULES_OWN_DRIVER_H
#define OI_EXECUTE_MODULES_OWN_DRIVER_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "sys/host.h"

/**
 * oi_own_driver_check() - would the running kernel load its own driver
 *
 * By modprobe's word, of each module of the driver that the kernel's own list (modules.order) has.
 * Where kmod's lists are out of date they are renewed first. A kernel without such a driver, a
 * machine without kmod: nothing can be said, and that is in the log.
 * @kept: what was there before us, of leavings.h: another's driver, of which modprobe still takes
 *        modules, is no failure of ours; empty: nothing is known of that
 * Return: 0, or -1 with OI_R_OWN_DRIVER_MISSING naming what would be loaded instead, OI_R_CHILD_*.
 */
OI_MUST_CHECK
int oi_own_driver_check(const struct oi_host *host, const struct oi_strv *kept, struct oi_err *err);

/**
 * oi_own_driver_bring_back() - what dkms has put aside, back to where the kernel's build has put it
 * @originals: ".../original_module", with KERNEL/ARCH/FILE in it; fine when there is none
 * @left: set when something is there whose place is not known, or is taken; it stays
 *
 * dkms does that itself, and cannot when its own record of what is installed is lost.
 * Return: 0, or -1 with OI_R_READ_FAILED, OI_R_WRITE_FAILED.
 * Source: dkms 3.0.10 and 3.2, do_install() and do_uninstall(); whether it archives is by distribution
 */
OI_MUST_CHECK
int oi_own_driver_bring_back(const struct oi_host *host, const char *originals, bool *left,
			     struct oi_err *err);

/** oi_own_driver_bring_back_for() - the same for one kernel's release */
OI_MUST_CHECK
int oi_own_driver_bring_back_for(const struct oi_host *host, const char *originals, const char *kernel,
				 bool *left, struct oi_err *err);

#endif
