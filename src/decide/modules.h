/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Built modules from the stanza's cache, or into it. */
#ifndef OI_DECIDE_MODULES_H
#define OI_DECIDE_MODULES_H

#include <stdbool.h>

#include "decide/decision.h"

/** oi_plan_shares_modules() - can built modules of the chosen driver be shared */
bool oi_plan_shares_modules(const struct oi_decision *d);

/** oi_plan_uses_modules() - does the chosen driver take built modules from the stanza's cache */
bool oi_plan_uses_modules(const struct oi_decision *d);

/**
 * oi_plan_modules_key() - what built modules are for: stack, version, kernel,
 * architecture, distribution, and a fingerprint of how they are built
 * Only when oi_plan_shares_modules().
 * Return: a file name without its ending, owned by the caller.
 */
char *oi_plan_modules_key(const struct oi_decision *d);

/** oi_plan_fetch_modules(), oi_plan_publish_modules() - the steps, if they are wanted */
void oi_plan_fetch_modules(struct oi_decision *d);
void oi_plan_publish_modules(struct oi_decision *d);

#endif
