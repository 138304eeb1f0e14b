/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the log says of the machine, of the decision and of its proof. */
#ifndef OI_APP_LINES_H
#define OI_APP_LINES_H

#include "app/machine.h"
#include "model/verdict.h"
#include "verify/verify.h"

/** oi_lines_machine() - what it is, and at debug level what is not known; who watches sees it too */
void oi_lines_machine(struct oi_machine *machine);

/** oi_lines_verdict() - each rule, and what they come to; who watches sees that too */
void oi_lines_verdict(struct oi_machine *machine, const struct oi_verdict *verdict);

/** oi_lines_checks() - each check; warnings of those that do not pass */
void oi_lines_checks(const struct oi_machine *machine, const struct oi_checks *checks);

#endif
