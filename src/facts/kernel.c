/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel that runs, and whether modules can be built for it. */
#include <string.h>
#include <sys/utsname.h>

#include "base/mem.h"
#include "facts/look.h"

/* It becomes part of paths. */
static bool is_one_name(const struct oi_text *text)
{
	const char *name = oi_text_or(text, "");

	return *name && *name != '.' && !strchr(name, '/');
}

/*
 * Beneath another root than "/" the tree must tell; /proc/sys/kernel/arch is
 * there since Linux 6.1.
 */
static void look_at_name(const struct oi_host *host, struct oi_facts *facts)
{
	struct utsname name;
	int release = oi_facts_read_text(&host->look, "/proc/sys/kernel/osrelease", facts,
					 "kernel.release", &facts->kernel.release);
	int arch = oi_facts_read_text(&host->look, "/proc/sys/kernel/arch", facts, "kernel.arch",
				      &facts->kernel.arch);

	if ((release || arch) && oi_root_is_real(&host->look) && !uname(&name)) {
		if (release)
			oi_text_set(&facts->kernel.release, name.release);
		if (arch)
			oi_text_set(&facts->kernel.arch, name.machine);
		return;
	}
	if (release == 1)
		oi_facts_doubt(facts, "kernel.release: there is no /proc/sys/kernel/osrelease");
	if (arch == 1)
		oi_facts_doubt(facts, "kernel.arch: there is no /proc/sys/kernel/arch");
	if (facts->kernel.release.known == OI_KNOWN && !is_one_name(&facts->kernel.release)) {
		oi_facts_doubt(facts, "kernel.release: \"%s\" is no release",
			       facts->kernel.release.value);
		oi_mem_set(&facts->kernel.release.value, NULL);
		facts->kernel.release.known = OI_UNKNOWN;
	}
}

/* Distributions have a Makefile there; include/ is what remains in the leanest packages. */
static bool has_headers(const struct oi_root *root, const char *release)
{
	OI_FREE char *makefile = oi_mem_printf("/lib/modules/%s/build/Makefile", release);
	OI_FREE char *include = oi_mem_printf("/lib/modules/%s/build/include", release);

	return oi_root_exists(root, makefile) || oi_root_exists(root, include);
}

void oi_facts_look_kernel(const struct oi_host *host, struct oi_facts *facts)
{
	const struct oi_root *root = &host->change;

	look_at_name(host, facts);
	if (host->kernel)
		oi_text_set(&facts->kernel.release, host->kernel);
	if (facts->kernel.release.known == OI_KNOWN)
		facts->kernel.headers =
			oi_flag_of(has_headers(root, facts->kernel.release.value));
	if (oi_root_exists(root, "/usr/bin"))
		facts->kernel.compiler =
			oi_flag_of(oi_root_is_program(root, "/usr/bin/make") &&
				   (oi_root_is_program(root, "/usr/bin/gcc") ||
				    oi_root_is_program(root, "/usr/bin/cc")));
}
