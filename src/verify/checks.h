/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two halves of a verification. */
#ifndef OI_VERIFY_CHECKS_H
#define OI_VERIFY_CHECKS_H

#include "verify/vantage.h"
#include "verify/verify.h"

/**
 * oi_verify_modules() - "module-files", "module-loaded", "module-source"
 * @deadline_ms: monotonic, absolute: how long what an adapter needs may still be loading
 *
 * Also "module-files-optional" when one that the stack can do without is missing.
 * Errors in checks: OI_R_MODULES_MISSING, OI_R_MODULE_LOAD, OI_R_MODULE_STALE
 */
void oi_verify_modules(const struct oi_host *host, const struct oi_config *config,
		       const struct oi_verdict *verdict, const struct oi_vantage *here,
		       int64_t deadline_ms, const struct oi_facts *facts, struct oi_checks *checks);

/** oi_verify_is_overtaken() - oi_verify_overtaken(), of a tree that is taken for the machine itself */
bool oi_verify_is_overtaken(const struct oi_host *host, const char *stack, const char *kernel);

/** oi_verify_is_away() - oi_verify_away(), of a tree that is taken for the machine itself */
bool oi_verify_is_away(const struct oi_host *host, const struct oi_facts *facts,
		       const struct oi_verdict *verdict);

/**
 * oi_verify_fabric() - "fabric-device", "port-count", "port-state", "port-rate"
 * @facts: its ports are looked at anew
 *
 * Looks until nothing fails or @deadline_ms (monotonic, absolute) has come.
 * Errors in checks: OI_R_FABRIC_MISSING, OI_R_PORTS_MISSING, OI_R_PORT_DOWN, OI_R_PORT_RATE
 */
void oi_verify_fabric(const struct oi_host *host, const struct oi_config *config,
		      const struct oi_verdict *verdict, const struct oi_vantage *here,
		      int64_t deadline_ms, struct oi_facts *facts, struct oi_checks *checks);

#endif
