/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that only look: plan, facts, verify, validate, schema, catalog. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/machine.h"
#include "app/page.h"
#include "base/mem.h"
#include "decide/decide.h"
#include "facts/gather.h"
#include "report/clean.h"
#include "report/view.h"
#include "verify/verify.h"

#define PROOF_WIDTH 14 /* "not verified" */

static void print_doc(const struct oi_doc *doc)
{
	OI_FREE char *text = oi_doc_to_public_json(doc, true);

	puts(text);
}

/* Every leaf on a line of its own: "vm.size = Standard_HB120rs_v3". */
static void print_leaves(const struct oi_doc *doc, const char *path)
{
	OI_FREE char *text = doc->text ? oi_report_clean(doc->text) : NULL;

	for (size_t i = 0; i < doc->n; i++) {
		OI_FREE char *below =
			doc->kind == OI_DOC_MAP ?
				oi_mem_printf("%s%s%s", path, *path ? "." : "", doc->keys[i]) :
				oi_mem_printf("%s[%zu]", path, i);

		print_leaves(doc->items[i], below);
	}
	if (doc->kind != OI_DOC_MAP && doc->kind != OI_DOC_LIST)
		printf("%-24s %s\n", path, text ? text : "(absent)");
	else if (!doc->n)
		printf("%-24s (none)\n", path);
}

/* --- plan --- */

/* An error of the user's is a verdict too: programs that read JSON get one in any case. */
static int fail_plan(const struct oi_machine *machine, const struct oi_err *err)
{
	const struct oi_reason_text *text = oi_reason_text((enum oi_reason)err->code);
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict = {
		.outcome = OI_OUTCOME_REFUSE,
		.reason = (enum oi_reason)err->code,
		.exit_code = text->exit_code,
	};

	if (machine->options->json) {
		OI_DOC_AUTO *doc = NULL;

		verdict.message = oi_redact(err->text);
		verdict.remedy = oi_mem_dup(text->remedy);
		doc = oi_verdict_to_doc(&verdict);
		print_doc(doc);
	}
	return oi_machine_fail(err);
}

int oi_cmd_plan(const struct oi_options *options)
{
	OI_CLEANUP(oi_machine_close) struct oi_machine machine;
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict = { 0 };
	struct oi_err err = { 0 };

	if (oi_machine_open(options, &machine, &err) || oi_machine_read_config(&machine, &err))
		return fail_plan(&machine, &err);
	/* what is named on the command line is read in any case: its name may be mistyped */
	if ((machine.config.present && machine.config.enabled) || options->facts || options->catalog ||
	    options->pci_dump) {
		if (oi_machine_read_catalog(&machine, &err) ||
		    oi_machine_read_facts(&machine, &err))
			return fail_plan(&machine, &err);
		oi_machine_ask_size(&machine);
	}
	oi_decide(&machine.facts, &machine.config, &machine.catalog, &verdict);
	oi_machine_decide_exchange(&machine, &verdict);
	if (options->json) {
		OI_DOC_AUTO *doc = oi_verdict_to_doc(&verdict);

		print_doc(doc);
	} else {
		struct oi_textpage paper = oi_page_for(STDOUT_FILENO);

		oi_report_plan_page(&verdict, &machine.facts, &paper);
		oi_page_print(&paper);
	}
	return verdict.exit_code;
}

/* --- facts --- */

int oi_cmd_facts(const struct oi_options *options)
{
	OI_CLEANUP(oi_machine_close) struct oi_machine machine;
	struct oi_err err = { 0 };
	OI_DOC_AUTO *doc = NULL;

	if (oi_machine_open(options, &machine, &err) || oi_machine_read_facts(&machine, &err))
		return oi_machine_fail(&err);
	oi_machine_ask_size(&machine);
	doc = oi_facts_to_doc(&machine.facts);
	if (options->save) {
		OI_FREE char *json = oi_doc_to_public_json(doc, true);
		OI_FREE char *text = oi_mem_printf("%s\n", json);

		return oi_page_save(options->save, text, &err) ? oi_machine_fail(&err) : 0;
	}
	if (options->json)
		print_doc(doc);
	else
		print_leaves(doc, "");
	return 0;
}

/* --- verify --- */

/* What is there is compared with what the VM size promises; no stanza is needed for that. */
static void promise(const struct oi_machine *machine, struct oi_verdict *verdict)
{
	const struct oi_facts *facts = &machine->facts;
	const struct oi_size *size =
		oi_catalog_find_size(&machine->catalog, oi_text_or(&facts->vm.size, NULL));

	oi_mem_set(&verdict->vm.size, oi_text_or(&facts->vm.size, NULL));
	if (size) {
		oi_mem_set(&verdict->vm.nic_generation, size->nic_generation);
		verdict->vm.ib_ports = size->network_direct ? 0 : size->ib_ports;
		verdict->vm.link_gbps = size->network_direct ? 0 : size->link_gbps;
	}
	oi_mem_set(&verdict->driver.stack, oi_text_or(&facts->installed.stack, NULL));
	oi_mem_set(&verdict->driver.version, oi_text_or(&facts->installed.version, NULL));
	oi_mem_set(&verdict->driver.kernel, oi_text_or(&facts->kernel.release, NULL));
}

static enum oi_reason sum_up(const struct oi_checks *checks)
{
	enum oi_reason reason = OI_R_VERIFIED;

	for (size_t i = 0; i < checks->n; i++) {
		if (checks->v[i].proof == OI_PROOF_FAIL)
			return checks->v[i].reason;
		if (checks->v[i].proof == OI_PROOF_UNPROVEN)
			reason = OI_R_VERIFIED_UNPROVEN;
	}
	return reason;
}

static void print_checks(const struct oi_checks *checks, enum oi_reason reason, bool json)
{
	const struct oi_reason_text *text = oi_reason_text(reason);
	const char *outcome = text->exit_code ? "fail" :
			      reason == OI_R_VERIFIED ? "pass" : "unproven";
	struct oi_textpage paper = oi_page_for(STDOUT_FILENO);

	if (json) {
		OI_DOC_AUTO *doc = oi_doc_new(OI_DOC_MAP);

		oi_doc_put_int(doc, "schema", 1);
		oi_doc_put_string(doc, "reason", text->id);
		oi_doc_put_int(doc, "exit_code", text->exit_code);
		oi_doc_put_string(doc, "message", text->sentence);
		oi_doc_put_string(doc, "remedy", text->remedy);
		oi_doc_put(doc, "checks", oi_checks_to_doc(checks));
		print_doc(doc);
		return;
	}
	for (size_t i = 0; i < checks->n; i++) {
		const char *word = oi_proof_name(checks->v[i].proof);
		OI_FREE char *line = oi_mem_printf("%s: %s", checks->v[i].id, checks->v[i].detail);

		oi_textpage_row(&paper, 0, PROOF_WIDTH, oi_view_word_tone(word),
			     oi_proof_word(checks->v[i].proof), line);
	}
	oi_buf_adds(&paper.text, "\n");
	oi_textpage_field(&paper, "outcome", oi_view_word_tone(outcome), text->sentence);
	oi_textpage_field(&paper, "reason", OI_TONE_PLAIN, text->id);
	oi_textpage_field(&paper, "remedy", OI_TONE_STRONG, text->remedy);
	oi_page_print(&paper);
}

int oi_cmd_verify(const struct oi_options *options)
{
	OI_CLEANUP(oi_machine_close) struct oi_machine machine;
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict = { 0 };
	OI_CLEANUP(oi_checks_clear) struct oi_checks checks = { 0 };
	struct oi_err err = { 0 };
	enum oi_reason reason;
	int64_t wait_ms = 0;

	if (oi_machine_open(options, &machine, &err) || oi_machine_read_config(&machine, &err) ||
	    oi_machine_read_catalog(&machine, &err) || oi_machine_read_facts(&machine, &err))
		return oi_machine_fail(&err);
	oi_machine_ask_size(&machine);
	promise(&machine, &verdict);
	if (options->wait)
		wait_ms = (int64_t)machine.config.verify.wait_seconds * 1000;
	if (wait_ms) {
		OI_FREE char *line = oi_mem_printf("waiting up to %d s for the ports",
						   machine.config.verify.wait_seconds);

		oi_terminal_say(&machine.terminal, line);
	}
	oi_verify(&machine.host, &machine.config, &verdict, wait_ms, &machine.facts, &checks);
	oi_terminal_hide(&machine.terminal);
	reason = sum_up(&checks);
	print_checks(&checks, reason, options->json);
	return oi_reason_text(reason)->exit_code;
}

/* --- validate, schema, catalog --- */

/* One after the other, and what to do where it differs. Return: the exit code of the first */
static int tell_faults(const struct oi_config_faults *faults)
{
	for (size_t i = 0; i < faults->n; i++) {
		OI_FREE char *line = oi_redact(faults->v[i].text);

		if (i + 1 == faults->n || faults->v[i + 1].code != faults->v[i].code) {
			oi_machine_fail(&faults->v[i]);
			continue;
		}
		fprintf(stderr, "ofed-init: %s\n", line);
	}
	return oi_reason_text((enum oi_reason)faults->v[0].code)->exit_code;
}

/* What of a file is not judged, or is not as it looks. */
static void tell_notes(const struct oi_strv *notes)
{
	for (size_t i = 0; i < notes->n; i++) {
		OI_FREE char *line = oi_redact(notes->v[i]);

		fprintf(stderr, "%s\n", line);
	}
}

int oi_cmd_validate(const struct oi_options *options)
{
	OI_CLEANUP(oi_machine_close) struct oi_machine machine;
	OI_CLEANUP(oi_config_faults_clear) struct oi_config_faults faults = { 0 };
	struct oi_err err = { 0 };
	int rc;

	if (oi_machine_open(options, &machine, &err))
		return oi_machine_fail(&err);
	if (options->arguments.n != 1) {
		oi_err_set(&err, OI_R_USAGE, "validate needs one FILE");
		return oi_machine_fail(&err);
	}
	if (!options->json)
		machine.stanza.faults = &faults;
	rc = oi_stanza_read(&machine.host, &options->arguments, &machine.stanza, &err);
	if (!options->json) {
		if (!rc)
			oi_config_find_faults(machine.stanza.doc, &faults);
		else
			oi_config_add_fault(&faults, &err);
		tell_notes(&machine.stanza.notes);
		if (faults.n)
			return tell_faults(&faults);
	}
	if (!rc)
		rc = oi_machine_want_stanza(&machine, options->arguments.v[0], &err);
	if (rc)
		return fail_plan(&machine, &err);
	if (options->json) {
		OI_DOC_AUTO *doc = oi_doc_new(OI_DOC_MAP);

		oi_doc_put(doc, "infiniband", oi_config_to_doc(&machine.config));
		print_doc(doc);
	} else {
		printf("%s: valid\n", options->arguments.v[0]);
	}
	return 0;
}

int oi_cmd_schema(const struct oi_options *options)
{
	OI_DOC_AUTO *doc = oi_config_schema();

	(void)options;
	print_doc(doc);
	return 0;
}

static void print_sizes(const struct oi_catalog *catalog)
{
	printf("%-34s %-8s %-14s %-8s %s\n", "VM SIZE", "ADAPTER", "PORTS", "ARCH", "STATUS");
	for (size_t i = 0; i < catalog->n_sizes; i++) {
		const struct oi_size *size = &catalog->sizes[i];
		OI_FREE char *ports =
			size->network_direct ?
				oi_mem_dup("network direct") :
				oi_mem_printf("%d x %d Gb/s", size->ib_ports, size->link_gbps);

		printf("%-34s %-8s %-14s %-8s %s\n", size->name, size->nic_generation, ports,
		       size->arch, size->status);
	}
}

static void print_releases(const struct oi_catalog *catalog)
{
	printf("\n%-10s %-16s %-12s %-8s %-8s %-13s %s\n", "DRIVER", "VERSION", "DISTRIBUTION",
	       "RELEASE", "ARCH", "STATUS", "ADAPTERS");
	for (size_t i = 0; i < catalog->n_releases; i++) {
		const struct oi_release *row = &catalog->releases[i];
		OI_FREE char *adapters = oi_strv_join(&row->nic_generations, ",");

		printf("%-10s %-16s %-12s %-8s %-8s %-13s %s\n", row->stack, row->version,
		       row->distro_id, row->distro_version, row->arch,
		       oi_release_status_name(row->status), adapters);
	}
	for (size_t i = 0; i < catalog->n_inbox; i++) {
		const struct oi_inbox *row = &catalog->inbox[i];
		OI_FREE char *adapters = oi_strv_join(&row->nic_generations, ",");
		OI_FREE char *arch = oi_strv_join(&row->arch, ",");

		printf("%-10s %-16s %-12s %-8s %-8s %-13s %s\n", "inbox", row->method,
		       row->distro_id, row->distro_version, arch, "-", adapters);
	}
}

static struct oi_doc *catalog_to_doc(const struct oi_catalog *catalog)
{
	struct oi_doc *doc = oi_doc_new(OI_DOC_MAP);
	struct oi_doc *sizes = oi_doc_new(OI_DOC_LIST);
	struct oi_doc *releases = oi_doc_new(OI_DOC_LIST);
	struct oi_doc *inbox = oi_doc_new(OI_DOC_LIST);

	for (size_t i = 0; i < catalog->n_sizes; i++) {
		const struct oi_size *size = &catalog->sizes[i];
		struct oi_doc *map = oi_doc_new(OI_DOC_MAP);

		oi_doc_put_string(map, "size", size->name);
		oi_doc_put_string(map, "nic_generation", size->nic_generation);
		oi_doc_put_bool(map, "network_direct", size->network_direct);
		oi_doc_put_int(map, "ib_ports", size->ib_ports);
		oi_doc_put_int(map, "link_gbps", size->link_gbps);
		oi_doc_put_string(map, "arch", size->arch);
		oi_doc_put_string(map, "status", size->status);
		oi_doc_put_string(map, "note", size->note);
		oi_doc_add(sizes, map);
	}
	for (size_t i = 0; i < catalog->n_releases; i++) {
		const struct oi_release *row = &catalog->releases[i];
		struct oi_doc *map = oi_doc_new(OI_DOC_MAP);

		oi_doc_put_string(map, "stack", row->stack);
		oi_doc_put_string(map, "version", row->version);
		oi_doc_put_string(map, "distro_id", row->distro_id);
		oi_doc_put_string(map, "distro_version", row->distro_version);
		oi_doc_put_string(map, "arch", row->arch);
		oi_doc_put(map, "nic_generations", oi_doc_new_strings(&row->nic_generations));
		oi_doc_put(map, "kernels", oi_doc_new_strings(&row->kernels));
		oi_doc_put_string(map, "url", row->url);
		oi_doc_put_string(map, "sha256", row->sha256);
		oi_doc_put_string(map, "kind", row->kind);
		oi_doc_put_string(map, "status", oi_release_status_name(row->status));
		oi_doc_put_string(map, "note", row->note);
		oi_doc_add(releases, map);
	}
	for (size_t i = 0; i < catalog->n_inbox; i++) {
		const struct oi_inbox *row = &catalog->inbox[i];
		struct oi_doc *map = oi_doc_new(OI_DOC_MAP);

		oi_doc_put_string(map, "distro_id", row->distro_id);
		oi_doc_put_string(map, "distro_version", row->distro_version);
		oi_doc_put(map, "arch", oi_doc_new_strings(&row->arch));
		oi_doc_put(map, "nic_generations", oi_doc_new_strings(&row->nic_generations));
		oi_doc_put_string(map, "method", row->method);
		oi_doc_put(map, "packages", oi_doc_new_strings(&row->packages));
		oi_doc_put_string(map, "note", row->note);
		oi_doc_add(inbox, map);
	}
	oi_doc_put_int(doc, "schema", 1);
	oi_doc_put(doc, "sizes", sizes);
	oi_doc_put(doc, "releases", releases);
	oi_doc_put(doc, "inbox", inbox);
	return doc;
}

int oi_cmd_catalog(const struct oi_options *options)
{
	OI_CLEANUP(oi_machine_close) struct oi_machine machine;
	struct oi_err err = { 0 };

	if (oi_machine_open(options, &machine, &err) || oi_machine_read_catalog(&machine, &err))
		return oi_machine_fail(&err);
	if (options->json) {
		OI_DOC_AUTO *doc = catalog_to_doc(&machine.catalog);

		print_doc(doc);
	} else {
		print_sizes(&machine.catalog);
		print_releases(&machine.catalog);
	}
	return 0;
}
