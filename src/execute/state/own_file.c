/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/state/own_file.h"

#include <string.h>

#include "execute/state/record.h"

int oi_own_file_write(const struct oi_host *host, const char *path, const char *text,
		      struct oi_err *err)
{
	if (oi_record_note_file(&host->change, path, text, err))
		return -1;
	return oi_root_write(&host->change, path, 0644, text, strlen(text), err);
}
