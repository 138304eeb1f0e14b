/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "execute/execute.h"
#include "model/reasons.h"

int oi_execute_can(const struct oi_verdict *verdict, struct oi_err *err)
{
	const char *method = verdict->driver.method ? verdict->driver.method : "none";

	if (!strcmp(method, "apt"))
		return 0;
	return oi_err_set(err, OI_R_METHOD_UNAVAILABLE, "%s by %s", verdict->driver.stack, method);
}
