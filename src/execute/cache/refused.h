/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The set of modules that was of no use here: the next run compiles without fetching it again. */
#ifndef OI_EXECUTE_CACHE_REFUSED_H
#define OI_EXECUTE_CACHE_REFUSED_H

#include "base/attr.h"
#include "sys/host.h"

#define OI_REFUSED_NOTE OI_STATE_DIR "/modules-unfit.json"

/** oi_refused_note() - remember one by its digest; what cannot be written is only fetched again */
void oi_refused_note(const struct oi_host *host, const char *sha256, const char *why);

/** oi_refused_why() - why a set of that digest was of no use; owned by the caller, NULL: it is not known */
char *oi_refused_why(const struct oi_host *host, const char *sha256);

#endif
