/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/lines.h"

#include "app/page.h"
#include "base/mem.h"

void oi_lines_machine(struct oi_machine *machine)
{
	const struct oi_facts *f = &machine->facts;
	OI_FREE char *line = NULL;
	size_t infiniband = 0;

	for (size_t i = 0; i < f->pci.n; i++)
		infiniband += oi_pci_is_infiniband(&f->pci.v[i]);
	line = oi_mem_printf("this is %s (by %s), %s %s on %s, kernel %s, %zu InfiniBand function%s",
			     oi_text_or(&f->vm.size, "a VM of unknown size"),
			     oi_text_or(&f->vm.size_source, "nothing"), oi_text_or(&f->os.id, "?"),
			     oi_text_or(&f->os.version_id, ""), oi_text_or(&f->kernel.arch, "?"),
			     oi_text_or(&f->kernel.release, "?"), infiniband,
			     infiniband == 1 ? "" : "s");
	oi_log_info(&machine->host.log, "%s", line);
	oi_watch_tell(machine, line);
	for (size_t i = 0; i < f->doubts.n; i++)
		oi_log_debug(&machine->host.log, "not known: %s", f->doubts.v[i]);
}

void oi_lines_verdict(struct oi_machine *machine, const struct oi_verdict *verdict)
{
	OI_FREE char *line = oi_mem_printf("decided: %s, %zu steps: %s",
					   oi_outcome_name(verdict->outcome), verdict->n_steps,
					   verdict->message);

	for (size_t i = 0; i < verdict->n_rules; i++)
		oi_log_info(&machine->host.log, "rule %s: %s: %s", verdict->rules[i].id,
			    oi_result_word(verdict->rules[i].result), verdict->rules[i].detail);
	oi_log_info(&machine->host.log, "%s", line);
	oi_watch_tell(machine, line);
}

void oi_lines_checks(const struct oi_machine *machine, const struct oi_checks *checks)
{
	for (size_t i = 0; i < checks->n; i++) {
		const struct oi_check *check = &checks->v[i];

		if (check->proof == OI_PROOF_PASS)
			oi_log_info(&machine->host.log, "check %s: pass: %s", check->id, check->detail);
		else
			oi_log_warn(&machine->host.log, "check %s: %s: %s", check->id,
				    oi_proof_word(check->proof), check->detail);
	}
}
