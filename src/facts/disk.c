/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Room for the work, on each file system that it writes to. */
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "facts/doubt.h"
#include "facts/look.h"

/* Packages, modules, downloads with what is compiled, the initramfs, and scratch files. */
static const char *const places[] = { "/usr", "/lib/modules", "/var", "/boot", "/tmp" };

static bool device_of(const struct oi_root *root, const char *path, dev_t *device)
{
	int fd = oi_root_openat(root, path, O_PATH | O_DIRECTORY, 0);
	struct stat st;
	struct statfs fs;
	bool ok = fd >= 0 && !fstat(fd, &st);

	/* All subvolumes of btrfs share their room, and each has a device of its own; the first word of the id is the
	 * same for all. Source: the kernel's fs/btrfs/super.c, btrfs_statfs() */
	if (ok && !major(st.st_dev) && !fstatfs(fd, &fs) && fs.f_type == BTRFS_SUPER_MAGIC)
		st.st_dev = (dev_t)(unsigned int)fs.f_fsid.__val[0];
	if (fd >= 0)
		close(fd);
	if (ok)
		*device = st.st_dev;
	return ok;
}

/* To the folder above; "/a" has "/" above it. Return: false at the top. */
static bool shorten(char *path)
{
	char *slash = strrchr(path, '/');

	if (!path[1])
		return false;
	slash[slash == path] = '\0';
	return true;
}

/* Where the file system with @path is mounted; a path that does not exist counts as the folder above it. */
static char *mount_of(const struct oi_root *root, const char *path, dev_t top, dev_t *device)
{
	OI_FREE char *here = oi_mem_dup(path);
	char *mount;
	dev_t above;

	while (!device_of(root, here, device) && shorten(here))
		;
	if (*device == top) /* mostly, and then no folder above needs a look */
		return oi_mem_dup("/");
	mount = oi_mem_dup(here);
	while (shorten(here) && device_of(root, here, &above) && above == *device)
		oi_mem_set(&mount, here);
	return mount;
}

void oi_facts_look_disk(const struct oi_host *host, struct oi_facts *facts)
{
	dev_t devices[OI_ARRAY_SIZE(places)] = { 0 };
	struct oi_err err;
	dev_t top = 0;

	device_of(&host->change, "/", &top);
	for (size_t i = 0; i < OI_ARRAY_SIZE(places); i++) {
		dev_t device = top;
		OI_FREE char *mount = mount_of(&host->change, places[i], top, &device);
		int64_t bytes;
		size_t n = 0;

		while (n < facts->disk.n && devices[n] != device)
			n++;
		if (n == facts->disk.n) {
			if (oi_root_free_bytes(&host->change, mount, &bytes, &err)) {
				oi_facts_doubt(facts, "disk: %s", err.text);
				return;
			}
			devices[n] = device;
			oi_facts_add_file_system(facts, mount, bytes);
		}
		oi_strv_add(&facts->disk.v[n].holds, places[i]);
	}
	facts->disk.known = OI_KNOWN;
	facts->disk.work_free_bytes = INT64_MAX;
	for (size_t i = 0; i < facts->disk.n; i++) {
		const struct oi_file_system *fs = &facts->disk.v[i];

		if ((oi_strv_has(&fs->holds, "/usr") || oi_strv_has(&fs->holds, "/var")) &&
		    fs->free_bytes < facts->disk.work_free_bytes)
			facts->disk.work_free_bytes = fs->free_bytes;
	}
}
