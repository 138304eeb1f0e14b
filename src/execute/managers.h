/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The package managers that there are: the one place that knows all families. */
#ifndef OI_EXECUTE_MANAGERS_H
#define OI_EXECUTE_MANAGERS_H

#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"
#include "execute/packages/packages.h"

/** oi_managers_find() - the row of a method; NULL: packages are not how it is done */
const struct oi_packages_ops *oi_managers_find(const char *method);

/**
 * oi_managers_of() - the row of a plan
 * Return: never NULL unless @err says OI_R_METHOD_UNAVAILABLE.
 */
const struct oi_packages_ops *oi_managers_of(const struct oi_verdict *verdict,
					     struct oi_err *err);

/**
 * oi_managers_used() - the row that was used, or is this machine's own
 * @methods: of the record; what is no package manager has left packages all the same
 */
const struct oi_packages_ops *oi_managers_used(const struct oi_host *host,
					       const struct oi_strv *methods);

/**
 * oi_managers_begin() - a run's dealings with one of them
 * @p: filled; borrows @ctx and @journal; ended by oi_managers_end()
 * @ops: NULL: with none
 */
void oi_managers_begin(struct oi_packages *p, const struct oi_context *ctx,
		       const struct oi_packages_ops *ops, struct oi_journal *journal);
void oi_managers_end(struct oi_packages *p);

#endif
