/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does a transaction touch a kernel: judged by what a package provides or owns, not by its name. */
#include "execute/rpm/call.h"
#include "execute/rpm/install.h"

/* What a package that would come provides, of the manager; what one that would go is, of rpm. */
static int ask(const struct oi_packages *p, const struct oi_rpm_change *change,
	       struct oi_buf *out, struct oi_err *err)
{
	const struct oi_rpm_manager *m = oi_rpm_manager_of(p);
	bool goes = change->effect == OI_RPM_REMOVED;
	OI_RPM_CALL_AUTO call = { 0 };

	oi_rpm_call_init(&call, p, goes ? NULL : m->provides, NULL);
	call.child.out = out;
	if (goes) {
		oi_strv_add(&call.child.args, "-q");
		oi_strv_add(&call.child.args, "--provides");
		oi_strv_add(&call.child.args, "--list");
	}
	oi_strv_add(&call.child.args, change->name);
	return oi_rpm_call_run(&call, err);
}

const struct oi_rpm_change *oi_rpm_find_kernel(const struct oi_packages *p,
					       const struct oi_rpm_words *words)
{
	const char *release = p->ctx->verdict->driver.kernel ? p->ctx->verdict->driver.kernel : "";

	for (size_t i = 0; i < words->n_changes; i++) {
		const struct oi_rpm_change *change = &words->changes[i];
		OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
		struct oi_err err;

		if (!oi_rpm_may_be_kernel(change, release))
			continue;
		/* A manager that cannot tell (yum 3) leaves the name to judge by. */
		if (ask(p, change, &out, &err) ||
		    oi_rpm_is_kernel(oi_buf_str(&out)) != OI_RPM_KERNEL_NO)
			return change;
		oi_log_debug(&p->ctx->host->log, "packages: %s is not a kernel, according to what it provides",
			     change->name);
	}
	return NULL;
}
