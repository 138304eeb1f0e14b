/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each gate returns true to go on, or false with the verdict's end written. */
#ifndef OI_DECIDE_GATES_H
#define OI_DECIDE_GATES_H

#include <stdbool.h>

#include "decide/decision.h"

bool oi_gate_platform(struct oi_decision *d);

bool oi_gate_size(struct oi_decision *d);

bool oi_gate_distro(struct oi_decision *d);

bool oi_gate_device(struct oi_decision *d);

bool oi_gate_preflight(struct oi_decision *d);

#endif
