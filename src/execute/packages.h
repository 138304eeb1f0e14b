/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Package managers, one row each. The rest of the program names what it wants done
 * and takes the row that the verdict's method names; nothing else asks which it is.
 */
#ifndef OI_EXECUTE_PACKAGES_H
#define OI_EXECUTE_PACKAGES_H

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "model/config.h"
#include "model/verdict.h"
#include "sys/host.h"

struct oi_execution;

struct oi_packages_ops {
	const char *method; /* "apt", as in the catalog and the verdict */
	const char *format; /* of a vendor's repository package: "deb", "rpm" */

	/* Looks into the vendor's package of the step (its path: the name in staging), whose
	 * repository then counts in all that follows. Changes nothing of the machine. */
	int (*stage)(struct oi_execution *run, const struct oi_step *step, struct oi_err *err);
	/* Package lists of system and vendor together, into private state. */
	int (*refresh)(struct oi_execution *run, struct oi_err *err);
	/* What would change; refuses what must not happen. The step's names must fit, each of
	 * its optional ones is taken if it does. */
	int (*simulate)(struct oi_execution *run, const struct oi_step *step, struct oi_err *err);
	/* Installs the vendor's package: now for real. */
	int (*add)(struct oi_execution *run, const struct oi_step *step, struct oi_err *err);
	/* For real, what was simulated. Waits for the lock and names who holds it. */
	int (*install)(struct oi_execution *run, const struct oi_step *step, struct oi_err *err);
	/* "name version" of what the simulation would newly install; NULL where nobody asks. */
	const struct oi_strv *(*fresh)(const struct oi_execution *run);
	/* Private state after a run that failed; what was downloaded stays for another try. */
	void (*shrink)(const struct oi_host *host);
};

/** oi_packages_find() - the row of a method; NULL: packages are not how it is done */
const struct oi_packages_ops *oi_packages_find(const char *method);

/**
 * oi_packages_can_add() - is a repository step's artefact a package of that kind
 * Return: 0, or -1 with OI_R_METHOD_UNAVAILABLE.
 */
OI_MUST_CHECK
int oi_packages_can_add(const struct oi_packages_ops *ops, const struct oi_step *step,
			struct oi_err *err);

/**
 * oi_packages_of() - the row of a plan
 * Return: never NULL unless @err says OI_R_METHOD_UNAVAILABLE.
 */
const struct oi_packages_ops *oi_packages_of(const struct oi_verdict *verdict,
					     struct oi_err *err);

#endif
