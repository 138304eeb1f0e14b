/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The complete list of steps. */
#ifndef OI_DECIDE_PLAN_H
#define OI_DECIDE_PLAN_H

#include "decide/decision.h"

/** oi_plan_set_up() - what the stanza wants of a machine whose driver is there: all but the driver */
void oi_plan_set_up(struct oi_decision *d);

/** oi_plan_openib_conf() - the step that has openibd load all that the fabric needs */
void oi_plan_openib_conf(struct oi_decision *d);
/** oi_plan_exchange() - the step by which the built modules take the place of the loaded ones */
void oi_plan_exchange(struct oi_decision *d);

/** oi_plan_build() - the complete list of steps */
void oi_plan_build(struct oi_decision *d);

#endif
