/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/reload/before.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "execute/modules/load.h"
#include "sys/kmods.h"
#include "sys/loaded.h"

void oi_before_clear(struct oi_before *before)
{
	oi_strv_clear(&before->modules);
	oi_strv_clear(&before->builds);
}

void oi_before_look(const struct oi_host *host, struct oi_before *before)
{
	OI_CLEANUP(oi_loaded_clear) struct oi_loaded_list list = { 0 };
	struct oi_err err;

	if (oi_loaded_read(&host->look, &list, &err)) {
		oi_log_warn(&host->log, "loaded modules: unknown, so ofed-init could not roll back to them");
		return;
	}
	for (size_t i = list.n; i-- > 0;) {
		const char *name = list.v[i].name;
		OI_FREE char *build = oi_kmod_loaded_build(host, name);

		oi_strv_add(&before->modules, name);
		oi_strv_add(&before->builds, build);
	}
}

static bool is_loaded(const struct oi_host *host, const char *name)
{
	const struct oi_kmod kmod = { .name = name };

	return oi_kmod_is_loaded(host, &kmod);
}

/* Is what is loaded by that name the build of before. */
static bool is_as_before(const struct oi_host *host, const struct oi_before *before, size_t i)
{
	OI_FREE char *now = NULL;

	if (!is_loaded(host, before->modules.v[i]))
		return false;
	now = oi_kmod_loaded_build(host, before->modules.v[i]);
	return !strcmp(now, before->builds.v[i]);
}

static bool was_kernels_own(const char *build)
{
	const char *last = strrchr(build, ' ');

	return last && !strcmp(last, " own");
}

static int load_again(const struct oi_host *host, const char *kernel,
		      const struct oi_before *before, size_t i, struct oi_err *err)
{
	const char *name = before->modules.v[i];

	return was_kernels_own(before->builds.v[i]) ? oi_module_load_own(host, kernel, name, err) :
						       oi_module_load(host, name, true, err);
}

bool oi_before_restore(const struct oi_host *host, const char *kernel,
		       const struct oi_before *before)
{
	bool all = before->modules.n > 0;
	struct oi_err err;

	for (size_t i = before->modules.n; i-- > 0;)
		if (is_loaded(host, before->modules.v[i]) && !is_as_before(host, before, i))
			oi_module_unload(host, before->modules.v[i]);
	for (size_t i = 0; i < before->modules.n; i++) {
		if (!is_loaded(host, before->modules.v[i]) &&
		    load_again(host, kernel, before, i, &err))
			oi_log_warn(&host->log, "the driver of before: %s: %s", before->modules.v[i],
				    err.text);
		all &= is_as_before(host, before, i);
	}
	return all;
}

void oi_before_clients(const struct oi_host *host, const char *kernel,
		       const struct oi_strv *clients)
{
	for (size_t i = clients->n; i-- > 0;) {
		struct oi_kmod kmod = { .name = clients->v[i] };
		struct oi_err err;
		bool added = !oi_kmods_find(&host->change, kernel, &kmod, 1, &err) &&
			     oi_kmod_is_added(&kmod);

		oi_kmods_clear(&kmod, 1);
		if (!added)
			oi_log_info(&host->log, "module %s: is the kernel's own, and stays away from the new ib_core",
				    clients->v[i]);
		else if (oi_module_load(host, clients->v[i], false, &err))
			oi_log_warn(&host->log, "%s", err.text);
	}
}
