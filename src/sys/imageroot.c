/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/imageroot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "model/reasons.h"
#include "sys/mnt.h"
#include "sys/root.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define RESOLV_CONF_BYTES 65536

static int chroot_failed(struct oi_err *err, const char *what)
{
	return oi_err_set(err, OI_R_CHILD_FAILED, "image root: %s: %s", what, strerror(errno));
}

static int check(const char *folder, struct oi_err *err)
{
	static const char *const wanted[] = { "usr", "etc", "proc", "sys", "dev", "run" };

	for (size_t i = 0; i < OI_ARRAY_SIZE(wanted); i++) {
		OI_FREE char *path = oi_mem_printf("%s/%s", folder, wanted[i]);
		struct stat st;

		if (lstat(path, &st) || !S_ISDIR(st.st_mode))
			return oi_err_set(err, OI_R_USAGE, "--root: %s is not the root of a system: it has no folder %s",
					  folder, path);
	}
	return 0;
}

/*
 * What resolves names lies at the end of a link, often below /run, which is empty in
 * there: a file is made there. Where it is a file of the image, the machine's is laid
 * over it. Where there is nothing, nothing is made, for it would stay.
 */
static int resolve_names(const char *folder, struct oi_err *err)
{
	OI_CLEANUP(oi_root_close) struct oi_root root = { .fd = -1 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf ours = { 0 };
	OI_FREE char *link = oi_mem_printf("%s" RESOLV_CONF, folder);
	char target[512];
	struct stat st;
	ssize_t len;

	if (lstat(link, &st) || oi_root_read_named(RESOLV_CONF, RESOLV_CONF_BYTES, &ours, err))
		return 0; /* an image, or a machine, that asks nobody */
	if (!S_ISLNK(st.st_mode))
		return S_ISREG(st.st_mode) ? oi_mnt_bind(RESOLV_CONF, link, err) : 0;
	len = readlink(link, target, sizeof(target) - 1);
	if (len <= 0)
		return 0;
	target[len] = '\0';
	if (strncmp(target, "/run/", 5) != 0 && strncmp(target, "../run/", 7) != 0)
		return 0;
	if (oi_root_open(folder, &root, err))
		return -1;
	return oi_root_write(&root, strstr(target, "/run/"), 0644, ours.data, ours.len, err);
}

int oi_imageroot_enter(const char *folder, struct oi_err *err)
{
	static const char *const shared[] = { "/proc", "/sys", "/dev" };
	struct oi_mnt_space space = { .back_fd = -1 };
	OI_FREE char *real = realpath(folder, NULL);
	OI_FREE char *run = NULL;

	if (!real)
		return oi_err_set(err, OI_R_USAGE, "--root: %s: %s", folder, strerror(errno));
	run = oi_mem_printf("%s/run", real);
	if (check(real, err) || oi_mnt_enter(&space, err))
		return -1;
	close(space.back_fd); /* no way back */
	for (size_t i = 0; i < OI_ARRAY_SIZE(shared); i++) {
		OI_FREE char *to = oi_mem_printf("%s%s", real, shared[i]);

		if (oi_mnt_bind(shared[i], to, err))
			return -1;
	}
	if (oi_mnt_tmpfs(run, err) || resolve_names(real, err))
		return -1;
	if (chroot(real))
		return chroot_failed(err, "chroot");
	return chdir("/") ? chroot_failed(err, "chdir") : 0;
}
