/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/heal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "execute/bundle.h"
#include "execute/depmod.h"
#include "execute/early.h"
#include "execute/journal.h"
#include "execute/manuals.h"
#include "execute/packages.h"
#include "execute/record.h"
#include "execute/reload.h"
#include "execute/steps.h"
#include "model/reasons.h"

#define JOURNAL_AUTO OI_CLEANUP(oi_journal_clear) struct oi_journal
#define RECORD_AUTO OI_CLEANUP(oi_record_clear) struct oi_record

/* --- modules --- */

static bool is_folder(const struct oi_root *root, const char *path)
{
	struct stat st;
	int fd = oi_root_openat(root, path, O_PATH | O_NOFOLLOW | O_DIRECTORY, 0);
	bool is = fd >= 0 && !fstat(fd, &st) && S_ISDIR(st.st_mode);

	if (fd >= 0)
		close(fd);
	return is;
}

static void list(const struct oi_host *host, const char *folder, struct oi_strv *names)
{
	struct oi_err err; /* gone, or never there */

	if (oi_root_list(&host->change, folder, names, &err))
		oi_strv_clear(names);
}

static void drop(const struct oi_host *host, const char *path)
{
	struct oi_err err;

	if (oi_root_remove(&host->change, path, &err))
		oi_log_warn(&host->log, "dkms: could not clean up: %s", err.text);
}

/* Where dkms has put them. Source: dkms 3.0.10, "dest_module_location" by distribution */
static void drop_installed(const struct oi_host *host, const char *built, const char *release)
{
	static const char *const places[] = { "updates/dkms", "updates", "extra" };
	OI_FREE char *folder = oi_mem_printf("%s/module", built);
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	list(host, folder, &names);
	for (size_t i = 0; i < names.n; i++)
		for (size_t p = 0; p < OI_ARRAY_SIZE(places); p++) {
			OI_FREE char *path = oi_mem_printf("/lib/modules/%s/%s/%s", release,
							   places[p], names.v[i]);

			drop(host, path);
		}
}

struct modules {
	const struct oi_host *host;
	const char *kernel; /* of the plan that was cut off; NULL: unknown */
	bool lost; /* what was built for it may not have reached the disk */
};

/*
 * dkms takes a module for built when its file is there, of whatever length. Source:
 * dkms 3.0.10, is_module_built() and "cp -f" in actual_build(). Those that it has
 * installed are linked to from kernel-RELEASE-ARCH after the last of them was copied;
 * nothing of it is synced.
 */
static void drop_half_built(const struct modules *m, const char *tree, const char *version,
			    const char *release, const char *arch)
{
	const struct oi_host *host = m->host;
	OI_FREE char *link = oi_mem_printf("%s/kernel-%s-%s", tree, release, arch);
	OI_FREE char *built = oi_mem_printf("%s/%s/%s/%s", tree, version, release, arch);
	bool lost = m->lost && m->kernel && !strcmp(release, m->kernel);
	bool installed = oi_root_exists(&host->change, link);

	if ((installed && !lost) || !is_folder(&host->change, built))
		return;
	if (installed) {
		drop_installed(host, built, release);
		drop(host, link);
	}
	drop(host, built);
	oi_log_info(&host->log, "dkms: %s was built and not %s: to be built anew", built,
		    installed ? "synced" : "installed");
}

static void heal_version(const struct modules *m, const char *tree, const char *version)
{
	const struct oi_host *host = m->host;
	OI_FREE char *folder = oi_mem_printf("%s/%s", tree, version);
	OI_CLEANUP(oi_strv_clear) struct oi_strv kernels = { 0 };

	if (!is_folder(&host->change, folder)) /* a link to what is installed */
		return;
	list(host, folder, &kernels);
	for (size_t k = 0; k < kernels.n; k++) {
		OI_FREE char *kernel = oi_mem_printf("%s/%s", folder, kernels.v[k]);
		OI_CLEANUP(oi_strv_clear) struct oi_strv archs = { 0 };

		if (!strcmp(kernels.v[k], "source") || !strcmp(kernels.v[k], "build") ||
		    !is_folder(&host->change, kernel))
			continue;
		list(host, kernel, &archs);
		for (size_t a = 0; a < archs.n; a++)
			drop_half_built(m, tree, version, kernels.v[k], archs.v[a]);
	}
}

/* Only those that we have brought: another's half-built module is for its owner to judge. */
static void heal_modules(const struct modules *m, const struct oi_record *record)
{
	for (size_t i = 0; i < record->dkms.n; i++) {
		OI_FREE char *tree = oi_mem_printf(OI_DKMS_TREE "/%s", record->dkms.v[i]);
		OI_CLEANUP(oi_strv_clear) struct oi_strv versions = { 0 };

		list(m->host, tree, &versions);
		for (size_t v = 0; v < versions.n; v++)
			if (strcmp(versions.v[v], "original_module") != 0)
				heal_version(m, tree, versions.v[v]);
	}
}

/* --- packages --- */

/* Return: 0, 1 when not all of it could be (the log says why), -1 when no time is left. */
static int heal_packages(const struct oi_host *host, const struct oi_config *config,
			 struct oi_journal *journal, const struct oi_record *record,
			 struct oi_err *err)
{
	const struct oi_packages_ops *ops = oi_packages_find(journal->manager);
	/* All that is known of the plan of then: who its packages are brought by. */
	const struct oi_verdict verdict = { .driver = { .manager = journal->manager,
							.kernel = journal->kernel } };
	struct oi_execution run = { .host = host, .config = config, .verdict = &verdict };
	int ret = ops && ops->heal ? ops->heal(&run, record, journal, err) : 0;

	oi_apt_clear(&run.apt);
	oi_rpm_clear(&run.rpm);
	if (!ret || err->code == OI_R_DEADLINE || err->code == OI_R_PACKAGES_DAMAGED)
		return ret;
	oi_log_warn(&host->log, "packages: %s", err->text);
	return 1;
}

/*
 * What an installer that was cut off has brought. Now, when nothing else has come since:
 * should this run find that all is there, the next one to ask is uninstall, and by then
 * others have installed things, which would go too.
 */
static void note_bundle(const struct oi_host *host)
{
	struct oi_err err;

	if (oi_bundle_note_after(host, &err))
		oi_log_warn(&host->log, "what an earlier bundle has installed: %s", err.text);
}

/* --- the whole --- */

/* After the packages, whose scripts call it too. It does not sync its lists. */
static void heal_lists(const struct modules *m)
{
	OI_FREE char *list = oi_mem_printf("/lib/modules/%s/modules.dep", m->kernel ?: "");
	struct oi_err err;

	if (!m->kernel)
		return;
	oi_depmod_heal(m->host, m->kernel);
	/* What never had a list is not booted from here. */
	if (m->lost && oi_root_exists(&m->host->change, list) &&
	    oi_depmod_renew(m->host, m->kernel, &err))
		oi_log_warn(&m->host->log, "depmod: %s", err.text);
}

static void tell(const struct oi_host *host, const struct oi_journal *journal)
{
	const struct oi_journal_step *cut = oi_journal_cut(journal);

	if (journal->damaged)
		oi_log_warn(&host->log, OI_JOURNAL_PATH " is damaged: healing whatever may be half-done");
	else
		oi_log_warn(&host->log, "an earlier run did not get past step %s: healing what that may have left",
			    cut ? cut->id : "0");
}

int oi_heal(const struct oi_host *host, const struct oi_config *config, bool *cut,
	    struct oi_err *err)
{
	JOURNAL_AUTO journal = { 0 };
	RECORD_AUTO record = { 0 };
	const struct oi_packages_ops *ops;
	struct modules modules = { .host = host };
	unsigned int heals;
	int left = 0;
	int got = oi_journal_read(&host->change, &journal, err);

	*cut = !got;
	if (got)
		return got < 0 ? -1 : 0;
	tell(host, &journal);
	heals = oi_journal_heals(&journal);
	ops = oi_packages_find(journal.manager);
	if (oi_record_read(&host->change, &record, err) < 0)
		return -1;
	/* Before anything that may wait: without a network nothing goes on. */
	oi_reload_heal(host, config);
	oi_bundle_forget(host);
	oi_manuals_allow(host);
	modules.kernel = journal.kernel;
	modules.lost = oi_journal_lost(&host->change, &journal);
	if (heals & OI_HEAL_MODULES)
		heal_modules(&modules, &record);
	/* After the modules: to configure a package is to build what it lacks, unless dkms still
	 * waits for the run that was cut off: then this one compiles, with its choice and options. */
	if (heals & OI_HEAL_PACKAGES)
		left = heal_packages(host, config, &journal, &record, err);
	oi_early_allow(host);
	if (left < 0)
		return -1;
	if (!left)
		note_bundle(host);
	if (heals & OI_HEAL_MODULES)
		heal_lists(&modules);
	if (ops)
		ops->shrink(host);
	return 0;
}
