/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/modules/initramfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "execute/tools/child.h"
#include "execute/modules/depmod.h"
#include "model/reasons.h"

/* Half a minute on two cores; a builder with a slow disk may take ten times that, and more. */
#define TOOL_MS 900000
#define BOOT "/boot"
#define BESIDE ".ofed-init"

/* Source: update-initramfs(8); dracut(8), "--force"; mkinitrd(8) of SUSE */
static const struct {
	const char *before, *after; /* the release's name in the file's */
} names[] = {
	{ "initrd.img-", "" }, /* Debian, Ubuntu */
	{ "initramfs-", ".img" }, /* EL, Azure Linux */
	{ "initrd-", "" }, /* SUSE */
};

/* Below BOOT; owned by the caller, NULL: none. */
static char *find_initramfs(const struct oi_host *host, const char *kernel, bool *debian)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(names); i++) {
		OI_FREE char *name = oi_mem_printf("%s%s%s", names[i].before, kernel, names[i].after);
		OI_FREE char *path = oi_mem_printf(BOOT "/%s", name);

		*debian = !i;
		if (oi_root_exists(&host->change, path))
			return oi_mem_take(&name);
	}
	return NULL;
}

char *oi_initramfs_path(const struct oi_host *host, const char *kernel)
{
	bool debian;
	OI_FREE char *name = find_initramfs(host, kernel, &debian);

	return name ? oi_mem_printf(BOOT "/%s", name) : NULL;
}

static int run_tool(const struct oi_host *host, struct oi_child *child, struct oi_err *err)
{
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	int ret;

	child->level = OI_LOG_INFO; /* there its last words are the cause */
	child->limit_ms = TOOL_MS;
	ret = oi_child_run(host, child, &result, err);
	if (ret && (result.end == OI_RUN_EXITED || result.end == OI_RUN_KILLED))
		err->code = OI_R_INITRAMFS;
	return ret;
}

/* It writes beside, and renames. */
static int update_initramfs(const struct oi_host *host, const char *kernel, struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_UPDATE_INITRAMFS };

	oi_strv_add(&child.args, "-u");
	oi_strv_add(&child.args, "-k");
	oi_strv_add(&child.args, kernel);
	return run_tool(host, &child, err);
}

static int put_in_place(int dir, const char *beside, const char *name, struct oi_err *err)
{
	if (renameat(dir, beside, dir, name) || fsync(dir))
		return oi_err_set(err, OI_R_INITRAMFS, BOOT "/%s: %s", name, strerror(errno));
	return 0;
}

/*
 * It copies what it has made over the old one, and removes that when the copy fails: so it is
 * given a name beside. What it takes for this machine alone would not boot an image elsewhere.
 * Source: dracut.sh, "outfile"; dracut(8), "--no-hostonly"
 */
static int dracut(const struct oi_host *host, const char *kernel, const char *name, bool elsewhere,
		  struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_DRACUT };
	OI_FREE char *beside = oi_mem_printf("%s" BESIDE, name);
	OI_FREE char *path = oi_mem_printf(BOOT "/%s", beside);
	OI_FREE char *full = oi_root_name(&host->change, path);
	int dir = oi_root_openat(&host->change, BOOT, O_RDONLY | O_DIRECTORY, 0);
	int ret;

	if (dir < 0)
		return oi_err_set(err, OI_R_INITRAMFS, BOOT ": %s", strerror(errno));
	oi_strv_add(&child.args, "--force");
	if (elsewhere)
		oi_strv_add(&child.args, "--no-hostonly");
	oi_strv_add(&child.args, full);
	oi_strv_add(&child.args, kernel);
	ret = run_tool(host, &child, err);
	if (!ret)
		ret = put_in_place(dir, beside, name, err);
	if (ret)
		unlinkat(dir, beside, 0); /* it may have come to nothing at all */
	close(dir);
	return ret;
}

int oi_initramfs_renew(const struct oi_host *host, const char *kernel, bool elsewhere,
		       struct oi_err *err)
{
	const struct oi_log *log = &host->log;
	bool debian, update;
	OI_FREE char *name = find_initramfs(host, kernel, &debian);
	OI_FREE char *path = NULL;

	if (!name) {
		oi_log_info(log, "initramfs: there is none for %s in " BOOT, kernel);
		return 0;
	}
	path = oi_mem_printf(BOOT "/%s", name);
	update = debian && oi_child_has(host, OI_TOOL_UPDATE_INITRAMFS);
	if (!update && !oi_child_has(host, OI_TOOL_DRACUT)) {
		oi_log_warn(log, "initramfs: no installed program rebuilds %s, so boots start with the modules in it: install %s, and run this again",
			    path, debian ? "initramfs-tools" : "dracut");
		return 0;
	}
	if (update ? update_initramfs(host, kernel, err) : dracut(host, kernel, name, elsewhere, err))
		return oi_err_prefix(err, "%s", path);
	/* update_initramfs=no, a /boot that is only read, a tool that is diverted: all of them exit 0 */
	if (oi_depmod_since(host, kernel, path))
		oi_log_warn(log, "initramfs: %s was left as it is, so boots start with the modules in it: see the output of %s",
			    path, oi_tools_name(update ? OI_TOOL_UPDATE_INITRAMFS : OI_TOOL_DRACUT));
	else
		oi_log_info(log, "initramfs: %s was rebuilt", path);
	return 0;
}
