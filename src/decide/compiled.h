/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is compiled, and what is left out. */
#ifndef OI_DECIDE_COMPILED_H
#define OI_DECIDE_COMPILED_H

#include "base/strv.h"
#include "decide/decision.h"

/** oi_plan_choose_modules() - the step that keeps dkms from what is not asked for, or lets it again */
void oi_plan_choose_modules(struct oi_decision *d);

/** oi_plan_add_chosen() - to the step that judges what dkms has built, what is asked for beside the driver */
void oi_plan_add_chosen(const struct oi_decision *d, struct oi_step *step);

/** oi_plan_leave_out() - the same for the installer of a bundle of Debian packages: its options */
void oi_plan_leave_out(const struct oi_decision *d, struct oi_strv *arguments);

#endif
