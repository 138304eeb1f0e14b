/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/sinks.h"

#include "report/record.h"

static void doubt(const struct oi_host *host, bool running, const struct oi_err *err)
{
	if (running)
		oi_log_debug(&host->log, "report: %s", err->text);
	else
		oi_log_warn(&host->log, "report: %s", err->text);
}

static void tell(const struct oi_host *host, const struct oi_config *config, const struct oi_doc *result,
		 bool running)
{
	struct oi_err err;

	if (oi_sink_kvp(&host->change, result, &err))
		doubt(host, running, &err);
	if (oi_sink_prometheus(&host->change, config->report.prometheus, result, &err))
		doubt(host, running, &err);
	/* the journal is this machine's, whichever tree is changed */
	if (!running && oi_root_is_real(&host->change))
		oi_sink_journal(result);
}

void oi_report_tell(const struct oi_host *host, const struct oi_config *config,
		    const struct oi_run_record *record)
{
	OI_DOC_AUTO *result = oi_report_result_doc(record);

	tell(host, config, result, oi_run_record_running(record));
}

bool oi_report_cut_off(const struct oi_host *host, const struct oi_config *config,
		       const struct oi_run_record *record, int64_t pid)
{
	OI_DOC_AUTO *result = NULL;
	struct oi_err err;
	int status = oi_report_write_cut_off(&host->change, record, pid, &result, &err);

	if (status < 0)
		oi_log_warn(&host->log, "the result could not be kept: %s", err.text);
	/* it may have been cut off between the file and those who are told of it */
	tell(host, config, result, false);
	return status <= 0;
}

int oi_sinks_forget(const struct oi_root *root, const char *folder, struct oi_err *err)
{
	return oi_sink_kvp_forget(root, err) || oi_sink_prometheus_forget(root, folder, err) ? -1 : 0;
}
