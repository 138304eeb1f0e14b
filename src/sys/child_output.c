/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/child_output.h"

#include <errno.h>
#include <unistd.h>

#define READ_BYTES 65536

static void emit(struct oi_child_output *s)
{
	s->line[s->len] = '\0';
	s->len = 0;
	if (s->each)
		s->each(s->data, s->line);
}

static void split_lines(struct oi_child_output *s, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = bytes[i];

		if (c == '\n' || c == '\r') {
			if (s->len || (c == '\n' && !s->given))
				emit(s);
			s->given = c == '\r';
			continue;
		}
		s->given = false;
		/* A line is a C string; what a terminal must not see, the log takes out. */
		s->line[s->len++] = (char)(c ? c : '?');
		if (s->len == OI_RUN_LINE_BYTES) {
			emit(s);
			s->given = true;
		}
	}
}

static void keep_tail(struct oi_child_output *s, const char *bytes, size_t len)
{
	oi_buf_add(s->tail, bytes, len);
	if (s->tail->len > 2 * s->keep_bytes + READ_BYTES)
		oi_buf_drop(s->tail, s->tail->len - s->keep_bytes);
}

static void keep_text(struct oi_child_output *s, const char *bytes, size_t len)
{
	size_t room = s->limit_bytes - s->text->len;

	if (s->text->len < s->limit_bytes)
		oi_buf_add(s->text, bytes, len < room ? len : room);
}

void oi_child_output_end(struct oi_child_output *s)
{
	if (s->fd < 0)
		return;
	if (s->len)
		emit(s);
	close(s->fd);
	s->fd = -1;
}

void oi_child_output_read(struct oi_child_output *s)
{
	char bytes[READ_BYTES];
	ssize_t len = read(s->fd, bytes, sizeof(bytes));

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) {
		oi_child_output_end(s);
		return;
	}
	if (s->text)
		keep_text(s, bytes, (size_t)len);
	if (s->tail && s->keep_bytes)
		keep_tail(s, bytes, (size_t)len);
	if (s->each)
		split_lines(s, bytes, (size_t)len);
}
