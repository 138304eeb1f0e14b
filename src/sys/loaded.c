/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/loaded.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define LIST "/proc/modules"
#define LIST_BYTES (4u << 20) /* some 100 bytes a module */
#define SYS_MODULE "/sys/module"
#define PERMANENT "[permanent]"

void oi_loaded_clear(struct oi_loaded_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->v[i].name);
		oi_strv_clear(&list->v[i].holders);
	}
	free(list->v);
	memset(list, 0, sizeof(*list));
}

static struct oi_loaded *add_module(struct oi_loaded_list *list, const char *name)
{
	struct oi_loaded *e;

	list->v = oi_mem_grow(list->v, list->n + 1, sizeof(*e));
	e = &list->v[list->n++];
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

/*
 * "ib_core 389120 9 rdma_cm,ib_ipoib, Live 0x0"
 * Source: m_show() and print_unload_info() in the kernel's kernel/module
 */
static void read_line(const char *line, struct oi_loaded_list *all)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv fields = { 0 };
	OI_CLEANUP(oi_strv_clear) struct oi_strv holders = { 0 };
	struct oi_loaded *e;

	oi_strv_split(&fields, line, " ");
	if (fields.n < 5 || !strcmp(fields.v[4], "Loading"))
		return;
	e = add_module(all, fields.v[0]);
	e->refs = number_or_unknown(fields.v[2]);
	if (!strcmp(fields.v[3], "-"))
		return;
	oi_strv_split(&holders, fields.v[3], ",");
	for (size_t i = 0; i < holders.n; i++)
		if (!strcmp(holders.v[i], PERMANENT))
			e->permanent = true;
		else
			oi_strv_add(&e->holders, holders.v[i]);
}

static int read_list(const struct oi_root *root, struct oi_loaded_list *all, struct oi_err *err)
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
static int read_folders(const struct oi_root *root, struct oi_loaded_list *all, struct oi_err *err)
{
	OI_CLEANUP(oi_strv_clear) struct oi_strv names = { 0 };
	int got = oi_root_list(root, SYS_MODULE, &names, err);

	for (size_t i = 0; !got && i < names.n; i++) {
		OI_FREE char *state = oi_mem_printf(SYS_MODULE "/%s/initstate", names.v[i]);
		OI_FREE char *refs = oi_mem_printf(SYS_MODULE "/%s/refcnt", names.v[i]);
		OI_FREE char *holders = oi_mem_printf(SYS_MODULE "/%s/holders", names.v[i]);
		OI_FREE char *line = NULL;
		struct oi_err ignored;
		struct oi_loaded *e;

		if (!oi_root_exists(root, state))
			continue;
		e = add_module(all, names.v[i]);
		if (!oi_root_read_line(root, refs, &line, &ignored))
			e->refs = number_or_unknown(line);
		if (oi_root_list(root, holders, &e->holders, &ignored))
			oi_strv_clear(&e->holders);
	}
	return got;
}

int oi_loaded_read(const struct oi_root *root, struct oi_loaded_list *list, struct oi_err *err)
{
	int got = read_list(root, list, err);

	return got ? read_folders(root, list, err) : 0;
}

const struct oi_loaded *oi_loaded_find(const struct oi_loaded_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->v[i].name, name))
			return &list->v[i];
	return NULL;
}

long oi_loaded_own_refs(const struct oi_loaded *module)
{
	long holders = (long)module->holders.n;

	return module->refs > holders ? module->refs - holders : 0;
}

void oi_loaded_users(const struct oi_loaded_list *list, const char *of, struct oi_strv *names)
{
	const struct oi_loaded *module = oi_loaded_find(list, of);
	size_t done = names->n;

	/* What is appended has users of its own; each is asked once. */
	while (module) {
		for (size_t i = 0; i < module->holders.n; i++)
			if (!oi_strv_has(names, module->holders.v[i]))
				oi_strv_add(names, module->holders.v[i]);
		for (module = NULL; !module && done < names->n; done++)
			module = oi_loaded_find(list, names->v[done]);
	}
}
