/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/cache/text.h"

#include <ctype.h>
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

void oi_modset_parse_provides(const char *text, struct oi_strv *names)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv parts = { 0 };

	oi_strv_split(&parts, text, ",\n");
	for (size_t i = 0; i < parts.n; i++) {
		const char *start = parts.v[i] + strspn(parts.v[i], " ");
		OI_FREE char *name = oi_mem_ndup(start, strcspn(start, " ("));

		if (*name)
			oi_strv_add(names, name);
	}
}

/* --- contents --- */

static bool starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static bool is_module(const char *path)
{
	const char *dot = strstr(path, ".ko");

	return dot && (!dot[3] || !strcmp(dot + 3, ".xz") || !strcmp(dot + 3, ".zst") ||
		       !strcmp(dot + 3, ".gz"));
}

/*
 * "-rw-r--r-- root/root     12345 2026-01-01 00:00 ./lib/modules/...": a path is what
 * comes after the fifth field, and nothing of ours has a blank in its name.
 */
static const char *path_of(const char *line)
{
	for (int field = 0; field < 5; field++) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return starts(line, "./") ? line + 2 : line;
}

char *oi_modset_parse_contents(const char *text, const char *kernel, struct oi_strv *modules)
{
	static const char manifest[] = "usr/share/ofed-init/modules/";
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	OI_FREE char *top = oi_mem_printf("lib/modules/%s/", kernel);

	oi_strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *path = path_of(lines.v[i]);

		if (lines.v[i][0] == 'd')
			continue;
		if (lines.v[i][0] == '-' && starts(path, top) && is_module(path) &&
		    !strstr(path, "/../"))
			oi_strv_add(modules, path + strlen(top));
		else if (lines.v[i][0] != '-' || !starts(path, manifest))
			return oi_mem_dup(path);
	}
	return NULL;
}

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
