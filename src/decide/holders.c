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

enum kind { STACK, MANA, DRIVER, LUSTRE, GPU, CLIENT, KIND_COUNT };

/* Another user of ib_core that is not named here counts as a driver of somebody else's. */
static const struct {
	const char *name;
	enum kind kind;
} table[] = {
	{ "ib_core", STACK }, { "ib_addr", STACK }, { "ib_cm", STACK }, { "ib_ipoib", STACK },
	{ "ib_mad", STACK }, { "ib_sa", STACK }, { "ib_ucm", STACK }, { "ib_umad", STACK },
	{ "ib_uverbs", STACK }, { "iw_cm", STACK }, { "rdma_cm", STACK }, { "rdma_ucm", STACK },
	{ "mlx4_core", STACK }, { "mlx4_ib", STACK }, { "mlx4_en", STACK }, { "mlx5_core", STACK },
	{ "mlx5_ib", STACK }, { "mlx5_vdpa", STACK }, { "mlx_compat", STACK },
	{ "mana_ib", MANA },
	{ "lnet", LUSTRE }, { "ko2iblnd", LUSTRE },
	{ "nvidia", GPU }, { "nvidia_peermem", GPU }, { "nv_peer_mem", GPU },
	{ "ib_iser", CLIENT }, { "ib_isert", CLIENT }, { "ib_srp", CLIENT }, { "ib_srpt", CLIENT },
	{ "nvme_rdma", CLIENT }, { "nvmet_rdma", CLIENT }, { "rpcrdma", CLIENT },
	{ "rds_rdma", CLIENT },
};

static enum kind kind_of(const char *name)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(table); i++)
		if (!strcmp(table[i].name, name))
			return table[i].kind;
	return DRIVER;
}

struct found {
	struct oi_strv names[KIND_COUNT];
	struct oi_strv in_use; /* clients and Lustre's network that somebody works with */
	struct oi_strv hold; /* whatever else has to go before the loaded ib_core can */
};

static void found_clear(struct found *found)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		oi_strv_clear(&found->names[i]);
	oi_strv_clear(&found->in_use);
	oi_strv_clear(&found->hold);
}

static void find(const struct oi_facts *facts, struct found *found)
{
	for (size_t i = 0; i < facts->modules.n; i++) {
		const struct oi_module *m = &facts->modules.v[i];
		enum kind kind = kind_of(m->name);

		oi_strv_add(&found->names[kind], m->name);
		/* lnet is held by its users on any network; ko2iblnd by those on this one */
		if (m->refs > 0 && (kind == CLIENT || !strcmp(m->name, "ko2iblnd")))
			oi_strv_add(&found->in_use, m->name);
		if (kind == CLIENT || kind == DRIVER || kind == MANA || !strcmp(m->name, "ko2iblnd") ||
		    strstr(m->name, "_peermem") || strstr(m->name, "_peer_mem"))
			oi_strv_add(&found->hold, m->name);
	}
	/* Built into the kernel it is on no list of modules, but its devices are there. */
	for (size_t i = 0; i < facts->rdma.n && !found->names[MANA].n; i++)
		if (!strncmp(facts->rdma.v[i].device, "mana_", 5))
			oi_strv_add(&found->names[MANA], "mana_ib");
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

/* The vendor's ib_core takes the place of the kernel's. */
static void judge_new_core(struct oi_decision *d, const struct found *found, const char *stack)
{
	OI_FREE char *drivers = oi_strv_join(&found->names[DRIVER], ", ");
	OI_FREE char *hold = oi_strv_join(&found->hold, ", ");
	OI_FREE char *lustre = oi_strv_join(&found->names[LUSTRE], ", ");

	if (found->names[MANA].n)
		judge_mana(d, stack);
	if (found->names[DRIVER].n)
		oi_verdict_rule(d->verdict, "holders-drivers", OI_RESULT_UNKNOWN,
				"warning: %s: made for another ib_core than that of %s, and not to be loaded beside it unless rebuilt",
				drivers, stack);
	if (found->names[LUSTRE].n)
		oi_verdict_rule(d->verdict, "holders-lustre", OI_RESULT_UNKNOWN,
				"warning: %s: Lustre speaks InfiniBand (o2ib) again only when ko2iblnd is rebuilt for the ib_core of %s",
				lustre, stack);
	if (found->names[GPU].n)
		oi_verdict_rule(d->verdict, "holders-gpu", OI_RESULT_UNKNOWN,
				"warning: the NVIDIA driver is already there, so nvidia-peermem was made without the ib_core of %s: afterwards rebuild the driver's modules (with dkms: dkms remove and install of nvidia; else its installer) and load nvidia-peermem",
				stack);
	if (found->hold.n && !found->in_use.n)
		oi_verdict_rule(d->verdict, "holders-restart", OI_RESULT_UNKNOWN,
				"warning: %s: loaded, and so long they keep the loaded drivers from making way; if openibd cannot unload them, a reboot does",
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
	find(d->facts, &found);
	for (size_t i = STACK + 1; i < KIND_COUNT; i++)
		others |= found.names[i].n > 0;
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
