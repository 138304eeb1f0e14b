/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/boot.h"
#include "sys/root.h"

/* Unknown: 0 for a start time, NULL for a boot id. */
struct process {
	char *boot_id;
	bool proc_readable; /* /proc answers at all */
	int64_t started_ticks; /* of the process that was asked for */
};

static void clear(struct process *process)
{
	oi_mem_free_p(&process->boot_id);
}

/* Source: proc(5), /proc/PID/stat, field 22; the name in field 2 may hold anything. */
static int64_t started_ticks(const char *stat)
{
	const char *p = strrchr(stat, ')');
	uint64_t ticks = 0;

	for (int field = 3; p && field <= 22; field++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	/* NOLINTNEXTLINE(cert-err34-c): the kernel's own number, of 64 bits there too */
	if (!p || sscanf(p, "%" SCNu64, &ticks) != 1)
		return 0;
	return (int64_t)ticks;
}

static void read_process(int64_t pid, struct process *process)
{
	OI_CLEANUP(oi_root_close) struct oi_root root = { .fd = -1 };
	OI_FREE char *path = oi_mem_printf("/proc/%" PRId64 "/stat", pid);
	OI_FREE char *stat = NULL;
	struct oi_err err; /* what cannot be read stays unknown */

	if (oi_root_open("/", &root, &err))
		return;
	process->boot_id = oi_boot_id(&root);
	process->proc_readable = oi_root_exists(&root, "/proc/self/stat");
	if (!oi_root_read_line(&root, path, &stat, &err))
		process->started_ticks = started_ticks(stat);
}

void oi_report_put_process(struct oi_doc *record)
{
	OI_CLEANUP(clear) struct process self = { 0 };

	read_process(getpid(), &self);
	oi_doc_put_int(record, "pid", getpid());
	oi_doc_put_string(record, "boot_id", self.boot_id);
	oi_doc_put_int(record, "pid_started_ticks", self.started_ticks);
}

bool oi_report_process_gone(const struct oi_doc *record)
{
	OI_CLEANUP(clear) struct process now = { 0 };
	const char *boot_id = oi_doc_string(oi_doc_get(record, "boot_id"));
	int64_t pid = oi_doc_int(oi_doc_get(record, "pid"), 0);
	int64_t started = oi_doc_int(oi_doc_get(record, "pid_started_ticks"), 0);

	read_process(pid, &now);
	if (boot_id && now.boot_id && strcmp(boot_id, now.boot_id))
		return true;
	if (pid <= 0 || !now.proc_readable)
		return false;
	return now.started_ticks == 0 || (started > 0 && started != now.started_ticks);
}
