/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/manager.h"

#include <string.h>

#include "base/attr.h"
#include "base/strv.h"

/* Source: catalog notes, "Packages and modules" */
#define RPM .format = "rpm", .driver = "mlnx-ofa_kernel", .prebuilt = true

static const struct oi_manager table[] = {
	{ .method = "apt", .format = "deb", .driver = "mlnx-ofed-kernel", .shares_modules = true,
	  .plus_in_release = true },
	{ .method = "dnf", RPM },
	{ .method = "yum", RPM },
	{ .method = "tdnf", RPM },
	{ .method = "zypper", RPM, .suse_kernels = true },
};

const struct oi_manager *oi_manager_find(const char *method)
{
	for (size_t i = 0; method && i < OI_ARRAY_SIZE(table); i++)
		if (!strcmp(table[i].method, method))
			return &table[i];
	return oi_manager_find("dnf");
}

char *oi_manager_methods(void)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv methods = { 0 };

	for (size_t i = 0; i < OI_ARRAY_SIZE(table); i++)
		oi_strv_add(&methods, table[i].method);
	return oi_strv_join(&methods, ", ");
}
