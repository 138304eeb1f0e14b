/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/apt/ops.h"

#include "execute/apt/heal.h"
#include "execute/apt/install.h"
#include "execute/apt/remove.h"

/* The second is dpkg's own, the only one before 2018. */
static const struct oi_packages_lock locks[] = {
	{ "/var/lib/dpkg/lock-frontend", false }, { "/var/lib/dpkg/lock", false }, { NULL, false },
};

const struct oi_packages_ops oi_apt_ops = {
	.method = "apt", .format = "deb", .begin = oi_apt_begin, .end = oi_apt_end,
	.stage = oi_apt_stage_package, .stage_address = oi_apt_stage_address,
	.add_address = oi_apt_add_address, .hold = oi_apt_hold,
	.refresh_ahead = oi_apt_refresh_ahead, .refresh = oi_apt_refresh,
	.simulate = oi_apt_simulate, .add = oi_apt_add, .install = oi_apt_install,
	.fresh = oi_apt_fresh, .shrink = oi_apt_shrink, .version = oi_apt_version,
	.present = oi_apt_present, .try_remove = oi_apt_try_remove, .remove = oi_apt_remove,
	.restore = oi_apt_restore, .heal = oi_apt_heal, .settle = oi_apt_settle,
	.books = "/var/lib/dpkg/status",
	.locks = locks,
};
