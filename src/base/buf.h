/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A string that grows. Zeroed is empty and valid; data is NULL or NUL-terminated. */
#ifndef OI_BASE_BUF_H
#define OI_BASE_BUF_H

#include <stddef.h>

#include "base/attr.h"

struct oi_buf {
	char *data;
	size_t len;
	size_t cap;
};

/** oi_buf_add() - append @len bytes */
void oi_buf_add(struct oi_buf *buf, const char *bytes, size_t len);
/** oi_buf_adds() - append a string */
void oi_buf_adds(struct oi_buf *buf, const char *s);
/** oi_buf_addf() - append a formatted string */
void oi_buf_addf(struct oi_buf *buf, const char *fmt, ...) OI_PRINTF(2, 3);
/** oi_buf_str() - the text, "" when empty; borrowed, valid until the next change */
const char *oi_buf_str(const struct oi_buf *buf);
/** oi_buf_take() - hand the text over ("" when empty) and leave the buffer empty */
char *oi_buf_take(struct oi_buf *buf);
/** oi_buf_reset() - empty it, keep the memory */
void oi_buf_reset(struct oi_buf *buf);
/** oi_buf_drop() - remove the first @len bytes */
void oi_buf_drop(struct oi_buf *buf, size_t len);
/** oi_buf_clear() - free it; fine on a zeroed one, and for OI_CLEANUP */
void oi_buf_clear(struct oi_buf *buf);

#endif
