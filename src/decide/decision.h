/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of a decision hand to each other; private to this room. */
#ifndef OI_DECIDE_DECISION_H
#define OI_DECIDE_DECISION_H

#include <stdbool.h>

#include "base/attr.h"
#include "decide/decide.h"
#include "model/manager.h"

struct oi_decision {
	const struct oi_facts *facts;
	const struct oi_config *config;
	const struct oi_catalog *catalog;
	struct oi_verdict *verdict;
	/* what the gates found; borrowed from facts and catalog, NULL while unknown */
	const struct oi_size *size;
	const char *generation;
	const char *arch;
	const struct oi_inbox *inbox; /* the distribution's own row */
	bool last_resort; /* that row is for an older release than this one */
	const struct oi_release *release; /* the chosen release; NULL: the inbox row */
	enum oi_driver stack; /* the chosen stack */
	char *in_use; /* loaded modules that cannot make way, and may by a reboot; NULL: none */
	struct oi_strv needs; /* repositories that are not enabled: "EPEL" */
	struct oi_strv remedies; /* how they are */
};

/** oi_decision_end() - outcome, reason, message "sentence: detail." and remedy; Return: false */
bool oi_decision_end(struct oi_decision *d, enum oi_outcome outcome, enum oi_reason reason,
		     const char *fmt, ...) OI_PRINTF(4, 5);

/** oi_decision_refuse() - as oi_decision_end() with refuse, or skip if the stanza says so */
bool oi_decision_refuse(struct oi_decision *d, enum oi_reason reason, const char *fmt, ...)
	OI_PRINTF(3, 4);

#endif
