/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loaded modules that RDMA is about: what needs ib_core, by the kernel's own list,
 * and a few that are found by name since they come to it only later.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "facts/doubt.h"
#include "facts/look.h"
#include "sys/loaded.h"

#define CORE "ib_core"

static const char *const by_name[] = {
	CORE, "mlx4_core", "mlx5_core", "mana_ib", "lnet", "ko2iblnd", "nvidia", "nvidia_peermem",
	"nv_peer_mem",
};

static bool is_wanted(const struct oi_strv *users, const char *name)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(by_name); i++)
		if (!strcmp(name, by_name[i]))
			return true;
	return oi_strv_has(users, name);
}

void oi_facts_look_modules(const struct oi_host *host, struct oi_facts *facts)
{
	OI_CLEANUP(oi_loaded_clear) struct oi_loaded_list all = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv users = { 0 };
	struct oi_err err;
	int got = oi_loaded_read(&host->look, &all, &err);

	if (got) {
		oi_facts_doubt(facts, "modules.loaded: %s",
			       got < 0 ? err.text : "neither /proc/modules nor /sys/module is there");
		return;
	}
	facts->modules.known = OI_KNOWN;
	oi_loaded_users(&all, CORE, &users);
	for (size_t i = 0; i < all.n; i++) {
		struct oi_module *m;

		if (!is_wanted(&users, all.v[i].name))
			continue;
		m = oi_facts_add_module(facts);
		m->name = oi_mem_dup(all.v[i].name);
		m->refs = all.v[i].refs;
		oi_strv_add_all(&m->holders, &all.v[i].holders);
	}
}
