/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a stanza may lie: for the files of this folder that look there. */
#ifndef OI_FACTS_STANZA_PLACES_H
#define OI_FACTS_STANZA_PLACES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"
#include "facts/stanza.h"
#include "sys/host.h"

#define OI_STANZA_KEY "infiniband"

/* Source: cloud-init, where it leaves what (measured from 22.4 to 26.2) */
#define OI_MERGED_CONFIG "/run/cloud-init/combined-cloud-config.json"
#define OI_USER_DATA "/var/lib/cloud/instance/user-data.txt"
#define OI_USER_CONFIG "/var/lib/cloud/instance/cloud-config.txt"
#define OI_VENDOR2_CONFIG "/var/lib/cloud/instance/vendor2-cloud-config.txt"
#define OI_VENDOR_CONFIG "/var/lib/cloud/instance/vendor-cloud-config.txt"
#define OI_SYSTEM_CONFIG "/etc/cloud/cloud.cfg"
#define OI_SYSTEM_FOLDER "/etc/cloud/cloud.cfg.d"

#define OI_STANZA_PART OI_RUN_DIR "/stanza.yaml"

/** oi_stanza_mentions() - is the word in it: most machines have no stanza, and nothing to be parsed */
bool oi_stanza_mentions(const struct oi_buf *buf, const char *key);

/** oi_stanza_ends_with() - does a file name end so, and have more than that */
bool oi_stanza_ends_with(const char *name, const char *suffix);

/** oi_stanza_system_files() - cloud-init's own files, weakest first; 0 or -1 (OI_R_STANZA_UNREADABLE) */
OI_MUST_CHECK
int oi_stanza_system_files(const struct oi_root *root, struct oi_strv *paths, struct oi_err *err);

#endif
