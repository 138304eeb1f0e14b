/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/execute.h"
#include "execute/packages.h"

int oi_execute_can(const struct oi_verdict *verdict, struct oi_err *err)
{
	return oi_packages_of(verdict, err) ? 0 : -1;
}
