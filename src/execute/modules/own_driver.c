/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/modules/own_driver.h"

#include <string.h>
#include <sys/utsname.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "execute/modules/depmod.h"
#include "execute/tools/child.h"
#include "model/reasons.h"
#include "sys/kmods.h"

#define MODULE_BYTES (256u << 20) /* with debug information */

/* Of the running kernel; owned by the caller, NULL: it is not known. */
static char *running(const struct oi_host *host)
{
	struct utsname name;
	char *release = NULL;
	struct oi_err ignored;

	if (!oi_root_read_line(&host->look, "/proc/sys/kernel/osrelease", &release, &ignored))
		return release;
	return oi_root_is_real(&host->look) && !uname(&name) ? oi_mem_dup(name.release) : NULL;
}

/* "insmod /lib/modules/RELEASE/kernel/.../mlx5_core.ko.xz ", "builtin mlx5_core": the last line is its own. */
static bool is_own(const char *answer, const char *kernel)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	OI_FREE char *own = oi_mem_printf("/lib/modules/%s/kernel/", kernel);
	const char *last;

	oi_strv_split(&lines, answer, "\n");
	last = lines.n ? lines.v[lines.n - 1] : "";
	return !strncmp(last, "builtin ", 8) || (!strncmp(last, "insmod ", 7) && strstr(last, own));
}

/* Return: as oi_own_driver_check(). */
static int ask(const struct oi_host *host, const char *kernel, const char *module, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_MODPROBE, .out = &out };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	const char *words;

	oi_strv_add(&child.args, "--set-version");
	oi_strv_add(&child.args, kernel);
	oi_strv_add(&child.args, "--show-depends");
	oi_strv_add(&child.args, module);
	if (oi_child_run(host, &child, &result, err) && result.end != OI_RUN_EXITED)
		return -1;
	if (is_own(oi_buf_str(&out), kernel))
		return 0;
	words = out.len ? oi_buf_str(&out) : oi_buf_str(&result.tail);
	return oi_err_set(err, OI_R_OWN_DRIVER_MISSING, "%s: modprobe %s for %s would do: %.*s", module, module,
			  kernel, (int)strcspn(words, "\n"), *words ? words : "nothing");
}

static int ask_all(const struct oi_host *host, const char *kernel, const struct oi_strv *modules,
		   struct oi_err *err)
{
	for (size_t i = 0; i < modules->n; i++)
		if (ask(host, kernel, modules->v[i], err))
			return -1;
	return 0;
}

/* Somebody else has added one before us: whose it is now is not ours to say. */
static bool had_another(const struct oi_strv *kept, const char *kernel)
{
	OI_FREE char *folder = oi_mem_printf("/lib/modules/%s/", kernel);

	for (size_t i = 0; i < kept->n; i++)
		if (!strncmp(kept->v[i], folder, strlen(folder)))
			return true;
	return false;
}

int oi_own_driver_check(const struct oi_host *host, const struct oi_strv *kept, struct oi_err *err)
{
	static const char *const driver[] = { "mlx5_core", "mlx5_ib", "ib_core", "ib_uverbs" };
	OI_CLEANUP(oi_strv_clear) struct oi_strv modules = { 0 };
	OI_FREE char *kernel = running(host);
	struct oi_err ignored;

	for (size_t i = 0; kernel && i < OI_ARRAY_SIZE(driver); i++) {
		OI_FREE char *own = oi_kmods_own_folder(&host->change, kernel, driver[i]);

		if (own)
			oi_strv_add(&modules, driver[i]);
	}
	if (!modules.n || !oi_child_has(host, OI_TOOL_MODPROBE)) {
		oi_log_info(&host->log, "kernel %s: %s, so its own driver is not looked for",
			    kernel ? kernel : "unknown",
			    modules.n ? "there is no modprobe" : "it has no list of its own modules with mlx5");
		return 0;
	}
	if (!kept->n || had_another(kept, kernel)) {
		oi_log_info(&host->log, "kernel %s: another's driver may have been there before, so the kernel's own is not looked for",
			    kernel);
		return 0;
	}
	if (ask_all(host, kernel, &modules, err)) {
		if (err->code != OI_R_OWN_DRIVER_MISSING)
			return -1;
		if (oi_depmod_renew(host, kernel, &ignored))
			oi_log_warn(&host->log, "depmod %s: %s", kernel, ignored.text);
		if (ask_all(host, kernel, &modules, err))
			return -1;
	}
	oi_log_info(&host->log, "kernel %s: its own driver is there, and is what modprobe takes", kernel);
	return 0;
}

/* --- what was put aside --- */

/* One of the kernel's own, back to where its build has put it; what is none stays where it is. */
static int put_back(const struct oi_host *host, const char *from, const char *kernel,
			     const char *file, bool *left, bool *back, struct oi_err *err)
{
	const struct oi_root *root = &host->change;
	OI_FREE char *folder = oi_kmods_own_folder(root, kernel, file);
	OI_FREE char *own = folder ? oi_kmods_own_file(root, kernel, file) : NULL;
	OI_FREE char *to = folder ? oi_mem_printf("/lib/modules/%s/%s/%s", kernel, folder, file) : NULL;
	OI_CLEANUP(oi_buf_clear) struct oi_buf bytes = { 0 };

	if (own || !to) {
		*left = true;
		return 0;
	}
	if (oi_root_read(root, from, MODULE_BYTES, &bytes, err) ||
	    oi_root_write(root, to, 0644, oi_buf_str(&bytes), bytes.len, err))
		return -1;
	oi_log_info(&host->log, "%s: restored, since dkms had put it aside", to);
	*back = true;
	return 0;
}

int oi_own_driver_bring_back_for(const struct oi_host *host, const char *originals, const char *kernel,
				 bool *left, struct oi_err *err)
{
	const struct oi_root *root = &host->change;
	OI_CLEANUP(oi_strv_clear) struct oi_strv archs = { 0 };
	OI_FREE char *folder = oi_mem_printf("%s/%s", originals, kernel);
	struct oi_err ignored;
	bool back = false;

	if (oi_root_list(root, folder, &archs, &ignored))
		return 0;
	for (size_t a = 0; a < archs.n; a++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
		OI_FREE char *arch = oi_mem_printf("%s/%s", folder, archs.v[a]);

		if (oi_root_list(root, arch, &names, &ignored))
			continue;
		for (size_t i = 0; i < names.n; i++) {
			OI_FREE char *from = oi_mem_printf("%s/%s", arch, names.v[i]);

			/* beside them: "collisions", a folder of more than one of a name; and of each
			 * where it was, FILE.origin */
			if (strstr(names.v[i], ".ko") && !strstr(names.v[i], ".origin") &&
			    put_back(host, from, kernel, names.v[i], left, &back, err))
				return -1;
		}
	}
	if (back && oi_depmod_renew(host, kernel, &ignored))
		oi_log_warn(&host->log, "depmod %s: %s", kernel, ignored.text);
	return 0;
}

int oi_own_driver_bring_back(const struct oi_host *host, const char *originals, bool *left,
			     struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv kernels = { 0 };

	if (oi_root_list(&host->change, originals, &kernels, err) < 0)
		return -1;
	for (size_t k = 0; k < kernels.n; k++)
		if (oi_own_driver_bring_back_for(host, originals, kernels.v[k], left, err))
			return -1;
	return 0;
}
