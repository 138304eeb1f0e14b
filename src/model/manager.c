/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/manager.h"

#include <string.h>

#include "base/attr.h"

/* Source: catalog notes, "Packages and modules" */
#define RPM .format = "rpm", .driver = "mlnx-ofa_kernel", .prebuilt = true

static const struct oi_manager table[] = {
	{ .method = "dnf", RPM },
	{ .method = "yum", RPM },
	{ .method = "tdnf", RPM },
	{ .method = "zypper", RPM, .suse_kernels = true },
	{ .method = "apt", .format = "deb", .driver = "mlnx-ofed-kernel", .shares_modules = true,
	  .plus_in_release = true },
};

const struct oi_manager *oi_manager_find(const char *method)
{
	for (size_t i = 0; method && i < OI_ARRAY_SIZE(table); i++)
		if (!strcmp(table[i].method, method))
			return &table[i];
	return &table[0];
}
