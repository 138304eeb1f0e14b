/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel that runs, and whether modules can be built for it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/ver.h"
#include "facts/doubt.h"
#include "facts/gather.h"
#include "facts/look.h"

/* Of the image: its set-up code, where the version's text is, has at most 32 KiB. */
#define IMAGE_BYTES 65536
/* A kernel's configuration has some 300 KiB. */
#define CONFIG_BYTES (4u << 20)

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
		oi_facts_doubt(facts, "kernel.release: \"%s\" is not a release",
			       facts->kernel.release.value);
		oi_mem_set(&facts->kernel.release.value, NULL);
		facts->kernel.release.known = OI_UNKNOWN;
	}
}

/*
 * "#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)": as uname -v, of a kernel that does not run;
 * owned by the caller, NULL: it does not tell. Source: Documentation/arch/x86/boot.rst, kernel_version
 */
static char *version_of_image(const struct oi_root *root, const char *release)
{
	enum { MAGIC = 0x202, OFFSET = 0x20e, FROM = 0x200 };
	unsigned char text[IMAGE_BYTES + 1] = { 0 };

	for (int i = 0; i < 2; i++) {
		OI_FREE char *path = i ? oi_mem_printf("/lib/modules/%s/vmlinuz", release) :
					 oi_mem_printf("/boot/vmlinuz-%s", release);
		int fd = oi_root_openat(root, path, O_RDONLY | O_NONBLOCK, 0);
		ssize_t len = fd < 0 ? -1 : pread(fd, text, IMAGE_BYTES, 0);
		size_t at;
		const char *sign;

		if (fd >= 0)
			close(fd);
		if (len <= OFFSET + 1 || memcmp(text + MAGIC, "HdrS", 4) != 0)
			continue;
		at = FROM + (size_t)(text[OFFSET] | text[OFFSET + 1] << 8);
		sign = at < (size_t)len ? strrchr((const char *)text + at, '#') : NULL;
		if (sign)
			return oi_mem_dup(sign);
	}
	return NULL;
}

/* As uname -v; owned by the caller, NULL: unknown. */
static char *version_of(const struct oi_host *host, const char *release)
{
	OI_FREE char *running = NULL;
	char *version = NULL;
	struct utsname name;
	struct oi_err ignored;

	if (!oi_root_read_line(&host->look, "/proc/sys/kernel/osrelease", &running, &ignored) &&
	    !strcmp(running, release) &&
	    !oi_root_read_line(&host->look, "/proc/sys/kernel/version", &version, &ignored) && *version)
		return version;
	free(version);
	if (oi_root_is_real(&host->look) && !uname(&name) && !strcmp(name.release, release))
		return oi_mem_dup(name.version);
	return version_of_image(&host->change, release);
}

/*
 * A release can be built more than once, and modules of one build are no good for another: when,
 * and by the digest of its configuration how, with the compiler's version in it.
 */
static void look_at_build(const struct oi_host *host, struct oi_facts *facts)
{
	const char *release = facts->kernel.release.value;
	OI_FREE char *path = oi_mem_printf("/boot/config-%s", release);
	OI_FREE char *version = version_of(host, release);
	OI_FREE char *build = NULL;
	OI_CLEANUP(oi_buf_clear) struct oi_buf config = { 0 };
	char digest[OI_HASH_TEXT_BYTES];
	struct oi_err ignored;

	if (!oi_root_read(&host->change, path, CONFIG_BYTES, &config, &ignored) && config.len) {
		oi_hash_text(oi_buf_str(&config), digest);
		build = oi_mem_printf("%s%sconfig %s", version ? version : "", version ? ", " : "", digest);
	} else {
		build = oi_mem_take(&version);
	}
	if (build)
		oi_text_set(&facts->kernel.build, build);
	else
		oi_facts_doubt(facts, "kernel.build: nothing tells it from others of release %s", release);
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
	if (facts->kernel.release.known == OI_KNOWN) {
		look_at_build(host, facts);
		facts->kernel.headers =
			oi_flag_of(has_headers(root, facts->kernel.release.value));
	}
	if (oi_root_exists(root, "/usr/bin"))
		facts->kernel.compiler =
			oi_flag_of(oi_root_is_program(root, "/usr/bin/make") &&
				   (oi_root_is_program(root, "/usr/bin/gcc") ||
				    oi_root_is_program(root, "/usr/bin/cc")));
}

/* Source: where Debian, Ubuntu and SLES have it, and Fedora's kernel-install, with its UKI */
static bool has_image(const struct oi_root *root, const char *release)
{
	static const char *const places[] = {
		"/boot/vmlinuz-%s", "/boot/vmlinux-%s", "/boot/Image-%s", "/lib/modules/%s/vmlinuz",
		"/lib/modules/%s/vmlinux", "/lib/modules/%s/Image", "/lib/modules/%s/vmlinuz-virt.efi",
	};

	for (size_t i = 0; i < OI_ARRAY_SIZE(places); i++) {
		OI_FREE char *path = oi_mem_printf("%.*s%s%s", (int)strcspn(places[i], "%"), places[i],
						   release, strchr(places[i], '%') + 2);

		if (oi_root_exists(root, path))
			return true;
	}
	return false;
}

/* Has it modules of its own, and the lists that find them. */
static bool has_own_modules(const struct oi_root *root, const char *release)
{
	OI_FREE char *dep = oi_mem_printf("/lib/modules/%s/modules.dep", release);
	OI_FREE char *folder = oi_mem_printf("/lib/modules/%s/kernel", release);

	return oi_root_exists(root, dep) && oi_root_exists(root, folder);
}

char *oi_facts_image_kernel(const struct oi_root *root, struct oi_strv *others)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv releases = { 0 };
	const char *best = NULL;
	bool best_boots = false;
	struct oi_err ignored;

	if (oi_root_list(root, "/lib/modules", &releases, &ignored))
		return NULL;
	for (size_t i = 0; i < releases.n; i++) {
		bool boots = has_image(root, releases.v[i]);

		if (!has_own_modules(root, releases.v[i]) || boots < best_boots)
			continue;
		if (!best || boots > best_boots || oi_ver_compare(releases.v[i], best) > 0) {
			best = releases.v[i];
			best_boots = boots;
		}
	}
	for (size_t i = 0; best && i < releases.n; i++)
		if (oi_ver_compare(releases.v[i], best) > 0)
			oi_strv_add(others, releases.v[i]);
	return oi_mem_dup(best);
}
