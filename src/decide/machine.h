/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several rules ask of the machine. */
#ifndef OI_DECIDE_MACHINE_H
#define OI_DECIDE_MACHINE_H

#include <stdbool.h>

#include "model/facts.h"

/** oi_machine_has_infiniband() - is an InfiniBand function on the bus */
bool oi_machine_has_infiniband(const struct oi_facts *facts);

/** oi_machine_refuses_unsigned() - would the kernel refuse modules that nobody signed; why, or NULL */
const char *oi_machine_refuses_unsigned(const struct oi_facts *facts);

#endif
