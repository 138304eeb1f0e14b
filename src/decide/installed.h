/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stack that is there already, against the chosen one. */
#ifndef OI_DECIDE_INSTALLED_H
#define OI_DECIDE_INSTALLED_H

#include <stdbool.h>

#include "decide/decision.h"

/** oi_installed_fits() - is a stack there that is as good as the chosen one */
bool oi_installed_fits(const struct oi_decision *d);

/**
 * oi_installed_lacks_modules() - are the packages of the chosen release there, complete, and only
 * modules for this kernel are not
 */
bool oi_installed_lacks_modules(const struct oi_decision *d);

#endif
