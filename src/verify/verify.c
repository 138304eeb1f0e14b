/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/verify.h"

#include "sys/clock.h"
#include "verify/checks.h"
#include "verify/here.h"

void oi_verify(const struct oi_host *host, const struct oi_config *config,
	       const struct oi_verdict *verdict, int64_t wait_ms, struct oi_facts *facts,
	       struct oi_checks *checks)
{
	OI_CLEANUP(oi_here_clear) struct oi_here here = { 0 };

	oi_here_look(host, verdict->driver.kernel, &here);
	oi_verify_modules(host, config, verdict, &here, facts, checks);
	oi_verify_fabric(host, config, verdict, &here, oi_clock_ms() + wait_ms, facts, checks);
}
