/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Repository files (yum.repos.d, zypp's repos.d) and main configurations, rewritten. */
#ifndef OI_EXECUTE_RPM_REPO_H
#define OI_EXECUTE_RPM_REPO_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"
#include "sys/root.h"

/* Before the distribution's: dnf and zypper give those 99, tdnf 50. */
#define OI_RPM_PRIORITY "40"

/* One repository that a vendor's package brings. */
struct oi_rpm_repo {
	char *id;
	char *name;
	struct oi_strv baseurls; /* those inside the package point into the unpacked tree */
	char *mirrorlist;
	char *metalink;
	struct oi_strv keys; /* gpgkey: URLs as written */
	bool signed_for; /* says gpgcheck=1 itself */
	bool inside; /* all its packages lie in the vendor's package */
};

struct oi_rpm_repos {
	struct oi_rpm_repo *v;
	size_t n;
};

void oi_rpm_repos_clear(struct oi_rpm_repos *repos);

/**
 * oi_rpm_repo_read() - the enabled repositories of a vendor's file
 * @tree: the unpacked package
 * @name: of the file, for errors
 * Return: 0, or -1 with OI_R_REPOSITORY_MALFORMED.
 * Source: dnf.conf(5), yum.conf(5), zypper's repository files
 */
OI_MUST_CHECK
int oi_rpm_repo_read(const struct oi_root *tree, const char *name, const char *text,
		     struct oi_rpm_repos *repos, struct oi_err *err);

/**
 * oi_rpm_repo_write() - a repository of the vendor's, as the package manager is to use it
 * @checked: signatures count; they do not until they have been looked at
 * @key_path: file with the accepted keys; NULL: it has none
 * @ca_bundle: for its https; NULL: the system's
 * Signatures are checked, unless the packages lie in the vendor's own package: then the
 * digest that was checked covers them.
 */
void oi_rpm_repo_write(const struct oi_rpm_repo *repo, bool checked, const char *key_path,
		       const char *ca_bundle, struct oi_buf *out);

/** oi_rpm_repo_is_checked() - are signatures of its packages to be checked */
bool oi_rpm_repo_is_checked(const struct oi_rpm_repo *repo);

/**
 * oi_rpm_conf_copy() - copy a configuration file without some of its settings
 * @drop: names of settings, NULL at the end; their continuation lines go too
 * @section: behind this section's head, or every section's but [main] when NULL, ...
 * @more: ... these lines are added; may be ""
 */
void oi_rpm_conf_copy(const char *text, const char *const *drop, const char *section,
		      const char *more, struct oi_buf *out);

#endif
