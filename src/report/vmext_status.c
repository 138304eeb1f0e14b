/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agent.status: what Azure's guest agent reads as the N.status of a VM extension.
 * Source: Azure/WALinuxAgent, azurelinuxagent/ga/exthandlers.py (parse_ext_status,
 * parse_ext_substatus) and tests/data/ext/sample-status.json: a list of which only
 * the first element counts; status is one of transitioning, warning, error, success,
 * and so is that of each substatus, else the whole file is malformed.
 */
#include "report/record.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "report/clean.h"

/* Source: exthandlers.py: a message is cut at 1 KiB, the field substatus at 10 KiB of JSON.
 * A character costs at most two bytes there once controls are gone, so three of them fit. */
#define MESSAGE_LIMIT_BYTES 1024

#define LANGUAGE "en-US"

static struct oi_doc *message_doc(const char *message)
{
	OI_FREE char *safe = oi_redact(message);
	OI_FREE char *clean = oi_report_clean(safe);
	struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);

	oi_report_cut(clean, MESSAGE_LIMIT_BYTES);
	oi_doc_put_string(doc, "lang", LANGUAGE);
	oi_doc_put_string(doc, "message", clean);
	return doc;
}

static struct oi_doc *substatus_doc(const char *name, const char *status, int code,
				    const char *message)
{
	struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);

	oi_doc_put_string(doc, "name", name);
	oi_doc_put_string(doc, "status", status);
	oi_doc_put_int(doc, "code", code);
	oi_doc_put(doc, "formattedMessage", message_doc(message));
	return doc;
}

/* Checks are of two groups: "module-..." is the driver, the rest the fabric. */
static bool is_driver_check(const struct oi_check *check)
{
	return !strncmp(check->id, "module", 6);
}

static struct oi_doc *group_doc(const char *name, const struct oi_checks *checks, bool driver)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	const char *status = "success";
	int code = 0;
	size_t n = 0;

	for (size_t i = 0; i < checks->n; i++) {
		const struct oi_check *check = &checks->v[i];

		if (is_driver_check(check) != driver)
			continue;
		if (check->proof == OI_PROOF_FAIL && !code) {
			status = "error";
			code = oi_reason_text(check->reason)->exit_code;
		} else if (check->proof == OI_PROOF_UNPROVEN && !code) {
			status = "warning";
		}
		oi_buf_addf(&text, "%s%s %s: %s", n ? "; " : "", check->id,
			    oi_proof_name(check->proof), check->detail);
		n++;
	}
	return n ? substatus_doc(name, status, code, oi_buf_str(&text)) : NULL;
}

static struct oi_doc *decision_doc(const struct oi_verdict *verdict)
{
	OI_FREE char *text = oi_mem_printf("%s (%s): %s", oi_outcome_name(verdict->outcome),
					   oi_reason_text(verdict->reason)->id,
					   verdict->message ? verdict->message :
						oi_reason_text(verdict->reason)->sentence);

	return substatus_doc("decision", verdict->exit_code ? "error" : "success",
			     verdict->exit_code, text);
}

static struct oi_doc *substatus_list(const struct oi_run_record *record)
{
	struct oi_doc *list = oi_doc_new(OI_DOC_LIST);

	if (record->verdict)
		oi_doc_add(list, decision_doc(record->verdict));
	if (record->checks) {
		struct oi_doc *driver = group_doc("driver", record->checks, true);
		struct oi_doc *fabric = group_doc("fabric", record->checks, false);

		if (driver)
			oi_doc_add(list, driver);
		if (fabric)
			oi_doc_add(list, fabric);
	}
	return list;
}

static const char *agent_status(const struct oi_run_record *record)
{
	if (oi_run_record_running(record) || record->reason == OI_R_REBOOT_PENDING)
		return "transitioning";
	return record->exit_code == 0 ? "success" : "error";
}

static char *agent_message(const struct oi_run_record *record)
{
	const char *message = oi_run_record_message(record);

	if (oi_run_record_running(record))
		return oi_mem_dup(message);
	return oi_report_final_line(record->exit_code, record->reason, message,
				    oi_run_record_remedy(record));
}

struct oi_doc *oi_report_agent_doc(const struct oi_run_record *record, const char *now)
{
	struct oi_doc *list = oi_doc_new(OI_DOC_LIST), *top = oi_doc_new(OI_DOC_MAP);
	struct oi_doc *status = oi_doc_new(OI_DOC_MAP);
	OI_FREE char *message = agent_message(record);

	oi_doc_put_string(status, "name", "ofed-init");
	oi_doc_put_string(status, "operation", "Enable");
	oi_doc_put_string(status, "configurationAppliedTime",
			  record->started[0] ? record->started : now);
	oi_doc_put_string(status, "status", agent_status(record));
	oi_doc_put_int(status, "code", oi_run_record_running(record) ? 0 : record->exit_code);
	oi_doc_put(status, "formattedMessage", message_doc(message));
	oi_doc_put(status, "substatus", substatus_list(record));

	oi_doc_put_string(top, "version", "1.0");
	oi_doc_put_string(top, "timestampUTC", now);
	oi_doc_put(top, "status", status);
	oi_doc_add(list, top);
	return list;
}
