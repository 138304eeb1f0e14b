/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buf.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BUF_FIRST_BYTES 128

void oi_buf_add(struct oi_buf *buf, const char *bytes, size_t len)
{
	size_t need = buf->len + len + 1;

	if (need < len)
		abort();
	if (need > buf->cap) {
		size_t cap = buf->cap ? buf->cap : BUF_FIRST_BYTES;

		while (cap < need)
			cap *= 2;
		buf->data = oi_mem_grow(buf->data, cap, 1);
		buf->cap = cap;
	}
	if (len)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void oi_buf_adds(struct oi_buf *buf, const char *s)
{
	oi_buf_add(buf, s, strlen(s));
}

void oi_buf_addf(struct oi_buf *buf, const char *fmt, ...)
{
	OI_FREE char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	s = oi_mem_vprintf(fmt, ap);
	va_end(ap);
	oi_buf_adds(buf, s);
}

const char *oi_buf_str(const struct oi_buf *buf)
{
	return buf->data ? buf->data : "";
}

char *oi_buf_take(struct oi_buf *buf)
{
	char *s = buf->data ? buf->data : oi_mem_dup("");

	memset(buf, 0, sizeof(*buf));
	return s;
}

void oi_buf_reset(struct oi_buf *buf)
{
	buf->len = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

void oi_buf_drop(struct oi_buf *buf, size_t len)
{
	if (len > buf->len)
		len = buf->len;
	if (!len)
		return;
	memmove(buf->data, buf->data + len, buf->len - len + 1);
	buf->len -= len;
}

void oi_buf_clear(struct oi_buf *buf)
{
	free(buf->data);
	memset(buf, 0, sizeof(*buf));
}
