/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which modules were loaded before the exchange, and the way back to just these. */
#ifndef OI_EXECUTE_RELOAD_BEFORE_H
#define OI_EXECUTE_RELOAD_BEFORE_H

#include "base/attr.h"
#include "base/strv.h"
#include "sys/host.h"

struct oi_before {
	struct oi_strv modules; /* all that were loaded, what another needs before it */
	struct oi_strv builds; /* of each, oi_kmod_loaded_build() */
};

/** oi_before_look() - of the running machine; nothing is changed */
void oi_before_look(const struct oi_host *host, struct oi_before *before);

/** oi_before_clear() - free; fine on a zeroed one, and for OI_CLEANUP */
void oi_before_clear(struct oi_before *before);

/**
 * oi_before_restore() - after a failed exchange: other builds out, those of before in
 * @kernel: the release that runs
 *
 * The kernel's own are loaded past depmod, which prefers the new ones; on the disk nothing is
 * changed. Goes on after what fails, and says it in the log.
 * Return: is every module of before loaded again, as the build that it was.
 */
bool oi_before_restore(const struct oi_host *host, const char *kernel,
		       const struct oi_before *before);

/**
 * oi_before_clients() - after a successful exchange: what was unloaded for it and has another build now
 * @clients: their names, what needs another before it
 * One that is the kernel's own does not fit the new ib_core and stays away.
 */
void oi_before_clients(const struct oi_host *host, const char *kernel,
		       const struct oi_strv *clients);

#endif
