/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which driver: the best row of the catalog that fits. */
#ifndef OI_DECIDE_DRIVER_H
#define OI_DECIDE_DRIVER_H

#include <stdbool.h>

#include "decide/decision.h"

/** oi_choose_inbox() - the distribution's own row: os id, then id_like; NULL: none */
const struct oi_inbox *oi_choose_inbox(const struct oi_decision *d);

/**
 * oi_choose_newest_inbox() - the newest row of a distribution whose release is newer than all its
 * rows, or has no version; NULL: it has no row, or the release is not newer
 */
const struct oi_inbox *oi_choose_newest_inbox(const struct oi_decision *d);

/** oi_choose_driver() - stack and release by "Driver choice"; false: refused */
bool oi_choose_driver(struct oi_decision *d);

/** oi_choose_any() - has any usable row this distribution, version and architecture */
bool oi_choose_any(const struct oi_decision *d, bool regard_generation);

/** oi_choose_source_only() - is there nothing but a source archive for this distribution */
bool oi_choose_source_only(const struct oi_decision *d);

#endif
