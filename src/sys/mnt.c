/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/mnt.h"

#include <errno.h>
#include <fcntl.h>
#include <libmount/libmount.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/mem.h"
#include "model/reasons.h"

static bool has(const char *options, const char *name)
{
	char *value = NULL;
	size_t len = 0;

	return options && !mnt_optstr_get_option(options, name, &value, &len);
}

static void fill(struct libmnt_fs *fs, const char *path, struct oi_mnt_place *place)
{
	const char *target = mnt_fs_get_target(fs);
	const char *source = mnt_fs_get_source(fs);
	/* of the mount, and of the file system beneath it */
	const char *own = mnt_fs_get_vfs_options(fs);
	const char *super = mnt_fs_get_fs_options(fs);

	place->is_mount = target && !strcmp(target, path);
	place->on_device = source && !strncmp(source, "/dev/", 5);
	place->noexec = has(own, "noexec");
	place->read_only = has(own, "ro") || has(super, "ro");
}

/* mnt_table_find_mountpoint() does the same for a path that is there, in the tree that is "/". */
static struct libmnt_fs *find_mount(struct libmnt_table *mounts, const char *path)
{
	OI_FREE char *at = oi_mem_dup(path);

	for (;;) {
		/* From the end: what was mounted last is on top. */
		struct libmnt_fs *fs = mnt_table_find_target(mounts, *at ? at : "/", MNT_ITER_BACKWARD);
		char *slash = strrchr(at, '/');

		if (fs || !slash)
			return fs;
		*slash = '\0';
	}
}

int oi_mnt_look(const char *table, const char *path, struct oi_mnt_place *place,
		struct oi_err *err)
{
	struct libmnt_table *mounts = mnt_new_table();
	struct libmnt_fs *fs = NULL;
	int rc = mounts ? mnt_table_parse_file(mounts, table) : -ENOMEM;

	memset(place, 0, sizeof(*place));
	if (!rc)
		fs = find_mount(mounts, path);
	if (fs)
		fill(fs, path, place);
	mnt_unref_table(mounts);
	if (fs)
		return 0;
	return oi_err_set(err, OI_R_READ_FAILED, "%s: %s", table,
			  rc < 0 ? strerror(-rc) : "it names no mount of this folder");
}

static int mount_failed(struct oi_err *err, const char *what)
{
	return oi_err_set(err, OI_R_CHILD_FAILED, "mount namespace: %s: %s", what, strerror(errno));
}

int oi_mnt_enter(struct oi_mnt_space *space, struct oi_err *err)
{
	space->back_fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (space->back_fd < 0)
		return mount_failed(err, "/proc/self/ns/mnt");
	if (unshare(CLONE_NEWNS)) {
		mount_failed(err, "unshare");
		close(space->back_fd);
		space->back_fd = -1;
		return -1;
	}
	/* Slaves and not private ones: what the machine unmounts must not stay busy here. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL)) {
		struct oi_err ignored;

		mount_failed(err, "make it ours");
		if (oi_mnt_leave(space, &ignored))
			return oi_err_prefix(err, "%s", ignored.text);
		return -1;
	}
	return 0;
}

int oi_mnt_leave(struct oi_mnt_space *space, struct oi_err *err)
{
	int fd = space->back_fd;
	int ret = 0;

	space->back_fd = -1;
	if (fd < 0)
		return 0;
	if (setns(fd, CLONE_NEWNS))
		ret = mount_failed(err, "setns");
	close(fd);
	return ret;
}

int oi_mnt_bind(const char *source, const char *target, struct oi_err *err)
{
	if (mount(source, target, NULL, MS_BIND | MS_REC, NULL) ||
	    mount(NULL, target, NULL, MS_REC | MS_SLAVE, NULL))
		return mount_failed(err, target);
	return 0;
}

int oi_mnt_tmpfs(const char *target, struct oi_err *err)
{
	return mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") ?
		       mount_failed(err, target) :
		       0;
}

int oi_mnt_image(const char *image, const char *target, struct oi_err *err)
{
	struct libmnt_context *context = mnt_new_context();
	char why[256] = "";
	int rc;

	if (!context)
		return oi_err_set(err, OI_R_CHILD_FAILED, "libmount cannot be used");
	/* No helpers, no notes in /run: nobody but us is to know of it. */
	mnt_context_disable_helpers(context, 1);
	mnt_context_disable_mtab(context, 1);
	rc = mnt_context_set_source(context, image) || mnt_context_set_target(context, target) ||
	     mnt_context_set_fstype(context, "iso9660") ||
	     mnt_context_set_options(context, "loop,ro,nosuid,nodev");
	if (rc) {
		mnt_free_context(context);
		return oi_err_set(err, OI_R_CHILD_FAILED, "libmount cannot be used");
	}
	rc = mnt_context_mount(context);
	if (mnt_context_get_excode(context, rc, why, sizeof(why)))
		rc = -1;
	mnt_free_context(context);
	if (!rc)
		return 0;
	return oi_err_set(err, OI_R_CHILD_FAILED, "mount %s: %s", image, *why ? why : "failed");
}
