/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who stands in for us with a child when we are killed.
 *
 * SIGKILL leaves no time to end a child first. Of the ways in which apt, dpkg
 * and a compiler could go on, the kind one is to let them finish:
 *
 * - without a reader they get SIGPIPE at their next line, and a maintainer script
 *   or dpkg itself stops wherever that is;
 * - PR_SET_PDEATHSIG reaches only the child itself (it is not inherited): apt would
 *   end, and the dpkg below it go on without it; a dpkg that is ended leaves
 *   half-installed packages, which have to be mended and are not always mendable;
 * - a dpkg that comes to its end leaves nothing to be mended.
 *
 * So a small process of ours waits beside each child, with the other ends of its
 * pipes. While we live it does nothing at all. When we are gone it reads what the
 * child says, to its end; and it keeps the deadline. It keeps our lock too (a
 * descriptor that it has inherited): a next run waits until the last of this one
 * is over. What has to end at once ends with its control group.
 */
#ifndef OI_SYS_SUPERVISOR_H
#define OI_SYS_SUPERVISOR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct oi_supervisor {
	pid_t pid; /* -1: none */
	int fd; /* ours: by its end the keeper learns of ours */
};

/**
 * oi_supervisor_start() - before the child: it must not be taken for one of its family
 * @read_ends: what we read from the child; -1: none
 * @close_ends: what must not be held open, or the child's output would never end
 * Without one (fork failed) a child that survives us has nobody to read; that is all.
 */
void oi_supervisor_start(struct oi_supervisor *keeper, const int *read_ends, size_t n_read,
		     const int *close_ends, size_t n_close, int64_t deadline_ms);

/**
 * oi_supervisor_tell() - by the child, before it becomes the program: it is the one, and leads a group
 * Of us it might hear too late: we may be killed when the child has begun, and before we went on.
 */
void oi_supervisor_tell(const struct oi_supervisor *keeper);

/** oi_supervisor_end() - the child has ended, and we have seen it; fine on one that was not started */
void oi_supervisor_end(struct oi_supervisor *keeper);

#endif
