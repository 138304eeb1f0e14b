/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/cache/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Of the digest in a file's name: enough to tell two builds apart. */
#define NAME_DIGITS 16

char *oi_modset_file_name(const char *key, const char *sha256)
{
	return oi_mem_printf("%s-%.*s.deb", key, NAME_DIGITS, sha256);
}

/* Lower case letters, digits and a few signs. Source: Debian policy, 5.6.1 */
char *oi_modset_package_name(const char *kernel)
{
	char *name = oi_mem_printf("ofed-init-modules-%s", kernel);

	for (char *c = name; *c; c++) {
		*c = (char)tolower((unsigned char)*c);
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789+-.", *c))
			*c = '-';
	}
	return name;
}

char *oi_modset_staged_path(const struct oi_host *host, const char *file)
{
	OI_FREE char *staged = oi_mem_printf(OI_STAGING_DIR "/%s", file);

	return oi_root_name(&host->change, staged);
}

static bool starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* --- control --- */

/* "a-dkms (= 1.0-1), b-dkms (= 2)": sources of modules, each in one version. Return: what is wrong. */
static char *parse_provides(const char *text, struct oi_strv *names)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv parts = { 0 };

	oi_strv_split(&parts, text, ",");
	for (size_t i = 0; i < parts.n; i++) {
		const char *start = parts.v[i] + strspn(parts.v[i], " ");
		OI_FREE char *name = oi_mem_ndup(start, strcspn(start, " ("));
		size_t len = strlen(name);

		if (!starts(start + len, " (= ") || len <= strlen("-dkms") ||
		    strcmp(name + len - strlen("-dkms"), "-dkms") != 0)
			return oi_mem_printf("the package stands in for %s", start);
		oi_strv_add(names, name);
	}
	return names->n ? NULL : oi_mem_dup("the package stands in for none");
}

static char *check_field(const char *name, const char *value, const char *kernel, const char *key,
			 struct oi_strv *provides)
{
	/* Of no effect on other packages. */
	static const char *const free_ones[] = { "Version", "Architecture", "Maintainer",   "Section",
						 "Priority", "Description",  "Installed-Size" };
	OI_FREE char *package = oi_modset_package_name(kernel);

	for (size_t i = 0; i < OI_ARRAY_SIZE(free_ones); i++)
		if (!strcmp(name, free_ones[i]))
			return NULL;
	if (!strcmp(name, "Package"))
		return strcmp(value, package) ? oi_mem_dup("the package is for other modules") : NULL;
	if (!strcmp(name, OI_MODSET_KEY_FIELD))
		return strcmp(value, key) ? oi_mem_dup("the package is for other modules") : NULL;
	if (!strcmp(name, "Depends") && !strcmp(value, "kmod"))
		return NULL;
	if (!strcmp(name, "Provides") && !provides->n)
		return parse_provides(value, provides);
	return oi_mem_printf("the package says %s: %s", name, value);
}

char *oi_modset_parse_control(const char *text, const char *kernel, const char *key,
			      struct oi_strv *provides)
{
	static const char *const needed[] = { "Package", OI_MODSET_KEY_FIELD, "Provides" };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	bool described = false;

	oi_strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = lines.v[i];
		size_t len = strcspn(line, ":");
		OI_FREE char *name = oi_mem_ndup(line, len);
		char *wrong;

		if (line[0] == ' ' && described) /* of the description: nobody obeys it */
			continue;
		if (!line[len] || oi_strv_has(&names, name))
			return oi_mem_printf("the package says %s", line);
		wrong = check_field(name, line + len + 1 + strspn(line + len + 1, " "), kernel, key,
				    provides);
		if (wrong)
			return wrong;
		oi_strv_add(&names, name);
		described = !strcmp(name, "Description");
	}
	for (size_t i = 0; i < OI_ARRAY_SIZE(needed); i++)
		if (!oi_strv_has(&names, needed[i]))
			return oi_mem_printf("the package has no %s", needed[i]);
	return NULL;
}

/* --- contents --- */

static bool is_module(const char *path)
{
	const char *dot = strstr(path, ".ko");

	return dot && (!dot[3] || !strcmp(dot + 3, ".xz") || !strcmp(dot + 3, ".zst") ||
		       !strcmp(dot + 3, ".gz"));
}

/* "-rw-r--r--" */
#define MODE_LENGTH 10

/* One of dpkg-deb --contents: "-rw-r--r-- root/root     12345 2026-01-01 00:00 ./lib/..." */
struct entry {
	const char *mode;
	const char *owner;
	const char *path;
};

/* What comes after the fifth field, and nothing of ours has a blank in its name. */
static void read_entry(const char *line, struct entry *entry)
{
	entry->mode = line;
	entry->owner = "";
	for (int field = 0; field < 5; field++) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
		if (!field)
			entry->owner = line;
	}
	entry->path = starts(line, "./") ? line + 2 : line;
}

/* Does the folder @path, "lib/modules/", lie above @top, or is it @top itself. */
static bool is_above(const char *path, const char *top)
{
	size_t len = strlen(path);

	return !strncmp(path, top, len) && (!len || path[len - 1] == '/');
}

/* "ARCH/KERNEL/..." below the folder of headers: the length of "ARCH"; 0: it is none. */
static size_t arch_length(const char *below, const char *kernel)
{
	size_t arch = strcspn(below, "/");
	size_t len = strlen(kernel);

	return arch && below[0] != '.' && below[arch] && !strncmp(below + arch + 1, kernel, len) &&
			       below[arch + 1 + len] == '/' ?
		       arch :
		       0;
}

struct tops {
	char *modules[3]; /* "lib/modules/KERNEL/updates/" and its like */
	const char *headers; /* "usr/src/ofa_kernel/" */
	const char *manifest;
	const char *kernel;
};

static bool is_folder_of_ours(const struct tops *tops, const char *path)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(tops->modules); i++)
		if (is_above(path, tops->modules[i]) || starts(path, tops->modules[i]))
			return true;
	if (starts(path, tops->headers)) {
		const char *below = path + strlen(tops->headers);
		const char *rest = below + strcspn(below, "/");

		return !*below || !rest[1] || arch_length(below, tops->kernel);
	}
	return is_above(path, tops->headers) || is_above(path, tops->manifest);
}

static bool is_module_of_ours(const struct tops *tops, const char *path)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(tops->modules); i++)
		if (starts(path, tops->modules[i]))
			return is_module(path);
	return false;
}

/* Return: it is one of the headers, all of which lie in the same folder. */
static bool take_header(const struct tops *tops, const char *path, char **headers)
{
	const char *below = path + strlen(tops->headers);
	size_t arch = starts(path, tops->headers) ? arch_length(below, tops->kernel) : 0;
	OI_FREE char *folder = NULL;

	if (!arch)
		return false;
	folder = oi_mem_printf(OI_MODSET_HEADERS_DIR "/%.*s/%s", (int)arch, below, tops->kernel);
	if (!headers)
		return true;
	if (*headers)
		return !strcmp(*headers, folder);
	*headers = oi_mem_take(&folder);
	return true;
}

/* What its mode and owner would do, wherever it lies; NULL: no harm. */
static const char *danger_of(const struct entry *entry)
{
	if (!starts(entry->owner, "root/root "))
		return "not root's";
	if (strspn(entry->mode, "-drwx") < MODE_LENGTH || entry->mode[MODE_LENGTH] != ' ')
		return "with special rights";
	if (entry->mode[5] == 'w' || entry->mode[8] == 'w')
		return "for others to write";
	return NULL;
}

static char *check_entry(const struct tops *tops, const char *line, struct oi_strv *modules,
			 char **headers)
{
	struct entry entry;
	const char *danger;
	const char *path;

	read_entry(line, &entry);
	path = entry.path;
	if (line[0] != '-' && line[0] != 'd') /* a link, a device */
		return oi_mem_dup(path);
	danger = danger_of(&entry);
	if (danger)
		return oi_mem_printf("%s, %s", path, danger);
	if (strstr(path, "../") || strchr(path, ' ') || strchr(path, '\\'))
		return oi_mem_dup(path);
	if (line[0] == 'd' && is_folder_of_ours(tops, path))
		return NULL;
	if (line[0] == '-' && is_module_of_ours(tops, path)) {
		oi_strv_add(modules, path + strlen("lib/modules/") + strlen(tops->kernel) + 1);
		return NULL;
	}
	if (line[0] == '-' && (take_header(tops, path, headers) ||
			       (starts(path, tops->manifest) && !strchr(path + strlen(tops->manifest), '/'))))
		return NULL;
	return oi_mem_dup(path);
}

char *oi_modset_parse_contents(const char *text, const char *kernel, struct oi_strv *modules,
			       char **headers)
{
	static const char *const folders[] = { "updates", "extra", "weak-updates" };
	struct tops tops = { .headers = &(OI_MODSET_HEADERS_DIR "/")[1],
			     .manifest = &(OI_MODSET_MANIFEST_DIR "/")[1], .kernel = kernel };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	char *foreign = NULL;

	for (size_t i = 0; i < OI_ARRAY_SIZE(folders); i++)
		tops.modules[i] = oi_mem_printf("lib/modules/%s/%s/", kernel, folders[i]);
	oi_strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n && !foreign; i++)
		foreign = check_entry(&tops, lines.v[i], modules, headers);
	for (size_t i = 0; i < OI_ARRAY_SIZE(folders); i++)
		free(tops.modules[i]);
	return foreign;
}

/* --- scripts --- */

#define LINK OI_MODSET_HEADERS_DIR "/default"
/* As the vendor's build registers what it leaves. Source: mlnx-ofed-kernel 24.07 */
#define ALTERNATIVE "ofa_kernel_headers"
#define PRIORITY "17"

static char *script(const char *body)
{
	return oi_mem_printf("#!/bin/sh\n"
			     "# Written by ofed-init: a set of modules, and what is built against them.\n"
			     "set -e\n"
			     "%s", body);
}

char *oi_modset_script(const char *name, const char *kernel, const char *headers)
{
	OI_FREE char *known = oi_mem_printf("[ ! -e /lib/modules/%s/modules.builtin ] || depmod -a %s\n",
					    kernel, kernel);
	OI_FREE char *come = headers ? oi_mem_printf(
		"if [ \"$1\" = configure ]; then\n"
		"\tif [ -L " LINK " ] && ! update-alternatives --query " ALTERNATIVE " >/dev/null 2>&1; then\n"
		"\t\trm -f " LINK "\n"
		"\tfi\n"
		"\tupdate-alternatives --install " LINK " " ALTERNATIVE " %s " PRIORITY "\n"
		"fi\n", headers) : oi_mem_dup("");
	OI_FREE char *go = headers ? oi_mem_printf(
		"if [ \"$1\" = remove ] || [ \"$1\" = deconfigure ]; then\n"
		"\tupdate-alternatives --remove " ALTERNATIVE " %s\n"
		"fi\n", headers) : NULL;
	OI_FREE char *both = oi_mem_printf("%s%s", known, come);

	if (!strcmp(name, "postinst"))
		return script(both);
	if (!strcmp(name, "postrm"))
		return script(known);
	return !strcmp(name, "prerm") && go ? script(go) : NULL;
}

/* --- modules --- */

char *oi_modset_module_name(const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *start = slash ? slash + 1 : file;
	const char *end = strstr(start, ".ko");
	char *name = oi_mem_ndup(start, end ? (size_t)(end - start) : strlen(start));

	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
	return name;
}

bool oi_modset_is_for(const char *vermagic, const char *kernel)
{
	size_t len = strlen(kernel);

	return vermagic && !strncmp(vermagic, kernel, len) &&
	       (!vermagic[len] || vermagic[len] == ' ');
}
