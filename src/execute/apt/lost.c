/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/apt/lost.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/tools/child.h"

#define INFO "/var/lib/dpkg/info"
#define INFO_BYTES (16u << 20) /* the headers of a kernel are 20,000 names */
#define CONFFILE_BYTES (1u << 20)

/* "missing   c /etc/x", "??5?????? c /etc/x": nine letters, and what kind of file. */
#define KIND_AT 10
#define PATH_AT 12

/* --- files --- */

static char *info_file(const char *package, const char *kind, bool with_architecture)
{
	return oi_mem_printf(INFO "/%.*s.%s", (int)(with_architecture ? strlen(package) :
						    strcspn(package, ":")), package, kind);
}

/* NULL: there is none. Owned by the caller. */
static char *read_info(const struct oi_host *host, const char *package, const char *kind)
{
	/* Only packages that may be there twice have their architecture in the name. */
	for (int with = 1; with >= 0; with--) {
		OI_FREE char *path = info_file(package, kind, with);
		OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
		struct oi_err ignored;

		if (!oi_root_read(&host->change, path, INFO_BYTES, &text, &ignored))
			return oi_mem_dup(oi_buf_str(&text));
	}
	return NULL;
}

/* Could not be verified if it were damaged: dpkg writes both files for every package. */
static bool is_unknown(const struct oi_host *host, const char *package)
{
	static const char bare[] = "/.\n"; /* of one that only depends on others */
	OI_FREE char *files = read_info(host, package, "list");
	OI_FREE char *digests = read_info(host, package, "md5sums");

	if (!files || !*files || !digests)
		return true;
	return !*digests && strcmp(files, bare) != 0;
}

/* Nothing, or zeros: what is there of a file whose bytes never reached the disk. */
static bool is_blank(const struct oi_host *host, const char *path)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_err ignored;

	if (oi_root_read(&host->change, path, CONFFILE_BYTES, &text, &ignored))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i])
			return false;
	return true;
}

/* --- what dpkg --verify says --- */

/* Left out on purpose on a small image, which dpkg calls missing. Source: Ubuntu's minimal
 * images, /etc/dpkg/dpkg.cfg.d/excludes */
static bool is_documentation(const char *path)
{
	static const char *const folders[] = {
		"/usr/share/doc/", "/usr/share/man/", "/usr/share/groff/", "/usr/share/info/",
		"/usr/share/locale/", "/usr/share/linda/", "/usr/share/lintian/",
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(folders); i++)
		if (!strncmp(path, folders[i], strlen(folders[i])))
			return true;
	return false;
}

/* A setting that was changed or deleted may be somebody's will; one that is blank is not. */
static bool is_lost_setting(const struct oi_host *host, const char *path)
{
	OI_FREE char *unpacked = oi_mem_printf("%s.dpkg-new", path); /* not configured yet */

	return is_blank(host, path) || is_blank(host, unpacked);
}

static bool tells_damage(const struct oi_host *host, const char *line)
{
	static const char missing[] = "missing";
	const char *path;

	if (strlen(line) <= PATH_AT || line[PATH_AT] != '/')
		return false; /* dpkg's own words */
	path = line + PATH_AT;
	if (line[KIND_AT] == 'c')
		return is_lost_setting(host, path);
	return strncmp(line, missing, strlen(missing)) != 0 || !is_documentation(path);
}

static int verify(const struct oi_host *host, const char *package, bool *damaged,
		  struct oi_err *err)
{
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_DPKG };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };

	child.out = &out;
	oi_strv_add(&child.args, "--verify");
	oi_strv_add(&child.args, package);
	if (oi_child_run(host, &child, &result, err)) {
		*damaged = true; /* a file of it cannot be read */
		return result.end == OI_RUN_EXITED ? 0 : -1;
	}
	*damaged = is_unknown(host, package);
	oi_strv_split(&lines, oi_buf_str(&out), "\n");
	for (size_t i = 0; i < lines.n; i++) {
		if (!tells_damage(host, lines.v[i]))
			continue;
		*damaged = true;
		oi_log_debug(&host->log, "packages: of %s: %s", package, lines.v[i]);
	}
	return 0;
}

/* --- the whole --- */

/* The name of a package of @hurried that was unpacked as a whole, by dpkg's word; else NULL. */
static const char *unpacked(const struct oi_strv *hurried, const char *state)
{
	static const char *const rest[] = { "not-installed ", "config-files ", "half-installed " };
	const char *name = strrchr(state, ' ');
	size_t len;

	for (size_t i = 0; i < OI_ARRAY_SIZE(rest); i++)
		if (!strncmp(state, rest[i], strlen(rest[i])))
			return NULL;
	if (!name++)
		return NULL;
	len = strcspn(name, ":");
	for (size_t i = 0; i < hurried->n; i++)
		if (strcspn(hurried->v[i], ": ") == len && !strncmp(hurried->v[i], name, len))
			return name;
	return NULL;
}

int oi_apt_lost(const struct oi_host *host, const struct oi_strv *hurried,
		const struct oi_strv *states, struct oi_strv *damaged, struct oi_err *err)
{
	/* One at a time: the answer names files, and not whose they are. */
	for (size_t i = 0; i < states->n; i++) {
		const char *name = unpacked(hurried, states->v[i]);
		bool is = false;

		if (name && verify(host, name, &is, err))
			return -1;
		if (is)
			oi_strv_add(damaged, name);
	}
	return 0;
}
