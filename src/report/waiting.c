/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/waiting.h"

#include <string.h>

#include "base/mem.h"
#include "report/clean.h"
#include "report/textpage.h"
#include "report/view.h"

static bool has_step(const struct oi_doc *steps, const char *name)
{
	for (size_t i = 0; name && i < steps->n; i++) {
		const char *id = oi_view_text(steps->items[i], "id");

		if (id && !strcmp(id, name))
			return true;
	}
	return false;
}

/* They are carried out in their order, and each that is done is a phase of that name. */
void oi_report_waiting_step(const struct oi_doc *result, struct oi_waiting *waiting)
{
	const struct oi_doc *steps = oi_view_list(oi_doc_get(result, "verdict"), "steps");
	const struct oi_doc *phases = oi_view_list(result, "phases");
	size_t done = 0;

	for (size_t i = 0; i < phases->n; i++)
		done += has_step(steps, oi_view_text(phases->items[i], "name"));
	waiting->steps = done < steps->n ? steps->n : 0;
	waiting->step = waiting->steps ? done + 1 : 0;
}

static void add_far(const struct oi_progress *progress, struct oi_buf *text)
{
	if (!progress->begun)
		return;
	oi_buf_adds(text, ", ");
	if (progress->total > 0)
		oi_buf_addf(text, "%d%%", oi_progress_percent(progress));
	else
		oi_progress_bytes(progress->bytes, text);
}

void oi_report_waiting_line(const struct oi_waiting *waiting, size_t columns, struct oi_buf *line)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf head = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf step = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf far = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf speed = { 0 };
	OI_FREE char *what = oi_report_clean(waiting->what);
	OI_FREE char *shown = NULL;
	size_t room;

	oi_progress_duration(waiting->elapsed_ms / 1000, &head);
	oi_buf_adds(&head, ": ");
	if (waiting->steps)
		oi_buf_addf(&step, ", step %zu of %zu", waiting->step, waiting->steps);
	add_far(&waiting->progress, &far);
	if (waiting->progress.begun)
		oi_progress_speed(&waiting->progress, ", ", &speed);
	room = columns - head.len - far.len;
	if (oi_textpage_width(what) + step.len + speed.len > room)
		oi_buf_reset(&speed);
	if (oi_textpage_width(what) + step.len > room)
		oi_buf_reset(&step);
	shown = oi_textpage_elide(what, room);
	oi_buf_addf(line, "%s%s%s%s%s", oi_buf_str(&head), shown, oi_buf_str(&step),
		    oi_buf_str(&far), oi_buf_str(&speed));
}
