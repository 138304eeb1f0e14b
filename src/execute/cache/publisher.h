/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Publishing is a favour to other machines, so nobody waits for it: it begins when the driver
 * works, in a process that outlives the run, and workloads start beside it.
 *
 * That a set is to be published is noted when the modules are compiled. The note outlives a
 * reboot that the driver needs, and is gone when the set is published or was refused.
 */
#ifndef OI_EXECUTE_CACHE_PUBLISHER_H
#define OI_EXECUTE_CACHE_PUBLISHER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "execute/context.h"

/* Which set, and of which kernel. */
#define OI_PUBLISH_NOTE OI_STATE_DIR "/publish.json"
/* Held by who publishes, for as long as it takes. */
#define OI_PUBLISH_LOCK OI_RUN_DIR "/publish.lock"

/** oi_publisher_note() - what is compiled here is to be published, by the plan's own step; fine without one */
OI_MUST_CHECK
int oi_publisher_note(const struct oi_context *ctx, struct oi_err *err);

/** oi_publisher_forget() - it is not: the modules are not of this machine */
void oi_publisher_forget(const struct oi_host *host);

/** oi_publisher_is_due() - is there something to be published, and does the stanza want it */
bool oi_publisher_is_due(const struct oi_host *host, const struct oi_config *config);

/**
 * oi_publisher_start() - begin, if there is something to be published; returns at once
 * @host: its log is not the run's, whose last word has been said
 * @journal: standard error leads to the journal, and may be kept
 * @held: descriptors of ours that end with us, as locks do
 * What fails is in the log. The process is nobody's child when we have ended.
 */
void oi_publisher_start(const struct oi_host *host, const struct oi_config *config,
			bool journal, const int *held, size_t n_held);

/** oi_publisher_run() - the same, by us and now */
void oi_publisher_run(const struct oi_host *host, const struct oi_config *config);

/**
 * oi_publisher_stop() - before the machine is changed: what is packed would be half of each
 * Its note stays, so that the next run which ends well begins again.
 */
void oi_publisher_stop(const struct oi_host *host);

#endif
