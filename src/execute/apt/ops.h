/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apt as a package manager of execute/packages/packages.h */
#ifndef OI_EXECUTE_APT_OPS_H
#define OI_EXECUTE_APT_OPS_H

#include "execute/packages/packages.h"

extern const struct oi_packages_ops oi_apt_ops;

#endif
