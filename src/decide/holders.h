/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who else uses RDMA. */
#ifndef OI_DECIDE_HOLDERS_H
#define OI_DECIDE_HOLDERS_H

#include <stdbool.h>

#include "decide/decision.h"

/** oi_gate_holders() - what else uses RDMA, and what the chosen driver means for it */
bool oi_gate_holders(struct oi_decision *d);

#endif
