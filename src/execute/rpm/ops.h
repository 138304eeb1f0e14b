/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dnf, yum, tdnf and zypper as package managers of execute/packages/packages.h */
#ifndef OI_EXECUTE_RPM_OPS_H
#define OI_EXECUTE_RPM_OPS_H

#include "execute/packages/packages.h"

extern const struct oi_packages_ops oi_dnf_ops;
extern const struct oi_packages_ops oi_yum_ops;
extern const struct oi_packages_ops oi_tdnf_ops;
extern const struct oi_packages_ops oi_zypper_ops;

#endif
