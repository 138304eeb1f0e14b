/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/boot.h"

#include "base/mem.h"

char *oi_boot_id(const struct oi_root *root)
{
	struct oi_err ignored;
	char *id = NULL;

	if (oi_root_read_line(root, "/proc/sys/kernel/random/boot_id", &id, &ignored) || !*id)
		oi_mem_free_p(&id);
	return id;
}
