/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the acting rooms are handed: where to look, where to change, with what, until when. */
#ifndef OI_SYS_HOST_H
#define OI_SYS_HOST_H

#include <stdint.h>

#include "base/log.h"
#include "sys/root.h"
#include "sys/terminal.h"
#include "sys/tools.h"

struct oi_host {
	struct oi_root look; /* --sysroot: /sys, /proc, os-release, /run/cloud-init */
	struct oi_root change; /* "/": packages, files, state, modules, headers */
	struct oi_tools tools;
	struct oi_log log;
	int64_t deadline_ms; /* of the whole run; monotonic, absolute */
	int64_t spread_until_ms; /* downloads from a network begin then; 0: at once */
	const char *pci_dump; /* --pci-dump; NULL: sysfs */
	const char *kernel; /* --kernel: this release instead of the running one; NULL: that */
	const char *imds_url; /* --imds; never NULL */
	struct oi_terminal *terminal; /* for a bar; NULL: none */
	int64_t *fetched_bytes; /* grows by what downloads have brought; NULL: nobody counts */
};

/* Where things lie on the changed root. */
#define OI_STATE_DIR "/var/lib/ofed-init"
#define OI_STAGING_DIR OI_STATE_DIR "/staging"
/* Steps of a run that was not finished: src/execute/state/journal.h */
#define OI_JOURNAL_PATH OI_STATE_DIR "/journal.json"
/* What bake has left in an image: for which kernel, and which module files. */
#define OI_BAKED_MARKER OI_STATE_DIR "/baked.json"
/* While it is there, what lies in the staging folder belongs to an image and not to a VM. */
#define OI_PREFETCHED_MARKER OI_STATE_DIR "/prefetched"
#define OI_RUN_DIR "/run/ofed-init"
#define OI_BLOCK_MARKER OI_RUN_DIR "/block"
#define OI_JUDGED_MARKER OI_RUN_DIR "/judged" /* of dist/gate */

#endif
