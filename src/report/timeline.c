/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/timeline.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/view.h"

/* cloud-init's first stage begins so long before a run of the same boot, at the most. */
#define BOOT_MS (INT64_C(3600) * 1000)
/* Clocks of two programs, and a second's worth of a stamp without milliseconds. */
#define SLACK_MS 2000
/* 2200-01-01: what is later cannot be reckoned with, and is no time */
#define EPOCH_MOST_S 7258118400.0

/* 15 years: no machine is up so long, and no clock of ours is so early */
#define UPTIME_MOST_S 473040000.0

#define TEXT_BAR 24
#define AT_WIDTH 10

void oi_timeline_add(struct oi_timeline *timeline, enum oi_span_kind kind, const char *name,
		     int64_t at_ms, int64_t took_ms)
{
	struct oi_span *span;

	timeline->v = oi_mem_grow(timeline->v, timeline->n + 1, sizeof(*timeline->v));
	span = &timeline->v[timeline->n++];
	*span = (struct oi_span){ kind, oi_mem_dup(name), at_ms, took_ms > 0 ? took_ms : 0 };
}

static int64_t started_ms(const struct oi_doc *result)
{
	int64_t ms = oi_view_number(result, "started_ms", 0);

	if (ms > 0 && ms < (int64_t)EPOCH_MOST_S * 1000)
		return ms;
	return oi_view_epoch_ms(oi_view_text(result, "started"));
}

int64_t oi_timeline_zero_ms(const struct oi_doc *result)
{
	int64_t ms = started_ms(result);
	int64_t uptime_ms = oi_view_number(result, "started_uptime_ms", -1);

	if (ms < 0 || uptime_ms < 0 || uptime_ms > (int64_t)UPTIME_MOST_S * 1000)
		return -1;
	return ms - uptime_ms;
}

void oi_timeline_add_run(struct oi_timeline *timeline, const struct oi_doc *result)
{
	const struct oi_doc *phases = oi_view_list(result, "phases");
	int64_t began_ms = started_ms(result), at_ms = began_ms;
	size_t run = timeline->n;

	if (began_ms < 0)
		return;
	oi_timeline_add(timeline, OI_SPAN_RUN, "ofed-init", began_ms, 0);
	for (size_t i = 0; i < phases->n; i++) {
		int64_t took_ms = oi_view_ms(phases->items[i]);

		oi_timeline_add(timeline, OI_SPAN_PHASE,
				oi_view_or_dash(oi_view_text(phases->items[i], "name")), at_ms,
				took_ms);
		at_ms += took_ms;
	}
	timeline->v[run].took_ms = at_ms - began_ms;
}

/*
 * Seconds with a fraction, since 1970; newer ones since the machine started, which the
 * run knows too. -1: there are none.
 * Source: cloudinit/cmd/main.py, status_wrapper(): time.time() in 22.4, util.uptime() in 25.1
 */
static int64_t time_at(const struct oi_doc *stage, const char *key, const struct oi_doc *result)
{
	const struct oi_doc *node = oi_doc_get(stage, key);
	int64_t zero_ms = oi_timeline_zero_ms(result);
	double seconds = -1;

	if (node && node->kind == OI_DOC_REAL)
		seconds = node->real;
	if (node && node->kind == OI_DOC_INT)
		seconds = (double)node->integer;
	if (!(seconds > 0) || seconds > EPOCH_MOST_S)
		return -1;
	if (seconds > UPTIME_MOST_S)
		return (int64_t)(seconds * 1000);
	return zero_ms < 0 ? -1 : zero_ms + (int64_t)(seconds * 1000);
}

void oi_timeline_add_cloud(struct oi_timeline *timeline, const struct oi_doc *status,
			   const struct oi_doc *result)
{
	static const struct {
		const char *key, *name;
	} stages[] = {
		{ "init-local", "cloud-init: local" },
		{ "init", "cloud-init: network" },
		{ "modules-config", "cloud-init: config" },
		{ "modules-final", "cloud-init: final (packages, scripts, runcmd)" },
	};
	const struct oi_doc *v1 = oi_doc_get(status, "v1");
	int64_t first_ms = time_at(oi_doc_get(v1, stages[0].key), "start", result);
	int64_t run_ms = started_ms(result);

	if (first_ms < 0 || run_ms < 0 || first_ms > run_ms + SLACK_MS || run_ms - first_ms > BOOT_MS)
		return;
	for (size_t i = 0; i < OI_ARRAY_SIZE(stages); i++) {
		const struct oi_doc *stage = oi_doc_get(v1, stages[i].key);
		int64_t from_ms = time_at(stage, "start", result);
		int64_t to_ms = time_at(stage, "finished", result);

		if (from_ms >= first_ms && to_ms >= from_ms && to_ms - first_ms < 24 * BOOT_MS)
			oi_timeline_add(timeline, OI_SPAN_CLOUD, stages[i].name, from_ms,
					to_ms - from_ms);
	}
}

/* The whole before its parts, and what was added first before what came after. */
static int earlier(const void *a, const void *b)
{
	const struct oi_span *x = a, *y = b;

	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? -1 : 1;
	return (x->kind > y->kind) - (x->kind < y->kind);
}

/* Stable for equal ones, as qsort(3) need not be: phases may take no time at all. */
static void sort(struct oi_timeline *timeline)
{
	for (size_t i = 1; i < timeline->n; i++) {
		struct oi_span span = timeline->v[i];
		size_t to = i;

		for (; to && earlier(&timeline->v[to - 1], &span) > 0; to--)
			timeline->v[to] = timeline->v[to - 1];
		timeline->v[to] = span;
	}
}

void oi_timeline_finish(struct oi_timeline *timeline)
{
	int64_t zero_ms;

	timeline->end_ms = 1;
	if (!timeline->n)
		return;
	sort(timeline);
	zero_ms = timeline->v[0].at_ms;
	for (size_t i = 0; i < timeline->n; i++) {
		struct oi_span *span = &timeline->v[i];

		span->at_ms -= zero_ms;
		if (span->at_ms + span->took_ms > timeline->end_ms)
			timeline->end_ms = span->at_ms + span->took_ms;
	}
}

void oi_timeline_clear(struct oi_timeline *timeline)
{
	for (size_t i = 0; i < timeline->n; i++)
		free(timeline->v[i].name);
	free(timeline->v);
	memset(timeline, 0, sizeof(*timeline));
}

/* --- as text --- */

/* "   ####      ", where and as long as the span is; at least one sign */
static char *bar_of(const struct oi_span *span, int64_t end_ms)
{
	char bar[TEXT_BAR + 1];
	int64_t from = span->at_ms * TEXT_BAR / end_ms;
	int64_t to = (span->at_ms + span->took_ms) * TEXT_BAR / end_ms;

	memset(bar, ' ', TEXT_BAR);
	bar[TEXT_BAR] = '\0';
	if (from >= TEXT_BAR)
		from = TEXT_BAR - 1;
	if (to <= from)
		to = from + 1;
	memset(bar + from, span->kind == OI_SPAN_UNIT ? '|' : span->kind == OI_SPAN_CLOUD ? '=' : '#',
	       (size_t)(to - from));
	return oi_mem_dup(bar);
}

void oi_timeline_text(const struct oi_timeline *timeline, struct oi_textpage *paper)
{
	static const enum oi_tone tones[] = {
		[OI_SPAN_CLOUD] = OI_TONE_PLAIN,
		[OI_SPAN_RUN] = OI_TONE_GOOD,
		[OI_SPAN_PHASE] = OI_TONE_GOOD,
		[OI_SPAN_UNIT] = OI_TONE_WARN,
	};

	oi_textpage_row(paper, 2, 2 * AT_WIDTH + TEXT_BAR + 1, OI_TONE_DIM, "    at       took", "");
	for (size_t i = 0; i < timeline->n; i++) {
		const struct oi_span *span = &timeline->v[i];
		OI_FREE char *bar = bar_of(span, timeline->end_ms);
		OI_FREE char *word =
			oi_mem_printf("%4" PRId64 ".%03d %6" PRId64 ".%03d  %s", span->at_ms / 1000,
				      (int)(span->at_ms % 1000), span->took_ms / 1000,
				      (int)(span->took_ms % 1000), bar);
		OI_FREE char *name =
			oi_mem_printf("%s%s", span->kind == OI_SPAN_PHASE ? "- " : "", span->name);

		oi_textpage_row(paper, 2, 2 * AT_WIDTH + TEXT_BAR + 2, tones[span->kind], word, name);
	}
}
