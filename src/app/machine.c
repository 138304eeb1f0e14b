/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decide/decide.h"
#include "execute/hold.h"
#include "facts/gather.h"
#include "sys/clock.h"
#include "sys/trust.h"
#include "verify/verify.h"

#define CATALOG_DIR "/etc/ofed-init/catalog.d"

/* A catalog file or a snapshot is a few hundred KiB at the most. */
#define FILE_LIMIT_BYTES (8u << 20)

/* The service is on the VM's own host and answers in milliseconds; it is given time
 * for the first minute of a VM, when it may still say 404 or 429.
 * Source: Azure metadata service, "Errors and debugging": retry with backoff */
#define METADATA_WAIT_MS 60000

/* Commands other than run have no stanza's deadline. */
#define COMMAND_LIMIT_MS 600000

int oi_machine_open(const struct oi_options *options, struct oi_machine *machine,
		    struct oi_err *err)
{
	memset(machine, 0, sizeof(*machine));
	machine->options = options;
	machine->log.fd = -1;
	machine->log.console = true;
	machine->log.console_least = options->verbose ? OI_LOG_DEBUG : OI_LOG_WARN;
	oi_terminal_open(&machine->terminal);
	machine->log.terminal = &machine->terminal;
	machine->host.terminal = &machine->terminal;
	machine->host.log.write = oi_statuslog_write;
	machine->host.log.data = &machine->log;
	machine->host.log.least = options->verbose ? OI_LOG_DEBUG : OI_LOG_INFO;
	machine->host.look.fd = -1;
	machine->host.change.fd = -1;
	machine->host.pci_dump = options->pci_dump;
	machine->host.imds_url = options->imds;
	machine->host.deadline_ms = oi_clock_ms() + COMMAND_LIMIT_MS;
	oi_config_init(&machine->config);
	oi_tools_find(&machine->host.tools);
	if (oi_root_open(options->sysroot, &machine->host.look, err))
		return oi_err_prefix(err, "--sysroot");
	if (oi_root_open(options->root, &machine->host.change, err))
		return oi_err_prefix(err, "--root");
	return 0;
}

void oi_machine_close(struct oi_machine *machine)
{
	oi_facts_clear(&machine->facts);
	oi_catalog_clear(&machine->catalog);
	oi_config_clear(&machine->config);
	oi_stanza_clear(&machine->stanza);
	oi_statuslog_close(&machine->log);
	oi_root_close(&machine->host.change);
	oi_root_close(&machine->host.look);
}

/* What is named on the command line is obeyed by these; the others only look. */
static bool changes_machine(const struct oi_options *options)
{
	return !strcmp(options->command, "run") || !strcmp(options->command, "bake") ||
	       !strcmp(options->command, "prefetch") || !strcmp(options->command, "hold") || !strcmp(options->command, "bundle");
}

/* By these the user hears how the boot will go, or went. */
static bool asks_of_boot(const struct oi_options *options)
{
	return !options->facts && (!strcmp(options->command, "run") || !strcmp(options->command, "plan"));
}

/* Files that the stanza names and that decide whom we trust. */
static int guard_named_by_stanza(const struct oi_machine *machine, struct oi_err *err)
{
	const struct oi_config *config = &machine->config;

	if (config->source.ca_bundle &&
	    oi_trust_path(&machine->host.change, config->source.ca_bundle, err))
		return oi_err_prefix(err, "source.ca_bundle");
	if (config->modules_cache.public_key &&
	    oi_trust_path(&machine->host.change, config->modules_cache.public_key, err))
		return oi_err_prefix(err, "modules_cache.public_key");
	if (config->secure_boot.key &&
	    oi_trust_secret(&machine->host.change, config->secure_boot.key, err))
		return oi_err_prefix(err, "secure_boot.key");
	return 0;
}

int oi_machine_read_config(struct oi_machine *machine, struct oi_err *err)
{
	const struct oi_strv *files = &machine->options->configs;
	OI_FREE char *culprit = NULL;
	int rc = 0;

	for (size_t i = 0; changes_machine(machine->options) && i < files->n; i++)
		if (oi_trust_named(files->v[i], err))
			return -1;
	rc = files->n ? oi_stanza_read(&machine->host, files, &machine->stanza, err) :
			oi_stanza_find(&machine->host, &machine->stanza, err);
	if (rc)
		return -1;
	oi_redact_know_doc(machine->stanza.doc);
	if (!oi_config_from_doc(machine->stanza.doc, &machine->config, &culprit, err)) {
		if (changes_machine(machine->options) && guard_named_by_stanza(machine, err))
			return -1;
		if (!asks_of_boot(machine->options) || !oi_hold_check(&machine->host, &machine->config, err))
			return 0;
		culprit = oi_mem_dup("infiniband.hold_units");
	}
	if (!files->n && culprit)
		oi_stanza_place(&machine->host, culprit, err);
	return -1;
}

void oi_machine_read_reporting(const struct oi_machine *machine, struct oi_reporting *reporting)
{
	OI_CLEANUP(oi_stanza_clear) struct oi_stanza section = { 0 };
	struct oi_err err;

	if (oi_stanza_find_reporting(&machine->host, &section, &err))
		oi_log_warn(&machine->host.log, "cloud-init's reporting: %s", err.text);
	else
		oi_reporting_from_doc(section.doc, reporting);
	if (reporting->n || machine->config.report.webhook) {
		OI_FREE char *version = oi_stanza_cloud_version(&machine->host);

		reporting->durations = oi_reporting_has_durations(version);
	}
	oi_redact_know_doc(section.doc);
	for (size_t i = 0; i < reporting->left_out.n; i++)
		oi_log_warn(&machine->host.log, "%s", reporting->left_out.v[i]);
}

/* @shown: the file's name as the user knows it */
static int add_catalog_file(struct oi_machine *machine, const struct oi_root *root,
			    const char *path, const char *shown, struct oi_err *err)
{
	struct oi_buf text = { 0 };
	int rc = machine->options->catalog ? 0 : oi_trust_path(root, path, err);

	if (!rc)
		rc = oi_root_read(root, path, FILE_LIMIT_BYTES, &text, err);
	if (rc > 0)
		rc = oi_err_set(err, OI_R_CATALOG_MALFORMED, "%s: it has gone away", shown);
	if (!rc)
		rc = oi_catalog_add_table(&machine->catalog, shown, oi_buf_str(&text), text.len,
					  err);
	oi_buf_clear(&text);
	return rc;
}

static bool is_table(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && !strcmp(name + len - 4, ".tsv") && name[0] != '.';
}

static int add_catalog_folder(struct oi_machine *machine, const struct oi_root *root,
			      const char *folder, const char *shown, struct oi_err *err)
{
	struct oi_strv names = { 0 };
	int rc = oi_root_list(root, folder, &names, err);

	if (rc > 0)
		rc = 0; /* nobody has put a file there */
	for (size_t i = 0; !rc && i < names.n; i++) {
		OI_FREE char *path = oi_mem_printf("%s/%s", folder, names.v[i]);
		OI_FREE char *name = oi_mem_printf("%s/%s", shown, names.v[i]);

		if (is_table(names.v[i]))
			rc = add_catalog_file(machine, root, path, name, err);
	}
	oi_strv_clear(&names);
	return rc;
}

/* The folder that is named, and all in it. */
static int guard_catalog(const struct oi_root *here, const char *folder, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };

	if (oi_trust_named(folder, err) || oi_root_list(here, ".", &names, err))
		return -1;
	for (size_t i = 0; i < names.n; i++)
		if (is_table(names.v[i]) && oi_trust_path(here, names.v[i], err))
			return -1;
	return 0;
}

int oi_machine_read_catalog(struct oi_machine *machine, struct oi_err *err)
{
	const char *folder = machine->options->catalog;
	OI_CLEANUP(oi_root_close) struct oi_root here = { .fd = -1 };

	if (oi_catalog_add_builtin(&machine->catalog, err))
		return -1;
	if (!folder)
		return add_catalog_folder(machine, &machine->host.change, CATALOG_DIR, CATALOG_DIR,
					  err);
	if (oi_root_open(folder, &here, err))
		return oi_err_prefix(err, "--catalog");
	if (changes_machine(machine->options) && guard_catalog(&here, folder, err))
		return -1;
	return add_catalog_folder(machine, &here, ".", folder, err);
}

static int read_snapshot(struct oi_machine *machine, struct oi_err *err)
{
	const char *path = machine->options->facts;
	OI_CLEANUP(oi_root_close) struct oi_root top = { .fd = -1 };
	OI_FREE char *absolute = NULL;
	struct oi_buf text = { 0 };
	OI_DOC_AUTO *doc = NULL;
	int rc;

	if (oi_root_open("/", &top, err))
		return -1;
	absolute = realpath(path, NULL);
	rc = absolute ? oi_root_read(&top, absolute, FILE_LIMIT_BYTES, &text, err) : 1;
	if (rc > 0)
		rc = oi_err_set(err, OI_R_USAGE, "--facts: no file %s", path);
	if (!rc)
		rc = oi_doc_from_json(oi_buf_str(&text), text.len, path, OI_R_FACTS_MALFORMED, &doc,
				      err);
	if (!rc)
		rc = oi_facts_from_doc(doc, &machine->facts, err);
	oi_buf_clear(&text);
	return rc;
}

int oi_machine_read_facts(struct oi_machine *machine, struct oi_err *err)
{
	if (machine->options->facts)
		return read_snapshot(machine, err);
	oi_facts_gather(&machine->host, &machine->facts);
	/* a machine's bus may be unreadable; a file that the user names may not */
	if (machine->options->pci_dump && machine->facts.pci.known == OI_UNKNOWN)
		return oi_err_set(err, OI_R_USAGE, "--pci-dump: %s is not output of lspci -x",
				  machine->options->pci_dump);
	return 0;
}

void oi_machine_ask_size(struct oi_machine *machine)
{
	int64_t deadline_ms = oi_clock_ms() + METADATA_WAIT_MS;

	if (machine->options->facts || machine->facts.vm.size.known == OI_KNOWN ||
	    !oi_decide_platform(&machine->facts))
		return;
	if (deadline_ms > machine->host.deadline_ms)
		deadline_ms = machine->host.deadline_ms;
	oi_facts_ask_metadata(&machine->host, deadline_ms, &machine->facts);
}

const char *oi_machine_decide_exchange(const struct oi_machine *machine, struct oi_verdict *verdict)
{
	const char *why = NULL;

	if (verdict->outcome != OI_OUTCOME_READY || machine->options->facts)
		return NULL;
	if (oi_verify_overtaken(&machine->host, verdict->driver.stack, verdict->driver.kernel))
		why = "the kernel's own driver is loaded, as by an initramfs that holds it";
	else if (oi_verify_away(&machine->host, &machine->facts, verdict))
		why = "no driver is loaded, though one is installed and an adapter waits for it";
	if (why)
		oi_decide_exchange(&machine->facts, &machine->config, verdict);
	return why;
}

int oi_machine_want_stanza(struct oi_machine *machine, const char *file, struct oi_err *err)
{
	if (oi_config_from_doc(machine->stanza.doc, &machine->config, NULL, err))
		return -1;
	if (machine->config.present)
		return 0;
	return oi_err_set(err, OI_R_STANZA_TYPE,
			  "%s: expected the key infiniband: with a map as its value, at least {}", file);
}

int oi_machine_fail(const struct oi_err *err)
{
	const struct oi_reason_text *text = oi_reason_text((enum oi_reason)err->code);
	OI_FREE char *line = oi_redact(err->text);

	fprintf(stderr, "ofed-init: %s\n", line);
	if (text->remedy)
		fprintf(stderr, "  %s: %s\n", text->id, text->remedy);
	return text->exit_code;
}
