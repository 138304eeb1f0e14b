/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/modset_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "execute/child.h"

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
	return oi_mem_printf("%s" OI_STAGING_DIR "/%s",
			     oi_root_is_real(&host->change) ? "" : host->change.path, file);
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

/* --- modules.dep --- */

bool oi_modset_dep_has(const char *dep, const char *module)
{
	OI_FREE char *line = oi_mem_printf("\n%s:", module);

	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): the beginning is compared */
	return !strncmp(dep, line + 1, strlen(line + 1)) || strstr(dep, line);
}

char *oi_modset_dep_find(const char *dep, const char *base)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	char *own = NULL;

	oi_strv_split(&lines, dep, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		size_t len = strcspn(lines.v[i], ":");
		const char *name = lines.v[i] + len;

		while (name > lines.v[i] && name[-1] != '/')
			name--;
		if ((size_t)(lines.v[i] + len - name) != strlen(base) ||
		    strncmp(name, base, strlen(base)) != 0)
			continue;
		if (!starts(lines.v[i], "kernel/")) {
			free(own);
			return oi_mem_ndup(lines.v[i], len);
		}
		if (!own)
			own = oi_mem_ndup(lines.v[i], len);
	}
	return own;
}

/* --- modinfo --- */

void oi_modinfo_clear(struct oi_modinfo *info)
{
	free(info->vermagic);
	free(info->srcversion);
	free(info->signer);
	memset(info, 0, sizeof(*info));
}

/* Fills *@at from "field:   value", once. */
static void take(const char *line, const char *field, char **at)
{
	size_t len = strlen(field);

	if (*at || strncmp(line, field, len) != 0 || line[len] != ':')
		return;
	line += len + 1;
	*at = oi_mem_dup(line + strspn(line, " "));
}

void oi_modinfo_parse(const char *text, struct oi_modinfo *info)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };

	oi_strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		take(lines.v[i], "vermagic", &info->vermagic);
		take(lines.v[i], "srcversion", &info->srcversion);
		take(lines.v[i], "signer", &info->signer);
	}
}

bool oi_modinfo_is_for(const struct oi_modinfo *info, const char *kernel)
{
	size_t len = strlen(kernel);

	return info->vermagic && !strncmp(info->vermagic, kernel, len) &&
	       (!info->vermagic[len] || info->vermagic[len] == ' ');
}

int oi_modinfo_read(const struct oi_host *host, const char *path, struct oi_modinfo *info,
		    struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf out = { 0 };
	OI_CLEANUP(oi_child_clear) struct oi_child child = { .tool = OI_TOOL_MODINFO, .out = &out };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };

	oi_strv_add(&child.args, path);
	if (oi_child_run(host, &child, &result, err))
		return -1;
	oi_modinfo_parse(oi_buf_str(&out), info);
	return 0;
}
