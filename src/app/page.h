/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages that commands print, and what is shown of a run to who watches it. */
#ifndef OI_APP_PAGE_H
#define OI_APP_PAGE_H

#include <stdint.h>

#include "app/machine.h"
#include "report/textpage.h"

/** oi_page_for() - paper as wide and colourful as a descriptor is */
struct oi_textpage oi_page_for(int fd);

/** oi_page_print() - to stdout; the paper is empty afterwards */
void oi_page_print(struct oi_textpage *paper);

/**
 * oi_page_save() - a file that the user named, seen from the working folder
 * Return: 0, or -1 with OI_R_WRITE_FAILED.
 */
OI_MUST_CHECK
int oi_page_save(const char *path, const char *text, struct oi_err *err);

/**
 * oi_watch_begin() - from now on who sits before a terminal gets the short story
 *
 * A line for each phase, warnings and the end stay; what else the log is told shows in the
 * last line until the next. Not with -v, nor where nothing can be drawn: there come the
 * log's lines.
 */
void oi_watch_begin(struct oi_machine *machine);

/** oi_watch_tell() - a line of the story */
void oi_watch_tell(struct oi_machine *machine, const char *text);

/** oi_watch_phase() - a phase has ended; @detail: NULL: its name says it */
void oi_watch_phase(struct oi_machine *machine, const char *name, const char *detail,
		    int64_t took_ms);

/** oi_watch_end() - how it ended; then the log's lines come as they would without all this */
void oi_watch_end(struct oi_machine *machine, const struct oi_run_record *record);

#endif
