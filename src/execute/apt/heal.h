/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After an interrupted run: dpkg finishes its work, damaged packages of ours go. */
#ifndef OI_EXECUTE_APT_HEAL_H
#define OI_EXECUTE_APT_HEAL_H

#include "base/attr.h"
#include "base/err.h"
#include "execute/state/journal.h"
#include "execute/state/record.h"
#include "execute/packages/packages.h"

/**
 * oi_apt_heal() - finish what dpkg was cut off in
 * @journal: what was unpacked without syncing it, and in which boot
 *
 * Waits for the lock. If the machine has lost what was not on its disk yet, packages that
 * are damaged go first (lost.h), with their settings: they were new, and the plan brings
 * them back; no script of a package shall run while what it calls is damaged.
 * Then lets dpkg configure whatever waits for it. A package that was cut off while it was
 * unpacked can be neither configured nor removed in the ordinary way, and until it is
 * installed again apt says no to everything; of the vendor's there is no archive to do that
 * from. One that @record names is forced out: it is ours, and the plan brings it back.
 * Return: 0, or -1 with OI_R_PACKAGES_LOCK, OI_R_PACKAGES_FAILED, OI_R_DEADLINE.
 * Source: dpkg(1), "reinstreq"; apt-pkg/depcache, "needs to be reinstalled, but I
 *         can't find an archive for it"
 */
OI_MUST_CHECK
int oi_apt_heal(struct oi_packages *p, const struct oi_record *record,
		const struct oi_journal *journal, struct oi_err *err);

/**
 * oi_apt_settle() - leave dpkg and apt in order after a run that failed
 *
 * As oi_apt_heal(). Then what is new and still not configured is removed: its own needs are not met, and until they
 * are, apt refuses whatever else it is asked. A package that took the place of an older one stays.
 * Return: as oi_apt_heal().
 */
OI_MUST_CHECK
int oi_apt_settle(struct oi_packages *p, struct oi_err *err);

/**
 * oi_apt_defer_open() - before packages are finished: let this run compile, and not their scripts
 * They would compile all that the vendor has, one package after the other; the run compiles what is
 * needed. What of it is not ours is left to its scripts.
 * Return: 0, or -1 with OI_R_CHILD_FAILED, OI_R_WRITE_FAILED, OI_R_RECORD_MALFORMED.
 */
OI_MUST_CHECK
int oi_apt_defer_open(struct oi_packages *p, struct oi_err *err);

#endif
