/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words in the package names of a row: "{kernel}" is the release of the running kernel
 * as packages have it, "{kernel-package}" the package that such a kernel comes in,
 * "{kernel-version}" its version without the flavour.
 */
#include "decide/names.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "decide/artefact.h"

/*
 * EL's flavours say their name behind a plus ("+64k", "+rt", "+debug") or within the release
 * (".rt7.", "uek"), SUSE's as the last word ("-azure", "-default").
 * Source: uname -r of kernel-64k (RHEL 9), kernel-rt (RHEL 8 and 9), kernel-uek (Oracle),
 *         kernel-azure (SLES); names of their -devel packages
 */
static char *package_of(const struct oi_decision *d, const char *release)
{
	const char *plus = strchr(release, '+');
	const char *dash = strrchr(release, '-');

	if (oi_artefact_manager(d)->suse_kernels)
		return dash && isalpha((unsigned char)dash[1]) ? oi_mem_printf("kernel%s", dash) :
								 oi_mem_dup("kernel-default");
	if (plus && isalnum((unsigned char)plus[1]))
		return oi_mem_printf("kernel-%s", plus + 1);
	if (strstr(release, "uek"))
		return oi_mem_dup("kernel-uek");
	if (strstr(release, ".rt"))
		return oi_mem_dup("kernel-rt");
	return oi_mem_dup("kernel");
}

/* Owned by the caller; NULL: no such word. */
static char *value_of(const struct oi_decision *d, const char *release, const char *word,
		      size_t len)
{
	static const char package[] = "{kernel-package}";
	static const char version[] = "{kernel-version}";
	static const char kernel[] = "{kernel}";
	const char *dash = strrchr(release, '-');

	if (len == strlen(package) && !strncmp(word, package, len))
		return package_of(d, release);
	if (len == strlen(version) && !strncmp(word, version, len))
		return oi_mem_ndup(release, dash && isalpha((unsigned char)dash[1]) ?
						    (size_t)(dash - release) : strlen(release));
	if (len != strlen(kernel) || strncmp(word, kernel, len) != 0)
		return NULL;
	/* The deb family has a plus in versions of its own: "6.12.41+deb13-cloud-amd64". */
	return oi_mem_ndup(release, oi_artefact_manager(d)->plus_in_release ? strlen(release) :
									   strcspn(release, "+"));
}

void oi_plan_names(const struct oi_decision *d, const struct oi_strv *names, struct oi_strv *into)
{
	const char *release = oi_text_or(&d->facts->kernel.release, NULL);

	for (size_t i = 0; i < names->n; i++) {
		OI_CLEANUP(oi_buf_clear) struct oi_buf name = { 0 };
		const char *c = names->v[i];

		/* Of an unknown kernel no package can be named. */
		if (strchr(c, '{') && !release)
			continue;
		while (*c) {
			const char *end = *c == '{' ? strchr(c, '}') : NULL;
			OI_FREE char *value =
				end ? value_of(d, release, c, (size_t)(end - c) + 1) : NULL;

			if (value)
				oi_buf_adds(&name, value);
			else
				oi_buf_add(&name, c, 1);
			c = value ? end + 1 : c + 1;
		}
		if (!oi_strv_has(into, oi_buf_str(&name)))
			oi_strv_add(into, oi_buf_str(&name));
	}
}
