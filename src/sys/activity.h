/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run is at this moment, for who waits for it: systemd's status line, and a
 * small file of this boot, which `status --wait` reads.
 */
#ifndef OI_SYS_ACTIVITY_H
#define OI_SYS_ACTIVITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "sys/host.h"
#include "sys/progress.h"

#define OI_DOING_PATH OI_RUN_DIR "/doing.json"

struct oi_activity {
	char *what; /* "fetching doca-host_3.2.3.deb"; owned */
	int64_t bytes; /* -1: not a transfer */
	int64_t total; /* 0: unknown */
};

/**
 * oi_activity_tell() - from now on it is this
 * @progress: of a transfer, or NULL
 * @fmt: without secrets: it is not redacted
 *
 * Best effort: nobody fails because nobody could be told.
 */
void oi_activity_tell(const struct oi_host *host, const struct oi_progress *progress, const char *fmt,
		   ...) OI_PRINTF(3, 4);

/**
 * oi_activity_read() - what was told last, if whoever told it is still alive
 * @doing: filled; oi_activity_clear() in any case
 */
bool oi_activity_read(const struct oi_root *root, struct oi_activity *doing);
void oi_activity_clear(struct oi_activity *doing);

#endif
