/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/trust.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/reasons.h"

int oi_trust_path(const struct oi_root *root, const char *path, struct oi_err *err)
{
	OI_FREE char *doubt = oi_root_doubt(root, path);

	return doubt ? oi_err_set(err, OI_R_CONFIG_UNTRUSTED, "%s", doubt) : 0;
}

int oi_trust_secret(const struct oi_root *root, const char *path, struct oi_err *err)
{
	OI_FREE char *name = NULL;
	struct stat st;
	bool open_to_others;
	int fd;

	if (oi_trust_path(root, path, err))
		return -1;
	fd = oi_root_openat(root, path, O_PATH, 0);
	if (fd < 0 || geteuid()) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	open_to_others = fstat(fd, &st) || (st.st_mode & 077);
	close(fd);
	if (!open_to_others)
		return 0;
	name = oi_root_name(root, path);
	return oi_err_set(err, OI_R_CONFIG_UNTRUSTED,
			  "%s: others than root may read it (chmod 0600)", name);
}

int oi_trust_named(const char *path, struct oi_err *err)
{
	OI_CLEANUP(oi_root_close) struct oi_root slash = { .fd = -1 };
	OI_FREE char *folder = *path == '/' ? NULL : getcwd(NULL, 0);
	OI_FREE char *whole = oi_mem_printf("%s%s%s", folder ? folder : "", folder ? "/" : "", path);
	struct stat st;

	if (stat(path, &st) || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		return 0; /* reading it says why; or it is a pipe */
	return oi_root_open("/", &slash, err) || oi_trust_path(&slash, whole, err) ? -1 : 0;
}
