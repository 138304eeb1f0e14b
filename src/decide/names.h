/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Package names of a row, their words replaced. */
#ifndef OI_DECIDE_NAMES_H
#define OI_DECIDE_NAMES_H

#include "base/strv.h"
#include "decide/decision.h"

/** oi_plan_names() - package names of a row, their words replaced; appended to @into */
void oi_plan_names(const struct oi_decision *d, const struct oi_strv *names, struct oi_strv *into);

#endif
