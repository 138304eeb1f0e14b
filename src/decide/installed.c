/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/installed.h"

#include <string.h>

#include "base/ver.h"

static bool has_infiniband_port(const struct oi_facts *facts)
{
	for (size_t i = 0; i < facts->rdma.n; i++)
		if (facts->rdma.v[i].link_layer &&
		    !strcmp(facts->rdma.v[i].link_layer, "InfiniBand"))
			return true;
	return false;
}

/* ConnectX-3 was dropped at 5.1; an image with a newer stack does not drive it. */
static bool installed_drives(const struct oi_decision *d, const char *stack)
{
	const char *version = oi_text_or(&d->facts->installed.version, NULL);

	if (!oi_generation_is_mlx4(d->generation))
		return true;
	return !strcmp(stack, oi_driver_name(OI_DRIVER_MLNX)) && version && oi_ver_below(version, "5.1");
}

/* A package's version is the release's with the packager's own part behind it: "3.2.3-019000" */
static bool is_version(const char *installed, const char *wanted)
{
	size_t len = strlen(wanted);

	return !strncmp(installed, wanted, len) && (!installed[len] || installed[len] == '-');
}

bool oi_installed_fits(const struct oi_decision *d)
{
	const struct oi_facts *f = d->facts;
	const char *stack = oi_text_or(&f->installed.stack, NULL);
	const char *kernel = oi_text_or(&f->installed.kernel, NULL);
	const char *running = oi_text_or(&f->kernel.release, NULL);
	bool any_vendor = d->config->driver == OI_DRIVER_AUTO && stack &&
			  strcmp(stack, oi_driver_name(OI_DRIVER_INBOX)) != 0;
	bool fit = false;

	if (!stack) {
		oi_verdict_rule(d->verdict, "installed",
				f->installed.stack.known == OI_ABSENT ? OI_RESULT_FAIL :
									OI_RESULT_UNKNOWN,
				"%s", f->installed.stack.known == OI_ABSENT ? "no driver stack" :
									      "could not be looked for");
		return false;
	}
	if (oi_text_or(&f->installed.unfinished, NULL)) {
		oi_verdict_rule(d->verdict, "installed", OI_RESULT_FAIL,
				"%s, and its installation stopped at %s", stack,
				f->installed.unfinished.value);
	} else if (!any_vendor && strcmp(stack, oi_driver_name(d->stack)) != 0) {
		oi_verdict_rule(d->verdict, "installed", OI_RESULT_FAIL, "%s is installed, %s is needed",
				stack, oi_driver_name(d->stack));
	} else if (!kernel || !running || strcmp(kernel, running) != 0) {
		oi_verdict_rule(d->verdict, "installed", OI_RESULT_FAIL,
				"%s has modules for %s, but %s runs", stack,
				kernel ? kernel : "no kernel", running ? running : "an unknown one");
	} else if (d->config->version &&
		   !is_version(oi_text_or(&f->installed.version, ""), d->config->version)) {
		oi_verdict_rule(d->verdict, "installed", OI_RESULT_FAIL, "%s %s is installed, %s is needed",
				stack, oi_text_or(&f->installed.version, "of unknown version"),
				d->config->version);
	} else if (!installed_drives(d, stack)) {
		oi_verdict_rule(d->verdict, "installed", OI_RESULT_FAIL, "%s does not drive %s", stack,
				d->generation);
	} else if (f->installed.baked == OI_FLAG_NO) {
		oi_verdict_rule(d->verdict, "installed", OI_RESULT_FAIL,
				"%s was baked for %s, and its modules are not as they were", stack,
				running);
	} else if (!strcmp(stack, oi_driver_name(OI_DRIVER_INBOX)) && !has_infiniband_port(f) &&
		   f->installed.baked != OI_FLAG_YES) {
		oi_verdict_rule(d->verdict, "installed", OI_RESULT_FAIL,
				"inbox packages are there, but no InfiniBand port yet");
	} else {
		oi_verdict_rule(d->verdict, "installed", OI_RESULT_PASS, "%s %s for %s%s", stack,
				oi_text_or(&f->installed.version, "of unknown version"), running,
				f->installed.baked == OI_FLAG_YES ? ", baked into the image" : "");
		fit = true;
	}
	return fit;
}

bool oi_installed_lacks_modules(const struct oi_decision *d)
{
	const struct oi_facts *f = d->facts;
	const char *stack = oi_text_or(&f->installed.stack, "");
	const char *version = oi_text_or(&f->installed.version, NULL);
	const char *kernel = oi_text_or(&f->installed.kernel, "");
	const char *wanted = d->release ? d->release->version : d->config->version;

	return wanted && version && is_version(version, wanted) &&
	       !strcmp(stack, oi_driver_name(d->stack)) &&
	       f->installed.unfinished.known != OI_KNOWN &&
	       strcmp(kernel, oi_text_or(&f->kernel.release, "")) != 0;
}
