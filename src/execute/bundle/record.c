/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a bundle's installer has done, by what is there before it and after it. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/bundle/bundle.h"
#include "execute/tools/child.h"
#include "execute/state/record.h"
#include "model/reasons.h"
#include "sys/kmods.h"

#define BEFORE_BYTES (4u << 20)
#define WATCHED_BYTES (256u << 10) /* a repository's file has some hundred */

/*
 * Where an installer may leave what is in no package: repositories, pins, excludes,
 * settings of modules.
 */
static const char *const folders[] = {
	"/etc/yum.repos.d", "/etc/zypp/repos.d", "/etc/apt/sources.list.d",
	"/etc/apt/preferences.d", "/etc/depmod.d", "/etc/modprobe.d",
};
static const char *const settings[] = {
	"/etc/yum.conf", "/etc/dnf/dnf.conf", "/etc/tdnf/tdnf.conf", "/etc/zypp/zypp.conf",
	"/etc/apt/sources.list",
};

struct seen {
	struct oi_strv packages; /* "name version" */
	struct oi_strv dkms;
	struct oi_strv files;
};

static void seen_clear(struct seen *seen)
{
	oi_strv_clear(&seen->packages);
	oi_strv_clear(&seen->dkms);
	oi_strv_clear(&seen->files);
}

#define SEEN_AUTO OI_CLEANUP(seen_clear) struct seen

/* --- looking --- */

/* All keys have one name: each is known by its version. */
static void add_package(struct oi_strv *packages, const char *line)
{
	static const char key[] = "gpg-pubkey ";

	if (!strncmp(line, key, strlen(key)))
		oi_strv_addf(packages, "gpg-pubkey-%s key", line + strlen(key));
	else if (strncmp(line, "- ", 2) != 0)
		oi_strv_add(packages, line);
}

int oi_bundle_packages(const struct oi_host *host, const char *format, struct oi_strv *packages,
		       struct oi_err *err)
{
	/* of a package that is not installed any more settings may be left: "-" */
	static const char deb[] =
		"--showformat=${db:Status-Status}\t${Package} ${Version}\\n";
	static const char rpm[] = "%{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n";
	bool is_rpm = !strcmp(format, "rpm");
	OI_CLEANUP(oi_child_clear) struct oi_child child = {
		.tool = is_rpm ? OI_TOOL_RPM : OI_TOOL_DPKG_QUERY,
	};
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };

	child.out = &out;
	oi_strv_add(&child.args, is_rpm ? "-qa" : "--show");
	if (is_rpm)
		oi_strv_add(&child.args, "--queryformat");
	oi_strv_add(&child.args, is_rpm ? rpm : deb);
	if (oi_child_run(host, &child, &result, err))
		return -1;
	oi_strv_split(&lines, oi_buf_str(&out), "\n");
	for (size_t i = 0; i < lines.n; i++) {
		static const char installed[] = "installed\t";

		if (is_rpm)
			add_package(packages, lines.v[i]);
		else if (!strncmp(lines.v[i], installed, strlen(installed)))
			add_package(packages, lines.v[i] + strlen(installed));
	}
	return 0;
}

static int look_at_files(const struct oi_root *root, struct oi_strv *files, struct oi_err *err)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(folders); i++) {
		OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

		if (oi_root_list(root, folders[i], &names, err) < 0)
			return -1;
		for (size_t n = 0; n < names.n; n++)
			oi_strv_addf(files, "%s/%s", folders[i], names.v[n]);
	}
	for (size_t i = 0; i < OI_ARRAY_SIZE(settings); i++)
		if (oi_root_exists(root, settings[i]))
			oi_strv_add(files, settings[i]);
	return 0;
}

static int list_all(const struct oi_host *host, const char *format, struct seen *seen,
		struct oi_err *err)
{
	if (oi_bundle_packages(host, format, &seen->packages, err) ||
	    oi_root_list(&host->change, OI_DKMS_TREE, &seen->dkms, err) < 0)
		return -1;
	return look_at_files(&host->change, &seen->files, err);
}

/* --- before --- */

/* A link stays a link: what it leads to is looked at by its own name (EL's yum.conf). */
static bool is_file(const struct oi_root *root, const char *path)
{
	struct stat st = { 0 };
	int fd = oi_root_openat(root, path, O_PATH | O_NOFOLLOW, 0);
	bool file = fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode);

	if (fd >= 0)
		close(fd);
	return file;
}

/* A file that changes has to be put aside while it is as it was. */
static int note_file(const struct oi_root *root, const char *path, bool found,
		     struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };

	/* No file of settings is large. */
	if (!is_file(root, path) || oi_root_read(root, path, WATCHED_BYTES, &text, err))
		return 0;
	return found ? oi_record_note_found(root, path, oi_buf_str(&text), err) :
		       oi_record_note_file(root, path, oi_buf_str(&text), err);
}

static void add_lines(struct oi_buf *text, char kind, const struct oi_strv *list)
{
	for (size_t i = 0; i < list->n; i++)
		oi_buf_addf(text, "%c %s\n", kind, list->v[i]);
}

int oi_bundle_note_before(const struct oi_host *host, const char *format, struct oi_err *err)
{
	const struct oi_root *root = &host->change;
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	SEEN_AUTO seen = { 0 };

	if (oi_bundle_note_after(host, err) || list_all(host, format, &seen, err))
		return -1;
	for (size_t i = 0; i < seen.files.n; i++)
		if (note_file(root, seen.files.v[i], false, err))
			return -1;
	oi_buf_addf(&text, "format %s\n", format);
	add_lines(&text, 'p', &seen.packages);
	add_lines(&text, 'd', &seen.dkms);
	add_lines(&text, 'f', &seen.files);
	return oi_root_write(root, OI_BUNDLE_BEFORE, 0600, oi_buf_str(&text), text.len, err);
}

/* --- after --- */

/* Return: 0; 1 there is none; -1 */
static int read_before(const struct oi_root *root, struct seen *seen, bool *is_rpm,
		       struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	int got = oi_root_read(root, OI_BUNDLE_BEFORE, BEFORE_BYTES, &text, err);

	if (got)
		return got;
	oi_strv_split(&lines, oi_buf_str(&text), "\n");
	if (!lines.n || strncmp(lines.v[0], "format ", 7) != 0)
		return oi_err_set(err, OI_R_RECORD_MALFORMED, OI_BUNDLE_BEFORE);
	*is_rpm = !strcmp(lines.v[0] + 7, "rpm");
	for (size_t i = 1; i < lines.n; i++) {
		const char *line = lines.v[i];

		if (strlen(line) < 3 || line[1] != ' ')
			return oi_err_set(err, OI_R_RECORD_MALFORMED, OI_BUNDLE_BEFORE);
		oi_strv_add(*line == 'p' ? &seen->packages :
			    *line == 'd' ? &seen->dkms : &seen->files, line + 2);
	}
	return 0;
}

/* The version of @entry's name in @packages, or NULL. */
static const char *version_in(const struct oi_strv *packages, const char *entry)
{
	size_t len = strcspn(entry, " ");

	for (size_t i = 0; i < packages->n; i++)
		if (!strncmp(packages->v[i], entry, len) && packages->v[i][len] == ' ')
			return packages->v[i] + len + 1;
	return NULL;
}

static void compare(const struct oi_strv *before, const struct oi_strv *after,
		    struct oi_strv *fresh, struct oi_strv *replaced)
{
	for (size_t i = 0; i < after->n; i++) {
		const char *had = version_in(before, after->v[i]);

		if (oi_strv_has(before, after->v[i]))
			continue;
		/* In several versions at once there are kernels and their headers. */
		if (!had || version_in(after, after->v[i]) != strchr(after->v[i], ' ') + 1)
			oi_strv_add(fresh, after->v[i]);
	}
	for (size_t i = 0; i < before->n; i++) {
		const char *has = version_in(after, before->v[i]);
		size_t len = strcspn(before->v[i], " ");

		if (oi_strv_has(after, before->v[i]) || strstr(before->v[i], " key"))
			continue;
		if (has)
			oi_strv_addf(replaced, "%s %s", before->v[i], has);
		/* Its own uninstaller will take what it has put in the place of ours. */
		oi_strv_addf(replaced, "%.*s %s -", (int)len, before->v[i], before->v[i] + len + 1);
	}
}

static void only_new(const struct oi_strv *before, const struct oi_strv *after,
		     struct oi_strv *fresh)
{
	for (size_t i = 0; i < after->n; i++)
		if (!oi_strv_has(before, after->v[i]))
			oi_strv_add(fresh, after->v[i]);
}

static int note_files(const struct oi_root *root, const struct seen *before,
		      const struct seen *after, struct oi_err *err)
{
	for (size_t i = 0; i < after->files.n; i++)
		if (note_file(root, after->files.v[i],
			      !oi_strv_has(&before->files, after->files.v[i]), err))
			return -1;
	/* What was put aside for nothing. */
	return oi_record_forget_unchanged(root, err);
}

int oi_bundle_note_after(const struct oi_host *host, struct oi_err *err)
{
	const struct oi_root *root = &host->change;
	OI_CLEANUP(oi_strv_clear) struct oi_strv fresh = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv replaced = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv dkms = { 0 };
	SEEN_AUTO before = { 0 };
	SEEN_AUTO after = { 0 };
	OI_FREE char *words = NULL;
	bool is_rpm = false;
	int got = read_before(root, &before, &is_rpm, err);

	if (got)
		return got < 0 ? -1 : 0;
	if (list_all(host, is_rpm ? "rpm" : "deb", &after, err))
		return -1;
	compare(&before.packages, &after.packages, &fresh, &replaced);
	only_new(&before.dkms, &after.dkms, &dkms);
	if (oi_record_note_packages(root, &fresh, err) ||
	    oi_record_note_replaced(root, &replaced, err) ||
	    oi_record_note_dkms(root, &dkms, err) || note_files(root, &before, &after, err))
		return -1;
	words = oi_strv_join(&fresh, ", ");
	oi_log_info(&host->log, "bundle: it has installed %s", fresh.n ? words : "no package");
	return oi_root_remove(root, OI_BUNDLE_BEFORE, err);
}
