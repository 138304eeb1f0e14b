/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What else on the machine uses RDMA, and what a new ib_core means for it. Said,
 * not refused, unless the loaded drivers cannot make way because they are in use.
 * Source: catalog notes, "Driver choice" (mana_ib), "openibd", "Packages and modules"
 */
#include "decide/holders.h"

#include <string.h>

#include "base/mem.h"
#include "decide/artefact.h"
#include "model/rdma_modules.h"

struct found {
	struct oi_strv names[OI_RDMA_KIND_COUNT];
	struct oi_strv hold; /* whatever else has to go before the loaded ib_core can */
	struct oi_strv in_use; /* those of them that somebody works with */
};

static void found_clear(struct found *found)
{
	for (size_t i = 0; i < OI_RDMA_KIND_COUNT; i++)
		oi_strv_clear(&found->names[i]);
	oi_strv_clear(&found->in_use);
	oi_strv_clear(&found->hold);
}

/* lnet is held by its users on any network; ko2iblnd by those on this one */
static bool has_to_go(const char *name, enum oi_rdma_kind kind)
{
	return kind == OI_RDMA_CLIENT || kind == OI_RDMA_DRIVER || kind == OI_RDMA_MANA ||
	       !strcmp(name, "ko2iblnd") || strstr(name, "_peermem") || strstr(name, "_peer_mem");
}

static void find_holders(const struct oi_facts *facts, struct found *found)
{
	for (size_t i = 0; i < facts->modules.n; i++) {
		const struct oi_module *m = &facts->modules.v[i];
		enum oi_rdma_kind kind = oi_rdma_kind(m->name);

		oi_strv_add(&found->names[kind], m->name);
		if (!has_to_go(m->name, kind))
			continue;
		oi_strv_add(&found->hold, m->name);
		if (m->refs > (long)m->holders.n)
			oi_strv_add(&found->in_use, m->name);
	}
	/* Built into the kernel it is on no list of modules, but its devices are there. */
	for (size_t i = 0; i < facts->rdma.n && !found->names[OI_RDMA_MANA].n; i++)
		if (!strncmp(facts->rdma.v[i].device, "mana_", 5))
			oi_strv_add(&found->names[OI_RDMA_MANA], "mana_ib");
}

static void judge_mana(struct oi_decision *d, const char *stack)
{
	if (oi_strv_has(&d->config->blacklist, "mana_ib"))
		oi_verdict_rule(d->verdict, "holders-mana", OI_RESULT_PASS,
				"mana_ib is loaded, and the stanza's blacklist keeps it from the next boot on");
	else
		oi_verdict_rule(d->verdict, "holders-mana", OI_RESULT_UNKNOWN,
				"warning: mana_ib is loaded, and the ib_core of %s breaks it: RDMA over MANA is lost; blacklist: [mana_ib] keeps it quiet, driver: inbox keeps it working",
				stack);
}

static void name_client(const struct oi_decision *d, const char *module, const char *by,
			struct oi_strv *lost, struct oi_strv *sources)
{
	const char *source = oi_rdma_vendor_source(module);

	if (source && d->config->all_modules)
		return;
	oi_strv_addf(lost, "%s (%s)", module, by);
	if (source && !oi_strv_has(sources, source))
		oi_strv_add(sources, source);
}

static bool is_told(const struct oi_facts *facts, const char *module)
{
	for (size_t i = 0; i < facts->uses.n; i++)
		if (!strcmp(facts->uses.v[i].module, module))
			return true;
	return false;
}

/*
 * Clients are made for one ib_core: the kernel's own refuse to load with another ("disagrees about version
 * of symbol"), and of some the vendor has no build.
 */
static void judge_clients(struct oi_decision *d, const struct found *found, const char *stack)
{
	const struct oi_facts *f = d->facts;
	OI_CLEANUP(oi_strv_clear) struct oi_strv lost = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv sources = { 0 };
	OI_FREE char *names = NULL;
	OI_FREE char *brought = NULL;

	for (size_t i = 0; i < f->uses.n; i++)
		name_client(d, f->uses.v[i].module, f->uses.v[i].by, &lost, &sources);
	for (size_t i = 0; i < found->in_use.n; i++)
		if (oi_rdma_kind(found->in_use.v[i]) == OI_RDMA_CLIENT &&
		    !is_told(f, found->in_use.v[i]))
			name_client(d, found->in_use.v[i], "loaded, and in use", &lost, &sources);
	if (!lost.n)
		return;
	names = oi_strv_join(&lost, "; ");
	brought = oi_strv_join(&sources, ", ");
	oi_verdict_rule(d->verdict, "holders-storage", OI_RESULT_UNKNOWN,
			"warning: the kernel's own builds of these do not load with the ib_core of %s: %s; %s%s%sdriver: inbox keeps them working",
			stack, names, sources.n ? "modules: all brings the vendor's " : "", brought,
			sources.n ? ", and " : "");
}

/* The vendor's ib_core takes the place of the kernel's. */
static void judge_new_core(struct oi_decision *d, const struct found *found, const char *stack)
{
	OI_FREE char *drivers = oi_strv_join(&found->names[OI_RDMA_DRIVER], ", ");
	OI_FREE char *hold = oi_strv_join(&found->hold, ", ");
	OI_FREE char *lustre = oi_strv_join(&found->names[OI_RDMA_LUSTRE], ", ");

	if (found->names[OI_RDMA_MANA].n)
		judge_mana(d, stack);
	if (found->names[OI_RDMA_DRIVER].n)
		oi_verdict_rule(d->verdict, "holders-drivers", OI_RESULT_UNKNOWN,
				"warning: %s: made for another ib_core than that of %s, and not to be loaded beside it unless rebuilt",
				drivers, stack);
	if (found->names[OI_RDMA_LUSTRE].n)
		oi_verdict_rule(d->verdict, "holders-lustre", OI_RESULT_UNKNOWN,
				"warning: %s: Lustre speaks InfiniBand (o2ib) again only when ko2iblnd is rebuilt for the ib_core of %s",
				lustre, stack);
	if (found->names[OI_RDMA_GPU].n)
		oi_verdict_rule(d->verdict, "holders-gpu", OI_RESULT_UNKNOWN,
				"warning: the NVIDIA driver is already there, so nvidia-peermem was made without the ib_core of %s: afterwards rebuild the driver's modules (with dkms: dkms remove and install of nvidia; else its installer) and load nvidia-peermem",
				stack);
	if (found->hold.n && !found->in_use.n)
		oi_verdict_rule(d->verdict, "holders-restart", OI_RESULT_UNKNOWN,
				"warning: %s: loaded, and not in use: unloaded before openibd exchanges the drivers",
				hold);
}

bool oi_gate_holders(struct oi_decision *d)
{
	OI_CLEANUP(found_clear) struct found found = { 0 };
	const char *stack = oi_driver_name(d->stack);
	OI_FREE char *in_use = NULL;
	bool others = false;

	if (d->facts->modules.known == OI_UNKNOWN) {
		oi_verdict_rule(d->verdict, "holders", OI_RESULT_UNKNOWN,
				"the loaded modules could not be listed");
		return true;
	}
	find_holders(d->facts, &found);
	for (size_t i = OI_RDMA_STACK + 1; i < OI_RDMA_KIND_COUNT; i++)
		others |= found.names[i].n > 0;
	if (!oi_artefact_from_distro(d))
		judge_clients(d, &found, stack);
	if (!others || oi_artefact_from_distro(d)) {
		oi_verdict_rule(d->verdict, "holders", OI_RESULT_PASS, "%s",
				others ? "other users of RDMA keep the distribution's own ib_core" :
					 "nothing else uses the loaded drivers");
		return true;
	}
	judge_new_core(d, &found, stack);
	if (!found.in_use.n)
		return true;
	in_use = oi_strv_join(&found.in_use, ", ");
	if (d->config->reboot_if_needed) {
		oi_verdict_rule(d->verdict, "holders-restart", OI_RESULT_PASS,
				"%s in use: the loaded drivers make way for those of %s by a reboot, as the stanza allows",
				in_use, stack);
		d->in_use = oi_mem_take(&in_use);
		return true;
	}
	oi_verdict_rule(d->verdict, "holders-restart", OI_RESULT_FAIL,
			"%s in use: the loaded drivers cannot make way for those of %s", in_use, stack);
	return oi_decision_refuse(d, OI_R_MODULES_IN_USE, "%s", in_use);
}
