/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door to mounts: what lies where, and an image mounted where nobody else sees it. */
#ifndef OI_SYS_MNT_H
#define OI_SYS_MNT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

#define OI_MNT_TABLE "/proc/self/mountinfo"

/* What carries a folder. Zeroed is "nothing known". */
struct oi_mnt_place {
	bool is_mount; /* the folder itself is mounted on */
	bool on_device; /* its source is a block device of this machine: no tmpfs, no network */
	bool noexec; /* programs cannot be started from there */
	bool read_only;
};

/**
 * oi_mnt_look() - what carries @path
 * @table: OI_MNT_TABLE, or a file of the same form (proc(5))
 * @path: absolute, without links
 * Return: 0, or -1 with OI_R_READ_FAILED.
 */
OI_MUST_CHECK
int oi_mnt_look(const char *table, const char *path, struct oi_mnt_place *place,
		struct oi_err *err);

/* A mount namespace of our own. */
struct oi_mnt_space {
	int back_fd; /* of the namespace that we came from; -1: not left */
};

/**
 * oi_mnt_enter() - go into a new mount namespace, and with us every child started from there
 * @space: left by oi_mnt_leave()
 *
 * What the machine mounts and unmounts is seen there (its mounts become slaves);
 * what is mounted there is seen nowhere else, and is gone when the last process
 * has left, however it ended. The working folder becomes "/".
 * Return: 0, or -1 with OI_R_CHILD_FAILED, and nothing has changed.
 */
OI_MUST_CHECK
int oi_mnt_enter(struct oi_mnt_space *space, struct oi_err *err);

/**
 * oi_mnt_leave() - back; mounts of the namespace go away; fine when not entered
 * Return: 0, or -1 with OI_R_CHILD_FAILED: the process stays there until its end,
 *         which does no harm but keeps the mounts.
 */
OI_MUST_CHECK
int oi_mnt_leave(struct oi_mnt_space *space, struct oi_err *err);

/**
 * oi_mnt_bind() - what lies at @source, with all that is mounted below it, at @target too
 * What is mounted there later is not seen at the other place.
 * Return: 0, or -1 with OI_R_CHILD_FAILED.
 */
OI_MUST_CHECK
int oi_mnt_bind(const char *source, const char *target, struct oi_err *err);

/** oi_mnt_tmpfs() - an empty file system at @target, 0755; OI_R_CHILD_FAILED */
OI_MUST_CHECK
int oi_mnt_tmpfs(const char *target, struct oi_err *err);

/**
 * oi_mnt_image() - mount an ISO 9660 image by a loop device: ro, nosuid, nodev
 * The loop device goes away with the mount.
 * Return: 0, or -1 with OI_R_CHILD_FAILED: a kernel without loop or isofs, or no image.
 */
OI_MUST_CHECK
int oi_mnt_image(const char *image, const char *target, struct oi_err *err);

#endif
