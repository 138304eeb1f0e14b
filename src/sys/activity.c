/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/activity.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/doc.h"
#include "base/mem.h"
#include "model/reasons.h"
#include "sys/notify.h"

#define LIMIT_BYTES 4096

static void keep(const struct oi_root *root, const struct oi_progress *progress, const char *what)
{
	OI_DOC_AUTO *doc = oi_doc_new(OI_DOC_MAP);
	OI_FREE char *text = NULL;
	struct oi_err ignored;

	oi_doc_put_int(doc, "pid", getpid());
	oi_doc_put_string(doc, "doing", what);
	if (progress) {
		oi_doc_put_int(doc, "bytes", progress->bytes);
		oi_doc_put_int(doc, "total", progress->total);
	}
	text = oi_doc_to_json(doc, false);
	/* a run that waits for the prefetch writes it too; one of the two is lost, until the next */
	(void)!oi_root_write(root, OI_DOING_PATH, 0644, text, strlen(text), &ignored);
}

void oi_activity_tell(const struct oi_host *host, const struct oi_progress *progress, const char *fmt,
		   ...)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf line = { 0 };
	OI_FREE char *what = NULL;
	va_list ap;

	va_start(ap, fmt);
	what = oi_mem_vprintf(fmt, ap);
	va_end(ap);
	keep(&host->change, progress, what);
	oi_buf_adds(&line, what);
	if (progress) {
		oi_buf_adds(&line, ": ");
		oi_progress_text(progress, &line);
	}
	oi_notify_status("%s", oi_buf_str(&line));
}

bool oi_activity_read(const struct oi_root *root, struct oi_activity *doing)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_DOC_AUTO *doc = NULL;
	struct oi_err ignored;
	const char *what;
	int64_t pid;

	*doing = (struct oi_activity){ .bytes = -1 };
	if (oi_root_read(root, OI_DOING_PATH, LIMIT_BYTES, &text, &ignored) ||
	    oi_doc_from_json(oi_buf_str(&text), text.len, OI_DOING_PATH, OI_R_READ_FAILED, &doc,
			     &ignored))
		return false;
	what = oi_doc_string(oi_doc_get(doc, "doing"));
	pid = oi_doc_int(oi_doc_get(doc, "pid"), 0);
	if (!what || pid <= 0 || pid != (pid_t)pid || (kill((pid_t)pid, 0) && errno != EPERM))
		return false;
	doing->what = oi_mem_dup(what);
	doing->bytes = oi_doc_int(oi_doc_get(doc, "bytes"), -1);
	doing->total = oi_doc_int(oi_doc_get(doc, "total"), 0);
	return true;
}

void oi_activity_clear(struct oi_activity *doing)
{
	free(doing->what);
	*doing = (struct oi_activity){ .bytes = -1 };
}
