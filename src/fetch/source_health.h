/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which sources failed lately: they are asked last, also by later runs on this VM. */
#ifndef OI_FETCH_SOURCE_HEALTH_H
#define OI_FETCH_SOURCE_HEALTH_H

#include <stddef.h>

#include "base/strv.h"

/* In the staging folder; no artefact's name begins with a dot. */
#define OI_BLAME_NAME ".sources.json"

/**
 * oi_source_health_order() - in which order to ask
 * @order: room for urls->n places; filled with places in @urls, those that failed lately last
 */
void oi_source_health_order(int dir_fd, const struct oi_strv *urls, size_t *order);

/**
 * oi_source_health_failed() - note that @url did not bring the artefact
 * @code: why; what is wrong with the network or the host is noted of all that it has
 */
void oi_source_health_failed(int dir_fd, const char *url, int code);

/** oi_source_health_worked() - forget what was noted of @url and its host */
void oi_source_health_worked(int dir_fd, const char *url);

#endif
