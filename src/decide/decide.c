/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/decide.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decide/artefact.h"
#include "decide/decision.h"
#include "decide/driver.h"
#include "decide/gates.h"
#include "decide/holders.h"
#include "decide/installed.h"
#include "decide/machine.h"
#include "decide/modules.h"
#include "decide/plan.h"
#include "decide/repositories.h"

static bool gate_stanza(struct oi_decision *d)
{
	if (!d->config->present) {
		oi_verdict_rule(d->verdict, "stanza", OI_RESULT_FAIL, "no infiniband stanza");
		return oi_decision_end(d, OI_OUTCOME_SKIP, OI_R_NO_STANZA, "%s", "");
	}
	if (!d->config->enabled) {
		oi_verdict_rule(d->verdict, "stanza", OI_RESULT_FAIL, "enabled: false");
		return oi_decision_end(d, OI_OUTCOME_SKIP, OI_R_DISABLED, "%s", "");
	}
	oi_verdict_rule(d->verdict, "stanza", OI_RESULT_PASS, "driver: %s, version: %s",
			oi_driver_name(d->config->driver),
			d->config->version ? d->config->version : "default");
	return true;
}

/* What the size promises, for reports and for verify. */
static void describe_vm(struct oi_decision *d)
{
	struct oi_verdict *v = d->verdict;

	oi_mem_set(&v->vm.size, oi_text_or(&d->facts->vm.size, NULL));
	oi_mem_set(&v->vm.nic_generation, d->generation);
	if (d->size && !d->size->network_direct) {
		v->vm.ib_ports = d->size->ib_ports;
		v->vm.link_gbps = d->size->link_gbps;
	}
}

static void describe_driver(struct oi_decision *d)
{
	struct oi_verdict *v = d->verdict;
	struct oi_strv urls = { 0 };

	oi_mem_set(&v->driver.stack, oi_driver_name(d->stack));
	oi_mem_set(&v->driver.method, oi_artefact_method(d));
	oi_mem_set(&v->driver.kernel, oi_text_or(&d->facts->kernel.release, NULL));
	if (d->stack != OI_DRIVER_INBOX) {
		oi_mem_set(&v->driver.version, d->release ? d->release->version : d->config->version);
		oi_mem_set(&v->driver.sha256, oi_artefact_digest(d));
		oi_artefact_sources(d, &urls);
	}
	if (urls.n) /* without its query: that is where signatures stand */
		v->driver.url = oi_mem_ndup(urls.v[0], strcspn(urls.v[0], "?#"));
	oi_strv_clear(&urls);
}

static void ready(struct oi_decision *d)
{
	const struct oi_facts *f = d->facts;
	struct oi_verdict *v = d->verdict;

	if (!d->last_resort) /* then the doubt is of the catalog's release, which is not installed here */
		oi_mem_set(&v->doubt, NULL);
	oi_mem_set(&v->driver.stack, f->installed.stack.value);
	oi_mem_set(&v->driver.version, oi_text_or(&f->installed.version, NULL));
	oi_mem_set(&v->driver.kernel, oi_text_or(&f->kernel.release, NULL));
	oi_plan_set_up(d);
	oi_decision_end(d, OI_OUTCOME_READY, OI_R_DRIVER_PRESENT, "%s %s for %s",
			f->installed.stack.value, oi_text_or(&f->installed.version, "(version unknown)"),
			oi_text_or(&f->kernel.release, "this kernel"));
}

static void install(struct oi_decision *d)
{
	const struct oi_facts *f = d->facts;

	describe_driver(d);
	if (!oi_gate_preflight(d) || !oi_gate_holders(d))
		return;
	if (d->stack == OI_DRIVER_DOCA && !oi_artefact_from_distro(d))
		oi_judge_repositories(d);
	oi_plan_build(d);
	oi_decision_end(d, OI_OUTCOME_INSTALL, OI_R_DRIVER_NEEDED, "%s%s%s by %s, on %s, for %s %s%s%s",
			d->verdict->driver.stack, d->verdict->driver.version ? " " : "",
			d->verdict->driver.version ? d->verdict->driver.version : "",
			d->verdict->driver.method, oi_text_or(&f->vm.size, "a VM of unknown size"),
			oi_text_or(&f->os.id, "?"), oi_text_or(&f->os.version_id, "(no version)"),
			d->verdict->doubt ? "; warning: " : "",
			d->verdict->doubt ? d->verdict->doubt : "");
	if (d->remedies.n) {
		OI_FREE char *needs = oi_strv_join(&d->needs, " and ");
		OI_FREE char *how = oi_strv_join(&d->remedies, "; ");

		d->verdict->remedy = oi_mem_printf("Enable %s first: %s.", needs, how);
	}
}

void oi_decide(const struct oi_facts *facts, const struct oi_config *config,
	       const struct oi_catalog *catalog, struct oi_verdict *verdict)
{
	struct oi_decision d = {
		.facts = facts,
		.config = config,
		.catalog = catalog,
		.verdict = verdict,
	};
	bool go_on;

	go_on = gate_stanza(&d) && oi_gate_platform(&d) && oi_gate_size(&d);
	describe_vm(&d);
	if (go_on && oi_gate_distro(&d) && oi_gate_device(&d) && oi_choose_driver(&d)) {
		if (oi_installed_fits(&d))
			ready(&d);
		else
			install(&d);
	}
	free(d.in_use);
	oi_strv_clear(&d.needs);
	oi_strv_clear(&d.remedies);
}

static bool no_action(enum oi_action action OI_UNUSED)
{
	return false;
}

static bool has_step(const struct oi_verdict *verdict, const char *id)
{
	for (size_t i = 0; i < verdict->n_steps; i++)
		if (!strcmp(verdict->steps[i].id, id))
			return true;
	return false;
}

void oi_decide_exchange(const struct oi_facts *facts, const struct oi_config *config,
			struct oi_verdict *verdict)
{
	bool mlnx = !strcmp(verdict->driver.stack, oi_driver_name(OI_DRIVER_MLNX));
	struct oi_decision d = {
		.facts = facts,
		.config = config,
		.verdict = verdict,
		.generation = verdict->vm.nic_generation,
		.stack = mlnx ? OI_DRIVER_MLNX : OI_DRIVER_DOCA,
	};

	/* They would be refused, and the network with them: for verify to say how it stands. */
	if (oi_machine_refuses_unsigned(facts) && !config->secure_boot.key)
		return;
	if (oi_gate_holders(&d)) {
		if (!has_step(verdict, "set-ipoib")) /* of the stanza's set-up */
			oi_plan_openib_conf(&d);
		oi_plan_exchange(&d);
	} else {
		oi_verdict_keep(verdict, no_action); /* of a refusal nothing is done */
	}
	free(d.in_use);
}

char *oi_decide_modules_key(const struct oi_facts *facts, const struct oi_config *config,
			    const struct oi_catalog *catalog)
{
	OI_CLEANUP(oi_verdict_clear) struct oi_verdict verdict = { 0 };
	struct oi_decision d = {
		.facts = facts, .config = config, .catalog = catalog, .verdict = &verdict
	};

	if (!oi_gate_platform(&d) || !oi_gate_size(&d) || !oi_gate_distro(&d) ||
	    !oi_gate_device(&d) || !oi_choose_driver(&d) || !oi_plan_shares_modules(&d))
		return NULL;
	return oi_plan_modules_key(&d);
}

bool oi_decide_platform(const struct oi_facts *facts)
{
	struct oi_config config = { 0 };
	struct oi_verdict verdict = { 0 };
	struct oi_decision d = { .facts = facts, .config = &config, .verdict = &verdict };
	bool passed = oi_gate_platform(&d);

	oi_verdict_clear(&verdict);
	return passed;
}
