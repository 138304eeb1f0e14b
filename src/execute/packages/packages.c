/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/packages/packages.h"

#include <string.h>

#include "base/mem.h"
#include "execute/apt/install.h"
#include "execute/apt/heal.h"
#include "execute/packages/removal.h"
#include "execute/rpm/install.h"
#include "execute/rpm/heal.h"
#include "execute/steps/steps.h"
#include "model/reasons.h"

/* rpm's own, where its database is today and where it was before */
#define RPM_LOCKS { "/var/lib/rpm/.rpm.lock", false }, { "/usr/lib/sysimage/rpm/.rpm.lock", false }

#define RPM(name)                                                                               \
	.method = name, .format = "rpm", .stage = oi_rpm_stage, .refresh = oi_rpm_refresh,        \
	.stage_address = oi_rpm_stage_address, .add_address = oi_rpm_add_address,                 \
	.hold = oi_rpm_hold, .simulate = oi_rpm_simulate, .add = oi_rpm_add, .install = oi_rpm_install,                \
	.shrink = oi_rpm_shrink, .version = oi_rpm_version, .present = oi_rpm_present,            \
	.try_remove = oi_rpm_try_remove, .remove = oi_rpm_remove, .restore = oi_rpm_restore,      \
	.restore_first = true, .heal = oi_rpm_heal

static const struct oi_packages_ops table[] = {
	{
		.method = "apt", .format = "deb", .stage = oi_apt_stage_package,
		.stage_address = oi_apt_stage_address, .add_address = oi_apt_add_address,
		.hold = oi_apt_hold, .refresh_ahead = oi_apt_refresh_ahead, .refresh = oi_apt_refresh,
		.simulate = oi_apt_simulate, .add = oi_apt_add,
		.install = oi_apt_install, .fresh = oi_apt_fresh, .shrink = oi_apt_shrink,
		.version = oi_apt_version, .heal = oi_apt_heal,
		.present = oi_apt_present, .try_remove = oi_apt_try_remove,
		.remove = oi_apt_remove, .restore = oi_apt_restore,
		.books = "/var/lib/dpkg/status",
		/* the second is dpkg's own, the only one before 2018 */
		.locks = { { "/var/lib/dpkg/lock-frontend", false }, { "/var/lib/dpkg/lock", false } },
	},
	{
		RPM("dnf"), .refresh_ahead = oi_rpm_refresh_ahead, .books = "/etc/dnf/dnf.conf",
		.locks = { { "/var/lib/dnf/rpmdb_lock.pid", true }, { "/var/run/yum.pid", true },
			   RPM_LOCKS },
	},
	{
		RPM("yum"), .books = "/etc/yum.conf",
		.locks = { { "/var/run/yum.pid", true }, { "/var/lib/dnf/rpmdb_lock.pid", true },
			   RPM_LOCKS },
	},
	{
		RPM("tdnf"), .books = "/etc/tdnf/tdnf.conf",
		/* The pid in it may be that of one that waits: it is written before the lock is had.
		 * Source: vmware/tdnf, common/lock.c; client/defines.h */
		.locks = { { "/var/run/.tdnf-instance-lockfile", false }, RPM_LOCKS },
	},
	{
		RPM("zypper"), .refresh_ahead = oi_rpm_refresh_ahead, .books = "/etc/zypp",
		.locks = { { "/run/zypp.pid", true }, RPM_LOCKS },
	},
};

const struct oi_packages_ops *oi_packages_find(const char *method)
{
	for (size_t i = 0; method && i < OI_ARRAY_SIZE(table); i++)
		if (!strcmp(table[i].method, method))
			return &table[i];
	return NULL;
}

int oi_packages_can_add(const struct oi_packages_ops *ops, const struct oi_step *step,
			struct oi_err *err)
{
	if (step->key && !strcmp(step->key, "address"))
		return 0; /* whatever has packages of any kind */
	if (step->key && !strcmp(step->key, ops->format) && step->path &&
	    !strchr(step->path, '/'))
		return 0;
	return oi_err_set(err, OI_R_METHOD_UNAVAILABLE, "a repository of the kind \"%s\" by %s",
			  step->key ? step->key : "none", ops->method);
}

const struct oi_packages_ops *oi_packages_of(const struct oi_verdict *verdict,
					     struct oi_err *err)
{
	/* A bundle is no package manager, and needs one for what it builds with. */
	const char *method = verdict->driver.manager ? verdict->driver.manager :
						       verdict->driver.method;
	const struct oi_packages_ops *ops = oi_packages_find(method);

	if (!ops)
		oi_err_set(err, OI_R_METHOD_UNAVAILABLE, "%s by %s",
			   verdict->driver.stack ? verdict->driver.stack : "packages",
			   method ? method : "none");
	return ops;
}

const struct oi_packages_ops *oi_packages_used(const struct oi_host *host,
					       const struct oi_strv *methods)
{
	for (size_t i = 0; i < methods->n; i++) {
		const struct oi_packages_ops *ops = oi_packages_find(methods->v[i]);

		if (ops)
			return ops;
	}
	for (size_t i = 0; i < OI_ARRAY_SIZE(table); i++)
		if (oi_root_exists(&host->change, table[i].books))
			return &table[i];
	return &table[OI_ARRAY_SIZE(table) - 1]; /* rpm's own books do for all but restoring */
}

int oi_packages_wanted(const struct oi_packages_ops *ops, const struct oi_host *host,
		       const struct oi_strv *replaced, struct oi_strv *wanted,
		       struct oi_err *err)
{
	for (size_t i = 0; i < replaced->n; i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv fields = { 0 };
		OI_FREE char *now = NULL;
		bool gone;

		oi_strv_split(&fields, replaced->v[i], " ");
		if (fields.n != 3)
			continue;
		if (ops->version(host, fields.v[0], &now, err))
			return -1;
		gone = !strcmp(fields.v[2], "-");
		if (now ? !gone && !strcmp(now, fields.v[2]) : gone)
			oi_strv_addf(wanted, "%s %s", fields.v[0], fields.v[1]);
	}
	return 0;
}
