/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/modules/make_log.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define END_LINES 30
/* 24.07 writes some 300 KiB; a driver that compiles with V=1 a few MiB. */
#define LOG_BYTES (32u << 20)
/* Of the lines before the place where make gave up, so many are about it. */
#define BEFORE 8
#define CAUSE_BYTES 300

static bool gave_up(const char *line)
{
	return strstr(line, "*** ") && (!strncmp(line, "make", 4) || strstr(line, " Error "));
}

static bool tells_error(const char *line)
{
	if (*line == '+') /* a shell's trace */
		return false;
	return strstr(line, "error: ") || strstr(line, "ERROR: ") || gave_up(line);
}

void oi_make_log_errors(const char *text, struct oi_strv *lines)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv all = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv errors = { 0 };
	size_t first;

	oi_strv_split(&all, text, "\n");
	for (size_t i = 0; i < all.n; i++)
		if (tells_error(all.v[i]))
			oi_strv_add(&errors, all.v[i]);
	first = errors.n > OI_MAKE_LOG_ERRORS ? errors.n - OI_MAKE_LOG_ERRORS : 0;
	for (size_t i = 0; i < errors.n; i++)
		if (gave_up(errors.v[i])) {
			first = i > BEFORE ? i - BEFORE : 0;
			break;
		}
	for (size_t i = first; i < errors.n && i < first + OI_MAKE_LOG_ERRORS; i++)
		oi_strv_add(lines, errors.v[i]);
}

static void tell(const struct oi_host *host, const struct oi_strv *lines, size_t first)
{
	for (size_t i = first; i < lines->n; i++)
		oi_log_info(&host->log, "dkms: | %s", lines->v[i]);
}

bool oi_make_log_tell(const struct oi_host *host, const char *path, char **cause)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv errors = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	struct oi_err err;

	if (oi_root_read(&host->change, path, LOG_BYTES, &text, &err) || !text.len)
		return false;
	oi_make_log_errors(oi_buf_str(&text), &errors);
	if (errors.n) {
		oi_log_info(&host->log, "dkms: the errors in %s:", path);
		tell(host, &errors, 0);
		if (!*cause)
			*cause = oi_mem_printf("%.*s", CAUSE_BYTES, errors.v[0]);
	}
	oi_strv_split(&lines, oi_buf_str(&text), "\n");
	oi_log_info(&host->log, "dkms: the end of %s:", path);
	tell(host, &lines, lines.n > END_LINES ? lines.n - END_LINES : 0);
	return true;
}
