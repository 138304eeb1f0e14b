/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many compilers run side by side. */
#ifndef OI_EXECUTE_JOBS_H
#define OI_EXECUTE_JOBS_H

#include <stdint.h>

#include "execute/child.h"

/* A compiler of one driver file with debug information, and something to spare. */
#define OI_JOBS_BYTES_EACH (INT64_C(512) << 20)

/**
 * oi_jobs_fit() - so many that no compiler is killed for want of memory
 * @cores: at least 1
 * @available_bytes: MemAvailable
 * Return: 1 to @cores.
 */
unsigned int oi_jobs_fit(unsigned int cores, int64_t available_bytes);

/**
 * oi_jobs_limit() - tell dkms below @child, by environment, if memory is short for all cores
 * Otherwise its own choice stands: one for each core.
 * Source: dkms, "parallel_jobs=${parallel_jobs:-$(get_num_cpus)}" (seen in 3.0.10 and 3.2)
 */
void oi_jobs_limit(const struct oi_host *host, struct oi_child *child);

#endif
