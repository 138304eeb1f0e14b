/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which process wrote a record, and whether it still lives. */
#ifndef OI_REPORT_WRITER_H
#define OI_REPORT_WRITER_H

#include <stdbool.h>

#include "base/doc.h"

/**
 * oi_report_put_process() - add pid, boot id and start time of this process
 *
 * Always of this machine, never of a tree that is changed or looked at.
 */
void oi_report_put_process(struct oi_doc *record);

/**
 * oi_report_process_gone() - is the process that wrote @record certainly gone
 *
 * Another boot, no process of that number, or one that started at another time.
 * When that cannot be told it counts as living.
 */
bool oi_report_process_gone(const struct oi_doc *record);

#endif
