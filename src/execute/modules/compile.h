/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How dkms compiles below a child of ours: told by environment, which apt and dpkg hand on. */
#ifndef OI_EXECUTE_MODULES_COMPILE_H
#define OI_EXECUTE_MODULES_COMPILE_H

#include <stdint.h>

#include "execute/tools/child.h"

/* What dkms finds first in its PATH; /run may be mounted noexec. */
#define OI_COMPILE_DIR OI_STATE_DIR "/compile"

/* Source: apt.conf(5), DPkg::Path; apt-pkg/init.cc, its default */
#define OI_SCRIPT_PROGRAMS "/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * For a script of ours that stands in front of a program of the same name: takes its own folder out of PATH,
 * wherever others have put theirs, so that the program is found next.
 */
#define OI_SCRIPT_LEAVE_PATH \
	"here=${0%/*} PATH=:$PATH:\n" \
	"PATH=${PATH%%\":$here:\"*}:${PATH#*\":$here:\"}\n" \
	"PATH=${PATH#:} PATH=${PATH%:}\n"

/* A compiler of one driver file with debug information, and something to spare. */
#define OI_COMPILE_BYTES_EACH (INT64_C(512) << 20)

/**
 * oi_compile_jobs() - so many that no compiler is killed for want of memory
 * @cores: at least 1
 * @available_bytes: MemAvailable
 * Return: 1 to @cores.
 */
unsigned int oi_compile_jobs(unsigned int cores, int64_t available_bytes);

/**
 * oi_compile_prepare() - what is not wanted is not compiled, and memory suffices
 * @kernel: for which; NULL: not known
 * @child: its environment is added to
 *
 * Jobs: only if memory is short for all cores; otherwise dkms' own choice stands, one for each.
 * The vendor's scripts do not ask dkms for it, and count cores by themselves: dkms' child gets a
 * grep that shows fewer.
 * Source: dkms, "parallel_jobs=${parallel_jobs:-$(get_num_cpus)}" (seen in 3.0.10, 3.2 and 3.4)
 *
 * Debug information: dkms strips it off the modules when they are built, so it is left out.
 * They are the same to the byte, but for the build id. Not where something is made of it
 * meanwhile: the versions of symbols (CONFIG_GENDWARFKSYMS), or BTF, for which the headers have
 * to bring the kernel's own (vmlinux, as Debian 13's do). Where the headers are yet to come it stays.
 * Source: kernel, Documentation/kbuild/kbuild.rst, "KCFLAGS"; scripts/Makefile.modfinal;
 *         dkms, "strip -g" (seen in 3.0.10)
 */
void oi_compile_prepare(const struct oi_host *host, const char *kernel, struct oi_child *child);

/** oi_compile_end() - take away what oi_compile_prepare() has laid out for dkms; fine where there is nothing */
void oi_compile_end(const struct oi_host *host);

#endif
