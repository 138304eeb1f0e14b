/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/verify.h"

#include "sys/clock.h"
#include "verify/checks.h"
#include "verify/vantage.h"

void oi_verify(const struct oi_host *host, const struct oi_config *config,
	       const struct oi_verdict *verdict, int64_t wait_ms, struct oi_facts *facts,
	       struct oi_checks *checks)
{
	OI_CLEANUP(oi_vantage_clear) struct oi_vantage here = { 0 };
	struct oi_checks fabric = { 0 };
	int64_t deadline_ms = oi_clock_ms() + wait_ms;

	if (deadline_ms > host->deadline_ms)
		deadline_ms = host->deadline_ms;
	oi_vantage_look(host, verdict->driver.kernel, &here);
	/* A port may come with its modules meanwhile: what is loaded is looked at after the wait. */
	oi_verify_fabric(host, config, verdict, &here, deadline_ms, facts, &fabric);
	oi_verify_modules(host, config, verdict, &here, deadline_ms, facts, checks);
	oi_checks_move(&fabric, checks);
}
