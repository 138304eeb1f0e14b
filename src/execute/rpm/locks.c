/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings of the machine that keep packages from the solver: where they stand. */
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/rpm/install.h"

#define FILE_BYTES (1u << 20)

/* Source: dnf-plugins-core's versionlock, yum-plugin-versionlock, dnf5's, libzypp's Locks */
static const char *const places[] = {
	"/etc/dnf/plugins/versionlock.list", "/etc/yum/pluginconf.d/versionlock.list",
	"/etc/dnf/versionlock.toml", "/etc/zypp/locks",
};

/* dnf's and yum's may say otherwise; owned by the caller, NULL: they do not. */
static char *named_list(const struct oi_root *root)
{
	static const char *const confs[] = { "/etc/dnf/plugins/versionlock.conf",
					     "/etc/yum/pluginconf.d/versionlock.conf" };
	static const char key[] = "locklist";

	for (size_t c = 0; c < OI_ARRAY_SIZE(confs); c++) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
		OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
		struct oi_err ignored;

		if (oi_root_read(root, confs[c], FILE_BYTES, &text, &ignored))
			continue;
		oi_strv_split(&lines, oi_buf_str(&text), "\n");
		for (size_t i = 0; i < lines.n; i++) {
			const char *value = strchr(lines.v[i], '=');

			if (strncmp(lines.v[i], key, strlen(key)) != 0 || !value)
				continue;
			value += 1 + strspn(value + 1, " \t");
			return *value == '/' ? oi_mem_dup(value) : NULL;
		}
	}
	return NULL;
}

/*
 * Is "kernel-devel" of "kernel-devel-0:5.14.0-570.*", "!rdma-core-0:61-*", "name = \"rdma-core\"" or
 * "solvable_name: rdma-core" the name of "kernel-devel-5.14.0-611.el9.x86_64"?
 */
static bool is_about(const char *line, const char *package)
{
	static const char *const keys[] = { "name = \"", "solvable_name: " };
	const char *name = line + strspn(line, " \t!");
	const char *end = NULL;
	size_t len;

	if (*name == '#')
		return false;
	for (size_t i = 0; i < OI_ARRAY_SIZE(keys); i++)
		if (!strncmp(name, keys[i], strlen(keys[i]))) {
			name += strlen(keys[i]);
			end = name + strcspn(name, "\"");
		}
	if (!end) {
		/* the epoch stands behind the name's last dash */
		end = strchr(name, ':');
		while (end && end > name && *end != '-')
			end--;
	}
	len = end ? (size_t)(end - name) : 0;
	if (!len || strncmp(package, name, len) != 0)
		return false;
	/* "kernel" is not the name of "kernel-devel-5.14" */
	return !package[len] || strchr("=<>", package[len]) ||
	       (package[len] == '-' && isdigit((unsigned char)package[len + 1]));
}

char *oi_rpm_find_lock(const struct oi_root *root, const char *package)
{
	OI_FREE char *named = named_list(root);
	char *found = named ? oi_packages_find_line(root, named, is_about, package) : NULL;

	for (size_t i = 0; !found && i < OI_ARRAY_SIZE(places); i++)
		found = oi_packages_find_line(root, places[i], is_about, package);
	return found;
}

char *oi_rpm_tell_hidden(const struct oi_root *root, const struct oi_strv *packages)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv told = { 0 };

	for (size_t i = 0; i < packages->n; i++) {
		OI_FREE char *where = oi_rpm_find_lock(root, packages->v[i]);

		oi_strv_addf(&told, "%s is kept back by %s", packages->v[i],
			     where ? where : "a setting of the package manager");
	}
	return oi_strv_join_few(&told, 3, ", ");
}
