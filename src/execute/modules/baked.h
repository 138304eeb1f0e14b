/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an image remembers of being baked, and how a VM that has no use for it is rid of it. */
#ifndef OI_EXECUTE_MODULES_BAKED_H
#define OI_EXECUTE_MODULES_BAKED_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/config.h"
#include "model/verdict.h"
#include "sys/host.h"

/**
 * oi_bake_mark() - write OI_BAKED_MARKER: kernel, stack, version, architecture, options
 * and every module file with its size and digest
 * @verdict: that was carried out, or that found the driver there
 * @arch: of the kernel
 * @sizes: for which it was decided
 * Return: 0, or -1 with OI_R_MODULES_MISSING when the kernel has not got the driver's
 *         modules, OI_R_WRITE_FAILED.
 */
OI_MUST_CHECK
int oi_bake_mark(const struct oi_host *host, const struct oi_config *config,
		 const struct oi_verdict *verdict, const char *arch, const struct oi_strv *sizes,
		 struct oi_err *err);

/** oi_bake_is_marked() - has a bake for @kernel come to its end, and depmod done nothing since */
bool oi_bake_is_marked(const struct oi_host *host, const char *kernel);

/**
 * oi_bake_unregister() - the VM has no InfiniBand: dkms is to compile nothing for it
 *
 * Takes the modules that we had dkms build out of its hands, with their files, and
 * disables the units that we enabled. Packages stay: a later run on another size
 * finds them. Failures are only warned of.
 * Return: how many modules were taken out.
 */
size_t oi_bake_unregister(const struct oi_host *host);

#endif
