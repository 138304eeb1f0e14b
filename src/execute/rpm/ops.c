/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/rpm/ops.h"

#include "execute/rpm/remove.h"
#include "execute/rpm/call.h"
#include "execute/rpm/heal.h"
#include "execute/rpm/install.h"

#define RPM(name)                                                                               \
	.method = name, .format = "rpm", .begin = oi_rpm_begin, .end = oi_rpm_end,               \
	.stage = oi_rpm_stage, .refresh = oi_rpm_refresh,        \
	.stage_address = oi_rpm_stage_address, .add_address = oi_rpm_add_address,                 \
	.hold = oi_rpm_hold, .simulate = oi_rpm_simulate, .add = oi_rpm_add, .install = oi_rpm_install,                \
	.shrink = oi_rpm_shrink, .version = oi_rpm_version, .present = oi_rpm_present,            \
	.try_remove = oi_rpm_try_remove, .remove = oi_rpm_remove, .restore = oi_rpm_restore,      \
	.restore_first = true, .heal = oi_rpm_heal

const struct oi_packages_ops oi_dnf_ops = {
	RPM("dnf"), .refresh_ahead = oi_rpm_refresh_ahead, .books = "/etc/dnf/dnf.conf",
	.locks = oi_dnf_locks,
};

const struct oi_packages_ops oi_yum_ops = {
	RPM("yum"), .books = "/etc/yum.conf",
	.locks = oi_yum_locks,
};

const struct oi_packages_ops oi_tdnf_ops = {
	RPM("tdnf"), .books = "/etc/tdnf/tdnf.conf",
	.locks = oi_tdnf_locks,
};

const struct oi_packages_ops oi_zypper_ops = {
	RPM("zypper"), .refresh_ahead = oi_rpm_refresh_ahead, .books = "/etc/zypp",
	.locks = oi_zypper_locks,
};
