/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modules that come from a bundle: built by dkms, or in packages of their own. */
#include <string.h>

#include "base/mem.h"
#include "execute/bundle/bundle.h"
#include "execute/tools/child.h"
#include "execute/modules/dkms.h"
#include "execute/state/record.h"
#include "model/reasons.h"
#include "sys/kmods.h"

/* extra/mlnx-ofa_kernel/drivers/net/ethernet/mellanox/mlx5/core/mlx5_core.ko and below */
#define DEPTH_MAX 10

static bool is_module(const char *file, const char *name)
{
	size_t len = strlen(name);

	/* .ko, and as the distribution packs it: .ko.gz, .ko.xz, .ko.zst */
	return !strncmp(file, name, len) && !strncmp(file + len, ".ko", 3) &&
	       (!file[len + 3] || file[len + 3] == '.');
}

/* Where module @name lies below @folder; NULL: nowhere; owned by the caller. */
static char *find_below(const struct oi_root *root, const char *folder, const char *name, int depth)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	struct oi_err ignored;

	if (!depth || oi_root_list(root, folder, &names, &ignored))
		return NULL;
	for (size_t i = 0; i < names.n; i++) {
		OI_FREE char *path = oi_mem_printf("%s/%s", folder, names.v[i]);
		char *found;

		/* A link of weak-updates may lead to what is gone. */
		if (is_module(names.v[i], name) && oi_root_exists(root, path))
			return oi_mem_take(&path);
		if (strchr(names.v[i], '.'))
			continue; /* a file */
		found = find_below(root, path, name, depth - 1);
		if (found)
			return found;
	}
	return NULL;
}

static char *find_for(const struct oi_root *root, const char *kernel, const char *name)
{
	static const char *const folders[] = { "updates", "extra", "weak-updates" };
	char *found = NULL;

	for (size_t i = 0; i < OI_ARRAY_SIZE(folders) && !found; i++) {
		OI_FREE char *folder = oi_mem_printf("/lib/modules/%s/%s", kernel, folders[i]);

		found = find_below(root, folder, name, DEPTH_MAX);
	}
	return found;
}

/* Is one of them dkms' business: then files may be those of an earlier build. */
static bool dkms_has(const struct oi_host *host, const struct oi_step *step)
{
	for (size_t i = 0; i < step->built.dkms.n && oi_child_has(host, OI_TOOL_DKMS); i++) {
		OI_FREE char *source = oi_mem_printf(OI_DKMS_TREE "/%s", step->built.dkms.v[i]);

		if (oi_root_exists(&host->change, source))
			return true;
	}
	return false;
}

int oi_bundle_check_modules(const struct oi_host *host, const char *kernel,
			    const struct oi_step *step, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	const char *missing = NULL;

	if (dkms_has(host, step))
		return oi_dkms_check(host, kernel, step, err);
	oi_strv_split(&names, step->built.files ? step->built.files : "", " ");
	for (size_t i = 0; i < names.n && !missing; i++) {
		OI_FREE char *path = find_for(&host->change, kernel, names.v[i]);

		if (path)
			oi_log_info(&host->log, "module %s: %s", names.v[i], path);
		else
			missing = names.v[i];
	}
	if (!missing)
		return 0;
	/* dkms builds once more what it has not built. */
	if (oi_child_has(host, OI_TOOL_DKMS))
		return oi_dkms_check(host, kernel, step, err);
	return oi_err_set(err, OI_R_MODULES_MISSING,
			  "no %s below /lib/modules/%s/{updates,extra,weak-updates}", missing, kernel);
}
