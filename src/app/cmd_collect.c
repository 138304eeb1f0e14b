/* SPDX-License-Identifier: GPL-2.0-or-later */
/* collect: facts, stanza and plan, with which anybody can decide it again, and all the logs. */
#include <stdio.h>

#include "app/commands.h"
#include "app/machine.h"
#include "base/mem.h"
#include "decide/decide.h"
#include "report/collect.h"
#include "sys/clock.h"

/* What cannot be decided is said in the table of contents: the logs are wanted all the more. */
static void add_decision(struct oi_machine *machine, struct oi_collect *collect)
{
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict = { 0 };
	struct oi_doc *stanza;
	struct oi_err err;

	if (oi_machine_read_facts(machine, &err)) {
		oi_collect_note(collect, "facts.json", err.text);
	} else {
		oi_machine_ask_size(machine);
		oi_collect_doc(collect, "facts.json", oi_facts_to_doc(&machine->facts));
	}
	if (oi_machine_read_config(machine, &err) || oi_machine_read_catalog(machine, &err)) {
		oi_collect_note(collect, "plan.json", err.text);
		return;
	}
	if (machine->config.present) {
		stanza = oi_doc_new(OI_DOC_MAP);
		oi_doc_put(stanza, "infiniband", oi_config_to_doc(&machine->config));
		oi_collect_doc(collect, "stanza.yaml", stanza); /* JSON is YAML */
	} else {
		oi_collect_note(collect, "stanza.yaml", "there is none");
	}
	oi_decide(&machine->facts, &machine->config, &machine->catalog, &verdict);
	oi_collect_doc(collect, "plan.json", oi_verdict_to_doc(&verdict));
}

/* By the time, without colons: what is before one is another machine for tar, scp and rsync. */
static char *default_name(void)
{
	char now[OI_CLOCK_TEXT_BYTES];
	size_t len = 0;

	oi_clock_utc(now);
	for (const char *c = now; *c; c++)
		if (*c != ':')
			now[len++] = *c;
	now[len] = '\0';
	return oi_mem_printf(OI_COLLECT_FOLDER "-%s.tar.gz", now);
}

int oi_cmd_collect(const struct oi_options *options)
{
	OI_CLEANUP(oi_machine_close) struct oi_machine machine;
	OI_CLEANUP(oi_collect_end) struct oi_collect collect = { .scratch = { .fd = -1 } };
	OI_FREE char *path = oi_mem_dup(options->output);
	struct oi_err err = { 0 };

	if (!path)
		path = default_name();
	if (oi_machine_open(options, &machine, &err) ||
	    oi_collect_begin(&machine.host, &collect, &err))
		return oi_machine_fail(&err);
	oi_collect_note(&collect, "made by", "ofed-init " OI_VERSION);
	add_decision(&machine, &collect);
	oi_collect_machine(&collect);
	if (oi_collect_pack(&collect, path, &err))
		return oi_machine_fail(&err);
	printf("%s\n", path);
	return 0;
}
