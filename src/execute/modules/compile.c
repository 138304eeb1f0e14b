/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "execute/modules/compile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define MEMINFO "/proc/meminfo"
#define MEMINFO_BYTES 65536
/* A kernel's configuration has some 300 KiB. */
#define CONFIG_BYTES (4u << 20)

unsigned int oi_compile_jobs(unsigned int cores, int64_t available_bytes)
{
	int64_t fit = available_bytes / OI_COMPILE_BYTES_EACH;

	if (fit < 1)
		return 1;
	return fit < cores ? (unsigned int)fit : cores;
}

/* Source: proc(5), "MemAvailable: N kB"; -1: it does not say */
static int64_t available_bytes(const struct oi_host *host)
{
	static const char name[] = "\nMemAvailable:";
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_err ignored; /* then nothing is known against dkms' own choice */
	const char *line;

	if (oi_root_read(&host->look, MEMINFO, MEMINFO_BYTES, &text, &ignored))
		return -1;
	line = strstr(oi_buf_str(&text), name);
	return line ? strtoll(line + strlen(name), NULL, 10) * 1024 : -1;
}

static void limit_jobs(const struct oi_host *host, struct oi_child *child)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t bytes = available_bytes(host);
	unsigned int fit;

	if (cores < 1 || bytes < 0)
		return;
	fit = oi_compile_jobs((unsigned int)cores, bytes);
	if (fit == (unsigned int)cores)
		return;
	oi_log_info(&host->log, "modules: compiled with %u jobs on %ld cores: %" PRId64
		    " MiB of memory are free", fit, cores, bytes >> 20);
	oi_strv_addf(&child->env, "parallel_jobs=%u", fit);
}

static bool needs_debug_info(const struct oi_host *host, const char *kernel)
{
	OI_FREE char *config =
		oi_mem_printf("/lib/modules/%s/build/include/config/auto.conf", kernel);
	OI_FREE char *vmlinux = oi_mem_printf("/lib/modules/%s/build/vmlinux", kernel);
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	struct oi_err ignored; /* then nothing is known of them */

	return oi_root_read(&host->change, config, CONFIG_BYTES, &text, &ignored) ||
	       strstr(oi_buf_str(&text), "CONFIG_GENDWARFKSYMS=y") ||
	       oi_root_exists(&host->change, vmlinux);
}

void oi_compile_prepare(const struct oi_host *host, const char *kernel, struct oi_child *child)
{
	limit_jobs(host, child);
	if (kernel && !needs_debug_info(host, kernel))
		oi_strv_add(&child->env, "KCFLAGS=-g0");
}
