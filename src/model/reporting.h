/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cloud-init's own `reporting:`: the web hooks that the user wants its events at. */
#ifndef OI_MODEL_REPORTING_H
#define OI_MODEL_REPORTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/doc.h"
#include "base/strv.h"

struct oi_reporting_hook {
	char *name; /* as the user calls it */
	char *endpoint;
	int64_t timeout_ms; /* of a try; 0: not said */
	int retries; /* after the first try */
};

struct oi_reporting {
	struct oi_reporting_hook *v;
	size_t n;
	struct oi_strv left_out; /* which are not spoken to, and why */
	bool durations; /* this cloud-init's events tell how long a thing took */
};

/** oi_reporting_clear() - free; fine on a zeroed one, and for OI_CLEANUP */
void oi_reporting_clear(struct oi_reporting *reporting);

/** oi_reporting_has_durations() - does a cloud-init of this version have them; NULL: not known, no */
bool oi_reporting_has_durations(const char *version);

/**
 * oi_reporting_from_doc() - take the web hooks out of the section
 * @section: the value of cloud-config's `reporting` key, borrowed; NULL: there is none
 * @reporting: zeroed
 *
 * Handlers of other types are cloud-init's own affair. A web hook with keys for OAuth, or
 * with an endpoint that is none, is left out: what cloud-init cannot use is not our error.
 * Source: cloud-init, cloudinit/reporting/handlers.py (22.4 to 25.1), WebHookHandler
 */
void oi_reporting_from_doc(const struct oi_doc *section, struct oi_reporting *reporting);

#endif
