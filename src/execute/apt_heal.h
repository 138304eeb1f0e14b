/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OI_EXECUTE_APT_HEAL_H
#define OI_EXECUTE_APT_HEAL_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "execute/record.h"
#include "execute/steps.h"

/**
 * oi_apt_heal() - finish what dpkg was cut off in
 * @since_s: not needed, dpkg knows what it has not finished
 *
 * Waits for the lock, then lets dpkg configure whatever waits for it. A package
 * that was cut off while it was unpacked can be neither configured nor removed in
 * the ordinary way, and until it is installed again apt says no to everything; of
 * the vendor's there is no archive to do that from. One that @record names is
 * forced out: it is ours, and the plan brings it back.
 * Return: 0, or -1 with OI_R_PACKAGES_LOCK, OI_R_PACKAGES_FAILED, OI_R_DEADLINE.
 * Source: dpkg(1), "reinstreq"; apt-pkg/depcache, "needs to be reinstalled, but I
 *         can't find an archive for it"
 */
OI_MUST_CHECK
int oi_apt_heal(struct oi_execution *run, const struct oi_record *record, int64_t since_s,
		struct oi_err *err);

#endif
