/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/kmods.h"

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
