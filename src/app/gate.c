/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/gate.h"

#include <string.h>

/* @text: for who finds the file; @otherwise: what it means that there is none */
static void shut(const struct oi_machine *machine, const char *text, const char *otherwise)
{
	struct oi_err err;

	/* without room for a file, the other one of dist/gate can still get this one's name */
	if (oi_root_write(&machine->host.change, OI_BLOCK_MARKER, 0644, text, strlen(text), &err) &&
	    !oi_root_name_again(&machine->host.change, OI_JUDGED_MARKER, OI_BLOCK_MARKER))
		oi_log_warn(&machine->host.log, "%s: %s", otherwise, err.text);
}

void oi_gate_block(const struct oi_machine *machine)
{
	if (machine->config.block_on_failure)
		shut(machine, "ofed-init has not succeeded, and the stanza says on_failure: block\n",
		     "on_failure: block cannot be kept");
}

void oi_gate_begin(struct oi_machine *machine, bool readable)
{
	struct oi_config *config = &machine->config;

	if (!readable)
		config->block_on_failure =
			oi_stanza_asks_block(&machine->host, &machine->options->configs);
	if (config->block_on_failure)
		oi_gate_block(machine);
	else
		oi_gate_open(machine);
}

void oi_gate_hold(const struct oi_machine *machine)
{
	shut(machine, "ofed-init restarts the VM; the workloads start after that\n",
	     "workloads may start before the reboot");
}

void oi_gate_open(const struct oi_machine *machine)
{
	struct oi_err err;

	/* A run by hand has no unit that said so: without it the gate asks the stanza, and stays shut. */
	if ((machine->config.block_on_failure &&
	     oi_root_write(&machine->host.change, OI_JUDGED_MARKER, 0644, "", 0, &err)) ||
	    oi_root_remove(&machine->host.change, OI_BLOCK_MARKER, &err))
		oi_log_warn(&machine->host.log, "workloads stay held back: %s", err.text);
}
