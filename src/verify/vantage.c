/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/vantage.h"

#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* /proc/self/status is about 1.5 KiB; long lists of CPUs make it longer. */
#define STATUS_LIMIT_BYTES 65536

void oi_vantage_clear(struct oi_vantage *here)
{
	free(here->why_not);
	memset(here, 0, sizeof(*here));
}

/* Source: systemd's container interface, podman, docker */
static const char *const container_marks[] = {
	"/run/systemd/container",
	"/run/.containerenv",
	"/.dockerenv",
};

/*
 * Even root of a container is not given this capability. The bounding set, not
 * the effective one: somebody who is not root on a real machine keeps it there.
 * Source: proc(5), CapBnd; capabilities(7)
 */
static bool may_load_modules(const struct oi_root *look)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf status = { 0 };
	struct oi_err ignored; /* unreadable: then the other signs decide */
	const char *line;

	if (oi_root_read(look, "/proc/self/status", STATUS_LIMIT_BYTES, &status, &ignored))
		return true;
	line = strstr(oi_buf_str(&status), "\nCapBnd:");
	if (!line)
		return true;
	return strtoull(line + strlen("\nCapBnd:"), NULL, 16) >> CAP_SYS_MODULE & 1;
}

void oi_vantage_judge(const struct oi_root *look, const char *kernel, struct oi_vantage *here)
{
	OI_FREE char *running = NULL;
	struct oi_err err;
	int got;

	for (size_t i = 0; i < OI_ARRAY_SIZE(container_marks); i++) {
		if (!oi_root_exists(look, container_marks[i]))
			continue;
		here->why_not = oi_mem_printf("this is a container (%s)", container_marks[i]);
		return;
	}
	if (!may_load_modules(look)) {
		here->why_not = oi_mem_dup("no module can be loaded here, as in a container");
		return;
	}
	got = oi_root_read_line(look, "/proc/sys/kernel/osrelease", &running, &err);
	if (got) {
		here->why_not = oi_mem_printf("the running kernel is unknown: %s",
					      got > 0 ? "no /proc/sys/kernel/osrelease" : err.text);
		return;
	}
	if (!kernel || strcmp(running, kernel)) {
		here->why_not = oi_mem_printf("the running kernel is %s, not %s", running,
					      kernel ? kernel : "one that is known");
		return;
	}
	here->modules = true;
}

void oi_vantage_look(const struct oi_host *host, const char *kernel, struct oi_vantage *here)
{
	if (!oi_root_is_real(&host->look))
		here->why_not = oi_mem_printf("the machine that is looked at is the tree %s",
					      host->look.path);
	else if (!oi_root_is_real(&host->change))
		here->why_not = oi_mem_printf("the system that is changed is the tree %s",
					      host->change.path);
	else
		oi_vantage_judge(&host->look, kernel, here);
}
