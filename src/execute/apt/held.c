/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings of the machine that stand in the way: holds, pins, a default release. */
#include "execute/apt/held.h"

#include <fnmatch.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/apt/call.h"
#include "execute/apt/text.h"
#include "model/reasons.h"

#define STATUS "/var/lib/dpkg/status"
#define STATUS_BYTES (64u << 20) /* ten times that of a large desktop */
#define NAMED 3 /* more would not be read */

/* --- holds --- */

/* Packages that are on hold. Source: dpkg's status file, "Status: hold ok installed" */
static void list_holds(const struct oi_root *root, struct oi_strv *names)
{
	static const char package[] = "Package: ", status[] = "Status: hold ";
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	const char *name = NULL;
	struct oi_err ignored;

	if (oi_root_read(root, STATUS, STATUS_BYTES, &text, &ignored))
		return;
	for (const char *line = oi_buf_str(&text); *line;) {
		size_t len = strcspn(line, "\n");

		if (!strncmp(line, package, strlen(package)))
			name = line + strlen(package);
		else if (name && !strncmp(line, status, strlen(status)))
			oi_strv_addf(names, "%.*s", (int)strcspn(name, "\n"), name);
		line += len + (line[len] == '\n');
	}
}

/* --- pins --- */

/* Does "Package: libibverbs1 rdma-*" speak of the name. */
static bool speaks_of(const char *line, const char *package)
{
	static const char key[] = "Package:";
	OI_CLEANUP(oi_strv_clear) struct oi_strv words = { 0 };
	OI_FREE char *bare = oi_mem_ndup(package, strcspn(package, ":"));

	if (strncasecmp(line, key, strlen(key)) != 0)
		return false;
	oi_strv_split(&words, line + strlen(key), " \t");
	for (size_t i = 0; i < words.n; i++)
		if (!fnmatch(words.v[i], bare, 0) || !fnmatch(words.v[i], package, 0))
			return true;
	return false;
}

/* In a file, and in a folder with more of its kind: as oi_packages_find_line(). */
static char *find_in(const struct oi_root *root, const char *file, const char *folder,
		     bool (*passes)(const char *line, const char *what), const char *what)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	char *found = oi_packages_find_line(root, file, passes, what);
	struct oi_err ignored;

	if (found || oi_root_list(root, folder, &names, &ignored))
		return found;
	for (size_t i = 0; i < names.n && !found; i++) {
		OI_FREE char *path = oi_mem_printf("%s/%s", folder, names.v[i]);

		found = oi_packages_find_line(root, path, passes, what);
	}
	return found;
}

char *oi_apt_find_pin(const struct oi_root *root, const char *package)
{
	return find_in(root, "/etc/apt/preferences", "/etc/apt/preferences.d", speaks_of, package);
}

static bool is_any_pin(const char *line, const char *what)
{
	(void)what;
	return !strncasecmp(line, "Package:", 8);
}

/* --- a default release --- */

static bool is_release(const char *line, const char *what)
{
	line += strspn(line, " \t");
	return strncmp(line, "//", 2) != 0 && *line != '#' && strstr(line, what);
}

static char *find_release(const struct oi_root *root)
{
	return find_in(root, "/etc/apt/apt.conf", "/etc/apt/apt.conf.d", is_release, "Default-Release");
}

/* --- what if --- */

/* Would apt agree with these arguments more; @changes: what it would do then. */
static bool agrees(const struct oi_packages *p, const struct oi_strv *names, const char *const *more,
		   struct oi_apt_changes *changes)
{
	OI_APT_CALL_AUTO call = { 0 };
	struct oi_err ignored;

	if (oi_apt_call_preview(&call, p, "--simulate", names, &ignored))
		return false;
	for (; *more; more++)
		oi_strv_add(&call.child.args, *more);
	if (oi_apt_call_run(&call, &ignored))
		return false;
	*changes = call.changes;
	memset(&call.changes, 0, sizeof(call.changes));
	return true;
}

static bool without_holds(const struct oi_packages *p, const struct oi_strv *names, struct oi_err *err)
{
	static const char *const more[] = { "--ignore-hold", "--allow-change-held-packages", NULL };
	OI_CLEANUP(oi_apt_changes_clear) struct oi_apt_changes changes = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv holds = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv ours = { 0 };
	OI_FREE char *text = NULL;

	list_holds(&p->ctx->host->change, &holds);
	if (!holds.n || !agrees(p, names, more, &changes))
		return false;
	for (size_t i = 0; i < changes.n; i++) {
		OI_FREE char *bare = oi_mem_ndup(changes.v[i].name, strcspn(changes.v[i].name, ":"));

		if (changes.v[i].before && oi_strv_has(&holds, bare))
			oi_strv_add(&ours, bare);
	}
	text = oi_strv_join_few(ours.n ? &ours : &holds, NAMED, ", ");
	oi_err_set(err, OI_R_PACKAGES_HELD, "on hold (apt-mark showhold): %s", text);
	return true;
}

static bool without_pins(const struct oi_packages *p, const struct oi_strv *names, struct oi_err *err)
{
	static const char *const more[] = {
		"-o", "Dir::Etc::preferences=/dev/null", "-o", "Dir::Etc::preferencesparts=/dev/null", NULL,
	};
	const struct oi_root *root = &p->ctx->host->change;
	OI_FREE char *any = find_in(root, "/etc/apt/preferences", "/etc/apt/preferences.d", is_any_pin, "");
	OI_CLEANUP(oi_apt_changes_clear) struct oi_apt_changes changes = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv told = { 0 };
	OI_FREE char *text = NULL;

	if (!any || !agrees(p, names, more, &changes))
		return false;
	for (size_t i = 0; i < changes.n; i++) {
		OI_FREE char *where = changes.v[i].after ? oi_apt_find_pin(root, changes.v[i].name) : NULL;

		if (where)
			oi_strv_addf(&told, "%s by %s", changes.v[i].name, where);
	}
	if (!told.n)
		oi_strv_addf(&told, "by a pin, the first is %s", any);
	text = oi_strv_join_few(&told, NAMED, ", ");
	oi_err_set(err, OI_R_PACKAGES_HELD, "pinned: %s", text);
	return true;
}

static bool without_release(const struct oi_packages *p, const struct oi_strv *names, struct oi_err *err)
{
	static const char *const more[] = { "-o", "APT::Default-Release=", NULL };
	OI_CLEANUP(oi_apt_changes_clear) struct oi_apt_changes changes = { 0 };
	OI_FREE char *where = find_release(&p->ctx->host->change);

	if (!where || !agrees(p, names, more, &changes))
		return false;
	oi_err_set(err, OI_R_PACKAGES_HELD, "APT::Default-Release, at %s, goes before the vendor's repository",
		   where);
	return true;
}

bool oi_apt_find_held(const struct oi_packages *p, const struct oi_strv *names, struct oi_err *err)
{
	OI_FREE char *words = oi_mem_dup(err->text);

	if (!without_holds(p, names, err) && !without_pins(p, names, err) &&
	    !without_release(p, names, err))
		return false;
	oi_log_info(&p->ctx->host->log, "packages: %s", words);
	return true;
}
