/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A boot as people look back on it: what began when, and how long it took. */
#ifndef OI_REPORT_TIMELINE_H
#define OI_REPORT_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/doc.h"
#include "report/textpage.h"

enum oi_span_kind {
	OI_SPAN_CLOUD, /* a stage of cloud-init */
	OI_SPAN_RUN, /* of ofed-init, all of it */
	OI_SPAN_PHASE, /* one phase of that */
	OI_SPAN_UNIT, /* a unit of systemd that became active: a moment */
	OI_SPAN_KINDS
};

struct oi_span {
	enum oi_span_kind kind;
	char *name;
	int64_t at_ms; /* since 1970; since the first one once the timeline is made */
	int64_t took_ms; /* 0 for a moment */
};

struct oi_timeline {
	struct oi_span *v; /* in the order in which they began */
	size_t n;
	int64_t end_ms; /* of the last one; at least 1 */
};

/** oi_timeline_add() - one more; @at_ms: since 1970 */
void oi_timeline_add(struct oi_timeline *timeline, enum oi_span_kind kind, const char *name,
		     int64_t at_ms, int64_t took_ms);
/**
 * oi_timeline_zero_ms() - when the machine started, by a run's two clocks
 * Return: since 1970; -1: its result.json does not say.
 */
int64_t oi_timeline_zero_ms(const struct oi_doc *result);
/** oi_timeline_add_run() - a run and its phases, from result.json */
void oi_timeline_add_run(struct oi_timeline *timeline, const struct oi_doc *result);
/**
 * oi_timeline_add_cloud() - the stages that belong to the boot of that run
 * @status: cloud-init's status.json; may be NULL
 * Stages of another boot, as after a run by hand days later, are left out.
 * Source: cloud-init, "status.json": v1.STAGE.start and finished
 */
void oi_timeline_add_cloud(struct oi_timeline *timeline, const struct oi_doc *status,
			   const struct oi_doc *result);
/** oi_timeline_finish() - sort, and count from the first one */
void oi_timeline_finish(struct oi_timeline *timeline);
/** oi_timeline_clear() - free; fine on a zeroed one, and for OI_CLEANUP */
void oi_timeline_clear(struct oi_timeline *timeline);

/** oi_timeline_text() - rows with a bar, on a page */
void oi_timeline_text(const struct oi_timeline *timeline, struct oi_textpage *paper);

/**
 * oi_timeline_svg() - as a drawing
 * @alone: a file of its own, with its own colours; else a part of a page that has them
 *
 * As wide as it is given room: only its bars stretch, letters keep their size.
 */
void oi_timeline_svg(const struct oi_timeline *timeline, bool alone, struct oi_buf *out);

#endif
