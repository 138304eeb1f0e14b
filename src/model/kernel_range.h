/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For which kernels a release is known to build: the column "kernels" of releases.tsv. */
#ifndef OI_MODEL_KERNEL_RANGE_H
#define OI_MODEL_KERNEL_RANGE_H

#include <stdbool.h>

#include "base/strv.h"

enum oi_kernel_fit {
	OI_KERNEL_HOLDS, /* a range has it */
	OI_KERNEL_UNSAID, /* there is no range */
	OI_KERNEL_OUTSIDE, /* no range has it */
	OI_KERNEL_EXCLUDED, /* it is known not to build */
};

/**
 * oi_kernel_range_valid() - is @term FROM..TO, FROM.., ..TO or one release, with or without '!'
 *
 * A bound starts with a digit, FROM is not after TO, and both are of one flavour.
 */
bool oi_kernel_range_valid(const char *term);

/**
 * oi_kernel_fit() - what @terms say of a kernel
 * @terms: valid ones; those with '!' name kernels that the release does not build on
 * @release: as uname has it; NULL: unknown, of which nothing is said
 *
 * A bound counts with all that starts with it: "5.14.0-611" has "5.14.0-611.5.1.el9_7". Of a
 * bound with a flavour ("-azure") only the upstream version counts for kernels of another,
 * whose builds are numbered on their own; '!' with a flavour is for that flavour alone.
 */
enum oi_kernel_fit oi_kernel_fit(const struct oi_strv *terms, const char *release);

#endif
