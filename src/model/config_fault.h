/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stanza that is being read, and how what is wrong with it is told. */
#ifndef OI_MODEL_CONFIG_FAULT_H
#define OI_MODEL_CONFIG_FAULT_H

#include "base/attr.h"
#include "base/doc.h"
#include "base/err.h"
#include "model/config.h"
#include "model/reasons.h"

struct oi_config_reader {
	const struct oi_doc *stanza; /* borrowed; NULL: there is none */
	struct oi_config *config; /* as far as it has been read */
	char **culprit; /* the key that is wrong, replaced; NULL: nobody asks */
	struct oi_err *err;
	bool whole; /* each key was right by itself: what belongs together can be judged */
	struct oi_config_faults *faults; /* all of them; NULL: the first ends it */
};

/**
 * oi_config_wrong() - "FILE:LINE:COLUMN: infiniband.KEY: text", as far as the place is known
 * @at: the node; NULL: unknown
 * @path: the key, below "infiniband."; "": the stanza itself
 * Return: -1, with the reader's error set and what else it keeps.
 */
OI_PRINTF(5, 6)
int oi_config_wrong(struct oi_config_reader *r, enum oi_reason reason, const struct oi_doc *at,
		    const char *path, const char *fmt, ...);

/**
 * oi_config_check() - what a key's own type does not say: forms of texts, and what belongs together
 * @r: its configuration has been read, each key by its type
 * Return: 0, or -1 as oi_config_wrong().
 */
OI_MUST_CHECK
int oi_config_check(struct oi_config_reader *r);

/** oi_config_drop_bad_report() - forget a web hook or folder that oi_config_check() would refuse */
void oi_config_drop_bad_report(struct oi_config *config);

/** oi_config_drop_bad_units() - forget the units to hold that oi_config_check() would refuse */
void oi_config_drop_bad_units(struct oi_config *config);

#endif
