/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks again and compares with the promise; changes nothing. */
#ifndef OI_VERIFY_VERIFY_H
#define OI_VERIFY_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "model/catalog.h"
#include "model/config.h"
#include "model/facts.h"
#include "model/verdict.h"
#include "sys/host.h"

/**
 * oi_verify() - modules on disk, modules loaded, ports of the fabric
 * @facts: ports are looked at anew until they agree or the wait is over
 * @verdict: names the stack, the kernel and what the size promises; borrowed
 * @wait_ms: how long to wait for ports, counted from when they are first looked at
 * @checks: zeroed; filled, owned by the caller
 * A check that cannot be made here is unproven, never passed.
 */
void oi_verify(const struct oi_host *host, const struct oi_config *config,
	       const struct oi_verdict *verdict, int64_t wait_ms, struct oi_facts *facts,
	       struct oi_checks *checks);

/**
 * oi_verify_overtaken() - is the kernel's own driver loaded, where a stack's own lies on the disk
 * @stack: one that brings no modules is never overtaken
 *
 * A boot begins in an initramfs, which may hold the driver of before. No child, as it is asked
 * at every boot; another build of the stack's own is for oi_verify() to find.
 */
bool oi_verify_overtaken(const struct oi_host *host, const char *stack, const char *kernel);

/**
 * oi_verify_away() - is no driver loaded, where a stack's own lies on the disk and a function waits for it
 * @facts: which functions of the bus have a driver
 *
 * The vendor's service says that all is well after it has unloaded the stack and loaded only
 * what its settings name. No child, as it is asked at every boot.
 */
bool oi_verify_away(const struct oi_host *host, const struct oi_facts *facts,
		    const struct oi_verdict *verdict);

/** oi_verify_quick() - is what the last run left still there; milliseconds, no waiting */
bool oi_verify_quick(const struct oi_host *host, const char *stack, const char *kernel);

#endif
