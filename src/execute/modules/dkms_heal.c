/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/modules/dkms_heal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "execute/modules/own_driver.h"
#include "execute/state/record.h"
#include "sys/kmods.h"

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
	const char *kernel;
	bool lost;
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
	/* Those that it had copied already would go before the kernel's own for ever. */
	drop_installed(host, built, release);
	if (installed)
		drop(host, link);
	drop(host, built);
	oi_log_info(&host->log, "dkms: %s was built and not %s: to be rebuilt", built,
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

char *oi_dkms_link_release(const char *name, const char **arch)
{
	static const char prefix[] = "kernel-";
	const char *dash = strrchr(name, '-');

	if (strncmp(name, prefix, strlen(prefix)) != 0 || dash < name + strlen(prefix))
		return NULL;
	*arch = dash + 1;
	return oi_mem_ndup(name + strlen(prefix), (size_t)(dash - name) - strlen(prefix));
}

/* Is there such a link: dkms has something installed, and brings the originals back itself. */
static bool is_installed(const struct oi_strv *names, const char *release)
{
	for (size_t i = 0; i < names->n; i++) {
		const char *arch;
		OI_FREE char *linked = oi_dkms_link_release(names->v[i], &arch);

		if (linked && !strcmp(linked, release))
			return true;
	}
	return false;
}

void oi_dkms_bring_back(const struct oi_host *host, const char *name)
{
	OI_FREE char *tree = oi_mem_printf(OI_DKMS_TREE "/%s", name);
	OI_FREE char *originals = oi_mem_printf("%s/original_module", tree);
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv releases = { 0 };

	list(host, tree, &names);
	list(host, originals, &releases);
	for (size_t i = 0; i < releases.n; i++) {
		OI_FREE char *folder = oi_mem_printf("%s/%s", originals, releases.v[i]);
		struct oi_err err;
		bool left = false;

		if (is_installed(&names, releases.v[i]))
			continue;
		if (oi_own_driver_bring_back_for(host, originals, releases.v[i], &left, &err))
			oi_log_warn(&host->log, "dkms: %s: %s", folder, err.text);
		else if (left)
			oi_log_warn(&host->log, "dkms: %s holds modules of the kernel's whose place is not known or taken: left",
				    folder);
		else
			drop(host, folder);
	}
}

void oi_dkms_heal(const struct oi_host *host, const struct oi_strv *names, const char *kernel, bool lost)
{
	const struct modules m = { .host = host, .kernel = kernel, .lost = lost };

	for (size_t i = 0; i < names->n; i++) {
		OI_FREE char *tree = oi_mem_printf(OI_DKMS_TREE "/%s", names->v[i]);
		OI_CLEANUP(oi_strv_clear) struct oi_strv versions = { 0 };

		list(host, tree, &versions);
		for (size_t v = 0; v < versions.n; v++)
			if (strcmp(versions.v[v], "original_module") != 0)
				heal_version(&m, tree, versions.v[v]);
		oi_dkms_bring_back(host, names->v[i]);
	}
}
