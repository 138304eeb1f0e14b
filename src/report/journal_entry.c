/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The result as an entry of systemd's journal, with fields. */
#include "report/sinks.h"

#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "report/clean.h"
#include "report/record.h"
#include "report/view.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Without newlines: a value that has one is written in another way. */
static void add_field(struct oi_buf *entry, const char *name, const char *value)
{
	OI_FREE char *clean = value ? oi_report_clean(value) : NULL;

	if (clean)
		oi_buf_addf(entry, "%s=%s\n", name, clean);
}

static void compose(const struct oi_doc *result, struct oi_buf *entry)
{
	int64_t code = oi_doc_int(oi_doc_get(result, "exit_code"), 0);
	const char *reason = oi_doc_string(oi_doc_get(result, "reason"));
	const char *message = oi_doc_string(oi_doc_get(result, "message"));

	oi_buf_addf(entry, "MESSAGE_ID=" OI_MESSAGE_ID_RUN_ENDED "\nPRIORITY=%d\n"
			   "SYSLOG_IDENTIFIER=ofed-init\nDOCUMENTATION=man:ofed-init(8)\n"
			   "OFED_INIT_EXIT_CODE=%" PRId64 "\n",
		    code ? 3 : 6, code);
	add_field(entry, "OFED_INIT_STATE", oi_doc_string(oi_doc_get(result, "state")));
	add_field(entry, "OFED_INIT_OUTCOME", oi_view_outcome(result));
	add_field(entry, "OFED_INIT_REASON", reason);
	add_field(entry, "OFED_INIT_VM_SIZE", oi_doc_string(oi_doc_at(result, "key.vm_size")));
	add_field(entry, "OFED_INIT_DRIVER", oi_doc_string(oi_doc_at(result, "versions.stack")));
	add_field(entry, "OFED_INIT_DRIVER_VERSION",
		  oi_doc_string(oi_doc_at(result, "versions.driver")));
	add_field(entry, "MESSAGE", message ? message : reason);
}

void oi_sink_journal(const struct oi_doc *result)
{
	const struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET };
	OI_CLEANUP(oi_buf_clear) struct oi_buf entry = { 0 };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	compose(result, &entry);
	/* a journal that is too busy to listen must not hold us up */
	(void)!sendto(fd, entry.data, entry.len, MSG_NOSIGNAL | MSG_DONTWAIT,
		      (const struct sockaddr *)&at, sizeof(at));
	close(fd);
}
