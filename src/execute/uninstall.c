/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/uninstall.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "execute/bundle/bundle.h"
#include "execute/tools/child.h"
#include "execute/modules/depmod.h"
#include "execute/modules/dkms_heal.h"
#include "execute/modules/initramfs.h"
#include "execute/modules/own_driver.h"
#include "execute/state/journal.h"
#include "execute/managers.h"
#include "execute/state/leavings.h"
#include "execute/state/record.h"
#include "execute/tools/service.h"
#include "model/reasons.h"
#include "sys/kmods.h"
#include "sys/systemd.h"

#define FILE_BYTES (1u << 20)
#define UNITS "/etc/systemd/system/"

void oi_uninstalled_clear(struct oi_uninstalled *what)
{
	oi_strv_clear(&what->left);
	memset(what, 0, sizeof(*what));
}

/* --- services --- */

/* What a unit does not want to do is no reason to keep its package. */
static void systemctl(const struct oi_host *host, const char *verb, const char *unit)
{
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	struct oi_err err;

	if (!oi_service_call(host, verb, unit, &result, &err))
		oi_log_info(&host->log, "service %s: %s: done", unit ? unit : "manager", verb);
	else
		oi_log_warn(&host->log, "service %s: %s: %s", unit ? unit : "manager", verb,
			    result.tail.len ? oi_buf_str(&result.tail) : err.text);
}

static void stop_units(const struct oi_host *host, const struct oi_record *record)
{
	for (size_t i = 0; i < record->units.n; i++) {
		if (oi_systemd_is_here(host))
			systemctl(host, "stop", record->units.v[i]);
		systemctl(host, "disable", record->units.v[i]);
	}
}

static bool is_rc_link(const char *name, const char *service)
{
	return (name[0] == 'S' || name[0] == 'K') && strspn(name + 1, "0123456789") == 2 &&
		!strcmp(name + 3, service);
}

/*
 * systemctl enable and disable do the same for a service's old script, by links
 * that not every package removes with the script.
 */
static int remove_rc_links(const struct oi_host *host, const struct oi_record *record,
			   struct oi_err *err)
{
	static const char levels[] = "0123456S";

	for (size_t i = 0; i < record->units.n; i++) {
		const char *unit = record->units.v[i];
		OI_FREE char *service = oi_mem_ndup(unit, strcspn(unit, "."));
		OI_FREE char *script = oi_mem_printf("/etc/init.d/%s", service);

		if (oi_root_exists(&host->change, script))
			continue;
		for (const char *level = levels; *level; level++) {
			OI_CLEANUP(oi_strv_clear) struct oi_strv links = { 0 };
			OI_FREE char *folder = oi_mem_printf("/etc/rc%c.d", *level);

			if (oi_root_list(&host->change, folder, &links, err) < 0)
				return -1;
			for (size_t l = 0; l < links.n; l++) {
				OI_FREE char *path = oi_mem_printf("%s/%s", folder, links.v[l]);

				if (is_rc_link(links.v[l], service) &&
				    oi_root_remove(&host->change, path, err))
					return -1;
			}
		}
	}
	return 0;
}

/* --- files --- */

enum state { GONE, OURS, AS_BEFORE, CHANGED };

static int look_at(const struct oi_host *host, const struct oi_record_file *file,
		   enum state *state, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	char hash[OI_HASH_TEXT_BYTES];
	int got = oi_root_read(&host->change, file->path, FILE_BYTES, &text, err);

	*state = GONE;
	if (got)
		return got < 0 ? -1 : 0;
	oi_hash_text(oi_buf_str(&text), hash);
	if (file->before && !strcmp(file->before, hash))
		*state = AS_BEFORE;
	else
		*state = oi_strv_has(&file->ours, hash) ? OURS : CHANGED;
	return 0;
}

/* Return: 0, or -1; @to: where the copy of the earlier file is to lie */
static int put_back(const struct oi_host *host, const struct oi_record_file *file,
		    const char *to, struct oi_err *err)
{
	OI_FREE char *copy = oi_mem_printf(OI_RECORD_BEFORE_DIR "%s", file->path);
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct stat st = { .st_mode = 0644 };
	int fd = oi_root_openat(&host->change, copy, O_PATH, 0);
	int got = oi_root_read(&host->change, copy, FILE_BYTES, &text, err);

	if (fd >= 0) {
		if (fstat(fd, &st))
			st.st_mode = 0644;
		close(fd);
	}
	if (got < 0)
		return -1;
	if (got)
		return oi_err_set(err, OI_R_RECORD_MALFORMED, "%s is not there", copy);
	return oi_root_write(&host->change, to, st.st_mode & 07777, oi_buf_str(&text), text.len, err);
}

/* A changed file stays, with the one that it took the place of beside it. */
static int leave(const struct oi_host *host, const struct oi_record_file *file,
		 struct oi_uninstalled *what, struct oi_err *err)
{
	OI_FREE char *beside = oi_mem_printf("%s.before-ofed-init", file->path);

	oi_strv_add(&what->left, file->path);
	if (!file->before) {
		oi_log_warn(&host->log, "%s: changed since ofed-init wrote it: left", file->path);
		return 0;
	}
	oi_log_warn(&host->log, "%s: changed since ofed-init wrote it: left; the earlier one is %s",
		    file->path, beside);
	return put_back(host, file, beside, err);
}

/*
 * @before: only the files that took the place of others, while their packages
 * are still there: what a package finds as it left it, it takes along; else the rest
 */
static int undo_files(const struct oi_host *host, const struct oi_record *record, bool before,
		      struct oi_uninstalled *what, struct oi_err *err)
{
	for (size_t i = 0; i < record->n_files; i++) {
		const struct oi_record_file *file = &record->files[i];
		enum state state;

		if (before != (file->before != NULL))
			continue;
		if (look_at(host, file, &state, err))
			return -1;
		if (state == CHANGED && leave(host, file, what, err))
			return -1;
		if (state != OURS)
			continue;
		if (before ? put_back(host, file, file->path, err) :
			     oi_root_remove(&host->change, file->path, err))
			return -1;
		oi_log_info(&host->log, "%s: %s", file->path,
			    before ? "put back as it was" : "removed");
		what->files++;
	}
	return 0;
}

static int remove_if_empty(const struct oi_root *root, const char *folder, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	int got = oi_root_list(root, folder, &names, err);

	if (got)
		return got < 0 ? -1 : 0;
	return names.n ? 0 : oi_root_remove(root, folder, err);
}

/* Folders that were made for our files, unless others have put something there. */
static int remove_folders(const struct oi_host *host, const struct oi_record *record,
			  struct oi_err *err)
{
	for (size_t i = record->folders.n; i-- > 0;)
		if (remove_if_empty(&host->change, record->folders.v[i], err))
			return -1;
	return 0;
}

/* --- packages --- */

/* Once a name: of one that was installed twice, the last version. */
static void add_entry(struct oi_strv *entries, const char *entry)
{
	size_t len = strcspn(entry, " ");

	for (size_t i = 0; i < entries->n; i++) {
		if (strcspn(entries->v[i], " ") != len || strncmp(entries->v[i], entry, len) != 0)
			continue;
		oi_mem_set(&entries->v[i], entry);
		return;
	}
	oi_strv_add(entries, entry);
}

static void find_packages(const struct oi_record *record, struct oi_strv *entries)
{
	for (size_t i = 0; i < record->packages.n; i++)
		add_entry(entries, record->packages.v[i]);
	for (size_t i = 0; i < record->repository.n; i++)
		add_entry(entries, record->repository.v[i]);
}

/* An archive need not have old versions for ever: what cannot be had back is no reason to fail. */
static void restore_packages(const struct oi_host *host, const struct oi_packages_ops *ops,
			     const struct oi_record *record, const struct oi_strv *entries)
{
	OI_FREE char *text = oi_strv_join(&record->replaced, ", ");
	struct oi_err err;

	if (!record->replaced.n)
		return;
	oi_log_info(&host->log, "packages: changed by the installation (before, after): %s", text);
	if (ops->restore(host, ops, &record->replaced, entries, &err))
		oi_log_warn(&host->log, "packages: they are left as they are now: %s", err.text);
}

/* On the way back to other packages some of ours may have gone. */
static int look_again(const struct oi_host *host, const struct oi_packages_ops *ops,
		      const struct oi_strv *entries, struct oi_strv *packages, struct oi_err *err)
{
	oi_strv_clear(packages);
	if (ops->present(host, entries, packages, err))
		return -1;
	/* something that could not go back may need what is to go */
	return packages->n ? ops->try_remove(host, packages, entries, err) : 0;
}

static int remove_packages(const struct oi_host *host, const struct oi_packages_ops *ops,
			   const struct oi_strv *packages, struct oi_err *err)
{
	pid_t named = 0;

	if (!packages->n)
		return 0;
	return oi_packages_wait(ops->locks, host, &named, err) || ops->remove(host, packages, err) ? -1 : 0;
}

/* --- dkms --- */

/* Now, and not when the program started: its package may be among those that went. */
static bool has_dkms(const struct oi_host *host)
{
	const char *path = host->tools.path[OI_TOOL_DKMS];
	struct oi_tools now;

	if (path)
		return !access(path, X_OK);
	oi_tools_find(&now);
	return now.path[OI_TOOL_DKMS] != NULL;
}

/* @kernel: "release/arch", or NULL for all */
static void dkms(const struct oi_host *host, const char *verb, const char *name,
		 const char *version, const char *kernel)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_DKMS };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	struct oi_err err;

	child.level = OI_LOG_INFO;
	oi_strv_add(&child.args, verb);
	oi_strv_add(&child.args, "-m");
	oi_strv_add(&child.args, name);
	oi_strv_add(&child.args, "-v");
	oi_strv_add(&child.args, version);
	oi_strv_add(&child.args, kernel ? "-k" : "--all");
	if (kernel)
		oi_strv_add(&child.args, kernel);
	if (oi_child_run(host, &child, &result, &err))
		oi_log_warn(&host->log, "dkms: %s %s/%s: %s", verb, name, version, err.text);
}

/* The version that was built for a kernel; owned by the caller, NULL: none. */
static char *built_version(const struct oi_host *host, const char *tree, const char *release,
			    const char *arch)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv versions = { 0 };
	struct oi_err err;

	if (oi_root_list(&host->change, tree, &versions, &err))
		return NULL;
	for (size_t i = 0; i < versions.n; i++) {
		OI_FREE char *built =
			oi_mem_printf("%s/%s/%s/%s", tree, versions.v[i], release, arch);

		if (strcmp(versions.v[i], "original_module") != 0 &&
		    oi_root_exists(&host->change, built))
			return oi_mem_dup(versions.v[i]);
	}
	return NULL;
}

/*
 * Out of the kernels, and the kernel's own modules back to where dkms took them
 * from. By ourselves and before the packages go: a package's script that is cut
 * off in the middle of this is not run again, and takes dkms' record with it.
 * Registered they stay, for that script to find.
 */
static int uninstall_modules(const struct oi_host *host, const struct oi_record *record,
			     struct oi_err *err)
{
	for (size_t i = 0; has_dkms(host) && i < record->dkms.n; i++) {
		OI_FREE char *tree = oi_mem_printf(OI_DKMS_TREE "/%s", record->dkms.v[i]);
		OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

		if (oi_root_list(&host->change, tree, &names, err) < 0)
			return -1;
		for (size_t n = 0; n < names.n; n++) {
			const char *arch;
			OI_FREE char *release = oi_dkms_link_release(names.v[n], &arch);
			OI_FREE char *kernel = NULL;
			OI_FREE char *version = NULL;

			if (!release)
				continue;
			kernel = oi_mem_printf("%s/%s", release, arch);
			version = built_version(host, tree, release, arch);
			if (version)
				dkms(host, "uninstall", record->dkms.v[i], version, kernel);
		}
	}
	return 0;
}

/* The packages' own scripts do this; a registration that one of them has left is ours to end. */
static int forget_modules(const struct oi_host *host, const struct oi_record *record,
			  struct oi_err *err)
{
	for (size_t i = 0; i < record->dkms.n; i++) {
		OI_FREE char *tree = oi_mem_printf(OI_DKMS_TREE "/%s", record->dkms.v[i]);
		OI_FREE char *originals = oi_mem_printf("%s/original_module", tree);
		OI_CLEANUP(oi_strv_clear) struct oi_strv versions = { 0 };
		int got = oi_root_list(&host->change, tree, &versions, err);
		bool left = false;

		if (got < 0)
			return -1;
		for (size_t v = 0; v < versions.n; v++) {
			OI_FREE char *source = oi_mem_printf("%s/%s/source", tree, versions.v[v]);

			/* Beside the versions there are links to builds. */
			if (oi_root_exists(&host->change, source) && has_dkms(host))
				dkms(host, "remove", record->dkms.v[i], versions.v[v], NULL);
		}
		if (oi_own_driver_bring_back(host, originals, &left, err))
			return -1;
		if (left) {
			oi_log_warn(&host->log, "dkms: %s holds the kernel's own modules: left",
				    originals);
			continue;
		}
		if (oi_root_remove(&host->change, tree, err))
			return -1;
	}
	return 0;
}

/* Keys and a version number are what dkms itself leaves behind. */
static int forget_dkms(const struct oi_host *host, const struct oi_record *record,
		       struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	if (!oi_strv_has(&record->folders, OI_DKMS_TREE) || has_dkms(host))
		return 0;
	if (oi_root_list(&host->change, OI_DKMS_TREE, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++)
		if (strncmp(names.v[i], "mok.", 4) != 0 && strcmp(names.v[i], "dkms_dbversion") != 0)
			return 0;
	return oi_root_remove(&host->change, OI_DKMS_TREE, err);
}

/* Files that dkms has built and not removed: the kernel would prefer them for ever. */
static int remove_built(const struct oi_host *host, const struct oi_record *record,
			struct oi_err *err)
{
	static const char *const folders[] = { "updates/dkms", "updates", "extra" };
	const struct oi_root *root = &host->change;
	OI_CLEANUP(oi_strv_clear) struct oi_strv kernels = { 0 };
	struct oi_err ignored;

	for (size_t i = 0; i < record->modules.n; i++) {
		const char *line = record->modules.v[i];
		OI_FREE char *kernel = oi_mem_ndup(line, strcspn(line, " "));
		const char *file = line + strlen(kernel) + strspn(line + strlen(kernel), " ");

		for (size_t f = 0; f < OI_ARRAY_SIZE(folders); f++) {
			OI_FREE char *path =
				oi_mem_printf("/lib/modules/%s/%s/%s", kernel, folders[f], file);

			if (!*file || strchr(file, '/') || !oi_root_exists(root, path))
				continue;
			if (oi_root_remove(root, path, err))
				return -1;
			oi_log_info(&host->log, "%s: dkms has left it: removed", path);
			if (!oi_strv_has(&kernels, kernel))
				oi_strv_add(&kernels, kernel);
		}
	}
	for (size_t k = 0; k < kernels.n; k++) {
		for (size_t f = 0; f < OI_ARRAY_SIZE(folders); f++) {
			OI_FREE char *folder =
				oi_mem_printf("/lib/modules/%s/%s", kernels.v[k], folders[f]);

			if (remove_if_empty(root, folder, err))
				return -1;
		}
		if (oi_depmod_renew(host, kernels.v[k], &ignored))
			oi_log_warn(&host->log, "depmod %s: %s", kernels.v[k], ignored.text);
	}
	return 0;
}

/* --- initramfs --- */

/* It would bring the vendor's driver back at every boot. A package's script may have done it by now. */
static void renew_initramfs(const struct oi_host *host, const struct oi_record *record)
{
	for (size_t i = 0; i < record->initramfs.n; i++) {
		const char *kernel = record->initramfs.v[i];
		OI_FREE char *path = oi_initramfs_path(host, kernel);
		struct oi_err err;

		if (!path || !oi_depmod_since(host, kernel, path))
			continue;
		if (oi_initramfs_renew(host, kernel, false, &err))
			oi_log_warn(&host->log, "initramfs: boots may still begin with the vendor's driver: %s",
				    err.text);
	}
}

/* --- state --- */

static int forget_state(const struct oi_host *host, struct oi_err *err)
{
	static const char record[] = OI_RECORD_PATH;
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	if (oi_root_remove(&host->change, OI_BLOCK_MARKER, err) ||
	    oi_root_list(&host->change, OI_STATE_DIR, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		OI_FREE char *path = oi_mem_printf(OI_STATE_DIR "/%s", names.v[i]);

		if (strcmp(path, record) != 0 && oi_root_remove(&host->change, path, err))
			return -1;
	}
	/* What was undone first: without the record nobody would do it again. */
	oi_journal_sync(&host->change);
	return oi_root_remove(&host->change, record, err);
}

static bool has_units(const struct oi_record *record)
{
	for (size_t i = 0; i < record->n_files; i++)
		if (!strncmp(record->files[i].path, UNITS, strlen(UNITS)))
			return true;
	return record->units.n > 0;
}

int oi_uninstall(const struct oi_host *host, struct oi_uninstalled *what, struct oi_err *err)
{
	OI_CLEANUP(oi_record_clear) struct oi_record record = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv ours = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv known = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv packages = { 0 };
	const struct oi_packages_ops *ops;
	OI_FREE char *text = NULL;
	int got;

	if (oi_bundle_note_after(host, err)) /* of an installer that was cut off */
		return -1;
	got = oi_record_read(&host->change, &record, err);
	if (got < 0)
		return -1;
	what->nothing = got == 1;
	if (what->nothing)
		return forget_state(host, err);
	ops = oi_managers_used(host, &record.methods);
	find_packages(&record, &ours);
	if (ops->present(host, &ours, &packages, err))
		return -1;
	text = oi_strv_join(&packages, " ");
	oi_log_info(&host->log, "packages: to be removed: %s", packages.n ? text : "none");
	oi_strv_add_all(&known, &ours);
	if (ops->restore_first)
		oi_strv_add_all(&known, &record.replaced);
	if (packages.n && ops->try_remove(host, &packages, &known, err))
		return -1;
	if (what->on_begin)
		what->on_begin(what->data);
	if (oi_record_note_modules(&host->change, err))
		return -1;
	oi_record_clear(&record);
	if (oi_record_read(&host->change, &record, err) < 0)
		return -1;
	stop_units(host, &record);
	if (uninstall_modules(host, &record, err) || undo_files(host, &record, true, what, err))
		return -1;
	what->packages = packages.n;
	if (packages.n && oi_bundle_uninstall(host, ops->format, &record)) {
		oi_strv_clear(&packages);
		if (ops->present(host, &ours, &packages, err))
			return -1;
	}
	if (ops->restore_first && record.replaced.n) {
		restore_packages(host, ops, &record, &ours);
		if (look_again(host, ops, &ours, &packages, err))
			return -1;
	}
	if (remove_packages(host, ops, &packages, err))
		return -1;
	if (remove_rc_links(host, &record, err) || forget_modules(host, &record, err) ||
	    remove_built(host, &record, err) || forget_dkms(host, &record, err) ||
	    oi_leavings_remove(host, &record, err) ||
	    undo_files(host, &record, false, what, err) ||
	    remove_folders(host, &record, err))
		return -1;
	if (!ops->restore_first)
		restore_packages(host, ops, &record, &ours);
	if (has_units(&record) && oi_systemd_is_here(host))
		systemctl(host, "daemon-reload", NULL);
	renew_initramfs(host, &record);
	/* The record stays until that is so: whoever mends it may ask again. */
	return oi_own_driver_check(host, &record.kept, err) || forget_state(host, err) ? -1 : 0;
}
