/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What everything below the steps may know of the run: borrowed, and never changed. */
#ifndef OI_EXECUTE_CONTEXT_H
#define OI_EXECUTE_CONTEXT_H

#include "model/config.h"
#include "model/verdict.h"
#include "sys/host.h"

struct oi_context {
	const struct oi_host *host;
	const struct oi_config *config;
	const struct oi_verdict *verdict;
};

#endif
