/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/managers.h"

#include <string.h>

#include "base/mem.h"
#include "execute/apt/ops.h"
#include "execute/rpm/ops.h"
#include "model/reasons.h"

/* rpm's own database serves where no other is found, so one of its managers is the last. */
static const struct oi_packages_ops *const rows[] = {
	&oi_apt_ops, &oi_dnf_ops, &oi_yum_ops, &oi_tdnf_ops, &oi_zypper_ops,
};

const struct oi_packages_ops *oi_managers_find(const char *method)
{
	for (size_t i = 0; method && i < OI_ARRAY_SIZE(rows); i++)
		if (!strcmp(rows[i]->method, method))
			return rows[i];
	return NULL;
}

const struct oi_packages_ops *oi_managers_of(const struct oi_verdict *verdict, struct oi_err *err)
{
	/* A bundle is no package manager, and needs one for what it builds with. */
	const char *method = verdict->driver.manager ? verdict->driver.manager :
						       verdict->driver.method;
	const struct oi_packages_ops *ops = oi_managers_find(method);

	if (!ops)
		oi_err_set(err, OI_R_METHOD_UNAVAILABLE, "%s by %s",
			   verdict->driver.stack ? verdict->driver.stack : "packages",
			   method ? method : "none");
	return ops;
}

const struct oi_packages_ops *oi_managers_used(const struct oi_host *host,
					       const struct oi_strv *methods)
{
	for (size_t i = 0; i < methods->n; i++) {
		const struct oi_packages_ops *ops = oi_managers_find(methods->v[i]);

		if (ops)
			return ops;
	}
	for (size_t i = 0; i < OI_ARRAY_SIZE(rows); i++)
		if (oi_root_exists(&host->change, rows[i]->books))
			return rows[i];
	return rows[OI_ARRAY_SIZE(rows) - 1]; /* rpm's own books do for all but restoring */
}

void oi_managers_begin(struct oi_packages *p, const struct oi_context *ctx,
		       const struct oi_packages_ops *ops, struct oi_journal *journal)
{
	*p = (struct oi_packages){ .ctx = ctx, .ops = ops, .journal = journal };
	if (ops)
		ops->begin(p);
}

void oi_managers_end(struct oi_packages *p)
{
	if (p->ops)
		p->ops->end(p);
}
