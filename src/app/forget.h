/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a machine leaves behind that was one VM's, before an image of it is captured. */
#ifndef OI_APP_FORGET_H
#define OI_APP_FORGET_H

#include "app/machine.h"
#include "base/strv.h"

/**
 * oi_forget_vm() - remove results, logs, metrics, the record for the host, and work files
 * @machine: its configuration says where the metrics are
 * @left: NULL, or what an image would have all the same, a line each: what it is, and why it stays
 *
 * Drivers stay, and what `bake --prefetch-only` has fetched.
 */
OI_MUST_CHECK
int oi_forget_vm(const struct oi_machine *machine, struct oi_strv *left, struct oi_err *err);

#endif
