/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every cause that a user may meet, from the one list in codes.def: the enum
 * here, the texts in reports, doc/reasons.md and the tests all come from it.
 */
#ifndef OI_MODEL_REASONS_H
#define OI_MODEL_REASONS_H

#include <stddef.h>

#include "base/attr.h"

enum oi_reason {
	OI_R_NONE, /* no error, no reason: never reported */
#define OI_REASON(name, id, exit_code, sentence, remedy) OI_R_##name,
#include "model/codes.def"
#undef OI_REASON
	OI_R_COUNT
};

struct oi_reason_text {
	const char *id; /* stable, kebab-case */
	int exit_code; /* 0, 1 or 10 to 14, as the VM extension's */
	const char *sentence;
	const char *remedy; /* NULL where nothing is to be done */
};

/** oi_reason_text() - texts of a reason; static, never NULL */
const struct oi_reason_text *oi_reason_text(enum oi_reason reason);

/** oi_reason_with() - "SENTENCE: DETAIL", the sentence without its full stop; owned by the caller */
char *oi_reason_with(enum oi_reason reason, const char *fmt, ...) OI_PRINTF(2, 3);

/** oi_reason_by_id() - the reason called @id, or OI_R_NONE */
enum oi_reason oi_reason_by_id(const char *id);

/**
 * oi_exit_meaning() - what an exit code means, in the words of the VM extension
 * Source: exit code table of the InfiniBandDriverLinux extension's page
 */
const char *oi_exit_meaning(int exit_code);

#endif
