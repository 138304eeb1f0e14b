/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one run of apt learns. */
#ifndef OI_EXECUTE_APT_SESSION_H
#define OI_EXECUTE_APT_SESSION_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "execute/apt/state.h"
#include "execute/packages/packages.h"

/* What one step learns and a later one needs. Zeroed is the beginning. */
struct oi_apt {
	struct oi_apt_staged staged;
	char *address; /* of a repository that is no package; NULL: it is one */
	char *incomplete; /* what of the package lists could not be had; NULL: they are whole */
	int64_t clock_ms; /* how far the clock was from the machine's own when lists were asked for */
	bool simulated;
	struct oi_strv names; /* what the simulation said yes to */
	struct oi_strv fresh; /* "name version": will be new on this machine */
	struct oi_strv compiled; /* packages whose modules the run compiles, and their scripts do not */
	struct oi_strv replaced; /* "name before after"; after is "-" for what goes */
};

void oi_apt_clear(struct oi_apt *apt);

/** oi_apt_begin(), oi_apt_end() - the state of one run; see struct oi_packages_ops */
void oi_apt_begin(struct oi_packages *p);
void oi_apt_end(struct oi_packages *p);

/** oi_apt_of() - what oi_apt_begin() has made; borrowed */
static inline struct oi_apt *oi_apt_of(const struct oi_packages *p)
{
	return p->state;
}

/** oi_apt_record() - note what will be new and replaced; before the work: what an interrupted one brings is ours too */
OI_MUST_CHECK
int oi_apt_record(const struct oi_packages *p, struct oi_err *err);

/**
 * oi_apt_defer() - let the scripts that later calls run leave modules to the run
 * @packages: "name version" or "name:arch"; those that bring sources for dkms count
 */
OI_MUST_CHECK
int oi_apt_defer(struct oi_packages *p, const struct oi_strv *packages, struct oi_err *err);

#endif
