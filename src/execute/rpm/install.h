/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packages by dnf, yum, tdnf and zypper: what they have in common; their arguments
 * are rows of a table in call.c.
 *
 * All of them are given a private configuration: copies of the system's repository
 * files and settings without their exclude= lines, and the vendor's repository beside
 * them. So the user's own files are never edited, and a crash leaves nothing to put
 * back.
 */
#ifndef OI_EXECUTE_RPM_INSTALL_H
#define OI_EXECUTE_RPM_INSTALL_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "execute/rpm/session.h"
#include "execute/packages/packages.h"
#include "model/verdict.h"
#include "sys/host.h"

struct oi_rpm_call;
struct oi_rpm_change;
struct oi_rpm_words;

/**
 * oi_rpm_stage() - unpack a vendor's package, read its repositories, judge their keys
 * Keys that are not accepted by fingerprint never reach the package manager, whatever
 * file they stand in.
 * Return: 0, or -1 with OI_R_REPOSITORY_MALFORMED, OI_R_REPOSITORY_UNTRUSTED, OI_R_ARCHIVE_*.
 */
OI_MUST_CHECK
int oi_rpm_stage(struct oi_packages *p, const struct oi_step *step, struct oi_err *err);

/** oi_rpm_stage_address() - the same for a repository that is an address; see oi_address_stage() */
OI_MUST_CHECK
int oi_rpm_stage_address(struct oi_packages *p, const struct oi_step *step,
			 struct oi_err *err);

/**
 * oi_rpm_refresh_ahead() - begin with those of the system's own repositories, beside us
 * dnf and zypper leave alone what they have just fetched; of the others that is not known.
 */
void oi_rpm_refresh_ahead(struct oi_packages *p);

/** oi_rpm_refresh() - private configuration and lists; OI_R_PACKAGES_LISTS, OI_R_REPOSITORY_UNTRUSTED */
OI_MUST_CHECK
int oi_rpm_refresh(struct oi_packages *p, struct oi_err *err);

/**
 * oi_rpm_simulate() - what would the installation change; refuse what must not happen
 * Return: 0, or -1 with OI_R_HEADERS_MISSING, OI_R_COMPILER_MISSING, OI_R_KERNEL_CHANGE,
 *         OI_R_PACKAGES_UNAVAILABLE.
 */
OI_MUST_CHECK
int oi_rpm_simulate(struct oi_packages *p, const struct oi_step *step, struct oi_err *err);

/** oi_rpm_add() - install the vendor's package, which holds the repository */
OI_MUST_CHECK
int oi_rpm_add(struct oi_packages *p, const struct oi_step *step, struct oi_err *err);

/** oi_rpm_add_address() - write the repository file and its keys */
OI_MUST_CHECK
int oi_rpm_add_address(struct oi_packages *p, const struct oi_step *step, struct oi_err *err);

/** oi_rpm_hold() - the vendor's repository before the distribution's, for good */
OI_MUST_CHECK
int oi_rpm_hold(struct oi_packages *p, const struct oi_step *step, struct oi_err *err);

/**
 * oi_rpm_install() - for real, what was simulated
 * Return: 0, or -1 with OI_R_PACKAGES_LOCK, OI_R_REPOSITORY_UNTRUSTED, OI_R_DKMS_FAILED,
 *         OI_R_DISK_SPACE, OI_R_PACKAGES_FAILED.
 */
OI_MUST_CHECK
int oi_rpm_install(struct oi_packages *p, const struct oi_step *step, struct oi_err *err);

/** oi_rpm_shrink() - remove private state, but not what was downloaded */
void oi_rpm_shrink(const struct oi_host *host);

/* --- pieces of these --- */

/** oi_rpm_conf_write() - the private configuration, in which nothing of the vendor's is checked yet */
OI_MUST_CHECK
int oi_rpm_conf_write(const struct oi_packages *p, struct oi_err *err);
/** oi_rpm_conf_staged() - only the vendor's repositories; @checked: their signatures count */
OI_MUST_CHECK
int oi_rpm_conf_staged(const struct oi_packages *p, bool checked, struct oi_err *err);

/**
 * oi_rpm_check() - download all, and look at the signatures of what comes from the vendor
 * @words: of the simulation: what will come
 * @names: what will be asked for
 * By rpmkeys with books of its own, in which are the accepted keys only: nothing of the
 * machine is changed. What lies in the cache then serves the installation.
 * Return: 0, or -1 with OI_R_REPOSITORY_UNTRUSTED, or as oi_rpm_install().
 */
OI_MUST_CHECK
int oi_rpm_check(const struct oi_packages *p, const struct oi_rpm_words *words,
		 const struct oi_strv *names, struct oi_err *err);

/**
 * oi_rpm_judge_signatures() - what rpmkeys --checksig --verbose has said
 * Each file must have a signature by a key that is known, and none that is not.
 * Return: 0, or -1 with OI_R_REPOSITORY_UNTRUSTED naming the first file.
 * Source: rpm's lib/rpmchecksig.c; dnf 4.14, rpm/miscutils.py
 */
OI_MUST_CHECK
int oi_rpm_judge_signatures(const char *text, struct oi_err *err);

/**
 * oi_rpm_find_kernel() - the first change that touches a kernel; borrowed, or NULL
 * A new kernel counts too: the machine would boot it next, without our modules. What cannot be
 * looked into is judged by its name.
 */
const struct oi_rpm_change *oi_rpm_find_kernel(const struct oi_packages *p,
					       const struct oi_rpm_words *words);

/**
 * oi_rpm_find_lock() - where the machine keeps a package back: versionlock's list, zypper's locks
 * @package: "kernel-devel-5.14.0-611.el9.x86_64": a name, alone or with its version
 * Return: "FILE:LINE", owned by the caller; NULL: nothing was found.
 */
char *oi_rpm_find_lock(const struct oi_root *root, const char *package);
/** oi_rpm_tell_hidden() - what keeps these packages back, in one line; owned by the caller */
char *oi_rpm_tell_hidden(const struct oi_root *root, const struct oi_strv *packages);

/**
 * oi_rpm_conf_leave_out() - repositories that cannot be fetched, out of the private configuration
 * @repositories: ids or names. Else each call would wait for them again.
 */
OI_MUST_CHECK
int oi_rpm_conf_leave_out(const struct oi_packages *p, const struct oi_strv *repositories,
			  struct oi_err *err);

/**
 * oi_rpm_check_outcome() - did the installation bring what its simulation promised
 * @scripts: of struct oi_rpm_words: those that failed. One of a package that came now is a
 *           failure, unless it only cares for modules, which check-modules looks at.
 * Return: 0, or -1 with OI_R_PACKAGES_FAILED.
 */
OI_MUST_CHECK
int oi_rpm_check_outcome(const struct oi_packages *p, const struct oi_strv *scripts,
			 struct oi_err *err);

#endif
