/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packages by apt: apt*.c alone know its arguments. */
#ifndef OI_EXECUTE_APT_INSTALL_H
#define OI_EXECUTE_APT_INSTALL_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "execute/apt/session.h"
#include "execute/packages/packages.h"
#include "model/verdict.h"

/**
 * oi_apt_refresh_ahead() - begin with those of the system's own sources, beside us
 * While something else is downloaded, since the staged repository is often in that. What comes
 * of it oi_apt_refresh() waits for; the staged one's are all that is left to it then.
 */
void oi_apt_refresh_ahead(struct oi_packages *p);

/**
 * oi_apt_refresh() - package lists, into the private state
 * A source of the user's own that fails is warned of and remembered; the staged
 * repository must come, signed by its key. Lists that are newer than the clock are waited for, a minute at most.
 * Return: 0, or -1 with oi_apt_lists_reason(), OI_R_REPOSITORY_UNTRUSTED, OI_R_KEY_POLICY.
 */
OI_MUST_CHECK
int oi_apt_refresh(struct oi_packages *p, struct oi_err *err);

/** oi_apt_lists_reason() - why lists are missing: OI_R_CLOCK_BEHIND, or OI_R_PACKAGES_LISTS for all else */
enum oi_reason oi_apt_lists_reason(const struct oi_apt *apt);

/**
 * oi_apt_simulate() - what would the installation change; refuse what must not happen
 * @step: names must fit; each of optional is taken if it does. A name with a '/' is a
 *        package in a file.
 * Return: 0, or -1 with OI_R_HEADERS_MISSING, OI_R_COMPILER_MISSING,
 *         OI_R_KERNEL_CHANGE, OI_R_DISK_SPACE, OI_R_PACKAGES_UNAVAILABLE, or
 *         OI_R_PACKAGES_LISTS when incomplete lists may be why.
 */
OI_MUST_CHECK
int oi_apt_simulate(struct oi_packages *p, const struct oi_step *step, struct oi_err *err);

/** oi_apt_fresh() - "name version" of what the simulation would newly install; borrowed */
const struct oi_strv *oi_apt_fresh(const struct oi_packages *p);

/** oi_apt_stage_package() - look into the vendor's package; see oi_apt_stage() */
OI_MUST_CHECK
int oi_apt_stage_package(struct oi_packages *p, const struct oi_step *step,
			 struct oi_err *err);

/** oi_apt_stage_address() - the same for a repository that is an address; see oi_address_stage() */
OI_MUST_CHECK
int oi_apt_stage_address(struct oi_packages *p, const struct oi_step *step,
			 struct oi_err *err);

/** oi_apt_add() - install the vendor's package, which holds the repository */
OI_MUST_CHECK
int oi_apt_add(struct oi_packages *p, const struct oi_step *step, struct oi_err *err);

/** oi_apt_was_interrupted() - has dpkg left notes of work under way; only right while nobody has the lock */
bool oi_apt_was_interrupted(const struct oi_host *host);

/**
 * oi_apt_finish() - let dpkg configure all that waits for it
 * Return: 0, also when packages lack what they need, which is apt's to mend; or -1
 *         with OI_R_PACKAGES_LOCK, OI_R_PACKAGES_FAILED, OI_R_DKMS_FAILED.
 */
OI_MUST_CHECK
int oi_apt_finish(struct oi_packages *p, struct oi_err *err);

/** oi_apt_add_address() - write the source file and its keys */
OI_MUST_CHECK
int oi_apt_add_address(struct oi_packages *p, const struct oi_step *step, struct oi_err *err);

/** oi_apt_hold() - packages of the step stay those of the archive that its key names: a pin */
OI_MUST_CHECK
int oi_apt_hold(struct oi_packages *p, const struct oi_step *step, struct oi_err *err);

/**
 * oi_apt_install() - for real, what was simulated
 * Waits for the package lock and names who holds it.
 * Return: 0, or -1 with OI_R_PACKAGES_LOCK, OI_R_DKMS_FAILED, OI_R_DISK_SPACE,
 *         OI_R_PACKAGES_FAILED.
 */
OI_MUST_CHECK
int oi_apt_install(struct oi_packages *p, const struct oi_step *step, struct oi_err *err);

#endif
