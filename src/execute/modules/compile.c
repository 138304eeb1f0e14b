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

/*
 * Source: mlnx-ofed-kernel 24.07, pre_build.sh, "grep ^processor /proc/cpuinfo | wc -l", and the dkms.conf of iser,
 *         isert, srp, mlnx-nvme and mlnx-nfsrdma; 24.01 and 5.9 have the same
 */
static const char count_cores[] =
	"#!/bin/sh\n"
	"# Written by ofed-init for one call of dkms. The vendor's build scripts run one job for each core that they\n"
	"# count in /proc/cpuinfo. Memory is short for that, so they see only OFED_INIT_JOBS of them.\n"
	OI_SCRIPT_LEAVE_PATH
	"case $* in\n"
	"*processor*' /proc/cpuinfo') exec grep -m \"$OFED_INIT_JOBS\" \"$@\" ;;\n"
	"esac\n"
	"exec grep \"$@\"\n";

static void limit_counted_cores(const struct oi_host *host, unsigned int jobs, struct oi_child *child)
{
	OI_FREE char *folder = oi_root_name(&host->change, OI_COMPILE_DIR);
	struct oi_err err;

	if (oi_root_write(&host->change, OI_COMPILE_DIR "/grep", 0755, count_cores, strlen(count_cores), &err)) {
		oi_log_warn(&host->log, "modules: %s", err.text);
		return;
	}
	oi_strv_addf(&child->env, "OFED_INIT_JOBS=%u", jobs);
	oi_strv_addf(&child->env, "PATH=%s:" OI_SCRIPT_PROGRAMS, folder);
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
	if (child->tool == OI_TOOL_DKMS)
		limit_counted_cores(host, fit, child);
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

void oi_compile_end(const struct oi_host *host)
{
	struct oi_err err;

	if (oi_root_exists(&host->change, OI_COMPILE_DIR) && oi_root_remove(&host->change, OI_COMPILE_DIR, &err))
		oi_log_warn(&host->log, "modules: %s", err.text);
}
