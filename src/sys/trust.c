/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/trust.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/reasons.h"
#include "sys/owner.h"

static int refuse(const char *name, const struct stat *st, struct oi_err *err)
{
	const char *doubt = oi_owner_doubt(st);

	return doubt ? oi_err_set(err, OI_R_CONFIG_UNTRUSTED, "%s: %s", name, doubt) : 0;
}

int oi_trust_path(const struct oi_root *root, const char *path, struct oi_err *err)
{
	size_t end = strspn(path, "/");

	while (path[end]) {
		OI_FREE char *here = NULL;
		OI_FREE char *name = NULL;
		struct stat st;
		int fd;
		int ret;

		end += strcspn(path + end, "/");
		here = oi_mem_ndup(path, end);
		end += strspn(path + end, "/");
		fd = oi_root_openat(root, here, O_PATH, 0);
		if (fd < 0)
			return 0; /* reading it says why */
		name = oi_root_name(root, here);
		ret = fstat(fd, &st) ? 0 : refuse(name, &st, err);
		close(fd);
		if (ret)
			return -1;
	}
	return 0;
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
	OI_FREE char *real = realpath(path, NULL);
	struct stat st;
	char *slash;

	if (!real || stat(real, &st) || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		return 0; /* reading it says why; or it is a pipe */
	if (refuse(path, &st, err))
		return -1;
	slash = strrchr(real, '/');
	slash[slash == real] = '\0';
	return stat(real, &st) ? 0 : refuse(real, &st, err);
}
