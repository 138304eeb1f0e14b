/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set outlives its kernel: dpkg does not know that they belong together. */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "execute/cache/modset.h"
#include "execute/tools/child.h"

#define INFO "/var/lib/dpkg/info"
#define PREFIX "ofed-init-modules-"
#define LIST_BYTES (4u << 20)

/* By the files that the package has brought; owned by the caller, NULL: it has none. */
static char *kernel_of(const struct oi_host *host, const char *list)
{
	static const char folder[] = "/lib/modules/";
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	struct oi_err ignored;

	if (oi_root_read(&host->change, list, LIST_BYTES, &text, &ignored))
		return NULL;
	oi_strv_split(&lines, oi_buf_str(&text), "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (!strncmp(lines.v[i], folder, strlen(folder)) && lines.v[i][strlen(folder)])
			return oi_mem_ndup(lines.v[i] + strlen(folder),
					   strcspn(lines.v[i] + strlen(folder), "/"));
	return NULL;
}

/* Its own list goes with its package; an image without modules is none that could use them. */
static bool is_gone(const struct oi_host *host, const char *kernel)
{
	OI_FREE char *builtin = oi_mem_printf("/lib/modules/%s/modules.builtin", kernel);
	OI_FREE char *image = oi_mem_printf("/boot/vmlinuz-%s", kernel);

	return !oi_root_exists(&host->change, builtin) && !oi_root_exists(&host->change, image);
}

static void purge(const struct oi_host *host, const char *package, const char *kernel)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_DPKG };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	struct oi_err err;

	oi_strv_add(&child.args, "--purge");
	oi_strv_add(&child.args, package);
	if (oi_child_run(host, &child, &result, &err))
		oi_log_warn(&host->log, "modules: %s, of a kernel that is gone, stays: %s", package, err.text);
	else
		oi_log_info(&host->log, "modules: %s removed: kernel %s is gone", package, kernel);
}

void oi_modset_prune(const struct oi_host *host)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	struct oi_err ignored; /* no dpkg, no sets */

	if (oi_root_list(&host->change, INFO, &names, &ignored))
		return;
	for (size_t i = 0; i < names.n; i++) {
		size_t len = strlen(names.v[i]);
		OI_FREE char *list = oi_mem_printf(INFO "/%s", names.v[i]);
		OI_FREE char *package = NULL;
		OI_FREE char *kernel = NULL;

		if (strncmp(names.v[i], PREFIX, strlen(PREFIX)) != 0 || strcmp(names.v[i] + len - 5, ".list") != 0)
			continue;
		package = oi_mem_ndup(names.v[i], len - 5);
		package[strcspn(package, ":")] = '\0'; /* "NAME:amd64.list" */
		kernel = kernel_of(host, list);
		if (kernel && is_gone(host, kernel))
			purge(host, package, kernel);
	}
}
