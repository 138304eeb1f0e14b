/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"

#include <stdarg.h>

#include "base/mem.h"

OI_PRINTF(3, 0)
static void emit(const struct oi_log *log, enum oi_log_level level, const char *fmt, va_list ap)
{
	OI_FREE char *line = NULL;

	if (!log || !log->write || level < log->least)
		return;
	line = oi_mem_vprintf(fmt, ap);
	for (char *c = line; *c; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' '; /* one line per event, whatever a message carries */
	log->write(log->data, level, line);
}

#define LEVEL_FUNCTION(name, level)                              \
	void name(const struct oi_log *log, const char *fmt, ...) \
	{                                                         \
		va_list ap;                                       \
								  \
		va_start(ap, fmt);                                \
		emit(log, level, fmt, ap);                        \
		va_end(ap);                                       \
	}

LEVEL_FUNCTION(oi_log_debug, OI_LOG_DEBUG)
LEVEL_FUNCTION(oi_log_info, OI_LOG_INFO)
LEVEL_FUNCTION(oi_log_warn, OI_LOG_WARN)
LEVEL_FUNCTION(oi_log_error, OI_LOG_ERROR)
