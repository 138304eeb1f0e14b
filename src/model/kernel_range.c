/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/kernel_range.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/ver.h"

/* "6.8.0-1041-azure" in two: the version, and what follows the first '-' before a letter. */
struct kernel {
	char *version;
	char *flavour; /* NULL: none */
};

struct range {
	bool excluded;
	struct kernel from, to; /* version NULL: open */
};

static void kernel_clear(struct kernel *kernel)
{
	free(kernel->version);
	free(kernel->flavour);
}

static void range_clear(struct range *range)
{
	kernel_clear(&range->from);
	kernel_clear(&range->to);
}

static void split(const char *text, size_t len, struct kernel *kernel)
{
	size_t at = 0;

	if (!len)
		return;
	while (at < len && !(text[at] == '-' && at + 1 < len && isalpha((unsigned char)text[at + 1])))
		at++;
	kernel->version = oi_mem_ndup(text, at);
	if (at < len)
		kernel->flavour = oi_mem_ndup(text + at + 1, len - at - 1);
}

static void read_range(const char *term, struct range *range)
{
	const char *dots;

	range->excluded = *term == '!';
	term += range->excluded;
	dots = strstr(term, "..");
	split(term, dots ? (size_t)(dots - term) : strlen(term), &range->from);
	split(dots ? dots + 2 : term, strlen(dots ? dots + 2 : term), &range->to);
}

static bool starts_with(const char *version, const char *bound)
{
	size_t len = strlen(bound);

	return !strncmp(version, bound, len) && !isalnum((unsigned char)version[len]);
}

static bool bound_valid(const struct kernel *bound)
{
	return !bound->version ||
	       (isdigit((unsigned char)*bound->version) && !strstr(bound->version, ".."));
}

bool oi_kernel_range_valid(const char *term)
{
	OI_CLEANUP(range_clear) struct range range = { 0 };
	const struct kernel *from = &range.from;
	const struct kernel *to = &range.to;

	read_range(term, &range);
	if ((!from->version && !to->version) || !bound_valid(from) || !bound_valid(to))
		return false;
	if (!from->version || !to->version)
		return true;
	if (from->flavour && to->flavour && strcmp(from->flavour, to->flavour) != 0)
		return false;
	return starts_with(from->version, to->version) ||
	       oi_ver_compare(from->version, to->version) <= 0;
}

/* -1, 0 or 1: below, at or above @bound. */
static int against(const struct kernel *kernel, const struct kernel *bound, bool upstream_only)
{
	OI_FREE char *version = NULL;
	OI_FREE char *limit = NULL;
	int order;

	if (!upstream_only) {
		if (starts_with(kernel->version, bound->version))
			return 0;
		order = oi_ver_compare(kernel->version, bound->version);
		return order < 0 ? -1 : order > 0;
	}
	version = oi_mem_ndup(kernel->version, strcspn(kernel->version, "-+"));
	limit = oi_mem_ndup(bound->version, strcspn(bound->version, "-+"));
	if (starts_with(version, limit))
		return 0;
	order = oi_ver_compare(version, limit);
	return order < 0 ? -1 : order > 0;
}

static bool has(const struct range *range, const struct kernel *kernel)
{
	const char *flavour = range->to.flavour ? range->to.flavour : range->from.flavour;
	bool other = flavour && (!kernel->flavour || strcmp(flavour, kernel->flavour) != 0);

	if (other && range->excluded)
		return false;
	return (!range->from.version || against(kernel, &range->from, other) >= 0) &&
	       (!range->to.version || against(kernel, &range->to, other) <= 0);
}

enum oi_kernel_fit oi_kernel_fit(const struct oi_strv *terms, const char *release)
{
	OI_CLEANUP(kernel_clear) struct kernel kernel = { 0 };
	enum oi_kernel_fit fit = OI_KERNEL_UNSAID;

	if (!terms->n || !release || !*release)
		return OI_KERNEL_UNSAID;
	split(release, strlen(release), &kernel);
	for (size_t i = 0; i < terms->n; i++) {
		OI_CLEANUP(range_clear) struct range range = { 0 };

		read_range(terms->v[i], &range);
		if (has(&range, &kernel)) {
			if (range.excluded)
				return OI_KERNEL_EXCLUDED;
			fit = OI_KERNEL_HOLDS;
		} else if (!range.excluded && fit == OI_KERNEL_UNSAID) {
			fit = OI_KERNEL_OUTSIDE;
		}
	}
	return fit;
}
