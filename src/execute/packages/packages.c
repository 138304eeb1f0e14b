/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/packages/packages.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "model/reasons.h"

#define SETTINGS_BYTES (1u << 20) /* more than anybody writes by hand */

const struct oi_packages_ops *oi_packages_ops_of(const struct oi_packages *p, struct oi_err *err)
{
	const struct oi_verdict *verdict = p->ctx->verdict;

	if (!p->ops)
		oi_err_set(err, OI_R_METHOD_UNAVAILABLE, "%s by %s",
			   verdict->driver.stack ? verdict->driver.stack : "packages",
			   verdict->driver.manager ?: verdict->driver.method ?: "none");
	return p->ops;
}

int oi_packages_can_add(const struct oi_packages_ops *ops, const struct oi_step *step,
			struct oi_err *err)
{
	const struct oi_step_repository *repository = &step->repository;

	if (repository->form && !strcmp(repository->form, OI_REPOSITORY_ADDRESS))
		return 0; /* whatever has packages of any kind */
	if (repository->form && !strcmp(repository->form, ops->format) && repository->name &&
	    !strchr(repository->name, '/'))
		return 0;
	return oi_err_set(err, OI_R_METHOD_UNAVAILABLE, "a repository of the kind \"%s\" by %s",
			  repository->form ? repository->form : "none", ops->method);
}

int oi_packages_wanted(const struct oi_packages_ops *ops, const struct oi_host *host,
		       const struct oi_strv *replaced, struct oi_strv *wanted,
		       struct oi_err *err)
{
	for (size_t i = 0; i < replaced->n; i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv fields = { 0 };
		OI_FREE char *now = NULL;
		bool gone;

		oi_strv_split(&fields, replaced->v[i], " ");
		if (fields.n != 3)
			continue;
		if (ops->version(host, fields.v[0], &now, err))
			return -1;
		gone = !strcmp(fields.v[2], "-");
		if (now ? !gone && !strcmp(now, fields.v[2]) : gone)
			oi_strv_addf(wanted, "%s %s", fields.v[0], fields.v[1]);
	}
	return 0;
}

char *oi_packages_find_line(const struct oi_root *root, const char *path,
			    bool (*passes)(const char *line, const char *what), const char *what)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_err ignored;
	size_t n = 1;

	if (oi_root_read(root, path, SETTINGS_BYTES, &text, &ignored))
		return NULL;
	for (const char *line = oi_buf_str(&text); *line; n++) {
		size_t len = strcspn(line, "\n");
		OI_FREE char *one = oi_mem_ndup(line, len);

		if (passes(one, what))
			return oi_mem_printf("%s:%zu", path, n);
		line += len + (line[len] == '\n');
	}
	return NULL;
}
