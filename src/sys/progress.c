/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/progress.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"

/* The rate is that of the last five to ten seconds: long enough to be steady. */
#define WINDOW_MS 5000

#define LINE_MS 10000
#define LINE_PARTS 10
#define LONGEST_SILENCE_MS 60000

/* A pebibyte: no download is so large, and a thousand times as much can be counted. */
#define SANE_BYTES_MAX (INT64_C(1) << 50)

/* More is no forecast. */
#define LEFT_MAX_SECONDS (24 * 3600)

/* Narrower bars show nothing; wider ones not more. */
#define BAR_LEAST 10
#define BAR_MOST 40

/* What somebody claims may be more than can be reckoned with. */
static int64_t sane(int64_t bytes)
{
	return bytes < 0 || bytes > SANE_BYTES_MAX ? 0 : bytes;
}

void oi_progress_at(struct oi_progress *p, int64_t bytes, int64_t total, int64_t now_ms)
{
	bytes = sane(bytes);
	total = sane(total);
	if (!p->begun || bytes < p->now.bytes) {
		p->older = p->newer = (struct oi_progress_mark){ now_ms, bytes };
		p->told = p->begun ? (struct oi_progress_mark){ p->told.ms, bytes } : p->older;
		p->begun = true;
	}
	if (now_ms - p->newer.ms >= WINDOW_MS) {
		p->older = p->newer;
		p->newer = (struct oi_progress_mark){ now_ms, bytes };
	}
	p->now = (struct oi_progress_mark){ now_ms, bytes };
	p->bytes = bytes;
	p->total = bytes <= total ? total : 0;
}

bool oi_progress_due(struct oi_progress *p)
{
	int64_t since_ms = p->now.ms - p->told.ms;
	bool enough = (p->bytes - p->told.bytes) * LINE_PARTS >= p->total;

	if (since_ms < LINE_MS || (!enough && since_ms < LONGEST_SILENCE_MS))
		return false;
	p->told = p->now;
	return true;
}

int64_t oi_progress_rate(const struct oi_progress *p)
{
	int64_t ms = p->now.ms - p->older.ms;

	if (ms <= 0)
		return -1;
	return (p->now.bytes - p->older.bytes) * 1000 / ms;
}

int oi_progress_percent(const struct oi_progress *p)
{
	return p->total > 0 ? (int)(p->bytes * 100 / p->total) : -1;
}

void oi_progress_bytes(int64_t bytes, struct oi_buf *text)
{
	if (bytes >= 10 << 20)
		oi_buf_addf(text, "%" PRId64 " MiB", bytes >> 20);
	else if (bytes >= 1 << 20)
		oi_buf_addf(text, "%.1f MiB", (double)bytes / (1 << 20));
	else
		oi_buf_addf(text, "%" PRId64 " KiB", bytes >> 10);
}

static void add_rate(const struct oi_progress *p, const char *before, struct oi_buf *text)
{
	int64_t rate = oi_progress_rate(p);

	if (rate < 0)
		return;
	oi_buf_adds(text, before);
	oi_progress_bytes(rate, text);
	oi_buf_adds(text, "/s");
}

void oi_progress_duration(int64_t seconds, struct oi_buf *text)
{
	if (seconds >= 3600)
		oi_buf_addf(text, "%" PRId64 " h %" PRId64 " min", seconds / 3600,
			    seconds % 3600 / 60);
	else if (seconds >= 60)
		oi_buf_addf(text, "%" PRId64 " min %" PRId64 " s", seconds / 60, seconds % 60);
	else
		oi_buf_addf(text, "%" PRId64 " s", seconds);
}

static void add_left(const struct oi_progress *p, const char *before, struct oi_buf *text)
{
	int64_t rate = oi_progress_rate(p);
	int64_t left;

	if (rate <= 0 || p->total <= 0)
		return;
	left = (p->total - p->bytes + rate - 1) / rate;
	if (left > LEFT_MAX_SECONDS)
		return;
	oi_buf_adds(text, before);
	oi_progress_duration(left, text);
	oi_buf_adds(text, " left");
}

void oi_progress_speed(const struct oi_progress *p, const char *before, struct oi_buf *text)
{
	add_rate(p, before, text);
	add_left(p, before, text);
}

void oi_progress_text(const struct oi_progress *p, struct oi_buf *text)
{
	oi_progress_bytes(p->bytes, text);
	if (p->total > 0) {
		oi_buf_adds(text, " of ");
		oi_progress_bytes(p->total, text);
		oi_buf_addf(text, " (%d%%)", oi_progress_percent(p));
	}
	oi_progress_speed(p, ", ", text);
}

/* "[####------]" in @width columns */
static void add_bar(const struct oi_progress *p, int width, bool colour, struct oi_buf *line)
{
	int inner = width - 2;
	int full = (int)(p->bytes * inner / p->total);

	oi_buf_adds(line, colour ? "[\033[32m" : "[");
	for (int i = 0; i < inner; i++) {
		if (colour && i == full)
			oi_buf_adds(line, "\033[m");
		oi_buf_adds(line, i < full ? "#" : "-");
	}
	oi_buf_adds(line, colour && full == inner ? "\033[m]" : "]");
}

void oi_progress_bar(const struct oi_progress *p, const char *name, int columns, bool colour,
		     struct oi_buf *line)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf head = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf tail = { 0 };
	int room;

	columns--; /* many terminals wrap when the last column is written */
	if (p->total > 0)
		oi_buf_addf(&head, "%3d%%", oi_progress_percent(p));
	else
		oi_progress_bytes(p->bytes, &head);
	oi_progress_speed(p, "  ", &tail);
	if ((int)head.len > columns)
		return;
	if ((int)(head.len + tail.len) > columns)
		oi_buf_reset(&tail);
	room = columns - (int)(head.len + tail.len);
	/* the name whole, or not at all */
	if ((int)strlen(name) + 2 <= room) {
		oi_buf_addf(line, "%s  ", name);
		room -= (int)strlen(name) + 2;
	}
	oi_buf_adds(line, oi_buf_str(&head));
	if (p->total > 0 && room - 2 >= BAR_LEAST) {
		oi_buf_adds(line, "  ");
		add_bar(p, room - 2 > BAR_MOST ? BAR_MOST : room - 2, colour, line);
	}
	oi_buf_adds(line, oi_buf_str(&tail));
}
