/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a child leaves behind. Processes whose parent has ended become ours, for
 * oi_subreaper_begin() makes us their reaper; so whoever forked away is found.
 */
#ifndef OI_SYS_SUBREAPER_H
#define OI_SYS_SUBREAPER_H

#include <stddef.h>
#include <sys/types.h>

/* Children of ours from before: far more than we ever have. */
#define OI_FAMILY_KNOWN 64

struct oi_subreaper {
	pid_t known[OI_FAMILY_KNOWN]; /* none of the new child's */
	size_t n_known;
};

/** oi_subreaper_begin() - adopt orphans from now on, and note who is a child already */
void oi_subreaper_begin(struct oi_subreaper *family);

/**
 * oi_subreaper_left() - adopted processes that still run
 * @leader: the child itself, which is not counted
 * @sig: sent to each and to its group, and SIGCONT after it; 0: none
 * Those that have ended meanwhile are reaped.
 */
size_t oi_subreaper_left(const struct oi_subreaper *family, pid_t leader, int sig);

#endif
