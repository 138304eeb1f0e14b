/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Removal of packages, without a network: by apt from dpkg's database, or by rpm
 * from its own, whatever manager put them there.
 */
#ifndef OI_EXECUTE_REMOVAL_H
#define OI_EXECUTE_REMOVAL_H

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "sys/host.h"

struct oi_removal {
	/* Which of @entries ("name" or "name version") are there, or have left something:
	 * appended to @present in the words of remove(). */
	int (*present)(const struct oi_host *host, const struct oi_strv *entries,
		       struct oi_strv *present, struct oi_err *err);
	/* Would only packages of @entries go; else OI_R_REMOVAL_FOREIGN. */
	int (*simulate)(const struct oi_host *host, const struct oi_strv *present,
			const struct oi_strv *entries, struct oi_err *err);
	/* For real, with their settings. */
	int (*remove)(const struct oi_host *host, const struct oi_strv *present,
		      struct oi_err *err);
	/* Back to the versions that @replaced ("name before after") had, as far as the
	 * machine's own archives have them: those that are still as we made them, and no
	 * other package. NULL: not by this one. */
	int (*restore)(const struct oi_host *host, const struct oi_strv *replaced,
		       struct oi_err *err);
};

extern const struct oi_removal oi_removal_apt;
extern const struct oi_removal oi_removal_rpm;

#endif
