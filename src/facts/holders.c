/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loaded modules that RDMA is about: what uses ib_core, by the kernel's own list,
 * and a few that are found by name since they come to it only later.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "facts/doubt.h"
#include "facts/look.h"

#define LIST "/proc/modules"
#define LIST_BYTES (4u << 20) /* some 100 bytes a module */
#define SYS_MODULE "/sys/module"
#define CORE "ib_core"

static const char *const by_name[] = {
	CORE, "mlx4_core", "mlx5_core", "mana_ib", "lnet", "ko2iblnd", "nvidia", "nvidia_peermem",
	"nv_peer_mem",
};

struct entry {
	char *name;
	long refs; /* below 0: unknown */
	struct oi_strv holders;
};

struct entries {
	struct entry *v;
	size_t n;
};

static void entries_clear(struct entries *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->v[i].name);
		oi_strv_clear(&all->v[i].holders);
	}
	free(all->v);
	memset(all, 0, sizeof(*all));
}

static struct entry *add(struct entries *all, const char *name)
{
	struct entry *e;

	all->v = oi_mem_grow(all->v, all->n + 1, sizeof(*e));
	e = &all->v[all->n++];
	memset(e, 0, sizeof(*e));
	e->name = oi_mem_dup(name);
	e->refs = -1;
	return e;
}

static long number_or_unknown(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	return end == text || *end || value < 0 ? -1 : value;
}

/* "ib_core 389120 9 rdma_cm,ib_ipoib, Live 0x0"; Source: m_show() in the kernel's kernel/module */
static void read_line(const char *line, struct entries *all)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv fields = { 0 };
	struct entry *e;

	oi_strv_split(&fields, line, " ");
	if (fields.n < 5 || !strcmp(fields.v[4], "Loading"))
		return;
	e = add(all, fields.v[0]);
	e->refs = number_or_unknown(fields.v[2]);
	if (strcmp(fields.v[3], "-") != 0)
		oi_strv_split(&e->holders, fields.v[3], ",");
}

static int read_list(const struct oi_root *root, struct entries *all, struct oi_err *err)
{
	OI_CLEANUP(oi_buf_clear) struct oi_buf text = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv lines = { 0 };
	int got = oi_root_read(root, LIST, LIST_BYTES, &text, err);

	if (got)
		return got;
	oi_strv_split(&lines, oi_buf_str(&text), "\n");
	for (size_t i = 0; i < lines.n; i++)
		read_line(lines.v[i], all);
	return 0;
}

/* The same from sysfs, where a module that is built in has no state. */
static int read_folders(const struct oi_root *root, struct entries *all, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	int got = oi_root_list(root, SYS_MODULE, &names, err);

	for (size_t i = 0; !got && i < names.n; i++) {
		OI_FREE char *state = oi_mem_printf(SYS_MODULE "/%s/initstate", names.v[i]);
		OI_FREE char *refs = oi_mem_printf(SYS_MODULE "/%s/refcnt", names.v[i]);
		OI_FREE char *holders = oi_mem_printf(SYS_MODULE "/%s/holders", names.v[i]);
		OI_FREE char *line = NULL;
		struct oi_err ignored;
		struct entry *e;

		if (!oi_root_exists(root, state))
			continue;
		e = add(all, names.v[i]);
		if (!oi_root_read_line(root, refs, &line, &ignored))
			e->refs = number_or_unknown(line);
		if (oi_root_list(root, holders, &e->holders, &ignored))
			oi_strv_clear(&e->holders);
	}
	return got;
}

static bool is_wanted(const struct entries *all, const char *name)
{
	for (size_t i = 0; i < OI_ARRAY_SIZE(by_name); i++)
		if (!strcmp(name, by_name[i]))
			return true;
	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->v[i].name, CORE) && oi_strv_has(&all->v[i].holders, name))
			return true;
	return false;
}

void oi_facts_look_modules(const struct oi_host *host, struct oi_facts *facts)
{
	OI_CLEANUP(entries_clear) struct entries all = { 0 };
	struct oi_err err;
	int got = read_list(&host->look, &all, &err);

	if (got)
		got = read_folders(&host->look, &all, &err);
	if (got) {
		oi_facts_doubt(facts, "modules.loaded: %s",
			       got < 0 ? err.text : "neither " LIST " nor " SYS_MODULE " is there");
		return;
	}
	facts->modules.known = OI_KNOWN;
	for (size_t i = 0; i < all.n; i++) {
		struct oi_module *m;

		if (!is_wanted(&all, all.v[i].name))
			continue;
		m = oi_facts_add_module(facts);
		m->name = oi_mem_dup(all.v[i].name);
		m->refs = all.v[i].refs;
		oi_strv_add_all(&m->holders, &all.v[i].holders);
	}
}
