/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in a set of modules, before any of it is used. Others may write into a cache. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/cache/modset.h"
#include "execute/cache/symbols.h"
#include "execute/cache/text.h"
#include "execute/tools/child.h"
#include "model/reasons.h"
#include "sys/kmods.h"

/* Below the staging folder: the package's own words, and its files. */
#define CONTROL "modules.control"
#define FILES "modules.files"
#define SCRIPT_BYTES 65536

static int unfit(struct oi_err *err, const char *what)
{
	return oi_err_set(err, OI_R_MODULES_UNFIT, "%s", what);
}

/* One call of dpkg-deb about it; @folder: below the staging folder, or NULL. */
static int ask_deb(const struct oi_host *host, const char *option, const struct oi_modset *set,
		   const char *folder, struct oi_buf *out, struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_DPKG_DEB, .out = out };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_FREE char *path = oi_modset_staged_path(host, set->file);
	OI_FREE char *to = folder ? oi_modset_staged_path(host, folder) : NULL;

	oi_strv_add(&child.args, option);
	oi_strv_add(&child.args, path);
	if (to)
		oi_strv_add(&child.args, to);
	if (!oi_child_run(host, &child, &result, err))
		return 0;
	if (result.end == OI_RUN_EXITED)
		err->code = OI_R_MODULES_UNFIT;
	return -1;
}

/* --- control --- */

/* A file of the control archive, which may hold anything under that name. */
static int read_control(const struct oi_host *host, const char *name, struct oi_buf *text,
			struct oi_err *err)
{
	OI_FREE char *path = oi_mem_printf(OI_STAGING_DIR "/" CONTROL "/%s", name);
	struct stat st;
	int fd = oi_root_openat(&host->change, path, O_PATH | O_NOFOLLOW, 0);
	bool plain = fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode);

	if (fd >= 0)
		close(fd);
	if (!plain)
		return oi_err_set(err, OI_R_MODULES_UNFIT, "the package has no %s", name);
	return oi_root_read(&host->change, path, SCRIPT_BYTES, text, err) ? -1 : 0;
}

static int check_script(const struct oi_host *host, const char *name, const char *kernel,
			const struct oi_modset *set, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_FREE char *known = oi_modset_script(name, kernel, set->headers);

	if (read_control(host, name, &text, err))
		return -1;
	if (known && !strcmp(oi_buf_str(&text), known))
		return 0;
	return oi_err_set(err, OI_R_MODULES_UNFIT, "the package has a %s that is not ofed-init's", name);
}

static int check_control(const struct oi_host *host, const char *kernel, struct oi_modset *set,
			 struct oi_err *err)
{
	static const char *const needed[] = { "control", "postinst", "postrm", "prerm" };
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_FREE char *wrong = NULL;

	if (oi_root_list(&host->change, OI_STAGING_DIR "/" CONTROL, &names, err))
		return unfit(err, "the package has no control file");
	for (size_t i = 0; i < OI_ARRAY_SIZE(needed); i++)
		if (!oi_strv_has(&names, needed[i]) && (set->headers || strcmp(needed[i], "prerm") != 0))
			return oi_err_set(err, OI_R_MODULES_UNFIT, "the package has no %s", needed[i]);
	for (size_t i = 0; i < names.n; i++)
		if (strcmp(names.v[i], "control") != 0 &&
		    check_script(host, names.v[i], kernel, set, err))
			return -1;
	if (read_control(host, "control", &text, err))
		return -1;
	wrong = oi_modset_parse_control(oi_buf_str(&text), kernel, set->key, &set->provides);
	return wrong ? unfit(err, wrong) : 0;
}

/* --- modules --- */

/* Owned by the caller; NULL with @err, or when it has none. */
static char *vermagic_of(const struct oi_host *host, const char *path, struct oi_err *err)
{
	char *vermagic = NULL;

	if (oi_kmod_file_field(host, path, "vermagic", &vermagic, err))
		return NULL;
	if (!vermagic)
		unfit(err, "a module does not say for which kernel it is");
	return vermagic;
}

/* As the kernel itself would: for its release, and built as its own are. */
static int check_module(const struct oi_host *host, const char *kernel, const char *file,
			const char *path, struct oi_symbols *symbols, struct oi_err *err)
{
	OI_FREE char *name = oi_modset_module_name(file);
	OI_FREE char *own_file = oi_kmods_own_file(&host->change, kernel, name);
	OI_FREE char *own_below = own_file ? oi_mem_printf("/lib/modules/%s/%s", kernel, own_file) : NULL;
	OI_FREE char *own = own_below ? oi_root_name(&host->change, own_below) : NULL;
	OI_FREE char *vermagic = vermagic_of(host, path, err);
	OI_FREE char *wanted = vermagic && own ? vermagic_of(host, own, err) : NULL;

	if (!vermagic || (own && !wanted))
		return -1;
	if (!oi_modset_is_for(vermagic, kernel) || (wanted && strcmp(vermagic, wanted) != 0))
		return oi_err_set(err, OI_R_MODULES_UNFIT, "%s is for \"%s\", the kernel is \"%s\"", file,
				  vermagic, wanted ? wanted : kernel);
	return own ? oi_symbols_add(host, own, symbols, err) : 0;
}

static int check_modules(const struct oi_host *host, const char *kernel,
			 const struct oi_modset *set, struct oi_err *err)
{
	OI_CLEANUP(oi_symbols_clear) struct oi_symbols symbols = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv paths = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_FREE char *top = oi_modset_staged_path(host, FILES);

	for (size_t i = 0; i < set->modules.n; i++) {
		OI_FREE char *name = oi_modset_module_name(set->modules.v[i]);

		oi_strv_add(&names, name);
		oi_strv_addf(&paths, "%s/lib/modules/%s/%s", top, kernel, set->modules.v[i]);
		if (check_module(host, kernel, set->modules.v[i], paths.v[i], &symbols, err))
			return -1;
	}
	if (oi_symbols_drop_exports(host, kernel, &names, &symbols, err))
		return -1;
	for (size_t i = 0; i < paths.n; i++)
		if (oi_symbols_check(host, paths.v[i], &symbols, err))
			return oi_err_prefix(err, "%s", set->modules.v[i]);
	return 0;
}

static int look(const struct oi_host *host, const char *kernel, struct oi_modset *set,
		struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf contents = { 0 };
	OI_FREE char *foreign = NULL;

	if (ask_deb(host, "--contents", set, NULL, &contents, err))
		return -1;
	foreign = oi_modset_parse_contents(oi_buf_str(&contents), kernel, &set->modules,
					   &set->headers);
	if (foreign)
		return oi_err_set(err, OI_R_MODULES_UNFIT, "the package brings %s", foreign);
	if (!set->modules.n)
		return unfit(err, "the package has no modules");
	return ask_deb(host, "--control", set, CONTROL, NULL, err) ||
			       check_control(host, kernel, set, err) ||
			       ask_deb(host, "--extract", set, FILES, NULL, err) ||
			       check_modules(host, kernel, set, err) ?
		       -1 :
		       0;
}

static int clean(const struct oi_host *host, struct oi_err *err)
{
	return oi_root_remove(&host->change, OI_STAGING_DIR "/" CONTROL, err) ||
			       oi_root_remove(&host->change, OI_STAGING_DIR "/" FILES, err) ?
		       -1 :
		       0;
}

int oi_modset_open(const struct oi_host *host, const char *kernel, struct oi_modset *set,
		   struct oi_err *err)
{
	struct oi_err ignored;
	int ret;

	oi_strv_clear(&set->provides);
	oi_strv_clear(&set->modules);
	oi_mem_set(&set->headers, NULL);
	if (clean(host, err))
		return -1;
	ret = look(host, kernel, set, err);
	if (clean(host, &ignored))
		oi_log_warn(&host->log, "could not clean up: %s", ignored.text);
	return ret;
}
