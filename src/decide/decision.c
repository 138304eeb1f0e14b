/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "decide/decision.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

OI_PRINTF(4, 0)
static void end(struct oi_decision *d, enum oi_outcome outcome, enum oi_reason reason,
		const char *fmt, va_list ap)
{
	const struct oi_reason_text *text = oi_reason_text(reason);
	OI_FREE char *detail = oi_mem_vprintf(fmt, ap);
	size_t len = strlen(text->sentence);

	d->verdict->outcome = outcome;
	d->verdict->reason = reason;
	d->verdict->exit_code = outcome == OI_OUTCOME_REFUSE ? text->exit_code : 0;
	free(d->verdict->message);
	d->verdict->message = *detail ? oi_mem_printf("%.*s: %s.", (int)(len - 1), text->sentence,
						      detail) :
					oi_mem_dup(text->sentence);
	/* what the stanza allows to be skipped needs no remedy */
	oi_mem_set(&d->verdict->remedy, outcome == OI_OUTCOME_REFUSE ? text->remedy : NULL);
}

bool oi_decision_end(struct oi_decision *d, enum oi_outcome outcome, enum oi_reason reason,
		     const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end(d, outcome, reason, fmt, ap);
	va_end(ap);
	return false;
}

bool oi_decision_refuse(struct oi_decision *d, enum oi_reason reason, const char *fmt, ...)
{
	enum oi_outcome outcome = OI_OUTCOME_REFUSE;
	va_list ap;

	/* one image for mixed sizes: "this VM cannot" is then no error; a failure stays one */
	if (d->config->on_unsupported == OI_UNSUPPORTED_SKIP && oi_reason_text(reason)->exit_code >= 10 &&
	    oi_reason_text(reason)->exit_code <= 13)
		outcome = OI_OUTCOME_SKIP;
	va_start(ap, fmt);
	end(d, outcome, reason, fmt, ap);
	va_end(ap);
	if (outcome == OI_OUTCOME_SKIP)
		oi_verdict_rule(d->verdict, "on-unsupported", OI_RESULT_PASS,
				"on_unsupported: skip turns exit %d into 0",
				oi_reason_text(reason)->exit_code);
	return false;
}
