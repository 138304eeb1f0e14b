/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/modules/baked.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/doc.h"
#include "base/hash.h"
#include "base/mem.h"
#include "execute/tools/child.h"
#include "execute/modules/depmod.h"
#include "execute/modules/dkms.h"
#include "execute/state/record.h"
#include "execute/tools/service.h"
#include "model/catalog.h"
#include "model/config.h"
#include "model/reasons.h"
#include "sys/kmods.h"

#define MODULES_DEP_BYTES (16u << 20)
#define MARKER_BYTES (1u << 20) /* some thirty modules of a hundred bytes each */

/* --- the marker --- */

static bool is_added(const char *path)
{
	return !strncmp(path, "updates/", 8) || !strncmp(path, "extra/", 6) ||
	       !strncmp(path, "weak-updates/", 13);
}

/* Files of modules.dep that were added to the kernel's own. */
static int list_added(const struct oi_host *host, const char *kernel, struct oi_strv *files,
		      struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf dep = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	OI_FREE char *path = oi_mem_printf("/lib/modules/%s/modules.dep", kernel);

	if (oi_root_read(&host->change, path, MODULES_DEP_BYTES, &dep, err))
		return oi_err_set(err, OI_R_MODULES_MISSING, "there is no %s", path);
	oi_strv_split(&lines, oi_buf_str(&dep), "\n");
	for (size_t i = 0; i < lines.n; i++) {
		lines.v[i][strcspn(lines.v[i], ":")] = '\0';
		if (is_added(lines.v[i]))
			oi_strv_add(files, lines.v[i]);
	}
	return 0;
}

static int64_t size_of(const struct oi_host *host, const char *path)
{
	struct stat st;
	int fd = oi_root_openat(&host->change, path, O_PATH, 0);
	int64_t bytes = fd >= 0 && !fstat(fd, &st) ? (int64_t)st.st_size : -1;

	if (fd >= 0)
		close(fd);
	return bytes;
}

/* sha256sum's "DIGEST  PATH" lines come in the order of the paths it was given. */
static int digest(const struct oi_host *host, const char *kernel, const struct oi_strv *files,
		  struct oi_buf *out, struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_SHA256SUM, .out = out };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };

	for (size_t i = 0; i < files->n; i++) {
		OI_FREE char *path = oi_mem_printf("/lib/modules/%s/%s", kernel, files->v[i]);
		OI_FREE char *name = oi_root_name(&host->change, path);

		oi_strv_add(&child.args, name);
	}
	return files->n ? oi_child_run(host, &child, &result, err) : 0;
}

static int put_modules(const struct oi_host *host, const char *kernel, const struct oi_strv *files,
		       struct oi_doc *marker, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf sums = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	struct oi_doc *list;
	char all[OI_HASH_TEXT_BYTES];

	if (digest(host, kernel, files, &sums, err))
		return -1;
	oi_strv_split(&lines, oi_buf_str(&sums), "\n");
	if (lines.n != files->n)
		return oi_err_set(err, OI_R_CHILD_FAILED, "sha256sum: %zu answers for %zu files",
				  lines.n, files->n);
	list = oi_doc_new(OI_DOC_LIST);
	for (size_t i = 0; i < files->n; i++) {
		OI_FREE char *path = oi_mem_printf("/lib/modules/%s/%s", kernel, files->v[i]);
		OI_FREE char *sum = oi_mem_ndup(lines.v[i], strcspn(lines.v[i], " "));
		struct oi_doc *entry = oi_doc_new(OI_DOC_MAP);

		oi_doc_put_string(entry, "file", files->v[i]);
		oi_doc_put_int(entry, "bytes", size_of(host, path));
		oi_doc_put_string(entry, "sha256", sum);
		oi_doc_add(list, entry);
	}
	oi_hash_text(oi_buf_str(&sums), all);
	oi_doc_put(marker, "modules", list);
	oi_doc_put_string(marker, "digest", all);
	return 0;
}

/* The kernel's own driver is enough for the distribution's stack; a vendor's must be added. */
static int check_driver(const struct oi_host *host, const struct oi_verdict *verdict,
			struct oi_err *err)
{
	bool cx3 = oi_generation_is_mlx4(verdict->vm.nic_generation);
	struct oi_kmod driver = { .name = cx3 ? "mlx4_ib" : "mlx5_ib" };
	bool vendor = strcmp(verdict->driver.stack, oi_driver_name(OI_DRIVER_INBOX)) != 0;
	int rc = oi_kmods_find(&host->change, verdict->driver.kernel, &driver, 1, err);

	if (!rc && !driver.path && !driver.builtin)
		rc = oi_err_set(err, OI_R_MODULES_MISSING, "kernel %s has no %s",
				verdict->driver.kernel, driver.name);
	else if (!rc && vendor && !oi_kmod_is_added(&driver))
		rc = oi_err_set(err, OI_R_MODULES_MISSING, "kernel %s has only its own %s",
				verdict->driver.kernel, driver.name);
	else if (rc > 0)
		rc = oi_err_set(err, OI_R_MODULES_MISSING, "there is no /lib/modules/%s/modules.dep",
				verdict->driver.kernel);
	oi_kmods_clear(&driver, 1);
	return rc;
}

int oi_bake_mark(const struct oi_host *host, const struct oi_config *config,
		 const struct oi_verdict *verdict, const char *arch, const struct oi_strv *sizes,
		 struct oi_err *err)
{
	OI_DOC_AUTO *marker = oi_doc_new(OI_DOC_MAP);
	OI_CLEANUP(oi_strv_clear) struct oi_strv files = { 0 };
	struct oi_doc *options = oi_doc_new(OI_DOC_MAP);
	OI_FREE char *text = NULL;

	oi_doc_put_int(marker, "schema", 1);
	oi_doc_put_string(marker, "kernel", verdict->driver.kernel);
	oi_doc_put_string(marker, "arch", arch);
	oi_doc_put_string(marker, "stack", verdict->driver.stack);
	oi_doc_put_string(marker, "version", verdict->driver.version);
	oi_doc_put_bool(options, "signed", config->secure_boot.key != NULL);
	oi_doc_put(marker, "options", options);
	oi_doc_put(marker, "sizes", oi_doc_new_strings(sizes));
	if (check_driver(host, verdict, err) ||
	    list_added(host, verdict->driver.kernel, &files, err) ||
	    put_modules(host, verdict->driver.kernel, &files, marker, err))
		return -1;
	text = oi_doc_to_json(marker, true);
	return oi_root_write(&host->change, OI_BAKED_MARKER, 0644, text, strlen(text), err);
}

bool oi_bake_is_marked(const struct oi_host *host, const char *kernel)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_DOC_AUTO *marker = NULL;
	const char *then;
	struct oi_err ignored;

	if (oi_root_read(&host->change, OI_BAKED_MARKER, MARKER_BYTES, &text, &ignored) ||
	    oi_doc_from_json(oi_buf_str(&text), text.len, OI_BAKED_MARKER, OI_R_READ_FAILED, &marker,
			     &ignored))
		return false;
	then = oi_doc_string(oi_doc_get(marker, "kernel"));
	return then && !strcmp(then, kernel) && !oi_depmod_since(host, kernel, OI_BAKED_MARKER);
}

/* --- no use for it --- */

/* How many of the modules that were made known by us dkms still knows. */
static size_t count_known(const struct oi_host *host, const struct oi_strv *ours)
{
	OI_CLEANUP(oi_dkms_modules_clear) struct oi_dkms_modules modules = { 0 };
	struct oi_err err;
	size_t n = 0;

	if (oi_dkms_list(host, "", &modules, &err))
		oi_log_warn(&host->log, "%s", err.text);
	for (size_t i = 0; i < modules.n; i++)
		n += oi_strv_has(ours, modules.v[i].name);
	return n;
}

size_t oi_bake_unregister(const struct oi_host *host)
{
	OI_CLEANUP(oi_record_clear) struct oi_record record = { 0 };
	static const struct oi_strv none;
	struct oi_err err;
	size_t n;

	if (oi_record_read(&host->change, &record, &err) || !record.dkms.n ||
	    !oi_root_exists(&host->change, OI_DKMS_TREE) || !oi_child_has(host, OI_TOOL_DKMS))
		return 0;
	n = count_known(host, &record.dkms);
	if (!n)
		return 0;
	oi_dkms_remove(host, "", &none, &record.dkms);
	if (oi_service_each(host, &record.units, "disable", &err) ||
	    oi_root_remove(&host->change, OI_BAKED_MARKER, &err))
		oi_log_warn(&host->log, "%s", err.text);
	return n;
}
