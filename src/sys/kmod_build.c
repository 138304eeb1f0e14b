/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a loaded module the build that lies on the disk. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/reasons.h"
#include "sys/buildid.h"
#include "sys/clock.h"
#include "sys/kmods.h"
#include "sys/run.h"

#define NOTES_LIMIT_BYTES 65536
/* mlx5_core has 5 MB, and some 100 MB with debug information that nobody has stripped. */
#define FILE_LIMIT_BYTES (256u << 20)
#define DECOMPRESS_MS 20000

/* A module from outside the kernel's tree taints; the kernel's own does not. */
static bool is_out_of_tree(const struct oi_host *host, const char *name)
{
	OI_FREE char *path = oi_mem_printf("/sys/module/%s/taint", name);
	OI_FREE char *taint = NULL;
	struct oi_err ignored;

	return oi_root_read_line(&host->look, path, &taint, &ignored) || strchr(taint, 'O');
}

bool oi_kmod_is_kernels(const struct oi_host *host, const char *name)
{
	return !is_out_of_tree(host, name);
}

/* --- by build id --- */

/* Return: owned by the caller; NULL: the kernel shows none. */
static char *loaded_build_id(const struct oi_host *host, const char *name)
{
	OI_FREE char *folder = oi_mem_printf("/sys/module/%s/notes", name);
	OI_CLEANUP(oi_strv_clear) struct oi_strv files = { 0 };
	struct oi_err ignored;
	char *id = NULL;

	if (oi_root_list(&host->look, folder, &files, &ignored))
		return NULL;
	for (size_t i = 0; i < files.n && !id; i++) {
		OI_FREE char *path = oi_mem_printf("%s/%s", folder, files.v[i]);
		OI_CLEANUP(oi_buf_clear) struct oi_buf notes = { 0 };

		if (!oi_root_read(&host->look, path, NOTES_LIMIT_BYTES, &notes, &ignored))
			id = oi_buildid_of_notes(oi_buf_str(&notes), notes.len);
	}
	return id;
}

/* Source: the kernel's CONFIG_MODULE_COMPRESS_GZIP, _XZ and _ZSTD; dkms does as the kernel does */
static const struct {
	const char *suffix;
	enum oi_tool tool;
} compressions[] = {
	{ ".gz", OI_TOOL_GZIP },
	{ ".xz", OI_TOOL_XZ },
	{ ".zst", OI_TOOL_ZSTD },
};

static int decompress(const struct oi_host *host, enum oi_tool tool, const char *path,
		      struct oi_buf *bytes, struct oi_err *err)
{
	OI_FREE char *name = oi_root_name(&host->change, path);
	OI_CLEANUP(oi_strv_clear) struct oi_strv argv = { 0 };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	struct oi_run_options options = {
		.deadline_ms = oi_clock_ms() + DECOMPRESS_MS,
		.quiet_stdout = true,
		.stdout_text = bytes,
		.stdout_limit_bytes = FILE_LIMIT_BYTES,
	};

	if (!host->tools.path[tool])
		return oi_err_set(err, OI_R_TOOL_MISSING, "%s is not installed",
				  oi_tools_name(tool));
	if (options.deadline_ms > host->deadline_ms)
		options.deadline_ms = host->deadline_ms;
	oi_strv_add(&argv, host->tools.path[tool]);
	oi_strv_add(&argv, "-dc");
	oi_strv_add(&argv, "--");
	oi_strv_add(&argv, name);
	return oi_run(argv.v, &options, &result, err);
}

static int read_module(const struct oi_host *host, const char *path, struct oi_buf *bytes,
		       struct oi_err *err)
{
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < OI_ARRAY_SIZE(compressions); i++)
		if (!strcmp(dot, compressions[i].suffix))
			return decompress(host, compressions[i].tool, path, bytes, err);
	return oi_root_read(&host->change, path, FILE_LIMIT_BYTES, bytes, err);
}

static enum oi_kmod_build by_build_id(const struct oi_host *host, const char *kernel,
				      const struct oi_kmod *kmod, struct oi_err *err)
{
	OI_FREE char *path = oi_mem_printf("/lib/modules/%s/%s", kernel, kmod->path);
	OI_FREE char *loaded = loaded_build_id(host, kmod->name);
	OI_FREE char *file = NULL;
	OI_CLEANUP(oi_buf_clear) struct oi_buf bytes = { 0 };
	struct oi_err ignored; /* there are other ways to tell */

	if (!loaded || read_module(host, path, &bytes, &ignored))
		return OI_KMOD_UNKNOWN;
	file = oi_buildid_of_object(oi_buf_str(&bytes), bytes.len);
	if (!file)
		return OI_KMOD_UNKNOWN;
	if (!strcmp(loaded, file))
		return OI_KMOD_SAME;
	oi_err_set(err, OI_R_MODULE_STALE, "loaded is build %s, the file is build %s", loaded, file);
	return OI_KMOD_OTHER;
}

/* --- by source version --- */

static int loaded_source(const struct oi_host *host, const char *name, char **out,
			 struct oi_err *err)
{
	OI_FREE char *path = oi_mem_printf("/sys/module/%s/srcversion", name);

	return oi_root_read_line(&host->look, path, out, err);
}

/*
 * The kernel shows a source version for exactly those modules whose file has
 * one, so that "none" on one side only is another build. Kernels without
 * MODULE_SRCVERSION_ALL have it only for modules with a MODULE_VERSION.
 */
static enum oi_kmod_build by_source(const struct oi_host *host, const char *kernel,
				    const struct oi_kmod *kmod, struct oi_err *err)
{
	OI_FREE char *loaded = NULL;
	OI_FREE char *file = NULL;

	if (loaded_source(host, kmod->name, &loaded, err) < 0 ||
	    oi_kmod_field(host, kernel, kmod->path, "srcversion", &file, err))
		return OI_KMOD_UNKNOWN;
	if (loaded && file && !strcmp(loaded, file))
		return OI_KMOD_SAME;
	if (!loaded && !file) {
		oi_err_set(err, OI_R_NONE, "there is neither a build id nor a source version to compare");
		return OI_KMOD_UNKNOWN;
	}
	oi_err_set(err, OI_R_MODULE_STALE, "loaded is %s, the file is %s",
		   loaded ? loaded : "one without a source version",
		   file ? file : "one without a source version");
	return OI_KMOD_OTHER;
}

/* --- both --- */

enum oi_kmod_build oi_kmod_compare(const struct oi_host *host, const char *kernel,
				   const struct oi_kmod *kmod, struct oi_err *err)
{
	enum oi_kmod_build build = by_build_id(host, kernel, kmod, err);

	if (build == OI_KMOD_UNKNOWN)
		build = by_source(host, kernel, kmod, err);
	if (build != OI_KMOD_UNKNOWN || is_out_of_tree(host, kmod->name))
		return build;
	if (oi_kmod_is_added(kmod)) {
		oi_err_set(err, OI_R_MODULE_STALE, "loaded is the kernel's own, the file is %s", kmod->path);
		return OI_KMOD_OTHER;
	}
	/* Both are the kernel's own, unless the file could not be asked. */
	return err->code == OI_R_NONE ? OI_KMOD_SAME : OI_KMOD_UNKNOWN;
}

char *oi_kmod_loaded_build(const struct oi_host *host, const char *name)
{
	OI_FREE char *id = loaded_build_id(host, name);
	OI_FREE char *source = NULL;
	struct oi_err ignored;

	if (loaded_source(host, name, &source, &ignored))
		source = NULL;
	return oi_mem_printf("%s %s %s", id ? id : "-", source ? source : "-",
			     is_out_of_tree(host, name) ? "added" : "own");
}
