/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/packages.h"

#include <string.h>

#include "execute/apt.h"
#include "execute/rpm.h"
#include "execute/steps.h"
#include "model/reasons.h"

#define RPM(name)                                                                               \
	.method = name, .format = "rpm", .stage = oi_rpm_stage, .refresh = oi_rpm_refresh,        \
	.simulate = oi_rpm_simulate, .add = oi_rpm_add, .install = oi_rpm_install,                \
	.shrink = oi_rpm_shrink

static const struct oi_packages_ops table[] = {
	{
		.method = "apt", .format = "deb", .stage = oi_apt_stage_package,
		.refresh = oi_apt_refresh, .simulate = oi_apt_simulate, .add = oi_apt_add,
		.install = oi_apt_install, .fresh = oi_apt_fresh, .shrink = oi_apt_shrink,
	},
	{ RPM("dnf") },
	{ RPM("yum") },
	{ RPM("tdnf") },
	{ RPM("zypper") },
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
