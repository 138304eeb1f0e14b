/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/apt/local.h"

#include "base/mem.h"
#include "base/strv.h"

#define SHARE "/usr/share"

static bool has_index(const struct oi_root *tree, const char *folder)
{
	static const char *const names[] = { "InRelease", "Release", "Packages", "Packages.gz",
					     "Packages.xz" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(names); i++) {
		OI_FREE char *path = oi_mem_printf("%s/%s", folder, names[i]);

		if (oi_root_exists(tree, path))
			return true;
	}
	return false;
}

static int add_entries(const struct oi_root *tree, const char *repository, struct oi_buf *out,
		       struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	if (has_index(tree, repository))
		oi_buf_addf(out, "deb [trusted=yes] file:%s ./\n", repository);
	if (oi_root_list(tree, repository, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		OI_FREE char *folder = oi_mem_printf("%s/%s", repository, names.v[i]);

		if (has_index(tree, folder))
			oi_buf_addf(out, "deb [trusted=yes] file:%s %s/\n", repository, names.v[i]);
	}
	return 0;
}

int oi_apt_local_entries(const struct oi_root *tree, struct oi_buf *out, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	if (oi_root_list(tree, SHARE, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		OI_FREE char *repository = oi_mem_printf(SHARE "/%s/repo", names.v[i]);

		if (oi_root_exists(tree, repository) && add_entries(tree, repository, out, err))
			return -1;
	}
	return 0;
}
