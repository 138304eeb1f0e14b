/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of files in a folder that has one. */
#ifndef OI_BASE_URL_H
#define OI_BASE_URL_H

#include "base/strv.h"

/** oi_url_join() - append BASE/NAME; the name goes before the query of BASE, where its signature stands */
void oi_url_join(struct oi_strv *urls, const char *base, const char *name);

#endif
