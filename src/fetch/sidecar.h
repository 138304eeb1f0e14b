/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small JSON files beside the artefacts. They are advice: one that cannot be read is none. */
#ifndef OI_FETCH_SIDECAR_H
#define OI_FETCH_SIDECAR_H

#include "base/attr.h"
#include "base/doc.h"
#include "base/err.h"

/* The name while it is written: NAME.new */
#define OI_KEEP_SUFFIX ".new"

/** oi_sidecar_write() - written beside, synced, renamed; OI_R_WRITE_FAILED, OI_R_DISK_SPACE */
OI_MUST_CHECK
int oi_sidecar_write(int dir_fd, const char *name, const struct oi_doc *doc, struct oi_err *err);

/** oi_sidecar_read() - owned by the caller; NULL when there is none, or it is no JSON object */
struct oi_doc *oi_sidecar_read(int dir_fd, const char *name);

/** oi_sidecar_remove() - it and what a killed run has left of it */
void oi_sidecar_remove(int dir_fd, const char *name);

#endif
