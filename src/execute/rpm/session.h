/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one run of an rpm manager learns. */
#ifndef OI_EXECUTE_RPM_SESSION_H
#define OI_EXECUTE_RPM_SESSION_H

#include <stdbool.h>

#include "base/strv.h"
#include "execute/packages/packages.h"
#include "execute/rpm/paths.h"
#include "execute/rpm/repo.h"

/* What one step learns and a later one needs. Zeroed is the beginning. */
struct oi_rpm {
	struct oi_rpm_repos repos; /* of the staged package */
	struct oi_strv files; /* names of its repository files */
	char *package; /* its name */
	char *key_path; /* the accepted keys; NULL: none is needed */
	struct oi_strv accepted; /* their fingerprints */
	char *incomplete; /* repositories of the machine's own that could not be fetched; NULL: none */
	bool simulated;
	struct oi_strv names; /* what the simulation said yes to */
	struct oi_strv fresh; /* "name version": will be new on this machine */
	struct oi_strv replaced; /* "name before after"; after is "-" for what goes */
};

void oi_rpm_clear(struct oi_rpm *rpm);

/** oi_rpm_begin(), oi_rpm_end() - the state of one run; see struct oi_packages_ops */
void oi_rpm_begin(struct oi_packages *p);
void oi_rpm_end(struct oi_packages *p);

/** oi_rpm_of() - what oi_rpm_begin() has made; borrowed */
static inline struct oi_rpm *oi_rpm_of(const struct oi_packages *p)
{
	return p->state;
}

/** oi_rpm_take_keys() - the accepted keys are in OI_RPM_KEYS: from now on they count */
void oi_rpm_take_keys(struct oi_packages *p);

#endif
