/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/reboot.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/doc.h"
#include "base/mem.h"
#include "sys/clock.h"
#include "sys/run.h"
#include "sys/systemd.h"

#define NOTE_BYTES 65536
#define SYSTEMCTL_MS 30000
/* Services may take their time to stop: systemd gives each 90 seconds.
 * Source: systemd-system.conf(5), DefaultTimeoutStopSec= */
#define STAY_MS 300000

static struct oi_doc *case_of(const struct oi_run_key *key, const struct oi_verdict *verdict)
{
	struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);

	oi_doc_put_string(doc, "instance_id", key->instance_id);
	oi_doc_put_string(doc, "vm_size", key->vm_size);
	oi_doc_put_string(doc, "kernel", key->kernel);
	oi_doc_put_string(doc, "stanza_hash", key->stanza_hash);
	oi_doc_put_string(doc, "stack", verdict->driver.stack);
	oi_doc_put_string(doc, "version", verdict->driver.version);
	return doc;
}

/* When the machine was restarted for this very case; NULL: it was not; owned by the caller. */
static char *done_before(const struct oi_root *root, const struct oi_doc *now)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_FREE char *this = oi_doc_to_json(now, false);
	OI_FREE char *last = NULL;
	OI_DOC_AUTO *doc = NULL;
	const struct oi_doc *of;
	struct oi_err err;
	int got = oi_root_read(root, OI_REBOOT_PATH, NOTE_BYTES, &text, &err);

	if (got > 0)
		return NULL;
	/* What cannot be read may be a note of this: rather no reboot than one after the other. */
	if (got < 0 || oi_doc_from_json(oi_buf_str(&text), text.len, OI_REBOOT_PATH,
					OI_R_READ_FAILED, &doc, &err))
		return oi_mem_printf("a day that is lost (%s)", err.text);
	of = oi_doc_get(doc, "for");
	last = of ? oi_doc_to_json(of, false) : oi_mem_dup("");
	return strcmp(this, last) ? NULL : oi_mem_dup(oi_doc_string(oi_doc_get(doc, "when")) ?: "?");
}

int oi_reboot_note(const struct oi_machine *machine, const struct oi_run_key *key,
		   const struct oi_verdict *verdict, struct oi_err *err)
{
	const struct oi_root *root = &machine->host.change;
	OI_DOC_AUTO *doc = oi_doc_new(OI_DOC_MAP);
	struct oi_doc *of = case_of(key, verdict);
	OI_FREE char *why = oi_mem_dup(err->text);
	OI_FREE char *before = done_before(root, of);
	OI_FREE char *text = NULL;
	char when[OI_CLOCK_TEXT_BYTES];

	oi_doc_put(doc, "for", of);
	if (!machine->config.reboot_if_needed || !oi_systemd_answers(&machine->host))
		return -1;
	if (before)
		return oi_err_set(err, OI_R_REBOOT_USELESS, "restarted at %s, and still: %s", before,
				  why);
	oi_clock_utc(when);
	oi_doc_put_int(doc, "schema", 1);
	oi_doc_put_string(doc, "when", when);
	oi_doc_put_string(doc, "why", why);
	text = oi_doc_to_json(doc, true);
	return oi_root_write(root, OI_REBOOT_PATH, 0644, text, strlen(text), err);
}

static void say(void *data, const char *line)
{
	const struct oi_log *log = data;

	oi_log_info(log, "systemctl: %s", line);
}

int oi_reboot_go(const struct oi_machine *machine, struct oi_err *err)
{
	const struct oi_host *host = &machine->host;
	OI_CLEANUP(oi_strv_clear) struct oi_strv argv = { 0 };
	OI_CLEANUP(oi_run_result_clear) struct oi_run_result result = { 0 };
	const struct oi_run_options options = {
		.deadline_ms = oi_clock_ms() + SYSTEMCTL_MS,
		.on_line = say,
		.data = (void *)(uintptr_t)&host->log,
	};
	const struct timespec second = { .tv_sec = 1 };
	int64_t until_ms = oi_clock_ms() + STAY_MS;
	OI_FREE char *why = NULL;

	oi_strv_add(&argv, host->tools.path[OI_TOOL_SYSTEMCTL]);
	oi_strv_add(&argv, "--no-block");
	oi_strv_add(&argv, "reboot");
	sync();
	if (oi_run(argv.v, &options, &result, err)) {
		why = oi_mem_dup(err->text);
		return oi_err_set(err, OI_R_REBOOT_NEEDED, "systemctl reboot: %s", why);
	}
	while (oi_clock_left_ms(until_ms))
		nanosleep(&second, NULL);
	return oi_err_set(err, OI_R_REBOOT_NEEDED, "systemd has not restarted the machine in %d s",
			  STAY_MS / 1000);
}
