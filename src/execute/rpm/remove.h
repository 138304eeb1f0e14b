/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is installed, and its removal: from rpm's own database, whatever manager put it there. Operations of struct oi_packages_ops. */
#ifndef OI_EXECUTE_RPM_REMOVE_H
#define OI_EXECUTE_RPM_REMOVE_H

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "execute/packages/packages.h"
#include "sys/host.h"

OI_MUST_CHECK
int oi_rpm_version(const struct oi_host *host, const char *name, char **version,
		   struct oi_err *err);
OI_MUST_CHECK
int oi_rpm_present(const struct oi_host *host, const struct oi_strv *entries,
		   struct oi_strv *present, struct oi_err *err);
OI_MUST_CHECK
int oi_rpm_try_remove(const struct oi_host *host, const struct oi_strv *present,
		      const struct oi_strv *entries, struct oi_err *err);
OI_MUST_CHECK
int oi_rpm_remove(const struct oi_host *host, const struct oi_strv *present, struct oi_err *err);
OI_MUST_CHECK
int oi_rpm_restore(const struct oi_host *host, const struct oi_packages_ops *ops,
		   const struct oi_strv *replaced, const struct oi_strv *entries,
		   struct oi_err *err);

#endif
