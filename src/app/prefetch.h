/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Downloads that begin before their run does, while cloud-init is still busy.
 *
 * Whoever downloads holds a lock, so that one VM fetches a thing once. What was
 * fetched lies in the staging folder with its digest checked, where the run's own
 * step finds it. A note of this boot tells the run how it went; without one, or
 * with the note of a process that is gone, the run fetches by itself.
 */
#ifndef OI_APP_PREFETCH_H
#define OI_APP_PREFETCH_H

#include <stdbool.h>

#include "app/machine.h"
#include "base/attr.h"
#include "model/verdict.h"
#include "report/report.h"
#include "sys/lock.h"

/* Both vanish with the boot. */
#define OI_PREFETCH_LOCK OI_RUN_DIR "/download.lock"
#define OI_PREFETCH_NOTE OI_RUN_DIR "/prefetch.json"

/** oi_prefetch_downloads() - does the plan fetch anything that may come from a network */
bool oi_prefetch_downloads(const struct oi_verdict *verdict);

/**
 * oi_prefetch_wanted() - does it, and is no source of it a file
 *
 * A folder may be mounted by what cloud-init still does, and copying takes no time then.
 */
bool oi_prefetch_wanted(const struct oi_verdict *verdict);

/**
 * oi_prefetch_spread() - when this VM of a fleet is to begin, by source.spread_seconds
 * @key: its instance id decides, so that each try comes to the same
 *
 * Sets the host's spread_until_ms: as the note says when there is one of this boot.
 */
void oi_prefetch_spread(struct oi_machine *machine, const struct oi_run_key *key);

/** oi_prefetch_run() - carry out the plan's downloads, leave the note; the lock is held */
OI_MUST_CHECK
int oi_prefetch_run(struct oi_machine *machine, const struct oi_verdict *verdict,
		    struct oi_err *err);

/**
 * oi_prefetch_join() - before a run's own downloads: wait for those under way
 * @lock: taken; the caller drops it when the plan is carried out
 * @record: filled; its state stays NULL when there was no prefetch
 * Return: 0, or -1 with OI_R_FETCH_TIMEOUT at the run's deadline, or OI_R_WRITE_FAILED.
 */
OI_MUST_CHECK
int oi_prefetch_join(struct oi_machine *machine, const struct oi_run_key *key,
		     struct oi_lock *lock, struct oi_prefetch_record *record, struct oi_err *err);

#endif
