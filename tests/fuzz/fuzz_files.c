/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that others have written: the distribution, cloud-init, an earlier run of ours. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "app/lastrun.h"
#include "base/mem.h"
#include "execute/state/record.h"
#include "facts/look.h"
#include "facts/stanza.h"
#include "facts/userdata.h"
#include "model/config.h"
#include "report/html.h"
#include "report/report.h"
#include "sys/buildid.h"
#include "sys/kmods.h"
#include "sys/pcibus.h"

void fuzz_os_release(const char *text, size_t len)
{
	OI_CLEANUP(oi_facts_clear) struct oi_facts facts = { 0 };

	fuzz_put("/etc/os-release", text, len);
	fuzz_put("/etc/centos-release", text, len);
	oi_facts_look_os(&fuzz_host, &facts);
}

void fuzz_instance(const char *text, size_t len)
{
	OI_CLEANUP(oi_facts_clear) struct oi_facts facts = { 0 };

	fuzz_put("/run/cloud-init/instance-data.json", text, len);
	oi_facts_look_vm(&fuzz_host, &facts);
}

/* The same bytes as what cloud-init merged, as the user's own file, and as one of ours. */
void fuzz_cloud_config(const char *text, size_t len)
{
	OI_CLEANUP(oi_stanza_clear) struct oi_stanza stanza = { 0 };
	OI_CLEANUP(oi_config_clear) struct oi_config config = { 0 };
	OI_FREE char *culprit = NULL;
	struct oi_err err;
	bool json = *text == '{';
	bool foreign = json || *text == '#';

	fuzz_put("/run/cloud-init/combined-cloud-config.json", text, json ? len : 0);
	fuzz_put("/etc/ofed-init/conf.d/50-input.yaml", text, foreign ? 0 : len);
	fuzz_put("/var/lib/cloud/instance/cloud-config.txt", text, len);
	fuzz_put("/var/lib/cloud/instance/user-data.txt", text, len);
	if (oi_stanza_find(&fuzz_host, &stanza, &err))
		return;
	oi_config_init(&config);
	if (oi_config_from_doc(stanza.doc, &config, &culprit, &err) && culprit)
		oi_stanza_place(&fuzz_host, culprit, &err);
}

/* Lines below count as they do in the file: nothing of a template may add or lose one. */
static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

void fuzz_user_data(const char *text, size_t len)
{
	OI_CLEANUP(oi_parts_clear) struct oi_parts parts = { 0 };
	OI_CLEANUP(oi_buf_clear) struct oi_buf bytes = { 0 }, decoded = { 0 };
	struct oi_err err = { 0 };
	bool is_template;

	oi_buf_add(&bytes, text, len);
	if (oi_userdata_split(&fuzz_host, "user-data", &bytes, &parts, &err))
		fuzz_must(*err.text != '\0', "an error without a word");
	for (size_t i = 0; i < parts.n; i++)
		fuzz_must(parts.v[i].name != NULL, "a part without a name");
	if (parts.n == 1 && !strcmp(parts.v[0].name, "user-data") &&
	    oi_userdata_kind(text, &is_template) == OI_PART_CLOUD_CONFIG && is_template && strlen(text) == len &&
	    !strcasestr(text, "mime-version:"))
		fuzz_must(count_lines(oi_buf_str(&parts.v[0].text)) == count_lines(text), "a line was lost or added");
	(void)!oi_userdata_decode(&fuzz_host, "user-data", "b64", text, &decoded, &err);
}

static void function(void *data, const struct oi_pcibus_entry *entry)
{
	size_t *n = data;

	++*n;
	fuzz_must(entry->vendor == 0x15b3, "somebody else's function");
}

void fuzz_pci(const char *text, size_t len)
{
	OI_FREE char *path = oi_mem_printf("%s/dump", fuzz_host.look.path);
	struct oi_err err;
	size_t n = 0;

	fuzz_put("/dump", text, len);
	(void)!oi_pcibus_scan(&fuzz_host.look, path, function, &n, &err);
}

void fuzz_record(const char *text, size_t len)
{
	OI_CLEANUP(oi_record_clear) struct oi_record record = { 0 };
	struct oi_err err;

	fuzz_put("/var/lib/ofed-init/installed.json", text, len);
	(void)!oi_record_read(&fuzz_host.change, &record, &err);
}

static void last_run(void)
{
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict = { 0 };
	const struct oi_machine machine = { .host = fuzz_host };
	const struct oi_run_key key = { .instance_id = (char *)"i-0001",
					.kernel = (char *)"1",
					.stanza_hash = (char *)"0" };
	bool cut_off = false;

	fuzz_put("/lib/modules/1/modules.dep", "", 0);
	fuzz_must(!oi_lastrun_unchanged(&machine, &key, &verdict, &cut_off),
		  "a driver where there is none");
}

/* All that shows a record, whatever it may hold. */
static void tell(const struct oi_doc *result)
{
	OI_CLEANUP(oi_timeline_clear) struct oi_timeline timeline = { 0 };
	struct oi_strv none = { 0 };
	struct oi_textpage paper = OI_PAPER_PLAIN;
	struct oi_story story = { result, &timeline, &none };
	OI_FREE char *page = NULL;

	oi_timeline_add_run(&timeline, result);
	oi_timeline_add_cloud(&timeline, result, result);
	oi_timeline_finish(&timeline);
	page = oi_report_html(&story);
	oi_report_text(&story, &paper);
	oi_buf_clear(&paper.text);
}

void fuzz_result(const char *text, size_t len)
{
	OI_DOC_AUTO *result = NULL;
	struct oi_err err;

	fuzz_put("/var/lib/ofed-init/result.json", text, len);
	last_run();
	if (!oi_report_read(&fuzz_host.change, &result, &err))
		tell(result);
}

void fuzz_dpkg_status(const char *text, size_t len)
{
	OI_CLEANUP(oi_facts_clear) struct oi_facts facts = { 0 };

	fuzz_put("/var/lib/dpkg/status", text, len);
	fuzz_put("/var/lib/dpkg/info/mlnx-ofed-kernel-utils.list", "", 0);
	fuzz_put("/var/lib/dpkg/info/doca-ofed.list", "", 0);
	fuzz_put("/var/lib/dpkg/info/rdma-core.list", "", 0);
	fuzz_put("/var/lib/dpkg/info/ibverbs-providers.list", "", 0);
	oi_facts_look_installed(&fuzz_host, &facts);
}

void fuzz_proc_modules(const char *text, size_t len)
{
	OI_CLEANUP(oi_facts_clear) struct oi_facts facts = { 0 };

	fuzz_put("/proc/modules", text, len);
	oi_facts_look_modules(&fuzz_host, &facts);
}

void fuzz_modules_dep(const char *text, size_t len)
{
	struct oi_kmod kmods[] = { { .name = "ib_core" }, { .name = "mlx5_ib" } };
	struct oi_err err;

	fuzz_put("/lib/modules/1/modules.dep", text, len);
	fuzz_put("/lib/modules/1/modules.builtin", text, len);
	(void)!oi_kmods_find(&fuzz_host.look, "1", kmods, OI_ARRAY_SIZE(kmods), &err);
	oi_kmods_clear(kmods, OI_ARRAY_SIZE(kmods));
}

void fuzz_module(const char *text, size_t len)
{
	OI_FREE char *object = oi_buildid_of_object(text, len);
	OI_FREE char *notes = oi_buildid_of_notes(text, len);

	if (object || notes)
		fuzz_must(strlen(object ? object : notes) % 2 == 0, "a build id is whole bytes in hex");
}
