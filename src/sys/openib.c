/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/openib.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sys/keyfile.h"

#define FILE_BYTES (1u << 20)

static const struct {
	const char *module, *key;
} keys[] = {
	{ "mlx5_core", "MLX5_LOAD" }, { "mlx5_ib", "MLX5_LOAD" }, { "mlx4_core", "MLX4_LOAD" },
	{ "mlx4_ib", "MLX4_LOAD" },   { "ib_umad", "UMAD_LOAD" }, { "rdma_ucm", "RDMA_UCM_LOAD" },
	{ "ib_ipoib", "IPOIB_LOAD" },
};

/* Return: owned by the caller; NULL: nobody has said anything but yes */
static char *forbids(const char *text, const char *key)
{
	size_t line = 0;
	OI_FREE char *value = oi_keyfile_get(text, key, &line);

	if (!value || !strcmp(value, "yes"))
		return NULL;
	return oi_mem_printf("%s=%s in " OI_OPENIB_CONF ", line %zu", key, value, line);
}

char *oi_openib_keeps_away(const struct oi_root *root, const char *module)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_err ignored;
	char *why;

	if (oi_root_read(root, OI_OPENIB_CONF, FILE_BYTES, &text, &ignored))
		return NULL;
	why = forbids(oi_buf_str(&text), "ONBOOT");
	for (size_t i = 0; i < OI_ARRAY_SIZE(keys) && !why; i++)
		if (!strcmp(keys[i].module, module))
			why = forbids(oi_buf_str(&text), keys[i].key);
	return why;
}
