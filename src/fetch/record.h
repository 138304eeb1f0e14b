/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has to be known of a file to go on with it: NAME.part.json beside NAME.part. And of
 * one that came without a digest, to ask whether it is still the same: NAME.kept.json.
 */
#ifndef OI_FETCH_RECORD_H
#define OI_FETCH_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "fetch/digest.h"
#include "fetch/source.h"

struct oi_fetch_record {
	struct oi_mark mark;
	char sha256[OI_DIGEST_TEXT_BYTES]; /* asked for, or of a kept file; "": none */
	int64_t synced; /* so many bytes survive a crash of the machine */
};

/** oi_fetch_record_write() - as oi_sidecar_write() */
OI_MUST_CHECK
int oi_fetch_record_write(int dir_fd, const char *name, const struct oi_fetch_record *record,
			  struct oi_err *err);

/**
 * oi_fetch_record_read() - what was written
 * @same_boot: has the machine been up since then, so that bytes not synced are there too
 * Return: false when there is none, or it makes no sense.
 */
bool oi_fetch_record_read(int dir_fd, const char *name, struct oi_fetch_record *record,
			  bool *same_boot);

#endif
