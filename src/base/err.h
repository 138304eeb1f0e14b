/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one error rule: a function that can fail returns 0 or -1 and takes a
 * struct oi_err last. The error is formed where the cause is known, prefixed
 * on the way up, and reported once, at the top.
 */
#ifndef OI_BASE_ERR_H
#define OI_BASE_ERR_H

#include "base/attr.h"

/* Long enough for a cause, an object and a path; longer texts are cut with "...". */
#define OI_ERR_TEXT_BYTES 1024

struct oi_err {
	int code; /* enum oi_reason of model/reasons.h; 0 is "no error" */
	char text[OI_ERR_TEXT_BYTES];
};

/**
 * oi_err_set() - form an error
 * @err: overwritten
 * @code: an enum oi_reason
 * Return: -1, so that a caller can "return oi_err_set(...)".
 */
int oi_err_set(struct oi_err *err, int code, const char *fmt, ...) OI_PRINTF(3, 4);

/**
 * oi_err_prefix() - put "context: " before the text of an error
 * Return: -1, as oi_err_set().
 */
int oi_err_prefix(struct oi_err *err, const char *fmt, ...) OI_PRINTF(2, 3);

#endif
