/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After an interrupted run: what rpm has not finished goes, and the plan brings it back. */
#ifndef OI_EXECUTE_RPM_HEAL_H
#define OI_EXECUTE_RPM_HEAL_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "execute/state/journal.h"
#include "execute/state/record.h"
#include "execute/packages/packages.h"

/**
 * oi_rpm_heal() - take back what rpm was cut off in
 * @record: what is ours
 * @journal: when the step that was cut off began; unknown: only packages that are there twice
 *           are seen to
 *
 * rpm counts a package as installed before its scripts have run, and those that belong to
 * the end of a transaction run after all packages: who asks for it again is told that there
 * is nothing to do. So what was new and has come since then goes, and the plan brings it
 * back as a whole. Of a package that was there before in another version, and now is in
 * both, the older goes, which is what the rest of the transaction would have done. What was
 * not yet renamed from rpm's own working names goes too. A lock of a manager that is dead
 * counts for nobody (packages.h), and all configuration was private (rpm.h).
 * Return: 0, or -1 with OI_R_PACKAGES_LOCK, OI_R_PACKAGES_FAILED, OI_R_DEADLINE.
 * Source: rpm 4.18, lib/psm.c rpmPackageInstall(), lib/fsm.c fsmMkfile() ("%s;%08x", the
 *         transaction's time)
 */
OI_MUST_CHECK
int oi_rpm_heal(struct oi_packages *p, const struct oi_record *record,
		const struct oi_journal *journal, struct oi_err *err);

#endif
