/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a dkms that was cut off has left. */
#ifndef OI_EXECUTE_MODULES_DKMS_HEAL_H
#define OI_EXECUTE_MODULES_DKMS_HEAL_H

#include <stdbool.h>

#include "base/strv.h"
#include "sys/host.h"

/**
 * oi_dkms_heal() - drop what was built and not installed to the end, so that it is built anew
 * @names: of modules; another's half-built one is for its owner to judge
 * @kernel: NULL: unknown
 * @lost: what was built for it may not have reached the disk: that goes too, installed or not
 */
void oi_dkms_heal(const struct oi_host *host, const struct oi_strv *names, const char *kernel, bool lost);

/**
 * oi_dkms_bring_back() - the kernel's own modules, that dkms has moved into its tree, back to their places
 * While dkms copies it moves them there (which ones, is by distribution), and it brings them back when it uninstalls
 * what kernel-RELEASE-ARCH leads to; without that link it never does. Kernels that have one are left to dkms.
 */
void oi_dkms_bring_back(const struct oi_host *host, const char *name);

/**
 * oi_dkms_link_release() - RELEASE of "kernel-RELEASE-ARCH", dkms' link to what is installed
 * @arch: filled: where ARCH begins in @name
 * Return: owned by the caller; NULL: @name is no such link.
 */
char *oi_dkms_link_release(const char *name, const char **arch);

#endif
