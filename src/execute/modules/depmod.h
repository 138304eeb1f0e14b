/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list by which modprobe finds a kernel's modules. */
#ifndef OI_EXECUTE_MODULES_DEPMOD_H
#define OI_EXECUTE_MODULES_DEPMOD_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "sys/host.h"

/**
 * oi_depmod_renew() - depmod for one release, of the changed root
 * Return: 0, or -1 as oi_child_run().
 */
OI_MUST_CHECK
int oi_depmod_renew(const struct oi_host *host, const char *kernel, struct oi_err *err);

/**
 * oi_depmod_check() - heal, and renew the list if it does not name the stack's own modules
 * To be asked when dkms says that they are installed: dkms takes no notice of a depmod that
 * was killed, and modprobe would then load the kernel's own, on every boot.
 * Return: 0, or -1 as oi_kmods_find() and oi_depmod_renew().
 */
OI_MUST_CHECK
int oi_depmod_check(const struct oi_host *host, const char *kernel, struct oi_err *err);

/**
 * oi_depmod_heal() - what a depmod that was cut off has left
 * Its lists change their names one after the other, so some may be of before and some new: where one
 * of its working files lies, that is removed and all lists are renewed. What fails is in the log.
 * Files of one that is running stay.
 */
void oi_depmod_heal(const struct oi_host *host, const char *kernel);

/**
 * oi_depmod_since() - has depmod made its lists for a release after a file was written
 * @path: of the file; its time tells when it was finished, not when it was begun
 * Whatever puts modules in place has depmod tell of them. The modules' own times are no measure:
 * those of a package are of the day that it was made on.
 * Return: true also when there is no such file; false when there are no lists.
 */
bool oi_depmod_since(const struct oi_host *host, const char *kernel, const char *path);

#endif
