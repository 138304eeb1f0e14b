/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/kmods.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A distribution's full kernel has about 800 KiB of modules.dep. */
#define LIST_LIMIT_BYTES (16u << 20)

void oi_kmods_clear(struct oi_kmod *kmods, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(kmods[i].path);
		kmods[i].path = NULL;
		kmods[i].builtin = false;
	}
}

bool oi_kmod_is_added(const struct oi_kmod *kmod)
{
	/* where dkms, kmod packages and weak-modules put what is not the kernel's own */
	static const char *const folders[] = { "updates/", "extra/", "weak-updates/" };

	for (size_t i = 0; kmod->path && i < OI_ARRAY_SIZE(folders); i++)
		if (!strncmp(kmod->path, folders[i], strlen(folders[i])))
			return true;
	return false;
}

bool oi_kmods_stack_adds(const char *stack)
{
	return !strcmp(stack, "doca-ofed") || !strcmp(stack, "mlnx-ofed");
}

/* Is the file of @len bytes, "kernel/net/mlx5-core.ko.xz", the module called @name. */
static bool is_file_of(const char *file, size_t len, const char *name)
{
	const char *slash = memrchr(file, '/', len);
	const char *base = slash ? slash + 1 : file;
	size_t base_len = len - (size_t)(base - file), n = strlen(name);

	if (base_len < n + 3 || strncmp(base + n, ".ko", 3) ||
	    (base_len > n + 3 && base[n + 3] != '.'))
		return false;
	for (size_t i = 0; i < n; i++)
		if (base[i] != name[i] && !(base[i] == '-' && name[i] == '_'))
			return false;
	return true;
}

static void look_through(const char *list, char file_ends_with, struct oi_kmod *kmods, size_t n,
			 void (*found)(struct oi_kmod *kmod, const char *file, size_t len))
{
	while (*list) {
		size_t line_len = strcspn(list, "\n");
		const char *end = memchr(list, file_ends_with, line_len);
		size_t len = end ? (size_t)(end - list) : line_len;

		for (size_t i = 0; i < n; i++)
			if (is_file_of(list, len, kmods[i].name))
				found(&kmods[i], list, len);
		list += line_len;
		list += *list == '\n';
	}
}

static void found_file(struct oi_kmod *kmod, const char *file, size_t len)
{
	free(kmod->path);
	kmod->path = oi_mem_ndup(file, len);
}

static void found_builtin(struct oi_kmod *kmod, const char *file OI_UNUSED, size_t len OI_UNUSED)
{
	kmod->builtin = true;
}

/* Paths are relative, but depmod of old wrote whole ones. */
static void drop_if_gone(const struct oi_root *root, const char *folder, struct oi_kmod *kmod)
{
	OI_FREE char *whole = NULL;
	size_t folder_len = strlen(folder);

	if (!kmod->path)
		return;
	if (!strncmp(kmod->path, folder, folder_len) && kmod->path[folder_len] == '/')
		memmove(kmod->path, kmod->path + folder_len + 1,
			strlen(kmod->path + folder_len + 1) + 1);
	whole = oi_mem_printf("%s/%s", folder, kmod->path);
	if (!oi_root_exists(root, whole)) {
		free(kmod->path);
		kmod->path = NULL;
	}
}

int oi_kmods_find(const struct oi_root *root, const char *kernel, struct oi_kmod *kmods,
		  size_t n, struct oi_err *err)
{
	OI_FREE char *folder = oi_mem_printf("/lib/modules/%s", kernel);
	OI_FREE char *dep = oi_mem_printf("%s/modules.dep", folder);
	OI_FREE char *builtin = oi_mem_printf("%s/modules.builtin", folder);
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	int got = oi_root_read(root, dep, LIST_LIMIT_BYTES, &text, err);

	if (got)
		return got;
	look_through(oi_buf_str(&text), ':', kmods, n, found_file);
	for (size_t i = 0; i < n; i++)
		drop_if_gone(root, folder, &kmods[i]);
	oi_buf_reset(&text);
	if (oi_root_read(root, builtin, LIST_LIMIT_BYTES, &text, err) < 0)
		return -1;
	look_through(oi_buf_str(&text), '\n', kmods, n, found_builtin);
	return 0;
}

/* "FILE: NEED NEED...": the line of a file that is one of @names. */
static void add_line(const char *list, size_t len, const struct oi_strv *names,
		     struct oi_strv *files)
{
	OI_FREE char *line = oi_mem_ndup(list, len);
	OI_CLEANUP(oi_strv_clear) struct oi_strv words = { 0 };
	const char *colon = strchr(line, ':');
	bool wanted = false;

	for (size_t i = 0; colon && i < names->n && !wanted; i++)
		wanted = is_file_of(line, (size_t)(colon - line), names->v[i]);
	if (!wanted)
		return;
	oi_strv_split(&words, line, ": ");
	for (size_t i = 0; i < words.n; i++)
		if (!oi_strv_has(files, words.v[i]))
			oi_strv_add(files, words.v[i]);
}

int oi_kmods_with_needs(const struct oi_root *root, const char *kernel,
			const struct oi_strv *names, struct oi_strv *files, struct oi_err *err)
{
	OI_FREE char *dep = oi_mem_printf("/lib/modules/%s/modules.dep", kernel);
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	const char *list;
	int got = oi_root_read(root, dep, LIST_LIMIT_BYTES, &text, err);

	if (got)
		return got;
	for (list = oi_buf_str(&text); *list; list += *list == '\n') {
		size_t len = strcspn(list, "\n");

		add_line(list, len, names, files);
		list += len;
	}
	return 0;
}

/* The line of a module in modules.order, "kernel/net/x.ko"; owned by the caller; NULL: none */
static char *ordered(const struct oi_root *root, const char *kernel, const char *name)
{
	OI_FREE char *order = oi_mem_printf("/lib/modules/%s/modules.order", kernel);
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_err ignored;

	if (oi_root_read(root, order, LIST_LIMIT_BYTES, &text, &ignored))
		return NULL;
	for (const char *list = oi_buf_str(&text); *list; list += *list == '\n') {
		size_t len = strcspn(list, "\n");

		if (memchr(list, '/', len) && is_file_of(list, len, name))
			return oi_mem_ndup(list, len);
		list += len;
	}
	return NULL;
}

char *oi_kmods_own_folder(const struct oi_root *root, const char *kernel, const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash ? slash + 1 : file;
	const char *end = strstr(base, ".ko");
	OI_FREE char *name = oi_mem_ndup(base, end ? (size_t)(end - base) : strlen(base));
	OI_FREE char *line = NULL;

	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
	line = ordered(root, kernel, name);
	return line ? oi_mem_ndup(line, (size_t)(strrchr(line, '/') - line)) : NULL;
}

char *oi_kmods_own_file(const struct oi_root *root, const char *kernel, const char *name)
{
	/* the list has no ending of a compressed file's. Source: the kernel's scripts/Makefile.modinst */
	static const char *const endings[] = { "", ".xz", ".zst", ".gz" };
	OI_FREE char *line = ordered(root, kernel, name);

	for (size_t i = 0; line && i < OI_ARRAY_SIZE(endings); i++) {
		OI_FREE char *path = oi_mem_printf("/lib/modules/%s/%s%s", kernel, line, endings[i]);

		if (oi_root_exists(root, path))
			return oi_mem_printf("%s%s", line, endings[i]);
	}
	return NULL;
}
