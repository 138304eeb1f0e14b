/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is written down while loaded modules are exchanged for others: without it nobody
 * would look for the network after a run that was cut off in between, and the next one
 * finds the modules that it wants and no way to anywhere.
 */
#ifndef OI_EXECUTE_RELOAD_NOTE_H
#define OI_EXECUTE_RELOAD_NOTE_H

#include "execute/reload/fallback.h"
#include "execute/reload/network.h"

#define OI_RELOAD_PATH OI_STATE_DIR "/network-watch.json"

/**
 * oi_reload_begin() - hold udev back, and note how the network was and the way back
 * @back: what is taken out should the network be gone
 * @before: what must not get lost; NULL: nothing is watched
 * @services: that are stopped for it, and start again
 * What cannot be written is warned of: the exchange itself is still watched.
 */
void oi_reload_begin(const struct oi_host *host, const struct oi_way_back *back,
		     const struct oi_network *before, const struct oi_strv *services);

/** oi_reload_end() - the exchange is over, whatever came of it */
void oi_reload_end(const struct oi_host *host);

/** oi_reload_heal() - of one that was cut off: look for the network, and go back without it */
void oi_reload_heal(const struct oi_host *host, const struct oi_config *config);

#endif
