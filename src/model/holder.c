/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/holder.h"

#include <string.h>

#include "base/mem.h"

#define FILE_NAME ".d/50-ofed-init-hold.conf"

char *oi_holder_path(const char *folder, const char *unit)
{
	return oi_mem_printf("%s/%s" FILE_NAME, folder, unit);
}

char *oi_holder_unit(const char *path)
{
	static const char folder[] = OI_HOLDER_LASTING "/";
	size_t len = strlen(path), end = strlen(FILE_NAME), from = strlen(folder);

	if (len <= from + end || strncmp(path, folder, from) != 0 ||
	    strcmp(path + len - end, FILE_NAME) != 0)
		return NULL;
	return oi_mem_ndup(path + from, len - from - end);
}

char *oi_holder_text(const char *unit, bool memlock)
{
	const char *dot = strrchr(unit, '.');
	bool service = dot && !strcmp(dot, ".service");

	return oi_mem_printf("# Written by ofed-init: the stanza's hold_units names this unit.\n"
			     "[Unit]\n"
			     "Wants=" OI_HOLDER_TARGET "\n"
			     "After=" OI_HOLDER_TARGET "\n%s",
			     service && memlock ? "\n[Service]\nLimitMEMLOCK=infinity\n" : "");
}
