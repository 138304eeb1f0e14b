/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure: facts + config + catalog -> verdict. No file, no clock, no environment, no log. */
#ifndef OI_DECIDE_DECIDE_H
#define OI_DECIDE_DECIDE_H

#include <stdbool.h>

#include "model/catalog.h"
#include "model/config.h"
#include "model/facts.h"
#include "model/verdict.h"

/**
 * oi_decide() - all gates in order, then the driver, then the plan
 * @verdict: zeroed; filled, owned by the caller
 * Source: design, "Gates, in this order" and "Driver choice"
 */
void oi_decide(const struct oi_facts *facts, const struct oi_config *config,
	       const struct oi_catalog *catalog, struct oi_verdict *verdict);

/**
 * oi_decide_platform() - has the platform gate passed
 *
 * Asked before the metadata service is: no network call is made on a machine
 * that is not Azure's.
 */
bool oi_decide_platform(const struct oi_facts *facts);

#endif
