/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the story of a run goes. The rooms say what happened; the sink, set up
 * once in main, knows about files and terminals. info is the operator's story,
 * warn what we worked around; an error appears once, at the top.
 */
#ifndef OI_BASE_LOG_H
#define OI_BASE_LOG_H

#include <stdbool.h>

#include "base/attr.h"

enum oi_log_level { OI_LOG_DEBUG, OI_LOG_INFO, OI_LOG_WARN, OI_LOG_ERROR };

struct oi_log {
	/* one event, no newline in @line; @data is the sink's own */
	void (*write)(void *data, enum oi_log_level level, const char *line);
	void *data;
	enum oi_log_level least; /* quieter events are dropped */
};

/** oi_log_debug(), _info(), _warn(), _error() - one line per event; @log may be NULL */
void oi_log_debug(const struct oi_log *log, const char *fmt, ...) OI_PRINTF(2, 3);
void oi_log_info(const struct oi_log *log, const char *fmt, ...) OI_PRINTF(2, 3);
void oi_log_warn(const struct oi_log *log, const char *fmt, ...) OI_PRINTF(2, 3);
void oi_log_error(const struct oi_log *log, const char *fmt, ...) OI_PRINTF(2, 3);

#endif
